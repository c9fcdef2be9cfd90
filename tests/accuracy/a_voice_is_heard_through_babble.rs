//! A caller in a full room: the development speakers' probes with six other people talking 5 dB below them.

use std::collections::BTreeMap;
use std::path::Path;

use regulars::speech::{FrontEnd, wav};
use regulars::voice::{Embedder, Embedding, ModelSource, Pooled};

const PEOPLE: usize = 30;
const BABBLERS: usize = 6;
const SNR_DB: f32 = 5.0;

struct Heard {
    net_speech_ms: u32,
    embedding: Embedding,
}

fn hear(embedder: &Embedder, samples: &[f32]) -> Option<Heard> {
    let mut front_end = FrontEnd::new(8000).unwrap();
    front_end.push(samples);
    front_end.finish();
    let mut pooled = Pooled::new();
    while let Some(window) = front_end.next_window() {
        pooled.add(&embedder.embed(&window).unwrap());
    }
    Some(Heard { net_speech_ms: front_end.net_speech_ms(), embedding: pooled.embedding()? })
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt()
}

/// `others` talk from the start, all equally loud, together as loud as `SNR_DB` says.
fn in_babble(voice: &[f32], others: &[&Vec<f32>]) -> Vec<f32> {
    let mut babble = vec![0.0; voice.len()];
    for other in others {
        let level = 1.0 / rms(other);
        babble.iter_mut().zip(other.iter().cycle()).for_each(|(sum, x)| *sum += level * x);
    }
    let gain = rms(voice) / rms(&babble) * 10f32.powf(-SNR_DB / 20.0);
    voice.iter().zip(&babble).map(|(x, noise)| x + gain * noise).collect()
}

/// Each person's first recording of this role.
fn recordings(folder: &Path, role: &str) -> BTreeMap<String, Vec<f32>> {
    let manifest = std::fs::read_to_string(folder.join("tel.csv")).unwrap();
    let mut found = BTreeMap::new();
    for row in manifest.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[1] == role) {
        let read = || wav::parse(&std::fs::read(folder.join(row[3])).unwrap()).unwrap().samples;
        found.entry(row[0].to_owned()).or_insert_with(read);
    }
    found
}

#[test]
fn six_people_talking_five_decibels_below_leave_nearly_every_caller_first_of_thirty() {
    let Some(folder) = crate::eval_reports::development_data() else { return };
    let embedder = ModelSource::default().embedder().unwrap();
    let (enrolled, probes) = (recordings(&folder, "enroll"), recordings(&folder, "probe"));
    let people: Vec<&String> = enrolled.keys().filter(|name| probes.contains_key(*name)).take(PEOPLE).collect();
    let strangers: Vec<&Vec<f32>> =
        probes.iter().filter(|(name, _)| !enrolled.contains_key(*name)).map(|(_, voice)| voice).collect();
    assert!(people.len() == PEOPLE && strangers.len() > BABBLERS);
    let prints: Vec<Heard> = people.iter().map(|name| hear(&embedder, &enrolled[*name]).unwrap()).collect();
    let (mut first, mut kept) = (0, Vec::new());
    for (n, name) in people.iter().enumerate() {
        let others: Vec<&Vec<f32>> = (0..BABBLERS).map(|k| strangers[(7 * n + k) % strangers.len()]).collect();
        let quiet = hear(&embedder, &probes[*name]).unwrap();
        let Some(loud) = hear(&embedder, &in_babble(&probes[*name], &others)) else { continue };
        let best = prints.iter().map(|print| loud.embedding.cosine(&print.embedding).0).enumerate();
        first += usize::from(best.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0 == n);
        kept.push(loud.net_speech_ms as f32 / quiet.net_speech_ms as f32);
    }
    kept.sort_by(f32::total_cmp);
    assert_eq!(kept.len(), PEOPLE, "somebody was not heard at all");
    // Found so: 27 first; 1.07 to 1.40 of the quiet recording's speech, half of them below 1.16. What is too much is babble in
    // the caller's pauses.
    assert!(first >= 25, "first: {first} of {PEOPLE}");
    assert!(kept[0] > 0.9, "of the caller's speech only {} was found", kept[0]);
    let median = kept[PEOPLE / 2];
    assert!(median < 1.25, "in babble {median} times as much speech was found");
}
