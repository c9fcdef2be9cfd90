use super::super::dialect::{Dialect, Fault};
use super::super::tests::{events, number_and_line, pressed, refusal};
use super::*;

const SESSION: &str = "30b0e395-84d3-4570-ac13-9a62d8f514c0";
const ORGANIZATION: &str = "d7934305-0972-4844-938e-9060eef73d05";
const CONVERSATION: &str = "090eaa2f-72fa-480a-83e0-8667ff89c0ec";

fn hook() -> Dialect {
    let named = Named { session: Some(SESSION.to_owned()), organization: Some(ORGANIZATION.to_owned()) };
    Dialect::AudioHook(Box::new(AudioHook::new(Asked::new("", None), named)))
}

fn message(kind: &str, seq: u64, serverseq: u64, parameters: Value) -> String {
    json!({ "version": "2", "id": SESSION, "type": kind, "seq": seq, "serverseq": serverseq, "position": "PT0S",
            "parameters": parameters })
    .to_string()
}

fn media(channels: &[&str]) -> Value {
    json!({ "type": "audio", "format": "PCMU", "channels": channels, "rate": 8000 })
}

fn open(conversation: &str, media: &[Value]) -> Value {
    json!({
        "organizationId": ORGANIZATION,
        "conversationId": conversation,
        "participant": { "id": "883efee8-3d6c-4537-b500-6d7ca4b92fa0", "ani": "+1-555-555-1234",
                         "aniName": "John Doe", "dnis": "+1-800-555-6789" },
        "media": media,
        "language": "en-US",
    })
}

/// The reply among `events`, which must be the last.
fn reply(events: &[Event]) -> Value {
    let Some(Event::Reply(text)) = events.last() else { panic!("no reply: {events:?}") };
    serde_json::from_str(text).unwrap()
}

fn send(hook: &mut Dialect, kind: &str, seq: u64, parameters: Value) -> Vec<Event> {
    events(hook, Incoming::Text(&message(kind, seq, 0, parameters)))
}

fn opened(offered: &[Value]) -> (Dialect, Value) {
    let mut hook = hook();
    let started = send(&mut hook, "open", 1, open(CONVERSATION, offered));
    assert_eq!(number_and_line(&started), ("+15555551234".into(), "+1-800-555-6789".into()));
    let opened = reply(&started);
    assert_eq!((&opened["type"], &opened["seq"], &opened["clientseq"]), (&json!("opened"), &json!(1), &json!(1)));
    assert_eq!(opened["id"], SESSION);
    (hook, opened["parameters"]["media"].clone())
}

fn heard(bytes: &[u8]) -> Event {
    Event::Audio { codec: Codec::Pcmu, bytes: bytes.to_vec() }
}

#[test]
fn of_two_channels_the_external_one_is_the_caller() {
    let (mut hook, selected) = opened(&[media(&["external", "internal"])]);
    assert_eq!(selected, json!([media(&["external", "internal"])]));
    assert_eq!(events(&mut hook, Incoming::Binary(&[1, 9, 2, 9, 3, 9])), [heard(&[1, 2, 3])]);
    let (mut hook, _) = opened(&[media(&["internal", "external"])]);
    assert_eq!(events(&mut hook, Incoming::Binary(&[1, 9, 2, 8])), [heard(&[9, 8])]);
}

#[test]
fn the_caller_alone_is_taken_where_it_is_offered() {
    let offered = [media(&["external", "internal"]), media(&["external"]), media(&["internal"])];
    let (mut hook, selected) = opened(&offered);
    assert_eq!(selected, json!([media(&["external"])]));
    assert_eq!(events(&mut hook, Incoming::Binary(&[1, 2, 3])), [heard(&[1, 2, 3])]);
}

#[test]
fn a_whole_session() {
    let (mut hook, _) = opened(&[media(&["external"])]);
    let pong = reply(&send(&mut hook, "ping", 2, json!({ "rtt": "PT0.052S" })));
    assert_eq!((&pong["type"], &pong["seq"], &pong["clientseq"]), (&json!("pong"), &json!(2), &json!(2)));
    assert_eq!(send(&mut hook, "paused", 3, json!({})), [Event::Hold(true)]);
    let resumed = send(&mut hook, "resumed", 4, json!({ "start": "PT2.0S", "discarded": "PT1.5S" }));
    assert_eq!(resumed, [Event::Unheard(Duration::from_millis(1500)), Event::Hold(false)]);
    let discarded = send(&mut hook, "discarded", 5, json!({ "start": "PT4.0S", "discarded": "PT0.25S" }));
    assert_eq!(discarded, [Event::Unheard(Duration::from_millis(250))]);
    assert_eq!(send(&mut hook, "update", 6, json!({ "language": "de-DE" })), []);
    assert_eq!(send(&mut hook, "error", 7, json!({ "code": 429, "message": "slow" })), []);
    assert_eq!(send(&mut hook, "dtmf", 8, json!({ "digit": "1" })), [pressed('1')]);
    let closing = send(&mut hook, "close", 9, json!({ "reason": "end" }));
    assert_eq!(closing[1], Event::Ended);
    let closed = reply(&closing[..1]);
    assert_eq!((&closed["type"], &closed["seq"], &closed["clientseq"]), (&json!("closed"), &json!(3), &json!(9)));
}

