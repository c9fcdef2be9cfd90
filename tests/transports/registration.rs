use std::net::SocketAddr;

use regulars::base::{Identity, Lifecycle, Pii};
use regulars::sip::{Endpoint, Listen, Options, RegistrationOptions, Transport, TrustOptions};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::registrar::{CHALLENGE, PASSWORD, Registrar, USER, answer, binding, check, next_message, write};
use crate::service::{Behaviour, HOST, PATIENCE, Service};
use crate::wire::{Udp, header, invite, status};

fn registration(registrars: Vec<String>) -> RegistrationOptions {
    RegistrationOptions {
        registrars,
        user: Pii::new(USER.into()),
        login: None,
        password: Pii::new(PASSWORD.into()),
        expires_s: 300,
        authorities: None,
    }
}

async fn registered_at(registrars: Vec<String>, trust: TrustOptions) -> Service {
    let registration = registration(registrars);
    let options = Options { registrations: vec![registration], trust, ..Service::options(HOST) };
    Service::start_as(Behaviour::Answer, options).await
}

fn cseq(request: &str) -> u32 {
    header(request, "CSeq").split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_extension_is_registered_with_its_password_refreshed_and_taken_back() {
    let (registrar, mut seen) = (Registrar::new().await, Vec::new());
    let service = registered_at(vec![registrar.uri()], TrustOptions::default()).await;
    let first = registrar.welcome(&mut seen, 1).await;
    assert_eq!(header(&first, "To"), format!("<sip:{USER}@{HOST}>"));
    assert_eq!(header(&first, "Contact"), format!("<sip:{USER}@{}>;expires=300", service.udp));
    let again = registrar.welcome(&mut seen, 300).await;
    assert!(cseq(&again) > cseq(&first));
    assert_eq!(header(&again, "Call-ID"), header(&first, "Call-ID"), "RFC 3261 §10.2.4: one registration");
    service.life.shut_down_softly();
    let last = registrar.welcome(&mut seen, 0).await;
    assert_eq!(header(&last, "Expires"), "0");
    service.stop().await;
}

#[tokio::test]
async fn the_second_registrar_is_used_while_the_first_is_away_and_left_for_it() {
    let (home, shelter) = (Registrar::new().await, Registrar::new().await);
    let mut seen = Vec::new();
    let service = registered_at(vec![home.uri(), shelter.uri()], TrustOptions::default()).await;
    let refused = home.request(&mut seen).await;
    home.answer(&refused, "503 Service Unavailable", "").await;
    shelter.welcome(&mut seen, 1).await;
    home.welcome(&mut seen, 300).await;
    let left = shelter.request(&mut seen).await;
    assert_eq!(header(&left.0, "Expires"), "0", "calls come once");
    shelter.answer(&left, "200 OK", "").await;
    service.life.shut_down_softly();
    home.welcome(&mut seen, 0).await;
    service.stop().await;
}

#[tokio::test]
async fn a_registrar_that_wants_less_traffic_is_obeyed() {
    let (registrar, mut seen) = (Registrar::new().await, Vec::new());
    let service = registered_at(vec![registrar.uri()], TrustOptions::default()).await;
    let brief = registrar.request(&mut seen).await;
    registrar.answer(&brief, "423 Interval Too Brief", "Min-Expires: 1800\r\n").await;
    let longer = registrar.request(&mut seen).await;
    assert_eq!(header(&longer.0, "Expires"), "1800");
    registrar.answer(&longer, "200 OK", &binding(&longer.0, 1800)).await;
    service.life.shut_down_softly();
    registrar.welcome(&mut seen, 0).await;
    service.stop().await;
}

#[tokio::test]
async fn calls_come_through_the_registrar_and_from_nobody_else() {
    let (registrar, mut seen) = (Registrar::new().await, Vec::new());
    let trust = TrustOptions { networks: vec!["203.0.113.0/24".parse().unwrap()], ..TrustOptions::default() };
    let mut service = registered_at(vec![registrar.uri()], trust).await;
    let peer = Udp::new(service.udp).await;
    let early = peer.ask("INVITE", invite(service.udp, peer.here(), "UDP", "early")).await;
    assert_eq!(status(&early), 403, "not yet registered, so not yet a friend");
    let request = registrar.welcome(&mut seen, 300).await;
    let contact = header(&request, "Contact");
    let (_, addr) = contact.split_once('@').unwrap();
    let to: SocketAddr = addr.split('>').next().unwrap().parse().unwrap();
    let call = invite(to, registrar.addr(), "UDP", "through").replace("sip:pizza@", &format!("sip:{USER}@"));
    // The 200 OK to the REGISTER and this INVITE are two datagrams: the INVITE may be the first one read.
    loop {
        registrar.send(&call, to).await;
        let answer = registrar.receive("SIP/2.0 ").await;
        if status(&answer) < 300 {
            break;
        }
        assert_eq!(status(&answer), 403);
    }
    assert_eq!(service.ringing().await.0, USER, "the line is the extension");
    service.stop().await;
}

#[tokio::test]
async fn over_tcp_calls_come_back_over_our_own_connection_and_it_is_opened_again_when_lost() {
    let listener = TcpListener::bind((HOST, 0)).await.unwrap();
    let uri = format!("sip:{};transport=tcp", listener.local_addr().unwrap());
    let mut service = registered_at(vec![uri], TrustOptions::default()).await;
    for call in ["first", "second"] {
        let (mut stream, from) = listener.accept().await.unwrap();
        let mut pending = String::new();
        let request = next_message(&mut stream, &mut pending).await;
        assert!(header(&request, "Via").starts_with("SIP/2.0/TCP "), "{request}");
        write(&mut stream, &answer(&request, "401 Unauthorized", CHALLENGE)).await;
        let request = next_message(&mut stream, &mut pending).await;
        check(&request);
        assert!(header(&request, "Contact").contains(";transport=tcp>"));
        write(&mut stream, &answer(&request, "200 OK", &binding(&request, 300))).await;
        // Our framing and our gate stand here too.
        let bad = crate::wire::head("OPTIONS", from, listener.local_addr().unwrap(), "TCP", "bad");
        write(&mut stream, &(bad.replace("CSeq: 1", "CSeq: x") + "Content-Length: 0\r\n\r\n")).await;
        assert_eq!(status(&next_message(&mut stream, &mut pending).await), 400);
        write(&mut stream, &invite(from, listener.local_addr().unwrap(), "TCP", call)).await;
        assert_eq!(service.ringing().await.0, "pizza");
        assert!(service.endpoint.statistics().pending < 2, "counted like any other call");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_registration_that_cannot_be_is_refused_at_the_start() {
    let over_tcp = Listen { transport: Transport::Tcp, addr: (HOST, 0).into() };
    for (uri, listen, expected) in [
        ("pbx.example", Service::options(HOST).listen, "a registrar is a SIP URI"),
        ("sip:700@pbx.example", Service::options(HOST).listen, "without a user"),
        ("sip:pbx.example", vec![over_tcp], "needs a udp: address"),
    ] {
        let registrations = vec![registration(vec![uri.to_owned()])];
        let life = Lifecycle::default();
        let options = Options { listen, registrations, ..Options::default() };
        let Err(error) = Endpoint::bind(options, life.clone()).await else { panic!("{uri}") };
        assert!(error.to_string().contains(expected), "{error}");
        assert!(life.finished(PATIENCE).await, "nothing is left running");
    }
}

/// The first registrar shows a certificate that leads nowhere, so the password is for the second.
#[tokio::test]
async fn over_tls_a_registrar_must_be_the_one_that_it_says() {
    let (authority, other) = (Authority::new(), Authority::new());
    let listeners = [TcpListener::bind((HOST, 0)).await.unwrap(), TcpListener::bind((HOST, 0)).await.unwrap()];
    let uri = |listener: &TcpListener| format!("sip:{};transport=tls", listener.local_addr().unwrap());
    let registration = RegistrationOptions {
        authorities: Some(authority.file()),
        ..registration(listeners.iter().map(uri).collect())
    };
    let options = Options { registrations: vec![registration], ..Service::options(HOST) };
    let service = Service::start_as(Behaviour::Answer, options).await;
    let acceptor = |of: &Authority| TlsAcceptor::from(Identity::load(of.install(&of.sign(1))).unwrap().current());
    let (stream, _) = listeners[0].accept().await.unwrap();
    assert!(acceptor(&other).accept(stream).await.is_err(), "not believed");
    let (stream, _) = listeners[1].accept().await.unwrap();
    let mut stream = acceptor(&authority).accept(stream).await.unwrap();
    let mut pending = String::new();
    let request = next_message(&mut stream, &mut pending).await;
    assert!(header(&request, "Via").starts_with("SIP/2.0/TLS "), "{request}");
    write(&mut stream, &answer(&request, "401 Unauthorized", CHALLENGE)).await;
    let request = next_message(&mut stream, &mut pending).await;
    check(&request);
    assert!(header(&request, "Contact").contains(";transport=tls>"));
    write(&mut stream, &answer(&request, "200 OK", &binding(&request, 300))).await;
    service.stop().await;
}
