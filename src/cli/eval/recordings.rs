//! Recordings through the very front-end and model that `serve` uses, packet by packet.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::condition::{self, Lines};
use super::manifest::Row;
use crate::speech::{FeatureKind, FrontEnd, SpeechError, Wav, wav};
use crate::voice::{Embedder, Embedding, Wccn};

/// What is left of a recording.
#[derive(Clone)]
pub struct Heard {
    pub windows: Vec<HeardWindow>,
    pub net_speech_ms: u32,
}

#[derive(Clone)]
pub struct HeardWindow {
    pub net_speech_ms: u32,
    pub snr_db: f32,
    pub embedding: Embedding,
}

impl Heard {
    /// Mean of the windows' embeddings, not brought to unit length.
    pub fn mean(&self) -> Option<Vec<f32>> {
        let mut sum = self.windows.first()?.embedding.values().to_vec();
        for window in &self.windows[1..] {
            sum.iter_mut().zip(window.embedding.values()).for_each(|(sum, value)| *sum += value);
        }
        sum.iter_mut().for_each(|value| *value /= self.windows.len() as f32);
        Some(sum)
    }

    /// `None` when `wccn` is for embeddings of another dimension.
    pub fn normalised(&self, wccn: &Wccn) -> Option<Self> {
        let windows = self.windows.iter().map(|window| {
            let embedding = Embedding::from_values(wccn.apply(window.embedding.values())?)?;
            Some(HeardWindow { embedding, ..window.clone() })
        });
        Some(Self { windows: windows.collect::<Option<_>>()?, net_speech_ms: self.net_speech_ms })
    }
}

/// For each embedder, in the order of `rows`, as they are or over `lines`; the result does not depend on `threads`.
pub fn hear_all(
    embedders: &[&Embedder],
    rows: &[Row],
    lines: Option<&Lines<'_>>,
    threads: usize,
) -> anyhow::Result<Vec<Vec<Heard>>> {
    let next = AtomicUsize::new(0);
    // Seen on a terminal only.
    let progress = ProgressBar::new(rows.len() as u64).with_style(ProgressStyle::with_template(PROGRESS)?);
    let worker = || {
        let mut heard = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = rows.get(n) else { return heard };
            heard.push((n, hear(embedders, row, lines)));
            progress.inc(1);
        }
    };
    let mut heard: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    progress.finish_and_clear();
    heard.sort_by_key(|(n, _)| *n);
    anyhow::ensure!(heard.len() == rows.len(), "a worker thread broke down");
    let mut by_embedder: Vec<Vec<Heard>> = embedders.iter().map(|_| Vec::new()).collect();
    for (_, heard) in heard {
        by_embedder.iter_mut().zip(heard?).for_each(|(all, heard)| all.push(heard));
    }
    Ok(by_embedder)
}

const PROGRESS: &str = "{bar:40} {pos} of {len} recordings, {eta} left";

/// The same windows through each embedder.
fn hear(embedders: &[&Embedder], row: &Row, lines: Option<&Lines<'_>>) -> anyhow::Result<Vec<Heard>> {
    let named = || format!("{}", row.file.display());
    let mut wav = read(&row.file)?;
    if let Some(lines) = lines {
        let name = row.file.file_name().unwrap_or_default().to_string_lossy();
        let samples = lines.render(&wav, &row.speaker, &name).map_err(anyhow::Error::msg).with_context(named)?;
        wav = Wav { sample_rate_hz: condition::RATE_HZ, samples };
    }
    let mut front_ends = front_ends(embedders, wav.sample_rate_hz).with_context(named)?;
    let mut windows: Vec<Vec<HeardWindow>> = embedders.iter().map(|_| Vec::new()).collect();
    let mut embed_ready = |kind: FeatureKind, front_end: &mut FrontEnd| -> anyhow::Result<()> {
        while let Some(window) = front_end.next_window() {
            for (embedder, windows) in embedders.iter().zip(&mut windows).filter(|(e, _)| e.features() == kind) {
                let embedding = embedder.embed(&window).with_context(named)?;
                windows.push(HeardWindow { net_speech_ms: window.net_speech_ms, snr_db: window.snr_db, embedding });
            }
        }
        Ok(())
    };
    for packet in wav.samples.chunks(wav.sample_rate_hz as usize / PACKETS_PER_S) {
        for (kind, front_end) in &mut front_ends {
            front_end.push(packet);
            embed_ready(*kind, front_end)?;
        }
    }
    for (kind, front_end) in &mut front_ends {
        front_end.finish();
        embed_ready(*kind, front_end)?;
    }
    let net_speech_ms = front_ends.first().map_or(0, |(_, front_end)| front_end.net_speech_ms());
    Ok(windows.into_iter().map(|windows| Heard { windows, net_speech_ms }).collect())
}

/// One for each kind of features that a model reads.
fn front_ends(embedders: &[&Embedder], sample_rate_hz: u32) -> Result<Vec<(FeatureKind, FrontEnd)>, SpeechError> {
    let mut front_ends: Vec<(FeatureKind, FrontEnd)> = Vec::new();
    for kind in embedders.iter().map(|embedder| embedder.features()) {
        if !front_ends.iter().any(|(known, _)| *known == kind) {
            front_ends.push((kind, FrontEnd::reading(kind, sample_rate_hz)?));
        }
    }
    Ok(front_ends)
}

/// One recording of each of some speakers, for babble.
pub fn voices(rows: &[Row], at_most: usize) -> anyhow::Result<Vec<(String, Vec<f32>)>> {
    let mut voices: Vec<(String, Vec<f32>)> = Vec::new();
    for row in rows {
        if voices.len() < at_most && voices.iter().all(|(speaker, _)| *speaker != row.speaker) {
            let voice = condition::narrowband(&read(&row.file)?).map_err(anyhow::Error::msg);
            voices.push((row.speaker.clone(), voice.with_context(|| row.file.display().to_string())?));
        }
    }
    Ok(voices)
}

fn read(file: &Path) -> anyhow::Result<Wav> {
    let named = || format!("{}", file.display());
    wav::parse(&std::fs::read(file).with_context(named)?).with_context(named)
}

/// 20 ms, the usual packet of a telephone.
const PACKETS_PER_S: usize = 50;
