//! Another system and its gRPC client.

use prost_types::Timestamp;
use regulars::base::clock;
use regulars::desk::wire::proto::event::What;
use regulars::desk::wire::proto::record_service_client::RecordServiceClient;
use regulars::desk::wire::proto::{
    Channel, Complaint, Item, OrderLine, Outcome, PutContactRequest, PutCustomerRequest, PutItemsRequest,
    PutOrderRequest, ResolveComplaintRequest, WatchEventsRequest,
};
use tonic::Code;
use tonic::transport;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use crate::house::{House, PATIENCE};

async fn channel(house: &House) -> transport::Channel {
    let address = format!("http://{}", house.service().desk);
    transport::Channel::from_shared(address).unwrap().connect().await.unwrap()
}

fn now(after_s: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: clock::wall().0 / 1000 + after_s, nanos: 0 })
}

fn customer() -> PutCustomerRequest {
    PutCustomerRequest {
        source: "crm".into(),
        customer_id: "c-1".into(),
        name: "Anna Test".into(),
        ..PutCustomerRequest::default()
    }
}

fn complaint() -> PutContactRequest {
    PutContactRequest {
        source: "mail".into(),
        key: "7".into(),
        customer_id: "c-1".into(),
        at: now(-60),
        channel: Channel::Email.into(),
        wanted: "The pizza was cold".into(),
        complaint: Complaint::Open.into(),
        ..PutContactRequest::default()
    }
}

fn sale() -> PutOrderRequest {
    PutOrderRequest {
        source: "pos".into(),
        key: "4711".into(),
        customer_id: "c-1".into(),
        at: now(0),
        lines: vec![OrderLine { item: "Margherita".into(), quantity: 1, modifiers: vec![] }],
        ..PutOrderRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_written_once_and_told_in_order_to_who_follows() {
    let house = House::open(&[]).await;
    let mut client = RecordServiceClient::new(channel(&house).await);
    let outcomes = [
        client.put_customer(customer()).await.unwrap().into_inner().outcome(),
        client.put_customer(customer()).await.unwrap().into_inner().outcome(),
        client.put_contact(complaint()).await.unwrap().into_inner().outcome(),
        client.put_contact(complaint()).await.unwrap().into_inner().outcome(),
        client.put_order(sale()).await.unwrap().into_inner().outcome(),
        client.put_order(sale()).await.unwrap().into_inner().outcome(),
    ];
    use Outcome::{Created, Unchanged, Updated};
    assert_eq!(outcomes, [Created, Unchanged, Created, Unchanged, Created, Unchanged]);
    let resolve = ResolveComplaintRequest { source: "mail".into(), key: "7".into(), agent: "Toni".into() };
    assert_eq!(client.resolve_complaint(resolve).await.unwrap().into_inner().outcome(), Updated);
    let menu = PutItemsRequest { source: "pos".into(), items: vec![Item { name: "Calzone".into(), available: true }] };
    assert_eq!(client.put_items(menu).await.unwrap().into_inner().outcome(), Updated);

    let watch = WatchEventsRequest { after: Some(0), kinds: vec![] };
    let mut events = client.watch_events(watch).await.unwrap().into_inner();
    let mut seen = Vec::new();
    for expected in ["customer", "opened", "order", "resolved"] {
        let next = tokio::time::timeout(PATIENCE, events.message()).await.expect("an event").unwrap().unwrap();
        let event = next.event.unwrap();
        let kind = match event.what.unwrap() {
            What::CustomerChanged(_) => "customer",
            What::ComplaintOpened(it) => {
                assert_eq!((it.contact_id.as_str(), event.customer_id.as_str()), ("mail:7", "c-1"));
                "opened"
            }
            What::OrderRecorded(it) => {
                assert_eq!((it.source.as_str(), it.key.as_str()), ("pos", "4711"));
                "order"
            }
            What::ComplaintResolved(_) => "resolved",
            other => panic!("{other:?}"),
        };
        assert_eq!(kind, expected);
        seen.push(event.seq);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    // Who comes back goes on where they were, with the kinds that they want.
    let watch = WatchEventsRequest { after: Some(seen[0]), kinds: vec!["order.recorded".into()] };
    let mut events = client.watch_events(watch).await.unwrap().into_inner();
    let next = tokio::time::timeout(PATIENCE, events.message()).await.expect("an event").unwrap().unwrap();
    assert_eq!(next.event.unwrap().seq, seen[2]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_a_code_and_a_sentence_and_leaves_nothing() {
    let house = House::open(&[]).await;
    let mut client = RecordServiceClient::new(channel(&house).await);
    client.put_customer(customer()).await.unwrap();
    client.put_order(sale()).await.unwrap();

    let refused = client.put_order(PutOrderRequest { key: "1".into(), at: now(3600), ..sale() }).await.unwrap_err();
    let future = "at lies in the future by more than five minutes";
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, future));
    let lines = vec![OrderLine { item: "Calzone".into(), quantity: 1, modifiers: vec![] }];
    let refused = client.put_order(PutOrderRequest { lines, ..sale() }).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let stranger = PutContactRequest { customer_id: "nobody".into(), ..complaint() };
    assert_eq!(client.put_contact(stranger).await.unwrap_err().code(), Code::NotFound);
    let refused = client.put_customer(PutCustomerRequest { language: Some("Italian".into()), ..customer() }).await;
    // A shape that a tag may have; what is none is refused.
    assert_eq!(refused.unwrap().into_inner().outcome(), Outcome::Updated);
    let refused = client.put_customer(PutCustomerRequest { language: Some("it_IT".into()), ..customer() }).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    let refused = client.put_contact(PutContactRequest { wanted: "x".repeat(70_000), ..complaint() }).await;
    assert_eq!(refused.unwrap_err().code(), Code::OutOfRange);
    let unknown = WatchEventsRequest { after: None, kinds: vec!["order.eaten".into()] };
    assert_eq!(client.watch_events(unknown).await.unwrap_err().code(), Code::InvalidArgument);
    let beyond = WatchEventsRequest { after: Some(1 << 40), kinds: vec![] };
    assert_eq!(client.watch_events(beyond).await.unwrap_err().code(), Code::FailedPrecondition);
    let dossier = house.service().store.dossier(&regulars::customer::CustomerId::new("c-1")).await.unwrap().unwrap();
    assert_eq!((dossier.contacts.len(), dossier.orders.len()), (0, 1));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_name_the_service_and_a_shutdown_ends_the_stream_with_a_word() {
    let house = House::open(&[]).await;
    let channel = channel(&house).await;
    let service = tonic_health::pb::HealthCheckRequest { service: "regulars.v1.RecordService".into() };
    let health = HealthClient::new(channel.clone()).check(service).await.unwrap().into_inner();
    assert_eq!(health.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
    let list = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut reflection = ServerReflectionClient::new(channel.clone());
    let answers = reflection.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    assert!(format!("{answer:?}").contains("regulars.v1.RecordService"), "{answer:?}");
    let mut client = RecordServiceClient::new(channel);
    let mut events = client.watch_events(WatchEventsRequest::default()).await.unwrap().into_inner();
    let (ended, ()) = tokio::join!(events.message(), house.stop());
    assert_eq!(ended.unwrap_err().code(), Code::Unavailable);
}
