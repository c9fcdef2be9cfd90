//! What is refused, and what a good request becomes.

use super::*;

fn order(lines: Vec<proto::OrderLine>) -> proto::PlaceOrderRequest {
    proto::PlaceOrderRequest {
        call_id: "call-1".to_owned(),
        customer_id: "c-1".to_owned(),
        lines,
        idempotency_key: "12345678".to_owned(),
        agent: " Sam ".to_owned(),
        ..proto::PlaceOrderRequest::default()
    }
}

fn line(item: &str, quantity: u32) -> proto::OrderLine {
    proto::OrderLine { item: item.to_owned(), quantity, modifiers: vec!["extra olives".to_owned()] }
}

#[test]
fn an_order_becomes_a_command_with_its_texts_trimmed() {
    let (call, command) = place_order(order(vec![line("Margherita", 2)])).unwrap();
    assert_eq!(call.as_str(), "call-1");
    let AgentCommand::PlaceOrder { order, agent } = command else { panic!("an order") };
    assert_eq!((agent.as_str(), order.customer.as_str()), ("Sam", "c-1"));
    let expected = OrderLine { item: "Margherita".to_owned(), quantity: 2, modifiers: vec!["extra olives".to_owned()] };
    assert_eq!(order.lines, [expected]);
}

#[test]
fn an_order_out_of_bounds_is_refused() {
    assert_eq!(place_order(order(vec![])).unwrap_err(), RequestError::OrderLines);
    assert_eq!(place_order(order(vec![line("Tea", 1); 51])).unwrap_err(), RequestError::OrderLines);
    assert_eq!(place_order(order(vec![line("Tea", 0)])).unwrap_err(), RequestError::Quantity);
    assert_eq!(place_order(order(vec![line("Tea", 100)])).unwrap_err(), RequestError::Quantity);
    let mut short_key = order(vec![line("Tea", 1)]);
    short_key.idempotency_key = "1".to_owned();
    assert!(matches!(place_order(short_key), Err(RequestError::Text { field: "idempotency_key", .. })));
}

#[test]
fn a_line_break_in_a_name_is_refused() {
    let request = proto::RejectIdentityRequest { call_id: "call-1".to_owned(), agent: "Sam\nroot".to_owned() };
    assert!(matches!(reject(request), Err(RequestError::Text { field: "agent", .. })));
}

#[test]
fn a_consent_names_who_agreed_to_which_words_and_who_asked() {
    use proto::enroll_request::Whom;
    let consent = proto::SpokenConsent {
        script_id: "phone-it-2".to_owned(),
        language: "it".to_owned(),
        operator: "Sam".to_owned(),
    };
    let request = |whom, consent| proto::EnrollRequest { call_id: "call-1".to_owned(), whom, consent };
    let anna = Some(Whom::CustomerId("c-anna".to_owned()));

    let (_, command) = enroll(request(anna.clone(), Some(consent.clone()))).unwrap();
    let AgentCommand::Enroll { customer: EnrollWhom::Customer(customer), script, language, agent } = command else {
        panic!("an enrolment of a customer")
    };
    assert_eq!(
        (customer.as_str(), script.as_str(), language.as_str(), agent.as_str()),
        ("c-anna", "phone-it-2", "it", "Sam")
    );

    assert_eq!(enroll(request(None, Some(consent.clone()))).unwrap_err(), RequestError::Whom);
    assert_eq!(enroll(request(anna.clone(), None)).unwrap_err(), RequestError::NoConsent);
    let foreign = proto::SpokenConsent { language: "en".to_owned(), ..consent.clone() };
    assert_eq!(enroll(request(anna.clone(), Some(foreign))).unwrap_err(), RequestError::Script);
    let unknown = proto::SpokenConsent { script_id: "phone-it-9".to_owned(), ..consent.clone() };
    assert_eq!(enroll(request(anna.clone(), Some(unknown))).unwrap_err(), RequestError::Script);
    let nobody = proto::SpokenConsent { operator: "  ".to_owned(), ..consent };
    assert!(matches!(enroll(request(anna, Some(nobody))), Err(RequestError::Text { field: "operator", .. })));
}

#[test]
fn a_withdrawal_may_come_without_a_call() {
    let request = |call: &str| proto::WithdrawConsentRequest {
        customer_id: "c-1".to_owned(),
        call_id: call.to_owned(),
        agent: "Sam".to_owned(),
    };
    assert_eq!(withdraw(request("")).unwrap().0, None);
    assert_eq!(withdraw(request("call-1")).unwrap().0, Some(CallId::new("call-1")));
}

#[test]
fn a_screen_watches_a_bounded_number_of_lines() {
    let watch = |lines: Vec<String>| lines_of(lines);
    assert_eq!(watch(vec!["b".to_owned(), "a".to_owned(), "b".to_owned()]).unwrap(), ["a", "b"]);
    assert!(watch(vec![String::new()]).is_err());
    assert!(watch((0..65).map(|n| n.to_string()).collect()).is_err());
}

fn lines_of(lines: Vec<String>) -> Checked<Vec<String>> {
    let request = proto::WatchDeskRequest { lines, agent: "Sam".to_owned() };
    Ok(super::lines(request)?.iter().map(|line| line.as_str().to_owned()).collect())
}
