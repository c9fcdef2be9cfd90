//! What an agent's word makes of a comparison: a labelled search, from which `regulars accuracy` and `calibrate` learn.

use crate::base::UnixMillis;
use crate::customer::CustomerId;
use crate::identity::{State, Trial};
use crate::voice::{Bandwidth, Quality};

use super::Write;
use super::machine::{Call, Identified};

/// What the voice had to say when it was asked for the last time. It holds scores and nothing of the voice.
#[derive(Clone, Debug)]
pub struct Compared {
    pub quality: Quality,
    pub state: State,
    /// The likeliest of those whose voice was compared, and the stated chance.
    pub named: Option<(CustomerId, f32)>,
    pub trials: Vec<Trial>,
}

/// What an agent said of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub began: UnixMillis,
    pub bandwidth: Bandwidth,
    pub compared: Compared,
    /// `None`: somebody else than the card knew.
    pub truth: Option<CustomerId>,
}

impl Call {
    /// Before an agent's first word is taken up, and at the hang-up: from then on the voice is no longer asked.
    pub(super) fn note_comparison(&mut self) {
        if self.identified == Identified::ByVoice
            && let Some(compared) = self.recognition.compared()
        {
            let bandwidth = self.listening.as_ref().map(|listening| listening.condition().bandwidth);
            self.compared = bandwidth.map(|bandwidth| (bandwidth, compared));
        }
    }

    /// When the card closes: the agent's last word holds.
    pub(super) fn leave_verdict(&mut self) {
        let truth = match &self.identified {
            Identified::ByVoice => return,
            Identified::ByAgent { customer, .. } => Some(customer.clone()),
            Identified::SomeoneElse => None,
        };
        if let Some((bandwidth, compared)) = self.compared.take() {
            let verdict = Verdict { began: self.caller.at, bandwidth, compared, truth };
            self.write_unasked(Write::Judged(verdict));
        }
    }
}
