//! What the service thinks of a caller at one moment, and how sure it is.

use crate::customer::CustomerId;

use super::{Options, Posterior};

/// Sent to the screen each time it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub state: State,
    /// Most probable first.
    pub ranked: Vec<Ranked>,
    /// Chance that the caller is none of the ranked people. With theirs it sums to 1.
    pub someone_else: f32,
    /// Speech of the caller heard so far, pauses left out, in milliseconds.
    pub net_speech_ms: u32,
    pub voice: VoiceUse,
    /// No more speech will be compared unless something new happens: sure enough, or heard enough.
    pub settled: bool,
}

/// A person and the chance that the caller is this person, 0 to 1, a posterior probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    pub customer: CustomerId,
    pub chance: f32,
    /// Whether this person's voiceprint was compared. Without, the chance stands on the number alone.
    pub by_voice: bool,
    /// Not one of the calling number's people, but found among everyone: a name to ask for, never more.
    pub elsewhere: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not enough speech to say anything beyond the number.
    Listening,
    /// The first of the ranked is likely; the agent had better ask.
    Probably,
    Recognised,
    /// Two people fit about equally well.
    Ambiguous,
    /// The voice is not one that we know.
    NotKnown,
}

/// Whether the caller's speech is being turned into embeddings, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceUse {
    /// A consented candidate stands behind this call.
    Allowed,
    /// Nobody at this number agreed to voice recognition, and the search of everyone is off.
    NoConsentedCandidate,
    /// Who agreed is not known: the store could not be read.
    Unavailable,
    /// Caller and agent come in one stream, and nobody's voice on it is theirs for sure.
    Mixed,
}

/// Net speech from which a guess is shown, in milliseconds: two windows of the embedder. One window alone ranks right too
/// seldom to show a name (docs/decisions/0005-when-a-name-is-shown.md).
pub const HINT_AT_MS: u32 = 2_400;
/// Net speech from which a caller may be called recognised.
pub const RECOGNISE_AT_MS: u32 = 4_000;
/// Net speech after which a sure answer is settled.
pub const SETTLE_AT_MS: u32 = 4_800;
/// Net speech after which more of it is not expected to change the answer, and comparing ends.
pub const ENOUGH_MS: u32 = 12_000;
/// By how much the first must be likelier than the next when everyone was searched: a ratio of 20 is 3 nepers. On the
/// development recordings, with 20 and 89 people searched and everyone's line mixed, a stranger is then named in 1.4 and .4 %
/// of calls and the wrong person in none of 14,000; a ratio of 100 would lose a tenth of those who are named rightly.
const ELSEWHERE_RATIO: f32 = 20.0;
/// The second of two people at or above this chance makes a first below "recognised" ambiguous.
const RIVAL_AT: f32 = 0.25;

impl Decision {
    /// Before any voice evidence.
    pub fn by_number(posterior: Posterior, voice: VoiceUse) -> Self {
        Self {
            state: State::Listening,
            ranked: posterior.ranked,
            someone_else: posterior.someone_else,
            net_speech_ms: 0,
            voice,
            settled: voice != VoiceUse::Allowed,
        }
    }

    /// After `net_speech_ms` of compared speech.
    pub fn by_voice(posterior: Posterior, net_speech_ms: u32, options: &Options) -> Self {
        let posterior = without_strangers(posterior, net_speech_ms, options);
        let state = state(&posterior, net_speech_ms, options);
        let by_voice: f32 = posterior.ranked.iter().filter(|ranked| ranked.by_voice).map(|ranked| ranked.chance).sum();
        let sure = match state {
            State::Recognised => true,
            State::Probably => {
                posterior.ranked.first().is_some_and(|first| first.elsewhere && first.chance >= options.recognise_at)
            }
            State::NotKnown => 1.0 - by_voice >= options.recognise_at,
            _ => false,
        };
        Self {
            state,
            ranked: posterior.ranked,
            someone_else: posterior.someone_else,
            net_speech_ms,
            voice: VoiceUse::Allowed,
            settled: net_speech_ms >= ENOUGH_MS || (sure && net_speech_ms >= SETTLE_AT_MS),
        }
    }
}

/// Of the people found among everyone, all but one who is likely, after enough speech, and well before the next. A name that
/// the number does not suggest is shown for asking or not at all; the others' chances are those of someone else.
fn without_strangers(posterior: Posterior, net_speech_ms: u32, options: &Options) -> Posterior {
    let Posterior { mut ranked, mut someone_else } = posterior;
    let next = ranked.get(1).map_or(0.0, |next| next.chance);
    let stands_out = |first: &Ranked| {
        net_speech_ms >= RECOGNISE_AT_MS
            && first.chance >= options.probably_at
            && first.chance >= ELSEWHERE_RATIO * next
    };
    let shown = ranked.first().filter(|first| first.elsewhere && stands_out(first)).cloned();
    ranked.retain(|ranked| {
        let stays = !ranked.elsewhere || shown.as_ref().is_some_and(|shown| shown.customer == ranked.customer);
        someone_else += if stays { 0.0 } else { ranked.chance };
        stays
    });
    Posterior { ranked, someone_else }
}

