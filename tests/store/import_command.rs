//! `regulars import` and `regulars export` as they are run.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use regulars::customer::CustomerId;
use regulars::store::{KeySource, Options, Store};
use serde_json::Value;

use crate::contract::runtime;

struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.path("shop.db").display())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regulars"));
        command.args(args).args(["--set", &format!("store.url={}", self.url())]);
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
    }

    /// What a service that starts now would find.
    fn customers(&self) -> usize {
        runtime().block_on(async {
            let store = Store::open(Options { url: self.url(), key: KeySource::Beside }).await.unwrap();
            let mut known = 0;
            for customer in ["C1", "C2", "C3"] {
                known += usize::from(store.profile(&CustomerId::new(customer)).await.unwrap().is_some());
            }
            store.close().await;
            known
        })
    }
}

#[test]
fn a_mapped_file_is_tried_and_then_imported() {
    let shop = Shop::new();
    let file = shop.write("kunden.csv", b"Nr;Name;Tel\nC1;Ren\xe9 Example;+39000000000001\nC2;Anna Example;\n");
    let map = shop.write(
        "map.toml",
        "separator = \";\"\nencoding = \"iso-8859-1\"\n[columns]\ncustomer_id = \"Nr\"\nname = \"Name\"\nnumbers = \"Tel\"\n",
    );
    let (code, said) = shop.run(&["import", "customers", &file, "--map", &map, "--dry-run"]);
    assert!(code == Some(0) && said.contains("2 rows would be kept (2 new, 0 changed, 0 unchanged)"), "{said}");
    assert_eq!(shop.customers(), 0);
    let (code, said) = shop.run(&["import", "customers", &file, "--map", &map]);
    assert!(code == Some(0) && said.contains("2 rows kept (2 new, 0 changed, 0 unchanged)"), "{said}");
    assert_eq!(shop.customers(), 2);
    let (code, said) = shop.run(&["import", "customers", &file]);
    assert!(code == Some(64) && said.contains("separated by semicolons") && said.contains("--map"), "{said}");
    let wrong = shop.write("wrong.toml", "[columns]\ncustomer_id = \"Nr\"\nnmae = \"Name\"\n");
    let (code, said) = shop.run(&["import", "customers", &file, "--map", &wrong]);
    assert!(code == Some(64) && said.contains("did you mean name?"), "{said}");
    let bad = shop.write("bad.csv", "customer_id,name\nC3,\n");
    let (code, said) = shop.run(&["import", "customers", &bad, "--dry-run"]);
    assert!(code == Some(1) && said.contains("bad.csv:2: column name: is empty"), "{said}");
}

/// The pipe ends only when the test says so, so that the import is interrupted in the middle of its rows.
#[test]
fn an_interrupted_import_leaves_nothing() {
    let shop = Shop::new();
    shop.run(&["import", "customers", &shop.write("one.csv", "customer_id,name\nC1,Anna Example\n")]);
    let mut import = shop.command(&["import", "customers", "/dev/stdin"]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut rows = import.stdin.take().unwrap();
    rows.write_all(b"customer_id,name\nC2,Ben Example\nC3,Cleo Example\n").unwrap();
    // More than a pipe and the reader's buffers hold: when it is written, rows have been read.
    for n in 0..40_000 {
        writeln!(rows, "X{n},Some Example").unwrap();
    }
    assert!(Command::new("kill").args(["-INT", &import.id().to_string()]).status().unwrap().success());
    assert!(!import.wait().unwrap().success());
    assert_eq!(shop.customers(), 1);
    let (code, said) = shop.run(&["import", "customers", &shop.write("two.csv", "customer_id,name\nC2,Ben Example\n")]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_persons_data_is_written_as_json_and_as_csv() {
    let shop = Shop::new();
    shop.run(&[
        "import",
        "customers",
        &shop.write("c.csv", "customer_id,name,numbers\nC1,Anna Example,+39000000000001\n"),
    ]);
    let orders = "order_id,customer_id,ordered_at,item,modifiers\no1,C1,2025-05-01,Margherita,olives;well done\n";
    shop.run(&["import", "orders", &shop.write("o.csv", orders)]);
    let (code, said) = shop.run(&["export", "C1", "--operator", "pia"]);
    assert_eq!(code, Some(0), "{said}");
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json["customers"][0]["name"], "Anna Example");
    assert_eq!(json["order_lines"][0]["modifiers"], serde_json::json!(["olives", "well done"]));
    let folder = shop.path("anna").display().to_string();
    let (code, said) = shop.run(&["export", "C1", "--operator", "pia", "--format", "csv", "--out", &folder]);
    assert_eq!(code, Some(0), "{said}");
    let lines = fs::read_to_string(shop.path("anna/order_lines.csv")).unwrap();
    assert_eq!(lines, "order_id,line,item,quantity,modifiers\no1,0,Margherita,1,olives;well done\n");
    let consents = fs::read_to_string(shop.path("anna/consents.csv")).unwrap();
    assert!(consents.starts_with("customer_id,purpose,given,at,script") && consents.ends_with("words\n"), "{consents}");
    let mode = fs::metadata(shop.path("anna/customers.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (code, said) = shop.run(&["export", "C1", "--operator", "pia", "--format", "csv", "--out", &folder]);
    assert!(code == Some(1) && said.contains("customers.csv cannot be made"), "nothing is written over: {said}");
    let (code, said) = shop.run(&["export", "nobody", "--operator", "pia"]);
    assert!(code == Some(1) && said.contains("there is no customer nobody"), "{said}");
}
