//! What is refused, and what a good message becomes.

use super::*;

const NOW: UnixMillis = UnixMillis(1_777_660_200_000);

fn at(ms_after_now: i64) -> Option<prost_types::Timestamp> {
    let ms = NOW.0 + ms_after_now;
    Some(prost_types::Timestamp { seconds: ms / 1000, nanos: (ms % 1000) as i32 * 1_000_000 })
}

fn mail() -> proto::PutContactRequest {
    proto::PutContactRequest {
        source: "mail".to_owned(),
        key: "7".to_owned(),
        customer_id: "c-1".to_owned(),
        at: at(-1500),
        channel: proto::Channel::Email.into(),
        wanted: " The pizza\nwas cold ".to_owned(),
        ..proto::PutContactRequest::default()
    }
}

fn sale() -> proto::PutOrderRequest {
    proto::PutOrderRequest {
        source: "pos".to_owned(),
        key: "4711".to_owned(),
        customer_id: "c-1".to_owned(),
        at: at(0),
        lines: vec![proto::OrderLine { item: "Tea".to_owned(), quantity: 1, modifiers: vec![] }],
        ..proto::PutOrderRequest::default()
    }
}

#[test]
fn a_mail_of_several_lines_is_one_sentence_of_its_time() {
    let (source, record) = contact(mail(), NOW).unwrap();
    let Record::Contact(record) = record else { panic!("a contact") };
    assert_eq!((source.as_str(), record.wanted.expose().as_str()), ("mail", "The pizza was cold"));
    assert_eq!((record.at, record.channel, record.complaint), (UnixMillis(NOW.0 - 1500), Channel::Email, None));
    assert_eq!((record.agent, record.still_open), (None, None));
}

#[test]
fn the_future_begins_five_minutes_from_now() {
    let told = |ms| contact(proto::PutContactRequest { at: at(ms), ..mail() }, NOW);
    assert!(told(300_000).is_ok());
    assert_eq!(told(301_000).unwrap_err(), RecordError::Future("at"));
    assert_eq!(
        order(proto::PutOrderRequest { at: at(301_000), ..sale() }, NOW).unwrap_err(),
        RecordError::Future("at")
    );
    let wild = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 });
    assert_eq!(order(proto::PutOrderRequest { at: wild, ..sale() }, NOW).unwrap_err(), RecordError::Time("at"));
    let crooked = Some(prost_types::Timestamp { seconds: 1, nanos: -1 });
    assert_eq!(order(proto::PutOrderRequest { at: crooked, ..sale() }, NOW).unwrap_err(), RecordError::Time("at"));
    assert_eq!(order(proto::PutOrderRequest { at: None, ..sale() }, NOW).unwrap_err(), RecordError::Missing("at"));
}

#[test]
fn a_source_is_a_plain_name_and_not_ours() {
    for source in ["", "Mail", "call", "e mail", "a:b", &"x".repeat(33)] {
        let refused = contact(proto::PutContactRequest { source: source.to_owned(), ..mail() }, NOW);
        assert_eq!(refused.unwrap_err(), RecordError::Source, "{source:?}");
    }
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    let refused = |change: fn(&mut proto::PutContactRequest)| {
        let mut it = mail();
        change(&mut it);
        contact(it, NOW).unwrap_err()
    };
    assert_eq!(refused(|it| it.channel = 99), RecordError::Channel);
    assert_eq!(refused(|it| it.channel = 0), RecordError::Channel);
    assert_eq!(refused(|it| it.complaint = 9), RecordError::Complaint);
    assert!(matches!(refused(|it| it.key.clear()), RecordError::Request(RequestError::Text { field: "key", .. })));
    assert!(matches!(
        refused(|it| it.wanted = "x".repeat(1001)),
        RecordError::Request(RequestError::Text { field: "wanted", .. })
    ));
    assert!(matches!(
        refused(|it| it.items_considered = vec!["Tea".to_owned(); 21]),
        RecordError::Request(RequestError::TooMany { .. })
    ));
    assert!(matches!(refused(|it| it.agent = "Sam\u{7}".to_owned()), RecordError::Request(_)));
    let mut none = sale();
    none.lines.clear();
    assert_eq!(order(none, NOW).unwrap_err(), RequestError::OrderLines.into());
    let menu = proto::PutItemsRequest { source: "pos".to_owned(), items: vec![] };
    assert_eq!(items(menu).unwrap_err(), RecordError::Items);
}

#[test]
fn an_absent_field_is_left_and_an_empty_one_cleared() {
    let message = |notes: Option<&str>, language: &str| proto::PutCustomerRequest {
        source: "crm".to_owned(),
        customer_id: "c-1".to_owned(),
        name: "Anna Example".to_owned(),
        numbers: vec!["030 23125042".to_owned()],
        notes: notes.map(str::to_owned),
        language: Some(language.to_owned()),
        ..proto::PutCustomerRequest::default()
    };
    let read = |message| match customer(message, Some("49"), NOW).unwrap().1 {
        Record::Customer(customer) => customer,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(message(None, "it")).notes, None);
    let cleared = read(message(Some(" "), "pt-BR"));
    assert_eq!((cleared.notes, cleared.payment_on_file, cleared.since), (Some(None), None, None));
    assert_eq!(cleared.numbers[0].digits(), "+493023125042");
    assert_eq!(customer(message(None, "Italian language"), Some("49"), NOW).unwrap_err(), RecordError::Language);
    assert_eq!(customer(message(None, "it"), None, NOW).unwrap_err(), RecordError::Number);
}
