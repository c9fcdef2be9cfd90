//! Records by gRPC and webhook, and what goes out of them, under a subscriber that keeps every word.

use regulars::desk::wire::proto::PutCustomerRequest;
use regulars::desk::wire::proto::record_service_client::RecordServiceClient;
use serde_json::json;

use crate::hook::{Hook, SECRET, complaint, source_setting};
use crate::house::House;
use crate::log::Log;
use crate::receiver::Receiver;

#[tokio::test(flavor = "multi_thread")]
async fn neither_names_nor_bodies_nor_secrets_are_in_the_log() {
    let kept = Log::default();
    // As much as an operator can ask for.
    let subscriber = regulars::telemetry::subscriber("trace", kept.clone(), false).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let mut kitchen = Receiver::open(&[500, 200]).await;
    let endpoint =
        kitchen.endpoint("kitchen", "\"complaint.opened\"", &folder.path().join("secrets").display().to_string());
    let house = House::open(&[&source_setting(&folder, "mail"), &format!("hooks.endpoints=[{endpoint}]")]).await;
    while house.service().store.delivery("kitchen").await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    let desk = house.service().desk;
    let mut client = RecordServiceClient::connect(format!("http://{desk}")).await.unwrap();
    let customer = PutCustomerRequest {
        source: "crm".into(),
        customer_id: "c-1".into(),
        name: "Zacharias Unmistakable".into(),
        numbers: vec!["+12125550178".into()],
        ..PutCustomerRequest::default()
    };
    client.put_customer(customer).await.unwrap();
    let mut body = complaint("c-1", "7");
    body["data"]["wanted"] = json!("Quixotic dough");
    assert_eq!(Hook::new("msg_1").send(desk, "mail", body.to_string().as_bytes()).await.0, 200);
    body["data"]["channel"] = json!("Quixotic channel");
    assert_eq!(Hook::new("msg_2").send(desk, "mail", body.to_string().as_bytes()).await.0, 422);
    let forged = Hook { secret: "whsec_bm90IHRoZSBzZWNyZXQsIG5vdCBhdCBhbGwu", ..Hook::new("msg_3") };
    assert_eq!(forged.send(desk, "mail", body.to_string().as_bytes()).await.0, 401);
    kitchen.next().await;
    assert!(String::from_utf8_lossy(&kitchen.next().await.body).contains("Quixotic dough"));
    house.stop().await;

    let log = kept.text();
    assert!(log.contains("a webhook was not taken") && log.contains("a webhook was refused"), "the log was kept");
    for secret in ["Zacharias", "Unmistakable", "2125550178", "Quixotic", &SECRET[6..]] {
        let at = log.find(secret);
        assert!(at.is_none(), "{secret:?} is in the log: {:?}", at.map(|at| &log[at.saturating_sub(200)..at + 40]));
    }
}
