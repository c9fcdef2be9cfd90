//! Recordings through the very front-end and model that `serve` uses, packet by packet.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context;

use crate::speech::{FrontEnd, wav};
use crate::voice::{Embedder, Embedding};

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
}

/// In the order of `files`; the result does not depend on `threads`.
pub fn hear_all(embedder: &Embedder, files: &[&Path], threads: usize) -> anyhow::Result<Vec<Heard>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut heard = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(n) else { return heard };
            heard.push((n, hear(embedder, file)));
        }
    };
    let mut heard: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    heard.sort_by_key(|(n, _)| *n);
    anyhow::ensure!(heard.len() == files.len(), "a worker thread broke down");
    heard.into_iter().map(|(_, heard)| heard).collect()
}

fn hear(embedder: &Embedder, file: &Path) -> anyhow::Result<Heard> {
    let named = || format!("{}", file.display());
    let wav = wav::parse(&std::fs::read(file).with_context(named)?).with_context(named)?;
    let mut front_end = FrontEnd::new(wav.sample_rate_hz).with_context(named)?;
    let mut windows = Vec::new();
    let mut embed_ready = |front_end: &mut FrontEnd| -> anyhow::Result<()> {
        while let Some(window) = front_end.next_window() {
            let embedding = embedder.embed(&window).with_context(named)?;
            windows.push(HeardWindow { net_speech_ms: window.net_speech_ms, snr_db: window.snr_db, embedding });
        }
        Ok(())
    };
    for packet in wav.samples.chunks(wav.sample_rate_hz as usize / PACKETS_PER_S) {
        front_end.push(packet);
        embed_ready(&mut front_end)?;
    }
    front_end.finish();
    embed_ready(&mut front_end)?;
    Ok(Heard { windows, net_speech_ms: front_end.net_speech_ms() })
}

/// 20 ms, the usual packet of a telephone.
const PACKETS_PER_S: usize = 50;
