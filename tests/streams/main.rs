//! Calls that come over WebSockets and AudioSocket, with real clients on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod a_late_house_is_told_what_it_missed;
mod asterisk_calls;
mod audio_fork_calls;
mod audiohook_calls;
mod audiosocket_calls;
mod bad_input_ends_its_own_call_alone;
mod draining_lets_calls_end;
mod floods_are_bounded;
mod house;
#[path = "../hostile/log.rs"]
mod log;
mod logs_hold_nothing_personal;
mod media_stream_calls;
mod peer;
mod strangers_stay_outside;
