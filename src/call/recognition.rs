//! Who is speaking: the consent gate, the pooled voice, and the decision they lead to. One per call.

use std::sync::Arc;

use crate::customer::{CustomerId, PersonAtNumber};
use crate::identity::{Decision, Hypotheses, Options, Prior, Search, Trial, VoiceUse};
use crate::speech::{WINDOW_FRAMES, WINDOW_STEP};
use crate::voice::{Calibration, Embedding, Gallery, Llr, Pooled, Quality};

use super::judged::Compared;

/// Everyone's voiceprints, as of one moment; a change is a new one.
pub type Voiceprints = Gallery<CustomerId>;

pub struct Recognition {
    options: Options,
    calibration: Arc<Calibration>,
    gallery: Arc<Voiceprints>,
    people: People,
    pooled: Pooled,
    /// Mean over the pooled windows.
    snr_db: f32,
    decision: Option<Decision>,
    /// The stream holds more voices than the caller's.
    mixed: bool,
}

/// Who calls from this number.
enum People {
    NotAskedYet,
    Known(Vec<PersonAtNumber>),
    /// The store could not be read, so nobody knows who agreed.
    Unknown,
}

/// With everyone searched, how many are scored one by one. The others count with the smallest ratio of these.
const SEARCH_TOP: usize = 200;

impl Recognition {
    pub fn new(options: Options, calibration: Arc<Calibration>, gallery: Arc<Voiceprints>) -> Self {
        Self {
            options,
            calibration,
            gallery,
            people: People::NotAskedYet,
            pooled: Pooled::default(),
            snr_db: 0.0,
            decision: None,
            mixed: false,
        }
    }

    /// Whether others speak on the caller's stream: then no voice on it is compared. Says whether the decision is another
    /// one now.
    pub fn set_mixed(&mut self, mixed: bool) -> bool {
        let changed = std::mem::replace(&mut self.mixed, mixed) != mixed;
        if !changed || matches!(self.people, People::NotAskedYet) {
            return false;
        }
        self.decide();
        true
    }

    /// Somebody else speaks: what was heard is forgotten, and unless they have the same number, who calls from it too.
    pub fn begin_anew(&mut self, mixed: bool, same_number: bool) {
        self.mixed = mixed;
        self.forget_voice();
        if same_number && !matches!(self.people, People::NotAskedYet) {
            self.decide();
        } else {
            self.people = People::NotAskedYet;
            self.decision = None;
        }
    }

    /// The store's answer to "who calls from this number?"; `None` when it could not be read.
    pub fn set_people(&mut self, people: Option<Vec<PersonAtNumber>>) {
        self.people = people.map_or(People::Unknown, People::Known);
        self.decide();
    }

    /// Someone enrolled or withdrew. What was heard of the caller stays in use only while a consented candidate still stands
    /// behind the call. Says whether the decision is another one now.
    pub fn set_gallery(&mut self, gallery: Arc<Voiceprints>) -> bool {
        self.gallery = gallery;
        if matches!(self.people, People::NotAskedYet) {
            return false;
        }
        let before = self.decision.clone();
        self.decide();
        self.decision != before
    }

    /// No audio becomes an embedding for recognition unless this says [`VoiceUse::Allowed`].
    pub fn voice_use(&self) -> VoiceUse {
        if self.mixed {
            return VoiceUse::Mixed;
        }
        let people = match &self.people {
            People::Known(people) => people,
            People::NotAskedYet | People::Unknown => return VoiceUse::Unavailable,
        };
        // A number whose people never agreed is most likely called by one of them: then the wider search stays shut too.
        let everyone = self.options.search == Search::Everyone && !self.gallery.is_empty() && people.is_empty();
        if self.agreed_at_number() || everyone { VoiceUse::Allowed } else { VoiceUse::NoConsentedCandidate }
    }