fn state(posterior: &Posterior, net_speech_ms: u32, options: &Options) -> State {
    if net_speech_ms < HINT_AT_MS {
        return State::Listening;
    }
    // A person whose voice was not compared may be likely because the others do not fit; a voice cannot say so.
    let mut by_voice = posterior.ranked.iter().filter(|ranked| ranked.by_voice).map(|ranked| ranked.chance);
    let (first, second) = (by_voice.next().unwrap_or(0.0), by_voice.next().unwrap_or(0.0));
    if posterior.ranked.first().is_some_and(|first| first.elsewhere) {
        return State::Probably;
    }
    if first >= options.recognise_at {
        return if net_speech_ms >= RECOGNISE_AT_MS { State::Recognised } else { State::Probably };
    }
    if first >= options.probably_at {
        State::Probably
    } else if second >= RIVAL_AT && first + second >= options.probably_at {
        State::Ambiguous
    } else if 1.0 - first - second >= options.probably_at || net_speech_ms >= SETTLE_AT_MS {
        State::NotKnown
    } else {
        State::Listening
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(chances: &[f32], net_speech_ms: u32) -> Decision {
        let ranked = chances
            .iter()
            .enumerate()
            .map(|(n, chance)| Ranked {
                customer: CustomerId::new(n.to_string()),
                chance: *chance,
                by_voice: true,
                elsewhere: false,
            })
            .collect();
        let someone_else = 1.0 - chances.iter().sum::<f32>();
        Decision::by_voice(Posterior { ranked, someone_else }, net_speech_ms, &Options::default())
    }

    #[test]
    fn a_sure_voice_is_a_hint_at_three_seconds_recognised_at_four_and_settled_at_five() {
        assert_eq!(decide(&[0.99], 1_600).state, State::Listening);
        assert_eq!(decide(&[0.99], 3_000).state, State::Probably);
        let four = decide(&[0.99], 4_000);
        assert_eq!((four.state, four.settled), (State::Recognised, false));
        let five = decide(&[0.99], 5_000);
        assert_eq!((five.state, five.settled), (State::Recognised, true));
    }

    #[test]
    fn two_that_fit_are_ambiguous_and_nobody_who_fits_is_not_known() {
        assert_eq!(decide(&[0.55, 0.40], 5_000).state, State::Ambiguous);
        assert_eq!(decide(&[0.05, 0.01], 5_000).state, State::NotKnown);
        assert!(decide(&[0.01], 5_000).settled, "a sure stranger is settled too");
        assert!(!decide(&[0.30], 5_000).settled, "an unsure one is listened to");
    }

    #[test]
    fn a_person_who_was_not_compared_is_never_recognised_by_elimination() {
        let posterior = Posterior {
            ranked: vec![Ranked { customer: CustomerId::new("ben"), chance: 0.97, by_voice: false, elsewhere: false }],
            someone_else: 0.03,
        };
        let decision = Decision::by_voice(posterior, 5_000, &Options::default());
        assert_eq!((decision.state, decision.settled), (State::NotKnown, true));
    }

    fn found(chances: &[f32], net_speech_ms: u32) -> Decision {
        let ranked = |(n, chance): (usize, &f32)| Ranked {
            customer: CustomerId::new(n.to_string()),
            chance: *chance,
            by_voice: true,
            elsewhere: true,
        };
        let ranked = chances.iter().enumerate().map(ranked).collect();
        let someone_else = 1.0 - chances.iter().sum::<f32>();
        Decision::by_voice(Posterior { ranked, someone_else }, net_speech_ms, &Options::default())
    }

    #[test]
    fn one_found_among_everyone_is_a_name_to_ask_for_at_most() {
        for chance in [0.7, 0.97, 0.999] {
            let decision = found(&[chance, 0.001], 8_000);
            assert_eq!((decision.state, decision.ranked.len()), (State::Probably, 1));
        }
        assert!(found(&[0.995, 0.001], 8_000).settled && !found(&[0.7, 0.001], 8_000).settled);
    }

    #[test]
    fn without_speech_or_margin_nobody_among_everyone_is_named() {
        for (chances, net_speech_ms) in [(&[0.97, 0.001], 3_200), (&[0.8, 0.1], 8_000), (&[0.5, 0.001], 8_000)] {
            let decision = found(chances, net_speech_ms);
            assert!(decision.ranked.is_empty() && decision.state != State::Probably, "{chances:?}");
            assert!((decision.someone_else - 1.0).abs() < 1e-6, "their chances are someone else's");
        }
    }

    #[test]
    fn one_of_the_number_is_recognised_whoever_comes_next_among_everyone() {
        let mut posterior = Posterior { ranked: Vec::new(), someone_else: 0.002 };
        for (id, chance, elsewhere) in [("anna", 0.993, false), ("zoe", 0.005, true)] {
            posterior.ranked.push(Ranked { customer: CustomerId::new(id), chance, by_voice: true, elsewhere });
        }
        let decision = Decision::by_voice(posterior, 5_000, &Options::default());
        assert_eq!((decision.state, decision.ranked.len()), (State::Recognised, 1));
    }

    #[test]
    fn listening_ends_in_any_case() {
        for chance in [0.0, 0.3, 0.5, 0.7, 1.0] {
            assert!(decide(&[chance], ENOUGH_MS).settled);
        }
    }
}
