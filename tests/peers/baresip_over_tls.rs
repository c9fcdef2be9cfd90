use std::io::Write;
use std::net::SocketAddr;

use regulars::rtp::Codec;
use regulars::sip::{Listen, Transport, Why};
use tempfile::TempDir;
use tokio::process::Command;

use crate::authority::Authority;
use crate::baresip_calls::configure;
use crate::peer::{is_installed, run};
use crate::service::{Behaviour, HOST, Service};

#[tokio::test]
async fn baresip_calls_over_tls_with_sdes_and_trusts_our_certificate() {
    if !is_installed("baresip").await {
        return;
    }
    let authority = Authority::new();
    let mut options = Service::options(HOST);
    options.listen.push(Listen { transport: Transport::Tls, addr: SocketAddr::new(HOST, 0) });
    options.tls = Some(authority.install(&authority.sign(1)));
    let mut service = Service::start_as(Behaviour::Answer, options).await;
    let folder = TempDir::new().unwrap();
    configure(folder.path(), Transport::Tls, "PCMA", ";mediaenc=srtp-mand");
    let mut config = std::fs::OpenOptions::new().append(true).open(folder.path().join("config")).unwrap();
    writeln!(config, "sip_cafile {}", authority.file().display()).unwrap();
    let mut command = Command::new("baresip");
    command.arg("-f").arg(folder.path()).args(["-t", "4", "-e"]);
    command.arg(format!("/dial {}", service.uri(Transport::Tls)));
    run(command).await;
    assert_eq!(service.ringing().await.0, "pizza");
    assert_eq!(service.media().await.1, [Codec::Pcma]);
    let ended = service.ended().await;
    assert_eq!((ended.why, ended.lost_samples), (Why::Bye, 0));
    assert!(ended.payloads >= 100, "two seconds of the four at least: {ended:?}");
    service.stop().await;
}
