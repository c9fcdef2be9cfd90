use regulars::sip::{Limits, Why};

use crate::service::{Behaviour, Service};
use crate::wire::{Tcp, head, invite, status};

async fn service_and_peer() -> (Service, Tcp) {
    let service = Service::start(Behaviour::Answer).await;
    let peer = Tcp::new(service.tcp).await;
    (service, peer)
}

/// rsipstack alone closes the connection.
#[tokio::test]
async fn a_message_that_cannot_be_parsed_costs_an_answer_and_not_the_connection() {
    let (service, mut peer) = service_and_peer().await;
    let bad = [
        ("CSeq: 1 OPTIONS", "CSeq: x OPTIONS"),
        ("sip:pizza@", "sip:piz za@"),
        ("From: ", "From "),
        ("To: <sip:", "To: \"<sip:"),
    ];
    for (number, (right, wrong)) in bad.into_iter().enumerate() {
        let text = peer.options(&format!("bad-{number}")).replacen(right, wrong, 1);
        peer.send(text).await;
        assert_eq!(status(&peer.receive().await), 400, "{wrong}");
    }
    peer.send("complete nonsense\r\nwithout meaning\r\n\r\n").await;
    assert!(peer.is_alive("alive").await);
    service.stop().await;
}

/// rsipstack alone misses the body here.
#[tokio::test]
async fn messages_are_cut_by_content_length_however_they_arrive() {
    let (mut service, mut peer) = service_and_peer().await;
    let call = invite(peer.to, peer.here(), "TCP", "cut").replace("Content-Length:", "Content-Length :");
    let both = call + &peer.options("behind");
    for piece in both.as_bytes().chunks(97) {
        peer.send(piece).await;
        tokio::task::yield_now().await;
    }
    let (_, codecs, _) = service.media().await;
    assert_eq!(codecs.len(), 2);
    let mut statuses = Vec::new();
    while statuses.len() < 2 {
        let answer = peer.receive().await;
        if let Some(line) = answer.lines().find(|line| line.starts_with("SIP/2.0 ")) {
            statuses.extend(Some(status(line)).filter(|status| *status >= 200));
        }
    }
    assert_eq!(statuses, [200, 200]);
    service.stop().await;
}

#[tokio::test]
async fn a_length_that_cannot_be_believed_is_answered_before_the_connection_goes() {
    for (length, expected) in [("x", 400), ("18446744073709551615", 513), ("70000", 513)] {
        let (service, mut peer) = service_and_peer().await;
        let mut other = Tcp::new(service.tcp).await;
        let text = peer.options("length").replace("Content-Length: 0", &format!("Content-Length: {length}"));
        peer.send(text).await;
        assert_eq!(status(&peer.receive().await), expected, "{length}");
        assert_eq!(peer.receive().await, "", "closed");
        assert!(other.is_alive("other").await, "another connection is not touched");
        service.stop().await;
    }
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let (service, mut peer) = service_and_peer().await;
    let mut written = 0;
    while tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &[b'x'; 4096]).await.is_ok() {
        written += 4096;
        assert!(written < 64 << 20, "the service goes on reading");
    }
    assert!(Tcp::new(service.tcp).await.is_alive("other").await);
    service.stop().await;
}

#[tokio::test]
async fn connections_are_limited_and_places_are_given_back() {
    let limits = Limits { tcp_connections: 2, ..Limits::default() };
    let service = Service::start_with(Behaviour::Answer, limits).await;
    let mut first = Tcp::new(service.tcp).await;
    assert!(first.is_alive("1").await);
    let second = Tcp::new(service.tcp).await;
    let mut third = Tcp::new(service.tcp).await;
    assert_eq!(third.receive().await, "", "no place: closed at once");
    drop(second);
    // The place comes back when the service has noticed.
    while !Tcp::new(service.tcp).await.is_alive("4").await {}
    assert!(first.is_alive("5").await);
    service.stop().await;
}

#[tokio::test]
async fn one_source_does_not_take_every_place() {
    let limits = Limits { tcp_connections: 3, tcp_connections_per_source: 2, ..Limits::default() };
    let service = Service::start_with(Behaviour::Answer, limits).await;
    let mut own = [Tcp::new(service.tcp).await, Tcp::new(service.tcp).await];
    assert!(own[0].is_alive("1").await && own[1].is_alive("2").await);
    assert!(!Tcp::new(service.tcp).await.is_alive("3").await, "a third of the same source");
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = Tcp::over(socket.connect(service.tcp).await.unwrap(), service.tcp);
    assert!(other.is_alive("4").await);
    service.stop().await;
}

#[tokio::test]
async fn the_calls_of_a_connection_go_on_when_it_closes() {
    let (mut service, mut peer) = service_and_peer().await;
    peer.send(invite(peer.to, peer.here(), "TCP", "gone")).await;
    let answer = loop {
        let answer = peer.receive().await;
        if answer.starts_with("SIP/2.0 200") {
            break answer;
        }
    };
    service.media().await;
    let to = crate::wire::header(&answer, "To");
    let within = |method: &str, here| {
        let request = head(method, service.tcp, here, "TCP", "gone").replace("CSeq: 1 BYE", "CSeq: 2 BYE");
        crate::wire::replace_to(&request, &to) + "Content-Length: 0\r\n\r\n"
    };
    let ack = within("ACK", peer.here());
    peer.send(ack).await;
    drop(peer);
    let mut again = Tcp::new(service.tcp).await;
    let bye = within("BYE", again.here());
    again.send(bye).await;
    assert_eq!(status(&again.receive().await), 200);
    assert_eq!(service.ended().await.why, Why::Bye);
    service.stop().await;
}
