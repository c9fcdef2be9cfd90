use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use regulars::base::{Lifecycle, Pii, TlsFiles};
use regulars::sip::softphone::{self, SoftphoneOptions, Tail};
use regulars::sip::{Endpoint, Limits, Listen, Options, SipError, Transport, Why};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, localhost};
use crate::service::{Behaviour, HOST, Service};
use crate::wire::{Tcp, head, header, status};

fn options(host: IpAddr, files: TlsFiles) -> Options {
    let mut options = Service::options(host);
    options.listen.push(Listen { transport: Transport::Tls, addr: SocketAddr::new(host, 0) });
    Options { tls: Some(files), ..options }
}

async fn service(files: TlsFiles) -> Service {
    Service::start_as(Behaviour::Answer, options(HOST, files)).await
}

/// A peer that writes its messages by hand.
type Peer = Tcp<TlsStream<TcpStream>>;

async fn connect(to: SocketAddr, config: Arc<ClientConfig>) -> std::io::Result<Peer> {
    let stream = TcpStream::connect(to).await?;
    Ok(Tcp::over(TlsConnector::from(config).connect(localhost(), stream).await?, to))
}

fn request(peer: &Peer, method: &str, call: &str) -> String {
    let here = peer.stream.get_ref().0.local_addr().unwrap();
    head(method, peer.to, here, "TLS", call) + "Content-Length: 0\r\n\r\n"
}

async fn is_alive(peer: &mut Peer, call: &str) -> bool {
    let options = request(peer, "OPTIONS", call);
    peer.answers(&options).await
}

fn certificate(peer: &Peer) -> CertificateDer<'static> {
    peer.stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

fn phone(service: &Service, authority: &Authority) -> SoftphoneOptions {
    SoftphoneOptions {
        authorities: Some(authority.file()),
        ..SoftphoneOptions::new(service.uri(Transport::Tls), Some(Pii::new("+4930901820".into())), vec![0x55; 4000])
    }
}

#[tokio::test]
async fn a_call_goes_through_and_both_sides_can_end_it() {
    let authority = Authority::new();
    let mut service = service(authority.install(&authority.sign(1))).await;
    let outcome = softphone::place(phone(&service, &authority), Lifecycle::default(), CancellationToken::new());
    let outcome = outcome.await.unwrap();
    assert_eq!((outcome.status, outcome.packets_sent, outcome.ended_by_peer), (200, 25, false));
    let ended = service.ended().await;
    assert_eq!((ended.why, ended.samples, ended.lost_samples), (Why::Bye, 4000, 0));

    let options = SoftphoneOptions { tail: Tail::UntilHangUp, ..phone(&service, &authority) };
    let caller = tokio::spawn(softphone::place(options, Lifecycle::default(), CancellationToken::new()));
    service.media().await;
    service.life.shut_down_hard();
    assert!(caller.await.unwrap().unwrap().ended_by_peer, "the BYE goes over the caller's own connection");
    service.stop().await;
}

