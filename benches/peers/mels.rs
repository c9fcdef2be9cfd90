//! Sound to mels, without detector and noise floor: what kaldi-native-fbank does.

use std::cell::RefCell;
use std::hint::black_box;

use regulars::speech::fbank::{Fbank, MELS};
use serde_json::json;

use crate::embed::ask;
use crate::peer::Peer;
use crate::sound::buzz;
use crate::turns::{Runner, compare, cpu_ms};

const SECONDS: usize = 10;

pub fn run(peer: &RefCell<Option<Peer>>, rounds: usize) {
    let sound = buzz(16_000, SECONDS);
    let ours = || {
        let mut fbank = Fbank::new(16_000);
        let mut rest = &sound[..];
        cpu_ms(|| {
            black_box(std::iter::from_fn(|| fbank.next_frame(&mut rest)).map(|frame| frame.mels[10]).sum::<f32>());
        })
    };
    let theirs = json!({"do": "fbank", "seconds": SECONDS, "mels": MELS});
    let runners: Vec<Runner> =
        vec![("regulars", Box::new(|| Ok(ours()))), ("kaldi-native-fbank", Box::new(|| ask(peer, theirs.clone())))];
    compare(&format!("{SECONDS} s of 16 kHz sound to {MELS} mels"), rounds, runners);
}
