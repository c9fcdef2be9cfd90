use std::sync::Arc;

use regulars::sip::multipart;
use regulars::sip::sdp::Description;
use regulars::sip::siprec::recording::Rules;
use regulars::sip::siprec::{Agents, Recording};

use crate::breaks::{Break, TIME, broken};

/// Bodies of fixtures/siprec, each behind its Content-Type.
const BODIES: [&[u8]; 5] = [
    include_bytes!("../../fixtures/siprec/rfc7865.txt"),
    include_bytes!("../../fixtures/siprec/oracle-draft.txt"),
    include_bytes!("../../fixtures/siprec/ribbon-call-data.txt"),
    include_bytes!("../../fixtures/siprec/cube-namespace-prefix.txt"),
    include_bytes!("../../fixtures/siprec/entity-bomb.txt"),
];

/// Body and type broken alike, the session updated by one after the other: whoever is the caller has a stream of the offer.
#[test]
fn a_recording_session_reads_whatever_comes() {
    bolero::check!().with_type::<Vec<(u8, Vec<Break>)>>().with_test_time(TIME).for_each(|updates| {
        let rules = Arc::new(Rules { agents: Agents::new(["4???".to_owned()]), country_code: Some("49".to_owned()) });
        let mut recording = Recording::new(rules);
        for (which, breaks) in updates.iter().take(4) {
            let bytes = broken(BODIES[usize::from(*which) % BODIES.len()], breaks);
            let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let content_type = head.strip_prefix("Content-Type: ");
            let Ok(body) = multipart::read(content_type, bytes.get(end + 2..).unwrap_or_default()) else { continue };
            let offer = body.sdp.and_then(|sdp| Description::parse(sdp).ok());
            let streams = offer.as_ref().map(|offer| offer.media.len());
            let roles = recording.update(body.metadata, offer.as_ref());
            if let (Some(hear), Some(streams)) = (roles.hear, streams) {
                assert!(hear.slot < streams.max(1), "{hear:?} of {streams}");
            }
        }
    });
}
