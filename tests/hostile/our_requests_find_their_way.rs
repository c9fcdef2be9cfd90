use std::net::SocketAddr;

use regulars::sip::Limits;
use tokio::net::{TcpListener, UdpSocket};

use crate::service::{Behaviour, PATIENCE, Service};
use crate::wire::{SDP, Tcp, Udp, head, header, invite, status};

/// Sends an INVITE that is answered and acknowledged, and makes the service hang up.
async fn hung_up(service: &mut Service, peer: &Udp, call: &str, invite: String) -> String {
    let answer = peer.ask("INVITE", invite).await;
    assert_eq!(status(&answer), 200);
    peer.ack(&answer, call).await;
    service.media().await;
    service.life.shut_down_hard();
    answer
}

async fn receive(socket: &UdpSocket, beginning: &str) -> (String, SocketAddr) {
    let mut buffer = [0; 4096];
    loop {
        let received = tokio::time::timeout(PATIENCE, socket.recv_from(&mut buffer)).await.expect("a message");
        let (length, from) = received.unwrap();
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if text.starts_with(beginning) {
            return (text, from);
        }
    }
}

/// RFC 3261 §12.2.1.1: through the proxies that have recorded their route, in their order, to the caller's Contact.
#[tokio::test]
async fn a_bye_goes_through_the_recorded_proxies() {
    let mut service = Service::start(Behaviour::Answer).await;
    let proxy = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let peer = Udp::new(service.udp).await;
    let near = format!("<sip:{};lr>", proxy.local_addr().unwrap());
    let routes = format!(
        "Record-Route: {near}, <sip:192.0.2.8;lr>\r\nRecord-Route: <sip:192.0.2.9;lr>\r\nContact: <sip:kim@192.0.2.66>\r\n"
    );
    let text = invite(service.udp, peer.here(), "UDP", "routed");
    let contact = format!("Contact: <sip:kim@{}>\r\n", peer.here());
    let answer = hung_up(&mut service, &peer, "routed", text.replace(&contact, &routes)).await;
    assert!(answer.contains(&near), "the 200 says it back");
    let (bye, from) = receive(&proxy, "BYE ").await;
    assert!(bye.starts_with("BYE sip:kim@192.0.2.66 SIP/2.0\r\n"), "{bye}");
    let routes: Vec<_> = bye.lines().filter_map(|line| line.strip_prefix("Route: ")).collect();
    assert_eq!(routes.join(", "), format!("{near}, <sip:192.0.2.8;lr>, <sip:192.0.2.9;lr>"));
    assert_eq!(from, service.udp);
    assert!(header(&bye, "Via").contains(&service.udp.to_string()), "{bye}");
}

/// The caller believes to be 10.0.0.9; what it sends comes from here.
#[tokio::test]
async fn a_caller_behind_a_nat_is_answered_and_hung_up_where_it_was_seen() {
    let mut service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    let here = peer.here();
    let text = invite(service.udp, here, "UDP", "nat")
        .replace(&format!("Via: SIP/2.0/UDP {here}"), "Via: SIP/2.0/UDP 10.0.0.9:5060")
        .replace(&format!("<sip:kim@{here}>"), "<sip:kim@10.0.0.9:5060>");
    let answer = hung_up(&mut service, &peer, "nat", text).await;
    let via = header(&answer, "Via");
    assert!(via.contains("received=127.0.0.1") && via.contains(&format!("rport={}", here.port())), "{via}");
    let bye = peer.receive_within(PATIENCE, "BYE ").await;
    assert!(bye.starts_with(&format!("BYE sip:kim@{here} SIP/2.0\r\n")), "{bye}");
}

/// No branch, no tag and no Contact; the answer must not have a From tag that the caller has never sent.
#[tokio::test]
async fn a_peer_of_rfc_2543_calls_and_is_hung_up() {
    let mut service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    let here = peer.here();
    let plain = |text: String| -> String {
        let lines = text.split_inclusive("\r\n").filter(|line| !line.starts_with("Contact"));
        lines.collect::<String>().replace(";tag=from-old", "").replace(";branch=z9hG4bK-old-INVITE", "")
    };
    let answer = peer.ask("INVITE", plain(invite(service.udp, here, "UDP", "old"))).await;
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "From"), format!("\"Kim\" <sip:+4930901820@{here}>"));
    assert!(!answer.contains("rfc2543"), "{answer}");
    let to = header(&answer, "To");
    let ack = head("ACK", service.udp, here, "UDP", "old").replace(";branch=z9hG4bK-old-ACK", "");
    peer.send(plain(crate::wire::replace_to(&ack, &to)) + "\r\n").await;
    service.media().await;
    service.life.shut_down_hard();
    let bye = peer.receive_within(PATIENCE, "BYE ").await;
    assert!(bye.starts_with(&format!("BYE sip:{here} SIP/2.0\r\n")), "{bye}");
    assert!(header(&bye, "To").ends_with('>') && !bye.contains("rfc2543"), "{bye}");
}

/// The caller's connection is gone, so we open one to its Contact. Whoever stands there has no way past the gate.
#[tokio::test]
async fn what_comes_back_on_a_connection_that_we_opened_is_judged_too() {
    let limits = Limits { tcp_connections: 1, ..Limits::default() };
    let mut service = Service::start_with(Behaviour::Answer, limits).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let contact = format!("<sip:kim@{};transport=tcp>", listener.local_addr().unwrap());
    let mut peer = Tcp::new(service.tcp).await;
    let text = invite(service.tcp, peer.here(), "TCP", "dialled");
    peer.send(text.replace(&format!("<sip:kim@{}>", peer.here()), &contact)).await;
    let answer = loop {
        let answer = peer.receive().await;
        if answer.contains("SIP/2.0 200 ") {
            break answer;
        }
    };
    let ack = crate::wire::replace_to(&head("ACK", service.tcp, peer.here(), "TCP", "dialled"), &header(&answer, "To"));
    peer.send(ack + "Content-Length: 0\r\n\r\n").await;
    service.media().await;
    drop(peer);
    // There is one place: when another peer gets it, the service has noticed that the caller's connection is gone.
    while !Tcp::new(service.tcp).await.is_alive("other").await {}
    service.life.shut_down_hard();
    let (stream, from) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("a connection").unwrap();
    let mut back = Tcp::over(stream, service.tcp);
    let bye = back.receive().await;
    assert!(bye.starts_with("BYE "), "{bye}");
    assert_eq!(header(&bye, "Call-ID"), "dialled");
    back.send(
        head("INVITE", from, back.here(), "TCP", "late") + &format!("Content-Length: {}\r\n\r\n{SDP}", SDP.len()),
    )
    .await;
    let refused = back.receive().await;
    assert_eq!(status(&refused), 503, "draining, like anywhere else");
    assert_eq!(service.endpoint.statistics().pending, 0);
}
