//! Published speaker models: fed and embedded as sherpa-onnx does it, fetched, checked and taken into use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod a_call_is_heard_with_a_published_model;
mod a_spoof_model_says_how_it_is_fed;
mod a_wrong_file_is_refused_with_its_reason;
mod embeddings_are_those_of_sherpa_onnx;
mod features_are_those_of_kaldi_native_fbank;
mod golden_clips_vouch_for_a_file;
mod loudness;
mod onnx;
mod oracle;
mod pull_check_and_use;
mod server;
mod tiny;
