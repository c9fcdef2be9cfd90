//! `regulars call` as an operator types it.

use std::path::Path;
use std::process::Output;

use regulars::sip::{Refusal, Transport};
use tempfile::TempDir;
use tokio::process::Command;

use crate::peer::run;
use crate::service::{Behaviour, Service};

async fn call(uri: &str, wav: &Path, from: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regulars"));
    command.args(["call", uri, "--wav"]).arg(wav).args(["--from", from]);
    run(command).await
}

/// Half a second of A-law silence.
fn recording(folder: &TempDir) -> std::path::PathBuf {
    let audio = [0xd5; 4000];
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + audio.len() as u32).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
    wav.extend_from_slice(&(audio.len() as u32).to_le_bytes());
    wav.extend_from_slice(&audio);
    let path = folder.path().join("voice.wav");
    std::fs::write(&path, wav).unwrap();
    path
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn it_sends_the_recording_and_prints_status_and_packets() {
    let folder = TempDir::new().unwrap();
    let wav = recording(&folder);
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut service = Service::start(Behaviour::Answer).await;
        let output = call(&service.uri(transport), &wav, "anonymous").await;
        assert!(output.status.success());
        assert_eq!(text(&output.stdout), "200 OK, 25 packets sent\n");
        assert!(service.ringing().await.1.withheld);
        assert_eq!(service.ended().await.samples, 4000);
        service.stop().await;
    }
}

#[tokio::test]
async fn a_refused_call_prints_its_status_and_exits_1() {
    let folder = TempDir::new().unwrap();
    let service = Service::start(Behaviour::Refuse(Refusal::BusyHere)).await;
    let output = call(&service.uri(Transport::Udp), &recording(&folder), "+4930901820").await;
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), "486 Busy Here, 0 packets sent\n"));
    service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_called_is_said_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let wav = recording(&folder);
    let no_wav = folder.path().join("notes.wav");
    std::fs::write(&no_wav, "not a recording").unwrap();
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let here = format!("sip:pizza@{free}");
    for (uri, wav, from, sentence) in [
        (here.as_str(), &wav, "anonymous", "nothing listens there"),
        (here.as_str(), &no_wav, "anonymous", "not a WAV file"),
        (here.as_str(), &folder.path().join("missing.wav"), "anonymous", "missing.wav"),
        (here.as_str(), &wav, "+49 30 <x>", "--from needs a number"),
        ("pizza", &wav, "anonymous", "the call needs a SIP URI"),
    ] {
        let output = call(uri, wav, from).await;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(sentence) && !error.contains("panicked"), "{error}");
    }
}
