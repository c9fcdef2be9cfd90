use regulars::base::{Lifecycle, Pii};
use regulars::sip::Why;
use regulars::sip::softphone::{self, SoftphoneOptions};
use tokio_util::sync::CancellationToken;

use crate::kamailio::Kamailio;
use crate::service::{Behaviour, Service};
use crate::wire::{Udp, head, header, invite, replace_to};

#[tokio::test]
async fn a_call_through_a_proxy_and_its_media_relay_loses_nothing() {
    let mut service = Service::start(Behaviour::Answer).await;
    let Some(proxy) = Kamailio::start(service.udp).await else { return };
    let uri = format!("sip:pizza@{}", proxy.udp);
    let options = SoftphoneOptions::new(uri, Some(Pii::new("+4930901820".into())), vec![0x55; 8000]);
    let outcome = softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap();
    assert_eq!((outcome.status, outcome.packets_sent), (200, 50));
    let (line, caller) = service.ringing().await;
    assert_eq!((line.as_str(), caller.number.unwrap().digits()), ("pizza", "+4930901820"));
    let ended = service.ended().await;
    assert_eq!((ended.why, ended.samples, ended.lost_samples), (Why::Bye, 8000, 0));
    assert_eq!(ended.refused_packets, 0);
    service.stop().await;
}

/// RFC 3261 §12.2.1.1: what we send within the dialog goes where the Record-Route says, and not to the Contact behind it.
#[tokio::test]
async fn our_bye_goes_through_the_proxy() {
    let mut service = Service::start(Behaviour::Answer).await;
    let Some(proxy) = Kamailio::start(service.udp).await else { return };
    let peer = Udp::new(proxy.udp).await;
    let answer = peer.ask("INVITE", invite(proxy.udp, peer.here(), "UDP", "routed")).await;
    let ack = replace_to(&head("ACK", service.udp, peer.here(), "UDP", "routed"), &header(&answer, "To"));
    peer.send(format!("{ack}Route: {}\r\n\r\n", header(&answer, "Record-Route"))).await;
    service.media().await;
    service.life.shut_down_hard();
    let bye = loop {
        let message = peer.receive().await;
        if message.starts_with("BYE ") {
            break message;
        }
    };
    let hops: Vec<_> = bye.lines().filter(|line| line.starts_with("Via:")).collect();
    assert_eq!(hops.len(), 2, "{bye}");
    assert!(hops[0].contains(&proxy.udp.to_string()) && hops[1].contains(&service.udp.to_string()), "{bye}");
}
