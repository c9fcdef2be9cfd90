use std::path::Path;

use regulars::rtp::Codec;
use regulars::sip::{Refusal, Transport, Why};
use tempfile::TempDir;
use tokio::process::Command;

use crate::peer::{fixture, is_installed, run};
use crate::service::{Behaviour, Service};

/// What the scenarios send: one second of G.711 in packets of 20 ms.
const PACKETS: u64 = 50;

/// Runs a scenario of `fixtures/sip` against the service; `false` when sipp is not there.
async fn sipp(service: &Service, scenario: &str, transport: Transport, calls: u32) -> bool {
    if !is_installed("sipp").await {
        return false;
    }
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("second.al"), vec![0x55; 160 * PACKETS as usize]).unwrap();
    let (mode, to) = match transport {
        Transport::Udp => ("u1", service.udp),
        Transport::Tcp => ("t1", service.tcp),
        Transport::Tls => panic!("this sipp has no TLS"),
    };
    let mut command = Command::new("sipp");
    command.current_dir(folder.path()).arg("-sf").arg(fixture(scenario)).arg(to.to_string());
    command.args(["-t", mode, "-s", "pizza", "-i", "127.0.0.1", "-nostdin", "-timeout", "30s", "-timeout_error"]);
    command.args(["-m", &calls.to_string(), "-r", "20", "-l", &calls.to_string(), "-trace_err"]);
    let output = run(command).await;
    assert!(output.status.success(), "{scenario}: {}", errors(folder.path()));
    true
}

fn errors(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.to_string_lossy().contains("errors"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[tokio::test]
async fn calls_with_audio_over_udp_and_tcp() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut service = Service::start(Behaviour::Answer).await;
        if !sipp(&service, "early_offer.xml", transport, 1).await {
            return;
        }
        let (line, caller) = service.ringing().await;
        assert_eq!((line.as_str(), caller.number.unwrap().digits()), ("pizza", "+4930901820"));
        let ended = service.ended().await;
        assert_eq!(ended.why, Why::Bye);
        assert_eq!(
            (ended.statistics.received, ended.lost_samples, ended.refused_packets),
            (PACKETS, 0, 0),
            "{transport}"
        );
        service.stop().await;
    }
}

#[tokio::test]
async fn twenty_calls_at_a_time_lose_no_packet() {
    let mut service = Service::start(Behaviour::Answer).await;
    if !sipp(&service, "early_offer.xml", Transport::Udp, 20).await {
        return;
    }
    for _ in 0..20 {
        let ended = service.ended().await;
        assert_eq!((ended.why, ended.statistics.received, ended.lost_samples), (Why::Bye, PACKETS, 0));
    }
    service.stop().await;
}

#[tokio::test]
async fn a_late_offer_is_answered_in_the_ack() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut service = Service::start(Behaviour::Answer).await;
        if !sipp(&service, "late_offer.xml", transport, 1).await {
            return;
        }
        let (_, codecs, receive) = service.media().await;
        assert_eq!((codecs, receive), (vec![Codec::Pcma], true));
        assert_eq!(service.ended().await.statistics.received, PACKETS, "{transport}");
        service.stop().await;
    }
}

#[tokio::test]
async fn hold_and_resume_are_answered_as_offered() {
    let mut service = Service::start(Behaviour::Answer).await;
    if !sipp(&service, "hold.xml", Transport::Udp, 1).await {
        return;
    }
    assert!(service.media().await.2);
    assert!(!service.media().await.2, "inactive: nothing will come");
    let (_, codecs, receive) = service.media().await;
    assert_eq!((codecs, receive), (vec![Codec::Pcmu], true), "resumed with another codec");
    assert_eq!(service.ended().await.why, Why::Bye);
    service.stop().await;
}

#[tokio::test]
async fn a_caller_who_gives_up_gets_487() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let service = Service::start(Behaviour::Ring).await;
        sipp(&service, "cancel.xml", transport, 1).await;
        service.stop().await;
    }
}

#[tokio::test]
async fn refusals_arrive_as_they_were_meant() {
    let service = Service::start(Behaviour::Answer).await;
    sipp(&service, "no_common_codec.xml", Transport::Udp, 1).await;
    sipp(&service, "options.xml", Transport::Udp, 1).await;
    sipp(&service, "options.xml", Transport::Tcp, 1).await;
    service.stop().await;
    let service = Service::start(Behaviour::Refuse(Refusal::BusyHere)).await;
    sipp(&service, "busy.xml", Transport::Tcp, 1).await;
    service.stop().await;
}
