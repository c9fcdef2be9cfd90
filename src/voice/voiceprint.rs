//! The enrolled reference of one person (ISO/IEC 2382-37: biometric reference): what each of their calls gave, kept apart.
//!
//! A mean over calls blurs the telephones that they came over; a new call is most like the one over the same telephone.

use super::{Bandwidth, Embedding, ModelId, Pooled, Score};
use crate::base::UnixMillis;

/// It names no person: the store alone knows whose it is (ISO/IEC 24745 keeps template and identity apart).
#[derive(Clone, Debug, PartialEq)]
pub struct Voiceprint {
    pub model: ModelId,
    /// 1 to [`MAX_CENTROIDS`], in the order in which they were heard.
    centroids: Vec<Centroid>,
}

/// What one call says of a voice.
#[derive(Clone, Debug, PartialEq)]
pub struct Centroid {
    /// The mean of the call's windows.
    pub embedding: Embedding,
    /// Net speech behind it, in milliseconds.
    pub net_speech_ms: u32,
    /// Mean over the windows; `None` where nobody noted it.
    pub snr_db: Option<f32>,
    pub bandwidth: Option<Bandwidth>,
    /// Calls or recordings that were pooled into it: one, unless there were more than a print holds.
    pub calls: u32,
    pub heard_at: UnixMillis,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Speech said after the yes, for a voiceprint.
    Enrolled,
    /// A later call of the same person, as an agent confirmed.
    Refreshed,
}

/// More bring ever less, and a search reads them all. Each is 1 kB.
pub const MAX_CENTROIDS: usize = 8;
/// So that calls over other telephones always find room. Of more recordings the shortest are pooled.
pub const MAX_ENROLLED: usize = 5;

impl Voiceprint {
    /// `None` without a call, with more than [`MAX_CENTROIDS`], or when they are of different dimensions, which only
    /// different models make.
    pub fn new(model: ModelId, centroids: Vec<Centroid>) -> Option<Self> {
        let dimension = centroids.first()?.embedding.values().len();
        let alike = centroids.iter().all(|centroid| centroid.embedding.values().len() == dimension);
        (alike && centroids.len() <= MAX_CENTROIDS).then_some(Self { model, centroids })
    }

    /// Of the recordings of one enrolment: beyond [`MAX_ENROLLED`] the shortest are pooled. `None` as for [`Voiceprint::new`].
    pub fn enrolled(model: ModelId, mut calls: Vec<Centroid>) -> Option<Self> {
        while calls.len() > MAX_ENROLLED {
            let (first, _) = calls.iter().enumerate().min_by_key(|(_, call)| call.net_speech_ms)?;
            let shortest = calls.remove(first);
            let next = calls.iter_mut().min_by_key(|call| call.net_speech_ms)?;
            *next = next.pooled_with(&shortest)?;
        }
        Self::new(model, calls)
    }

    pub fn centroids(&self) -> &[Centroid] {
        &self.centroids
    }

    /// Of all calls, a long one counting more than a short one.
    pub fn pooled(&self) -> Embedding {
        let mut pooled = Pooled::new();
        for centroid in &self.centroids {
            pooled.add_weighted(&centroid.embedding, centroid.net_speech_ms.max(1) as f32);
        }
        // Two opposite calls of the same length have no mean; either is then as good.
        pooled.embedding().unwrap_or_else(|| self.centroids[0].embedding.clone())
    }

    /// The best of the calls and of their pool.
    pub fn score(&self, probe: &Embedding) -> Score {
        let best = |best: f32, embedding: &Embedding| best.max(probe.cosine(embedding).0);
        let of_calls = self.centroids.iter().map(|centroid| &centroid.embedding).fold(-1.0, best);
        Score(best(of_calls, &self.pooled()))
    }

    /// Behind all calls together.
    pub fn net_speech_ms(&self) -> u32 {
        self.centroids.iter().map(|centroid| centroid.net_speech_ms).fold(0, u32::saturating_add)
    }

    /// Calls or recordings behind it.
    pub fn calls(&self) -> u32 {
        self.centroids.iter().map(|centroid| centroid.calls).fold(0, u32::saturating_add)
    }

    /// When the newest of its calls was.
    pub fn newest_at(&self) -> UnixMillis {
        UnixMillis(self.centroids.iter().map(|centroid| centroid.heard_at.0).max().unwrap_or_default())
    }
}

impl Centroid {
    fn pooled_with(&self, other: &Self) -> Option<Self> {
        let (own, its) = (self.net_speech_ms.max(1) as f32, other.net_speech_ms.max(1) as f32);
        let mut pooled = Pooled::new();
        pooled.add_weighted(&self.embedding, own);
        pooled.add_weighted(&other.embedding, its);
        Some(Self {
            embedding: pooled.embedding()?,
            net_speech_ms: self.net_speech_ms.saturating_add(other.net_speech_ms),
            snr_db: self.snr_db.zip(other.snr_db).map(|(a, b)| (own * a + its * b) / (own + its)),
            bandwidth: self.bandwidth.filter(|bandwidth| Some(*bandwidth) == other.bandwidth),
            calls: self.calls.saturating_add(other.calls),
            heard_at: self.heard_at.max(other.heard_at),
            origin: self.origin,
        })
    }

    /// Speech said for a voiceprint, of which no more is known.
    pub fn enrolled(embedding: Embedding, net_speech_ms: u32, heard_at: UnixMillis) -> Self {
        let (snr_db, bandwidth, calls, origin) = (None, None, 1, Origin::Enrolled);
        Self { embedding, net_speech_ms, snr_db, bandwidth, calls, heard_at, origin }
    }
}
