//! A webhook is taken once, and only from who holds the secret; what is wrong with it is said.

use regulars::customer::CustomerId;
use serde_json::json;

use crate::hook::{Hook, OTHER_SECRET, SECRET, complaint, source_setting};
use crate::house::House;

async fn house(folder: &tempfile::TempDir) -> (House, CustomerId) {
    let house = House::open(&[&source_setting(folder, "mail")]).await;
    let anna = house.customer("Anna Test", None).await;
    (house, anna)
}

async fn contacts(house: &House, customer: &CustomerId) -> usize {
    house.service().store.dossier(customer).await.unwrap().unwrap().contacts.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_one_is_taken_once_however_often_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let (house, anna) = house(&folder).await;
    let (desk, body) = (house.service().desk, complaint(anna.as_str(), "7").to_string());
    assert_eq!(Hook::new("msg_1").send(desk, "mail", body.as_bytes()).await, (200, "created".to_owned()));
    assert_eq!(Hook::new("msg_1").send(desk, "mail", body.as_bytes()).await, (200, "unchanged".to_owned()));
    let resolve = json!({ "type": "complaint.resolve", "data": { "key": "7", "agent": "Toni" } }).to_string();
    assert_eq!(Hook::new("msg_2").send(desk, "mail", resolve.as_bytes()).await, (200, "updated".to_owned()));
    // Somebody has kept the first and sends it again.
    assert_eq!(Hook::new("msg_1").send(desk, "mail", body.as_bytes()).await, (200, "unchanged".to_owned()));
    let dossier = house.service().store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!((dossier.contacts.len(), dossier.open_complaint()), (1, None));
    assert_eq!(dossier.contacts[0].wanted.expose(), "La pizza è arrivata fredda");
    // The other of the two secrets, as while they change over; by loopback's own name, as a desk is called.
    let other = Hook { secret: OTHER_SECRET, host: "localhost", ..Hook::new("msg_3") };
    assert_eq!(other.send(desk, "mail", complaint(anna.as_str(), "8").to_string().as_bytes()).await.0, 200);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_stale_one_is_turned_away_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (house, anna) = house(&folder).await;
    let (desk, body) = (house.service().desk, complaint(anna.as_str(), "7").to_string());
    let forged = Hook { secret: "whsec_bm90IHRoZSBzZWNyZXQsIG5vdCBhdCBhbGwu", ..Hook::new("msg_1") };
    let bad = (401, "the signature is not good".to_owned());
    assert_eq!(forged.send(desk, "mail", body.as_bytes()).await, bad);
    assert_eq!(Hook::new("msg_1").send(desk, "pos", body.as_bytes()).await, bad, "a source that there is not");
    let stale = Hook { at_s: Hook::new("").at_s - 400, ..Hook::new("msg_1") };
    assert_eq!(stale.send(desk, "mail", body.as_bytes()).await.0, 401);
    let early = Hook { at_s: Hook::new("").at_s + 400, ..Hook::new("msg_1") };
    assert_eq!(early.send(desk, "mail", body.as_bytes()).await.0, 401);
    let bare = Hook::new("").send_with(desk, "mail", "", body.as_bytes()).await;
    assert!(bare.0 == 401 && bare.1.contains("webhook-signature"), "{bare:?}");
    assert!(SECRET != forged.secret);
    assert_eq!(contacts(&house, &anna).await, 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_inside_is_said_with_a_status_and_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let (house, anna) = house(&folder).await;
    let (desk, good) = (house.service().desk, complaint(anna.as_str(), "7").to_string());
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = complaint(anna.as_str(), "7");
        change(&mut body);
        body.to_string().into_bytes()
    };
    let latin_1: Vec<u8> = good.chars().map(|c| c as u8).collect();
    let oversized = with(&|body| body["data"]["wanted"] = "x".repeat(70_000).into());
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("latin-1", latin_1, 400, "not UTF-8"),
        ("oversized", oversized, 413, "64 kB"),
        ("no JSON", b"{".to_vec(), 400, "no JSON with type and data"),
        ("no envelope", b"[]".to_vec(), 400, "no JSON with type and data"),
        ("another type", with(&|body| body["type"] = "contact.eat".into()), 422, "contact.put"),
        ("an unknown field", with(&|body| body["data"]["wantd"] = "x".into()), 422, "wantd"),
        ("an unknown channel", with(&|body| body["data"]["channel"] = "CHANNEL_PIGEON".into()), 422, "CHANNEL_PIGEON"),
        ("the future", with(&|body| body["data"]["at"] = "2100-01-01T00:00:00Z".into()), 422, "in the future"),
        ("a stranger", with(&|body| body["data"]["customerId"] = "nobody".into()), 422, "no customer nobody"),
        ("another source", with(&|body| body["data"]["source"] = "pos".into()), 422, "data.source"),
        ("an order that there is not", with(&|body| body["data"]["orderKey"] = "1".into()), 422, "no such order"),
    ];
    for (n, (what, body, status, part)) in cases.iter().enumerate() {
        let answer = Hook::new(&format!("msg_{n}")).send(desk, "mail", body).await;
        assert!(answer.0 == *status && answer.1.contains(part), "{what}: {answer:?}");
    }
    for content_type in ["text/plain", "application/json; charset=iso-8859-1", ""] {
        let answer = Hook { content_type, ..Hook::new("msg_x") }.send(desk, "mail", good.as_bytes()).await;
        assert_eq!(answer.0, 415, "{content_type}");
    }
    assert_eq!(contacts(&house, &anna).await, 0, "nothing of all that was kept");
    // What was refused may come again, put right, under its own id.
    let utf_8 = Hook { content_type: "application/json; charset=UTF-8", ..Hook::new("msg_0") };
    assert_eq!(utf_8.send(desk, "mail", good.as_bytes()).await, (200, "created".to_owned()));
    house.stop().await;
}
