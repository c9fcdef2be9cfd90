//! A recording session as it comes in a real network: its signalling by a proxy, its two streams by a relay.

use regulars::base::Lifecycle;
use regulars::sip::Transport;

use crate::both_streams_survive_the_network::{check, numbered, server};
use crate::client::{Body, Client, PATIENCE, fixture};
use crate::kamailio::Kamailio;
use crate::stream::{Network, Stream};

/// The line end before a boundary is the boundary's (RFC 2046 §5.1.1). rtpengine appends to the SDP and needs one of its own.
fn with_last_line_end(mut body: Body) -> Body {
    let text = String::from_utf8(body.text).unwrap();
    let longer = text.replace("a=label:97\r\n--", "a=label:97\r\n\r\n--");
    assert_ne!(longer, text);
    body.text = longer.into_bytes();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn both_labels_come_through_a_proxy_and_a_relay() {
    let life = Lifecycle::default();
    let (listeners, mut reports) = server(&life).await;
    let Some(proxy) = Kamailio::start(listeners[0]).await else { return };
    let mut client = Client::new(proxy.udp, Transport::Udp, "through-a-proxy").await;
    let answer = client.establish(&with_last_line_end(fixture("rfc7865.txt"))).await;
    let media = answer.media();
    assert_eq!((answer.m_lines().len(), media.len()), (2, 2));
    assert!(media.iter().all(|relay| (50_000..51_000).contains(&relay.port())), "the relay's ports: {media:?}");
    let (mut first, mut second) = (Stream::new(media[0], 11).await, Stream::new(media[1], 12).await);
    let whole = Network::default();
    let (one, two) = tokio::join!(first.send(numbered(1, 100), whole), second.send(numbered(2, 100), whole));
    client.bye().await;
    for (label, side, sent) in [("96", 1, one), ("97", 2, two)] {
        let heard = tokio::time::timeout(PATIENCE, reports.recv()).await.unwrap().unwrap();
        assert_eq!(heard.label, label);
        check(&heard, &sent, side);
    }
    life.shut_down_hard();
    assert!(life.finished(PATIENCE).await);
}
