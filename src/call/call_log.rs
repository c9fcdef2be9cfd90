//! One line for each call, written when its card closes (docs/reference/call-log.md).

use std::time::Duration;

use crate::base::{CallId, Line};
use crate::identity::VoiceUse;

use super::EndCause;
use super::listening::Heard;

pub struct CallLine<'a> {
    pub call: &'a CallId,
    pub line: &'a Line,
    /// From the INVITE to the last packet.
    pub duration: Duration,
    /// Whether the card stood for someone at the end, by voice or by an agent's word.
    pub known: bool,
    pub chance: f32,
    pub voice: VoiceUse,
    /// It sounded like an earlier call.
    pub heard_before: bool,
    /// Of the anti-spoofing model.
    pub spoof_score: Option<f32>,
    pub windows_dropped: u64,
    pub heard: Heard,
}

pub fn call_log(line: CallLine<'_>) {
    let CallLine { call, line, duration, known, chance, voice, heard_before, spoof_score, windows_dropped, heard } =
        line;
    tracing::info!(
        target: "regulars::call",
        %call,
        %line,
        duration_ms = duration.as_millis() as u64,
        ended = heard.ended.map_or("under way", EndCause::as_str),
        known,
        chance,
        ?voice,
        heard_before,
        spoof_score,
        net_speech_ms = heard.net_speech_ms,
        windows_dropped,
        packets_received = heard.statistics.received,
        packets_lost = heard.statistics.given_up,
        packets_late = heard.statistics.late,
        packets_duplicate = heard.statistics.duplicate,
        "call ended"
    );
}