    /// Whether one of this number's people agreed.
    pub fn agreed_at_number(&self) -> bool {
        self.agreed_of_number().next().is_some()
    }

    /// Those of this number's people who agreed.
    pub fn agreed_of_number(&self) -> impl Iterator<Item = &CustomerId> {
        self.at_number().iter().map(|person| &person.customer).filter(|customer| self.gallery.contains(customer))
    }

    /// Whether another window would be compared.
    pub fn wants_speech(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| !decision.settled) && self.voice_use() == VoiceUse::Allowed
    }

    pub fn gallery(&self) -> &Voiceprints {
        &self.gallery
    }

    pub fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// Takes the embedding of one more window. Says whether it was compared.
    pub fn hear(&mut self, embedding: &Embedding, snr_db: f32) -> bool {
        let wanted = self.wants_speech();
        if wanted {
            self.pooled.add(embedding);
            self.snr_db += (snr_db - self.snr_db) / self.pooled.windows() as f32;
            self.decide();
        }
        wanted
    }

    /// What the voice scored against each print that was compared; `None` before any was.
    pub fn compared(&self) -> Option<Compared> {
        let probe = self.pooled.embedding()?;
        let decision = self.decision.as_ref()?;
        let by_voice = decision.ranked.iter().filter(|ranked| ranked.by_voice);
        let trial = |customer: &CustomerId| {
            let score = self.gallery.score(&probe, customer)?;
            let enrolled_calls = self.gallery.get(customer)?.calls();
            Some(Trial { customer: customer.clone(), score, enrolled_calls })
        };
        Some(Compared {
            quality: self.quality(),
            state: decision.state,
            named: by_voice.clone().next().map(|ranked| (ranked.customer.clone(), ranked.chance)),
            trials: by_voice.filter_map(|ranked| trial(&ranked.customer)).collect(),
        })
    }

    /// Overwrites what was computed from the caller's voice.
    pub fn forget_voice(&mut self) {
        self.pooled = Pooled::default();
        self.snr_db = 0.0;
    }

    fn at_number(&self) -> &[PersonAtNumber] {
        match &self.people {
            People::Known(people) => people,
            People::NotAskedYet | People::Unknown => &[],
        }
    }

    fn decide(&mut self) {
        let voice = self.voice_use();
        if voice != VoiceUse::Allowed {
            self.forget_voice();
        }
        let at_number = self.agreed_of_number().count();
        let prior = Prior::new(&self.options, self.at_number(), self.gallery.len() - at_number);
        let quality = self.quality();
        let posterior = Hypotheses::new(prior).posterior(&self.compare(quality));
        self.decision = Some(if self.pooled.windows() == 0 {
            Decision::by_number(posterior, voice)
        } else {
            Decision::by_voice(posterior, quality.net_speech_ms, &self.options)
        });
    }

    /// Of the speech that was compared, not of all that was said: windows may be dropped under load.
    fn quality(&self) -> Quality {
        let frames = (WINDOW_FRAMES + (self.pooled.windows() as usize).saturating_sub(1) * WINDOW_STEP) as u32;
        Quality { net_speech_ms: if self.pooled.windows() == 0 { 0 } else { 10 * frames }, snr_db: self.snr_db }
    }

    fn compare(&self, quality: Quality) -> Vec<(CustomerId, Llr)> {
        let Some(probe) = self.pooled.embedding() else { return Vec::new() };
        let mut scores: Vec<_> = self
            .at_number()
            .iter()
            .filter_map(|person| Some((person.customer.clone(), self.gallery.score(&probe, &person.customer)?)))
            .collect();
        if self.options.search == Search::Everyone {
            for (customer, score) in self.gallery.search(&probe, SEARCH_TOP) {
                if !self.at_number().iter().any(|person| person.customer == customer) {
                    scores.push((customer, score));
                }
            }
        }
        scores.into_iter().map(|(customer, score)| (customer, self.calibration.llr(score, quality))).collect()
    }
}
