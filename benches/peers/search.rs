//! A gallery's search against faiss's exact index and against reading the memory alone.

use std::cell::RefCell;
use std::hint::black_box;

use pulp::{Arch, Simd, WithSimd};
use regulars::voice::Rows;
use serde_json::json;

use crate::embed::ask;
use crate::peer::Peer;
use crate::turns::{Runner, compare, cpu_ms};

const DIMENSION: usize = 256;
const TOP: usize = 20;
/// As many as share a pass.
const PROBES: usize = 8;

pub fn run(peer: &RefCell<Option<Peer>>, rows: usize, rounds: usize) {
    let (mut plain, mut coded) = (Rows::new(DIMENSION), Rows::with_codes(DIMENSION));
    plain.reserve(rows);
    coded.reserve(rows);
    let mut flat = Vec::with_capacity(rows * DIMENSION);
    for n in 0..rows {
        let values = draw(n as u32);
        assert!(plain.push(&values) && coded.push(&values));
        flat.extend_from_slice(&values);
    }
    let probes: Vec<Vec<f32>> = (0..PROBES as u32).map(|n| draw(u32::MAX - n)).collect();
    let probes: Vec<&[f32]> = probes.iter().map(Vec::as_slice).collect();
    assert_eq!(plain.best(&probes, TOP).len(), PROBES);
    let exact = |found: Vec<Vec<(usize, f32)>>| found[0].iter().map(|(row, _)| *row).collect::<Vec<_>>();
    assert_eq!(exact(plain.best(&probes[..1], TOP)), exact(coded.best(&probes[..1], TOP)), "codes lose nobody");
    let search = |gallery: &Rows, probes: &[&[f32]]| cpu_ms(|| drop(black_box(gallery.best(probes, TOP))));
    let faiss = |probes: usize| {
        ask(peer, json!({"do": "search", "rows": rows, "dimension": DIMENSION, "probes": probes, "top": TOP}))
    };
    let runners: Vec<Runner> = vec![
        ("reading the memory once", Box::new(|| Ok(cpu_ms(|| read(&flat))))),
        ("one probe, f32", Box::new(|| Ok(search(&plain, &probes[..1])))),
        ("one probe, i8 and a second look", Box::new(|| Ok(search(&coded, &probes[..1])))),
        ("one probe, faiss IndexFlatIP", Box::new(|| faiss(1))),
        ("eight probes in one pass, f32", Box::new(|| Ok(search(&plain, &probes)))),
        ("eight probes, faiss IndexFlatIP", Box::new(|| faiss(PROBES))),
    ];
    compare(&format!("the best {TOP} of {rows} voiceprints of {DIMENSION} numbers"), rounds, runners);
    drop((plain, coded, flat));
    let _ = ask(peer, json!({"do": "forget"}));
}

fn read(numbers: &[f32]) {
    black_box(Arch::new().dispatch(Read(numbers)));
}

/// A direction, drawn evenly enough: sums of uniform numbers, length one.
fn draw(seed: u32) -> Vec<f32> {
    let mut state = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 2f32.powi(24) - 0.5
    };
    let mut values: Vec<f32> = (0..DIMENSION).map(|_| next() + next() + next()).collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= length);
    values
}

/// The machine's limit: every number is loaded once and added to one of eight sums, in eight places at a time, since a core
/// fetches several streams faster than one.
struct Read<'a>(&'a [f32]);

#[allow(clippy::needless_range_loop)] // all streams are at one place
impl WithSimd for Read<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let mut sums = [simd.splat_f32s(0.0); STREAMS];
        for places in S::as_simd_f32s(self.0).0.chunks_exact(STREAMS * STREAM) {
            let mut streams = [&places[..STREAM]; STREAMS];
            for n in 0..STREAMS {
                streams[n] = &places[n * STREAM..][..STREAM];
            }
            for at in 0..STREAM {
                for n in 0..STREAMS {
                    sums[n] = simd.add_f32s(sums[n], streams[n][at]);
                }
            }
        }
        sums.into_iter().map(|sum| simd.reduce_sum_f32s(sum)).sum()
    }
}

const STREAMS: usize = 8;
/// Vectors a stream before the next place: two pages.
const STREAM: usize = 256;
