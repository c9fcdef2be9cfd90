//! Replays of the development recordings over other lines are noticed, and nobody's speech is taken for a replay of another's.
//!
//! What is compared is half a minute: four recordings one after the other.

use std::path::Path;

use regulars::speech::{Fingerprint, Fingerprinter, FrontEnd, wav};

const TOGETHER: usize = 4;

fn sounds(folder: &Path, line: &str) -> Vec<Vec<f32>> {
    let mut files: Vec<_> = std::fs::read_dir(folder.join(line)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| wav::parse(&std::fs::read(file).unwrap()).unwrap().samples;
    files.chunks_exact(TOGETHER).map(|files| files.iter().flat_map(read).collect()).collect()
}

/// The fingerprint of this sound, and of which of `before` it is a replay.
fn hear(samples: &[f32], before: &[Fingerprint]) -> (Fingerprint, Vec<usize>) {
    let (mut front_end, mut made) = (FrontEnd::new(8000).unwrap(), Fingerprinter::new(8000).unwrap());
    let mut found = Vec::new();
    for packet in samples.chunks(160) {
        front_end.push(packet);
        made.push(packet, front_end.net_speech_ms());
        while let Some(window) = front_end.next_window() {
            made.judge(window.net_speech_ms, window.steady);
            found.extend((0..before.len()).filter(|n| made.replays(&before[*n])));
        }
    }
    found.sort_unstable();
    found.dedup();
    (made.finish().unwrap(), found)
}

#[test]
fn every_replay_over_another_line_is_noticed_and_nothing_else_is() {
    let Some(folder) = crate::eval_reports::development_data() else { return };
    let first = sounds(&folder, "tel");
    let before: Vec<Fingerprint> = first.iter().map(|sound| hear(sound, &[]).0).collect();
    assert!(before.len() > 60);
    for line in ["tn", "tx"] {
        for (n, sound) in sounds(&folder, line).iter().enumerate() {
            // Begun somewhere within the first second and a half: no frame falls on one of before.
            let (_, found) = hear(&sound[333 + (n * 577) % 12_000..], &before);
            assert_eq!(found, [n], "{line}");
        }
    }
}
