use regulars::base::{Lifecycle, Pii};
use regulars::sip::softphone::{self, CallOutcome, SoftphoneOptions, Tail};
use regulars::sip::{Options, RegistrationOptions, Why};
use tokio_util::sync::CancellationToken;

use crate::kamailio_registrar::{Kamailio, PASSWORD, USER};
use crate::service::{Behaviour, HOST, Service};

async fn registered(kamailio: &Kamailio, parameter: &str) -> Service {
    let registration = RegistrationOptions {
        registrars: vec![format!("sip:{}{parameter}", kamailio.addr)],
        user: Pii::new(USER.into()),
        login: None,
        password: Pii::new(PASSWORD.into()),
        expires_s: 60,
        authorities: None,
    };
    Service::start_as(Behaviour::Answer, Options { registrations: vec![registration], ..Service::options(HOST) }).await
}

/// Calls the extension until the registrar knows it.
async fn call(kamailio: &Kamailio, parameter: &str, tail: Tail) -> CallOutcome {
    loop {
        let uri = format!("sip:{USER}@{}{parameter}", kamailio.addr);
        let options = SoftphoneOptions {
            tail,
            ..SoftphoneOptions::new(uri, Some(Pii::new("+4930901820".into())), vec![0x55; 4000])
        };
        let outcome = softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap();
        if outcome.status != 404 {
            return outcome;
        }
    }
}

/// Kamailio records its route: ACK and BYE of both sides go through it.
#[tokio::test]
async fn an_extension_of_kamailio_is_called_and_either_side_hangs_up() {
    let Some(kamailio) = Kamailio::start().await else { return };
    for (registered_over, called_over) in [("", ""), (";transport=tcp", ""), ("", ";transport=tcp")] {
        let mut service = registered(&kamailio, registered_over).await;
        let outcome = call(&kamailio, called_over, Tail::For(std::time::Duration::ZERO)).await;
        assert_eq!((outcome.status, outcome.packets_sent, outcome.ended_by_peer), (200, 25, false));
        let (line, caller) = service.ringing().await;
        assert_eq!((line.as_str(), caller.number.unwrap().digits()), (USER, "+4930901820"));
        let ended = service.ended().await;
        assert_eq!((ended.why, ended.samples, ended.lost_samples), (Why::Bye, 4000, 0), "{registered_over}");

        let kamailio_addr = kamailio.addr;
        let uri = format!("sip:{USER}@{kamailio_addr}{called_over}");
        let options = SoftphoneOptions { tail: Tail::UntilHangUp, ..SoftphoneOptions::new(uri, None, Vec::new()) };
        let caller = tokio::spawn(softphone::place(options, Lifecycle::default(), CancellationToken::new()));
        service.media().await;
        service.life.shut_down_hard();
        assert!(caller.await.unwrap().unwrap().ended_by_peer, "our BYE goes through Kamailio: {registered_over}");
        service.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_password_registers_nobody() {
    let Some(kamailio) = Kamailio::start().await else { return };
    let registration = RegistrationOptions {
        registrars: vec![format!("sip:{}", kamailio.addr)],
        user: Pii::new(USER.into()),
        login: None,
        password: Pii::new("guess".into()),
        expires_s: 60,
        authorities: None,
    };
    let options = Options { registrations: vec![registration], ..Service::options(HOST) };
    let service = Service::start_as(Behaviour::Answer, options).await;
    let uri = format!("sip:{USER}@{}", kamailio.addr);
    let outcome =
        softphone::place(SoftphoneOptions::new(uri, None, Vec::new()), Lifecycle::default(), CancellationToken::new());
    assert_eq!(outcome.await.unwrap().status, 404);
    service.stop().await;
}
