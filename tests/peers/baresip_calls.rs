use std::path::Path;

use regulars::rtp::Codec;
use regulars::sip::{Transport, Why};
use tempfile::TempDir;
use tokio::process::Command;

use crate::peer::{is_installed, run};
use crate::service::{Behaviour, Service};

/// A phone that dials, talks for a few seconds and hangs up.
pub fn configure(folder: &Path, transport: Transport, codec: &str) {
    let wav = folder.join("voice.wav");
    std::fs::write(&wav, tone()).unwrap();
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nmodule_path {MODULES}\n\
         module stdio.so\nmodule g711.so\nmodule aufile.so\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n\
         audio_source aufile,{0}\naudio_player aufile,{1}\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n",
        wav.display(),
        folder.join("heard.wav").display(),
    );
    std::fs::write(folder.join("config"), config).unwrap();
    let account = format!("\"Kim\" <sip:+4930901820@127.0.0.1;transport={transport}>;regint=0;audio_codecs={codec}\n");
    std::fs::write(folder.join("accounts"), account).unwrap();
    std::fs::write(folder.join("contacts"), "").unwrap();
}

/// Debian's place for them.
const MODULES: &str = "/usr/lib/baresip/modules";

/// Ten seconds of a square wave of 400 Hz, PCM 16 bit at 8 kHz.
fn tone() -> Vec<u8> {
    let samples: Vec<u8> =
        (0..80_000u32).flat_map(|n| if n / 10 % 2 == 0 { 8000i16 } else { -8000 }.to_le_bytes()).collect();
    let length = samples.len() as u32;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + length).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    wav.extend_from_slice(&length.to_le_bytes());
    wav.extend(samples);
    wav
}

#[tokio::test]
async fn baresip_calls_over_udp_and_tcp_in_both_laws() {
    for (transport, codec, expected) in [(Transport::Udp, "PCMA", Codec::Pcma), (Transport::Tcp, "PCMU", Codec::Pcmu)] {
        if !is_installed("baresip").await {
            return;
        }
        let mut service = Service::start(Behaviour::Answer).await;
        let folder = TempDir::new().unwrap();
        configure(folder.path(), transport, codec);
        let mut command = Command::new("baresip");
        command.arg("-f").arg(folder.path()).args(["-t", "4", "-e"]).arg(format!("/dial {}", service.uri(transport)));
        run(command).await;
        let (line, caller) = service.ringing().await;
        assert_eq!((line.as_str(), caller.number.unwrap().digits()), ("pizza", "+4930901820"));
        assert_eq!(service.media().await.1, [expected]);
        let ended = service.ended().await;
        assert_eq!((ended.why, ended.lost_samples, ended.refused_packets), (Why::Bye, 0, 0));
        assert!(ended.payloads >= 100, "two seconds of the four at least: {ended:?}");
        service.stop().await;
    }
}