#[test]
fn our_disconnect_is_answered_by_close() {
    let (mut hook, _) = opened(&[media(&["external"])]);
    let goodbye: Value = serde_json::from_str(&hook.farewell(Goodbye::ShuttingDown).unwrap()).unwrap();
    assert_eq!((&goodbye["type"], &goodbye["parameters"]["reason"]), (&json!("disconnect"), &json!("completed")));
    assert_eq!(hook.farewell(Goodbye::Completed), None, "said once");
    assert_eq!(events(&mut hook, Incoming::Binary(&[1, 2, 3])), [], "audio that was under way");
    let closing = send(&mut hook, "close", 2, json!({ "reason": "disconnect" }));
    assert_eq!(reply(&closing[..1])["seq"], 3);
}

#[test]
fn a_probe_is_answered_and_is_no_call() {
    let mut hook = hook();
    let answer = send(&mut hook, "open", 1, open(NO_CONVERSATION, &[media(&["external"])]));
    assert_eq!(answer.len(), 1);
    assert_eq!(reply(&answer)["type"], "opened");
    let closing = send(&mut hook, "close", 2, json!({ "reason": "end" }));
    assert_eq!(closing.last(), Some(&Event::Ended));
}

#[test]
fn the_custom_configuration_may_name_the_line() {
    let mut parameters = open(CONVERSATION, &[media(&["external"])]);
    parameters["customConfig"] = json!({ "line": "pizza" });
    let started = send(&mut hook(), "open", 1, parameters);
    assert_eq!(number_and_line(&started).1, "pizza");
}

#[test]
fn what_breaks_the_protocol_is_refused() {
    let text = |kind, seq, serverseq| message(kind, seq, serverseq, json!({}));
    assert_eq!(refusal(&mut hook(), Incoming::Text("garbage")), Fault::Malformed);
    assert_eq!(refusal(&mut hook(), Incoming::Text("{}")), Fault::Malformed);
    assert_eq!(refusal(&mut hook(), Incoming::Text(&text("ping", 2, 0))), Fault::Protocol, "seq");
    assert_eq!(refusal(&mut hook(), Incoming::Text(&text("ping", 1, 1))), Fault::Protocol, "serverseq");
    let another = text("ping", 1, 0).replace(SESSION, CONVERSATION);
    assert_eq!(refusal(&mut hook(), Incoming::Text(&another)), Fault::Protocol, "another session");
    let old = text("ping", 1, 0).replace(r#""2""#, r#""1""#);
    assert_eq!(refusal(&mut hook(), Incoming::Text(&old)), Fault::Unsupported);
    assert_eq!(refusal(&mut hook(), Incoming::Binary(&[0; 160])), Fault::Protocol, "audio before open");
    let open_with = |parameters| message("open", 1, 0, parameters);
    assert_eq!(refusal(&mut hook(), Incoming::Text(&open_with(json!({})))), Fault::Malformed);
    let agent_alone = open_with(open(CONVERSATION, &[media(&["internal"])]));
    assert_eq!(refusal(&mut hook(), Incoming::Text(&agent_alone)), Fault::Unsupported);
    let foreign = open_with(open(CONVERSATION, &[media(&["external"])])).replace(ORGANIZATION, CONVERSATION);
    assert_eq!(refusal(&mut hook(), Incoming::Text(&foreign)), Fault::Protocol);
}

#[test]
fn durations_are_read_as_the_protocol_writes_them() {
    let read = |text| discarded(&json!({ "discarded": text }));
    assert_eq!(read("PT1.23S"), Some(Duration::from_millis(1230)));
    for odd in ["PT0S", "PT-1S", "PTNaNS", "PTinfS", "PT1e9S", "1.2", "PT1M"] {
        assert_eq!(read(odd), None, "{odd}");
    }
}
