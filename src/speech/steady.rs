//! Sound that goes on as it is: music on hold, a fax, a hum. The voice detector takes much of it for speech; but the spectrum
//! of speech is another one every tenth of a second.

use super::MELS;

/// Whether the spectrum of a window changes too little for speech. `mels`: linear power, row-major `[frames, MELS]`.
pub fn is_steady(mels: &[f32]) -> bool {
    change(mels) < SPEECH_CHANGES_BY
}

/// Root mean square over the bands of how far the log spectrum, without its level, moves in [`LAG`]; of all pairs of
/// frames the median, in nepers. One of frames without any sound is 0.
fn change(mels: &[f32]) -> f32 {
    let (frames, _) = mels.as_chunks::<MELS>();
    let floor = FLOOR * mels.iter().sum::<f32>() / mels.len().max(1) as f32;
    let shapes: Vec<[f32; BANDS]> = frames.iter().map(|frame| shape(frame, floor)).collect();
    let pairs = shapes.iter().zip(shapes.iter().skip(LAG));
    let mut moves: Vec<f32> = pairs.map(|(before, after)| distance(before, after)).collect();
    let middle = moves.len() / 2;
    if moves.is_empty() { 0.0 } else { *moves.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

/// 0.1 s: a sound of speech lasts about as long.
const LAG: usize = 10;
/// Bands below 4 kHz: a telephone has no more.
const BANDS: usize = 31;
/// Share of the mean power under which differences are those of silence.
const FLOOR: f32 = 1e-2;
/// Of the windows of the development recordings (clean, noise, another phone) and of the fixtures' synthetic voices fewer than
/// one in a hundred lie below it, the fixtures' chords all do. A song with words is speech.
const SPEECH_CHANGES_BY: f32 = 1.1;

fn shape(frame: &[f32; MELS], floor: f32) -> [f32; BANDS] {
    let mut logs = [0.0; BANDS];
    logs.iter_mut().zip(frame).for_each(|(log, mel)| *log = (mel + floor).max(f32::MIN_POSITIVE).ln());
    let level = logs.iter().sum::<f32>() / BANDS as f32;
    logs.iter_mut().for_each(|log| *log -= level);
    logs
}

fn distance(a: &[f32; BANDS], b: &[f32; BANDS]) -> f32 {
    (a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / BANDS as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::speech::{FrontEnd, Window, wav};

    fn windows(file: &str) -> Vec<Window> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
        heard(&wav::parse(&std::fs::read(path).unwrap()).unwrap().samples)
    }

    fn heard(samples: &[f32]) -> Vec<Window> {
        let mut front_end = FrontEnd::new(8000).unwrap();
        let mut windows = Vec::new();
        for second in samples.chunks(8000) {
            front_end.push(second);
            windows.extend(std::iter::from_fn(|| front_end.next_window()));
        }
        windows
    }

    #[test]
    fn speech_is_not_steady_and_music_is() {
        for file in
            ["speech/slt/slt-1.wav", "speech/kal16/kal16-2.wav", "speech/noisy/rms-5-noisy.wav", "speech/nsh/nsh-1.wav"]
        {
            let changes: Vec<f32> = windows(file).iter().map(|window| change(&window.mels)).collect();
            let steady = changes.iter().filter(|change| **change < SPEECH_CHANGES_BY).count();
            assert!(changes.len() > 5 && steady <= 1, "{file}: {changes:?}");
        }
        let changes: Vec<f32> = windows("audio/music-like.wav").iter().map(|window| change(&window.mels)).collect();
        assert!(changes.len() > 5 && changes.iter().all(|change| *change < SPEECH_CHANGES_BY), "{changes:?}");
    }

    #[test]
    fn a_fax_is_steady_if_it_is_heard_at_all() {
        // ITU-T T.30 §4: the calling tone, 1100 Hz for half a second every three seconds, and the answering one, 2100 Hz.
        let tone = |hz: f32| move |n: usize| 0.3 * (std::f32::consts::TAU * hz * n as f32 / 8000.0).sin();
        let calling: Vec<f32> = (0..160_000).map(|n| if n % 28_000 < 4000 { tone(1100.0)(n) } else { 0.0 }).collect();
        let answering: Vec<f32> = (0..160_000).map(tone(2100.0)).collect();
        for samples in [calling, answering] {
            assert!(heard(&samples).iter().all(|window| window.steady));
        }
    }

    #[test]
    fn a_window_without_sound_is_steady() {
        assert!(is_steady(&[0.0; 160 * MELS]));
    }
}
