use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use regulars::base::{Lifecycle, Pii};
use regulars::sip::softphone::{self, SoftphoneOptions, Tail};
use regulars::sip::{Listen, Transport, Why};
use tokio_util::sync::CancellationToken;

use crate::authority::Authority;
use crate::service::{Behaviour, HOST, Service};

const HOST_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn phone(uri: String) -> SoftphoneOptions {
    SoftphoneOptions::new(uri, Some(Pii::new("+4930901820".into())), vec![0x55; 4000])
}

#[tokio::test]
async fn calls_with_media_over_udp_tcp_and_tls() {
    let authority = Authority::new();
    let mut options = Service::options(HOST_V6);
    options.listen.push(Listen { transport: Transport::Tls, addr: SocketAddr::new(HOST_V6, 0) });
    options.tls = Some(authority.install(&authority.sign(1)));
    let mut service = Service::start_as(Behaviour::Answer, options).await;
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let options = SoftphoneOptions { authorities: Some(authority.file()), ..phone(service.uri(transport)) };
        let outcome = softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap();
        assert_eq!((outcome.status, outcome.packets_sent), (200, 25), "{transport}");
        assert!(outcome.packets_received > 0, "{transport}: silence comes back");
        let ended = service.ended().await;
        assert_eq!((ended.why, ended.samples, ended.lost_samples), (Why::Bye, 4000, 0), "{transport}");
    }
    service.stop().await;
}

/// rsipstack alone sends every BYE from its first UDP socket, which here cannot reach the caller.
#[tokio::test]
async fn our_bye_leaves_by_the_socket_of_the_callers_family() {
    let mut options = Service::options(HOST);
    options.listen.push(Listen { transport: Transport::Udp, addr: SocketAddr::new(HOST_V6, 0) });
    let mut service = Service::start_as(Behaviour::Answer, options).await;
    let v6 = service.endpoint.listeners()[2].addr;
    // The media of this test's service are on IPv4: signalling alone is what is seen here.
    let options = SoftphoneOptions { tail: Tail::UntilHangUp, ..phone(format!("sip:pizza@{v6}")) };
    let caller = tokio::spawn(softphone::place(options, Lifecycle::default(), CancellationToken::new()));
    service.media().await;
    service.life.shut_down_hard();
    assert!(caller.await.unwrap().unwrap().ended_by_peer);
    service.stop().await;
}
