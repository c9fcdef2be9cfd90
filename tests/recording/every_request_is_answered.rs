//! What a recording client asks, before and during a session, against the whole service.

use regulars::sip::Transport;

use crate::client::{Body, Client, fixture, sdp};
use crate::house::House;

async fn client(house: &House, call: &str) -> Client {
    let udp = house.service().sip.iter().find(|listen| listen.transport == Transport::Udp).unwrap().addr;
    Client::new(udp, Transport::Udp, call).await
}

fn lines(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(label, direction)| ((*label).to_owned(), (*direction).to_owned())).collect()
}

/// Labels and directions of the m-lines that were taken.
fn taken(answer: &crate::client::Answer) -> Vec<(String, String)> {
    answer.m_lines().into_iter().filter(|(port, _, _)| *port > 0).map(|(_, label, way)| (label, way)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_answered_at_once_to_listen_whatever_its_metadata_looks_like() {
    let house = House::open(&[]).await;
    for (name, expected) in [
        ("rfc7865.txt", lines(&[("96", "recvonly"), ("97", "recvonly")])),
        ("audiocodes-metadata-first.txt", lines(&[("1", "recvonly"), ("2", "recvonly")])),
        ("ribbon-call-data.txt", lines(&[("a_leg", "recvonly"), ("b_leg", "recvonly")])),
        ("metaswitch-mixed.txt", lines(&[("1", "recvonly")])),
        ("inactive-first.txt", lines(&[("1", "inactive"), ("2", "inactive")])),
        ("broken-off.txt", lines(&[("1", "recvonly"), ("2", "recvonly")])),
        ("entity-bomb.txt", lines(&[("1", "recvonly"), ("2", "recvonly")])),
        ("no-metadata.txt", lines(&[("1", "recvonly"), ("2", "recvonly")])),
    ] {
        let mut client = client(&house, name).await;
        let answer = client.establish(&fixture(name)).await;
        assert_eq!(taken(&answer), expected, "{name}");
        assert!(answer.header("Contact").ends_with(";+sip.srs"), "{}", answer.head);
        assert_eq!(answer.header("Supported"), "siprec");
        assert!(client.statuses.iter().all(|status| matches!(status, 100 | 200)), "no 18x: {:?}", client.statuses);
        client.bye().await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_go_and_return_without_a_refusal() {
    let house = House::open(&[]).await;
    let mut client = client(&house, "streams").await;
    let first = client.establish(&sdp(&[(4000, "1", "inactive"), (4002, "2", "inactive")])).await;
    assert_eq!(taken(&first), lines(&[("1", "inactive"), ("2", "inactive")]));
    for (offer, ports) in [
        (vec![(4000, "1", "sendonly"), (4002, "2", "sendonly")], [true, true, false]),
        // A third stream needs a socket that was not there.
        (vec![(4000, "1", "sendonly"), (4002, "2", "sendonly"), (4004, "3", "sendonly")], [true, true, true]),
        (vec![(0, "1", "sendonly"), (4002, "2", "sendonly"), (4004, "3", "sendonly")], [false, true, true]),
        (vec![(0, "1", "sendonly"), (0, "2", "sendonly"), (0, "3", "sendonly")], [false, false, false]),
        (vec![(4000, "1", "sendonly"), (4002, "2", "inactive"), (4004, "3", "sendonly")], [true, true, true]),
    ] {
        for method in ["INVITE", "UPDATE"] {
            let answer = client.ask_in_dialog(method, Some(&sdp(&offer))).await;
            if method == "INVITE" {
                client.ack(None).await;
            }
            assert_eq!(answer.status, 200, "{}", answer.head);
            let answered = answer.m_lines();
            assert_eq!(answered.len(), offer.len());
            for ((answered, offered), open) in answered.iter().zip(&offer).zip(ports) {
                assert_eq!(answered.0 > 0, open, "{method} {offer:?}");
                let way = if offered.2 == "sendonly" { "recvonly" } else { "inactive" };
                assert!(!open || (answered.1 == offered.1 && answered.2 == way), "{answered:?}");
            }
            if ports[0] {
                assert_eq!(answered[0].0, first.m_lines()[0].0, "a stream that returns finds its port again");
            }
        }
    }
    client.bye().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_alone_is_taken_by_update_and_by_reinvite() {
    let house = House::open(&[]).await;
    let mut client = client(&house, "metadata").await;
    let first = client.establish(&fixture("rfc7865.txt")).await;
    for update in ["update-transfer.txt", "update-unreadable.txt"] {
        let answer = client.ask_in_dialog("UPDATE", Some(&fixture(update))).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{update}");
    }
    // A re-INVITE without an offer gets ours: the same streams in the same places.
    let answer = client.ask_in_dialog("INVITE", Some(&fixture("update-transfer.txt"))).await;
    assert_eq!((answer.status, answer.m_lines()), (200, first.m_lines()));
    client.ack(Some(&sdp(&[(4000, "96", "sendonly"), (4002, "97", "sendonly")]))).await;
    client.bye().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_the_offer_to_us_gets_two_streams() {
    let house = House::open(&[]).await;
    let mut client = client(&house, "late-offer").await;
    let answer = client.invite(&fixture("metadata-without-sdp.txt")).await;
    assert_eq!((answer.status, taken(&answer)), (200, lines(&[("", "recvonly"), ("", "recvonly")])));
    client.ack(Some(&sdp(&[(4000, "1", "sendonly"), (4002, "2", "sendonly")]))).await;
    client.bye().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_an_unknown_type_is_refused_with_those_that_we_read() {
    let house = House::open(&[]).await;
    let mut client = client(&house, "isup").await;
    let body = Body { content_type: "application/isup".to_owned(), text: b"\x01\x02".to_vec() };
    let answer = client.invite(&body).await;
    assert_eq!(answer.status, 415);
    assert!(answer.header("Accept").contains("multipart/mixed"), "{}", answer.head);
    client.ack(None).await;
    house.stop().await;
}
