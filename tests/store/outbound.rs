//! `regulars outbound`: who stays on a list, by the program itself.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use regulars::base::{UnixMillis, clock};
use regulars::customer::CustomerId;
use regulars::store::import::{ImportOptions, Kind};

use crate::contract::runtime;
use crate::fixture::{Fixture, KEY, import_options};

fn outbound(folder: &Path, at: &Fixture, more: &[&str]) -> Output {
    let store = format!("store.url={}", at.options.url);
    let mut run = Command::new(env!("CARGO_BIN_EXE_regulars"));
    run.current_dir(folder).args(["outbound", "list.csv", "--out", "allowed.csv", "--set", &store]).args(more);
    run.env("REGULARS_STORE__KEY_FILE", folder.join("shop.key")).output().unwrap()
}

/// With a key file, as the program has it, and not a key in memory alone.
async fn books(folder: &Path) -> Fixture {
    let key = folder.join("shop.key");
    std::fs::write(&key, KEY).unwrap();
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    Fixture::sqlite().await
}

async fn load(at: &Fixture, kind: Kind, text: &str) {
    let options = ImportOptions { now: clock::wall(), ..import_options(kind) };
    let report = at.store.import(text.as_bytes(), &options).await.unwrap();
    assert_eq!(report.bad, [], "{report}");
}

fn day(days_ago: i64) -> String {
    let at = UnixMillis(clock::wall().0 - days_ago * 86_400_000);
    jiff::Timestamp::from_millisecond(at.0).unwrap().to_string()
}

#[test]
fn a_list_keeps_those_who_may_be_contacted_and_says_why_of_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("list.csv"), text).unwrap();
    let at = runtime().block_on(async {
        let at = books(folder.path()).await;
        load(&at, Kind::Customers, "customer_id,name\na,Anna Example\nb,Ben Example\nb2,B. Example\nc,Cleo Example\n")
            .await;
        let contacts = format!(
            "contact_id,customer_id,at,channel,wanted,complaint,outbound\n\
             k1,b2,{},email,it was cold,open,\nk2,c,{},email,spring letter,,yes\n",
            day(400),
            day(3)
        );
        load(&at, Kind::Contacts, &contacts).await;
        at.store.merge(&CustomerId::new("b2"), &CustomerId::new("b"), "pia", clock::wall()).await.unwrap();
        at
    });
    write("name,customer_id\n\"Anna, dear\",a\nBen,b\nBen again,b2\nCleo,c\nNobody,zz\n\nAnna,a\n");
    let output = outbound(folder.path(), &at, &["--record", "email", "--what", "summer letter"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("1 may be contacted") && said.contains("5 are left out, 1 of them unknown"), "{said}");
    assert_eq!(read("allowed.csv"), "name,customer_id\n\"Anna, dear\",a\n", "her second row comes after a letter");
    let reasons = read("allowed.left-out.csv");
    let lines: Vec<&str> = reasons.lines().collect();
    assert_eq!(lines[0], "customer_id,reason,until");
    assert_eq!(lines[1], "b,\"A complaint is still open (email, 400 days ago).\",");
    assert_eq!(lines[2], lines[1].replacen('b', "b2", 1), "the complaint stands under the other record");
    assert!(lines[3].starts_with("c,Contacted 3 days ago; then 7 days are quiet.,2"), "{}", lines[3]);
    assert_eq!(lines[4], "zz,There is no such customer in the books.,");
    assert!(lines[5].starts_with("a,Contacted today; then 7 days are quiet.,"), "{}", lines[5]);

    // Told, and not written.
    write("kunde\na\n");
    let output = outbound(folder.path(), &at, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("the first line names no column customer_id"), "{said}");
    let output = outbound(folder.path(), &at, &["--record", "pigeon", "--what", "x"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("phone, web, email, shop, delivery"));
    std::fs::write(folder.path().join("allowed.csv"), "customer_id\na\n").unwrap();
    let output = outbound(folder.path(), &at, &["--reasons", "list.csv"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("would be written over"));
    assert_eq!(read("list.csv"), "kunde\na\n");
    runtime().block_on(at.store.close());
}
