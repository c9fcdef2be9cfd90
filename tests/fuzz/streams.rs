use regulars::stream::asterisk::Asterisk;
use regulars::stream::audio_fork::AudioFork;
use regulars::stream::audiohook::{AudioHook, Named};
use regulars::stream::audiosocket::{AudioSocket, Framer};
use regulars::stream::media_stream::MediaStream;
use regulars::stream::{Asked, Dialect, Event, Incoming};

use crate::breaks::{Break, TIME, broken};

/// What each dialect's peer says in a call; two bytes of it are media, where media is binary.
const CALLS: [&[&str]; 4] = [
    &[
        r#"{"from":"+4930901820","line":"pizza","sampleRate":16000,"mixType":"stereo"}"#,
        r#"{"event":"dtmf","dtmf":"5"}"#,
    ],
    &[
        "MEDIA_START connection_id:c channel:WebSocket/c/0x1 format:ulaw optimal_frame_size:160 ptime:20",
        "DTMF_END digit:7",
        r#"{"event":"MEDIA_BUFFERING_COMPLETED"}"#,
        "HANGUP",
    ],
    &[
        r#"{"version":"2","id":"30b0e395-84d3-4570-ac13-9a62d8f514c0","type":"open","seq":1,"serverseq":0,"position":"PT0S",
            "parameters":{"organizationId":"d7934305-0972-4844-938e-9060eef73d05","conversationId":"090eaa2f-72fa-480a-83e0-8667ff89c0ec",
            "participant":{"id":"883efee8-3d6c-4537-b500-6d7ca4b92fa0","ani":"+4930901820","aniName":"","dnis":"pizza"},
            "media":[{"type":"audio","format":"PCMU","channels":["external","internal"],"rate":8000}]}}"#,
        r#"{"version":"2","id":"30b0e395-84d3-4570-ac13-9a62d8f514c0","type":"ping","seq":2,"serverseq":1,"position":"PT1.2S","parameters":{}}"#,
        r#"{"version":"2","id":"30b0e395-84d3-4570-ac13-9a62d8f514c0","type":"discarded","seq":3,"serverseq":2,"position":"PT2S","parameters":{"start":"PT1S","discarded":"PT3.5S"}}"#,
        r#"{"version":"2","id":"30b0e395-84d3-4570-ac13-9a62d8f514c0","type":"close","seq":4,"serverseq":3,"position":"PT9S","parameters":{"reason":"end"}}"#,
    ],
    &[
        r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#,
        r#"{"event":"start","streamSid":"MZ1","start":{"tracks":["inbound","outbound"],"customParameters":{"from":"+4930901820"},
            "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"#,
        r#"{"event":"media","streamSid":"MZ1","media":{"track":"inbound","chunk":"2","timestamp":"5","payload":"AQIDBAUG"}}"#,
        r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"1"}}"#,
        r#"{"event":"stop","streamSid":"MZ1","stop":{}}"#,
    ],
];

/// A dialect refuses what it does not understand, and before it has said who calls nothing is heard of anybody.
#[test]
fn a_dialect_hears_nothing_before_the_start_and_starts_once() {
    bolero::check!().with_type::<(u8, Vec<(u8, bool, Vec<Break>)>)>().with_test_time(TIME).for_each(|(which, plan)| {
        let which = usize::from(*which) % CALLS.len();
        let asked = Asked::new("from=%2B4930901820&line=pizza", Some("49"));
        let mut dialect = match which {
            0 => Dialect::AudioFork(AudioFork::new(asked)),
            1 => Dialect::Asterisk(Asterisk::new(asked)),
            2 => Dialect::AudioHook(Box::new(AudioHook::new(asked, Named::default()))),
            _ => Dialect::MediaStream(MediaStream::new(asked)),
        };
        let mut events = Vec::new();
        for (n, (message, binary, breaks)) in plan.iter().take(8).enumerate() {
            let message = CALLS[which][(usize::from(*message) + n) % CALLS[which].len()];
            let bytes = broken(message.as_bytes(), breaks);
            let text = String::from_utf8_lossy(&bytes);
            let incoming = if *binary { Incoming::Binary(&bytes) } else { Incoming::Text(&text) };
            if dialect.message(incoming, &mut events).is_err() {
                break;
            }
        }
        let heard = |event: &Event| matches!(event, Event::Audio { .. } | Event::Digit(_) | Event::Unheard(_));
        let start = events.iter().position(|event| matches!(event, Event::Started(_)));
        let first = events.iter().position(heard);
        assert!(first.is_none() || start.is_some_and(|start| Some(start) < first), "{which}: {events:?}");
        assert!(events.iter().filter(|event| matches!(event, Event::Started(_))).count() <= 1, "{events:?}");
    });
}

#[test]
fn audiosocket_frames_are_cut_alike_however_they_arrive() {
    let uuid = [&[1, 0, 16][..], &[7; 16]].concat();
    let call =
        [&uuid[..], &[0x10, 0, 4, 1, 0, 2, 0], &[3, 0, 1, b'5'], &[0x12, 0, 2, 9, 9], &[0xff, 0, 1, 4], &[0, 0, 0]]
            .concat();
    bolero::check!().with_type::<(Vec<Break>, Vec<u8>)>().with_test_time(TIME).for_each(|(breaks, sizes)| {
        let stream = broken(&call, breaks);
        let mut pieces = Vec::new();
        let mut rest = stream.as_slice();
        for size in sizes {
            let (piece, later) = rest.split_at((usize::from(*size) + 1).min(rest.len()));
            pieces.push(piece);
            rest = later;
        }
        pieces.push(rest);
        assert_eq!(heard(&pieces), heard(&[stream.as_slice()]));
    });
}

/// What is made of each frame, up to the first that is refused.
fn heard(pieces: &[&[u8]]) -> Vec<String> {
    let (mut framer, mut socket, mut all) = (Framer::default(), AudioSocket::default(), Vec::new());
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next_frame() {
            let outcome = socket.message(frame);
            all.push(format!("{outcome:?}"));
            if outcome.is_err() {
                return all;
            }
        }
    }
    all
}
