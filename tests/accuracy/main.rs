//! Recognition on recordings, and value models on published orders. The development data lie beside the repository and never
//! in it; without them the tests that need them are skipped aloud. Figures are accuracy, not speed, so they may be asserted
//! anywhere.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that meets the unexpected has failed

mod a_recording_is_known_again;
mod a_voice_is_heard_through_babble;
mod development_speakers_are_recognised;
mod enrolment_refuses_two_people;
mod eval_reports;
mod eval_value;
mod judged_calls_calibrate;
mod orders_are_foretold;