#[tokio::test]
async fn the_contact_of_a_call_over_tls_says_so() {
    let authority = Authority::new();
    let service = service(authority.install(&authority.sign(1))).await;
    let to = service.listener(Transport::Tls);
    let mut peer = connect(to, authority.client(None)).await.unwrap();
    // A late offer: the INVITE needs no body.
    let invite = request(&peer, "INVITE", "contact");
    peer.send(&invite).await;
    let answer = loop {
        let answer = peer.receive().await;
        if status(&answer) >= 200 {
            break answer;
        }
    };
    assert_eq!(header(&answer, "Contact"), format!("<sip:pizza@{to};transport=TLS>"));
    service.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_the_next_connection_while_the_old_one_lives() {
    let authority = Authority::new();
    let service = service(authority.install(&authority.sign(1))).await;
    let to = service.listener(Transport::Tls);
    let mut before = connect(to, authority.client(None)).await.unwrap();
    assert!(is_alive(&mut before, "1").await);
    authority.install(&authority.sign(2));
    let mut after = connect(to, authority.client(None)).await.unwrap();
    assert_ne!(certificate(&before), certificate(&after));
    assert!(is_alive(&mut after, "2").await && is_alive(&mut before, "3").await);
    // A renewal that went wrong changes nothing.
    authority.install(&crate::authority::Signed { certificate: "broken".into(), ..authority.sign(3) });
    let mut last = connect(to, authority.client(None)).await.unwrap();
    assert_eq!(certificate(&last), certificate(&after));
    assert!(is_alive(&mut last, "4").await);
    service.stop().await;
}

/// With TLS 1.3 a client learns of its refusal only when it reads.
async fn is_let_in(to: SocketAddr, config: Arc<ClientConfig>) -> bool {
    match connect(to, config).await {
        Ok(mut peer) => is_alive(&mut peer, "in").await,
        Err(_) => false,
    }
}

#[tokio::test]
async fn with_mtls_a_client_needs_a_certificate_of_the_named_authority() {
    let authority = Authority::new();
    let clients = Authority::new();
    let files = TlsFiles { client_ca: Some(clients.file()), ..authority.install(&authority.sign(1)) };
    let service = service(files).await;
    let to = service.listener(Transport::Tls);
    assert!(!is_let_in(to, authority.client(None)).await, "none");
    assert!(!is_let_in(to, authority.client(Some(&authority.sign(2)))).await, "of another authority");
    assert!(is_let_in(to, authority.client(Some(&clients.sign(3)))).await);
    service.stop().await;
}

#[tokio::test]
async fn a_failed_handshake_and_a_bad_message_cost_nothing_else() {
    let authority = Authority::new();
    let service = service(authority.install(&authority.sign(1))).await;
    let to = service.listener(Transport::Tls);
    let mut peer = connect(to, authority.client(None)).await.unwrap();
    for bytes in [&b"OPTIONS sip:pizza@localhost SIP/2.0\r\n\r\n"[..], b"\x16\x03\x01\xff\xff", b""] {
        let mut plain = TcpStream::connect(to).await.unwrap();
        plain.write_all(bytes).await.unwrap();
    }
    assert!(!is_let_in(to, Authority::new().client(None)).await, "a client that does not trust us");
    let bad = request(&peer, "OPTIONS", "bad").replacen("CSeq: 1", "CSeq: x", 1);
    peer.send(&bad).await;
    assert_eq!(status(&peer.receive().await), 400);
    assert!(is_alive(&mut peer, "still").await);
    service.stop().await;
}

#[tokio::test]
async fn handshakes_that_do_not_end_hold_no_more_places_than_there_are() {
    let authority = Authority::new();
    let limits = Limits { tcp_connections: 2, ..Limits::default() };
    let options = Options { limits, ..options(HOST, authority.install(&authority.sign(1))) };
    let service = Service::start_as(Behaviour::Answer, options).await;
    let to = service.listener(Transport::Tls);
    let silent = [TcpStream::connect(to).await.unwrap(), TcpStream::connect(to).await.unwrap()];
    assert!(!is_let_in(to, authority.client(None)).await, "no place");
    drop(silent);
    while !is_let_in(to, authority.client(None)).await {}
    service.stop().await;
}

#[tokio::test]
async fn a_caller_does_not_trust_a_foreign_certificate() {
    let authority = Authority::new();
    let service = service(authority.install(&authority.sign(1))).await;
    let other = Authority::new();
    let placed = softphone::place(phone(&service, &other), Lifecycle::default(), CancellationToken::new());
    let error = placed.await.unwrap_err();
    assert!(error.to_string().contains("not trusted"), "{error}");
    service.stop().await;
}

#[tokio::test]
async fn a_tls_listener_without_a_certificate_is_refused_at_the_start() {
    let authority = Authority::new();
    let missing = options(HOST, TlsFiles { key: "missing.key".into(), ..authority.install(&authority.sign(1)) });
    let none = Options { tls: None, ..missing.clone() };
    for (options, expected) in [(missing, "missing.key"), (none, "tls.certificate")] {
        let Err(error) = Endpoint::bind(options, Lifecycle::default()).await else { panic!("{expected}") };
        assert!(matches!(error, SipError::NoIdentity | SipError::Tls(_)));
        assert!(error.to_string().contains(expected), "{error}");
    }
}
