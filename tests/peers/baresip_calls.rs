use std::path::Path;

use regulars::rtp::Codec;
use regulars::sip::{Transport, Why};
use tempfile::TempDir;
use tokio::process::Command;

use crate::peer::{is_installed, run};
use crate::service::{Behaviour, Ended, Service};

/// A phone that dials, talks for a few seconds and hangs up.
pub fn configure(folder: &Path, transport: Transport, codec: &str, encryption: &str) {
    let wav = folder.join("voice.wav");
    std::fs::write(&wav, tone()).unwrap();
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nmodule_path {MODULES}\n\
         module stdio.so\nmodule g711.so\nmodule g722.so\nmodule opus.so\nmodule srtp.so\nmodule aufile.so\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n\
         audio_source aufile,{0}\naudio_player aufile,{1}\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n",
        wav.display(),
        folder.join("heard.wav").display(),
    );
    std::fs::write(folder.join("config"), config).unwrap();
    let account = format!(
        "\"Kim\" <sip:+4930901820@127.0.0.1;transport={transport}>;regint=0;audio_codecs={codec}{encryption}\n"
    );
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
        configure(folder.path(), transport, codec, "");
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

/// What baresip says about a call of six seconds, and what we heard of it.
async fn call(codec: &str, encryption: &str) -> Option<(Vec<Codec>, Ended)> {
    if !is_installed("baresip").await {
        return None;
    }
    let mut service = Service::start(Behaviour::Answer).await;
    let folder = TempDir::new().unwrap();
    configure(folder.path(), Transport::Udp, codec, encryption);
    let mut command = Command::new("baresip");
    let dial = format!("/dial {}", service.uri(Transport::Udp));
    command.arg("-f").arg(folder.path()).args(["-t", "6", "-e"]).arg(dial);
    run(command).await;
    let codecs = service.media().await.1;
    let ended = service.ended().await;
    service.stop().await;
    assert_eq!((ended.why, ended.lost_samples), (Why::Bye, 0), "{ended:?}");
    assert!(ended.payloads >= 150, "three seconds of the six at least: {ended:?}");
    assert!(ended.statistics.reports >= 1 && ended.statistics.malformed_reports == 0, "{ended:?}");
    Some((codecs, ended))
}

/// How often a second the sound rises through zero, from its second second on.
fn pitch_hz(sound: &[f32], rate: usize) -> usize {
    let second = &sound[rate..2 * rate];
    second.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
}

#[tokio::test]
async fn baresip_speaks_g722_and_its_tone_comes_through() {
    let Some((codecs, ended)) = call("G722/16000/1", "").await else { return };
    assert_eq!(codecs, [Codec::G722]);
    assert_eq!(ended.samples, ended.payloads * 160, "the RTP clock of G.722 is 8000");
    assert_eq!(ended.sound.0.len() as u64, ended.payloads * 320, "and its sound has 16000 samples a second");
    assert!(pitch_hz(&ended.sound.0, 16_000).abs_diff(400) <= 2);
}

#[tokio::test]
async fn baresip_speaks_opus_and_its_tone_comes_through() {
    let Some((codecs, ended)) = call("opus/48000/2", "").await else { return };
    assert_eq!(codecs, [Codec::Opus]);
    assert_eq!(ended.samples, ended.payloads * 960);
    assert!(pitch_hz(&ended.sound.0, 16_000).abs_diff(400) <= 2);
}

/// SDES in the clear is no protection; over TLS it is the same SDP.
#[tokio::test]
async fn baresip_speaks_srtp_in_the_first_suite_that_it_offers() {
    let Some((codecs, ended)) = call("PCMA", ";mediaenc=srtp-mand").await else { return };
    assert_eq!(codecs, [Codec::Pcma]);
    // Baresip sends two RTCP packets in the clear: one before it knows its key, and the BYE after it has let go of it.
    assert!(ended.statistics.forged <= 2 && ended.refused_packets == ended.statistics.forged, "{ended:?}");
    assert_eq!((ended.payloads, ended.statistics.replayed), (ended.statistics.expected, 0), "{ended:?}");
    assert!(pitch_hz(&ended.sound.0, 8000).abs_diff(400) <= 2);
}
