//! The evening's calls: who rings, from where, and what the card should say.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::shop::{DemoPerson, Shop};
use super::voices::Voice;

pub struct Scene {
    pub title: &'static str,
    /// `None`: withheld.
    pub from: Option<String>,
    pub recordings: Vec<PathBuf>,
    pub expected: Expected,
    pub agent: Agent,
}

/// What the card should come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// Recognised as this person.
    Known { name: String },
    /// A hard line, or a number that says nothing: this person first, recognised or probably.
    Likely { name: String },
    /// Not someone we know, and nobody's orders on the screen.
    NotKnown,
    /// Names by number alone; no speech may become an embedding.
    NumberOnly,
    /// Enrolled during the call under this name.
    Enrolled { name: String },
}

/// What the agent does on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    Watches,
    /// Takes the likely order once the caller is recognised.
    TakesTheOrder,
    /// Asks for consent at once and notes the yes under a new name.
    NotesTheYes,
}

/// The people of the shop and the voices they are given.
pub struct Cast {
    /// Consented customers with their voices, in the order of the books.
    pub regulars: Vec<(DemoPerson, Voice)>,
    /// A customer who was never asked.
    never_asked: DemoPerson,
    strangers: Vec<Voice>,
}

const NEW_REGULAR: &str = "Robin Achterberg";
/// Numbers of the fiction block that nobody in the books has.
const NEW_NUMBER: &str = "+12125550198";
const ANOTHER_NEW_NUMBER: &str = "+12125550199";

impl Cast {
    /// Gives each voice with enrolment recordings to a customer; the others are strangers.
    pub fn new(shop: &Shop, voices: Vec<Voice>) -> anyhow::Result<Self> {
        let (enrolled, strangers): (Vec<_>, Vec<_>) = voices.into_iter().partition(|voice| !voice.enroll.is_empty());
        anyhow::ensure!(
            enrolled.len() >= 10 && strangers.len() >= 3,
            "voices.csv has {} voices to enrol and {} strangers; the evening takes 10 and 3",
            enrolled.len(),
            strangers.len()
        );
        let never_asked = shop.people.last().context("the shop has no customers")?.clone();
        Ok(Self { regulars: shop.people.iter().cloned().zip(enrolled).collect(), never_asked, strangers })
    }

    /// `fixtures` holds the noisy line's recording: `noisy/VOICE-5-noisy.wav`.
    pub fn scenes(&self, fixtures: &Path) -> anyhow::Result<Vec<Scene>> {
        let alone = |n: usize| &self.regulars[7 + n];
        let (noisy, noisy_file) = self.noisy(fixtures)?;
        let second_of_household = &self.regulars[1];
        Ok(vec![
            scene("a regular", alone(0), Some(&alone(0).0.number), Agent::TakesTheOrder),
            Scene {
                expected: Expected::Likely { name: alone(1).0.name.clone() },
                ..scene("a regular, number withheld", alone(1), None, Agent::Watches)
            },
            scene(
                "the second of a household",
                second_of_household,
                Some(&second_of_household.0.number),
                Agent::Watches,
            ),
            Scene {
                title: "a stranger on a known number",
                from: Some(alone(0).0.number.clone()),
                recordings: self.strangers[0].probe.clone(),
                expected: Expected::NotKnown,
                agent: Agent::Watches,
            },
            Scene {
                title: "someone who never agreed",
                from: Some(self.never_asked.number.clone()),
                recordings: self.strangers[1].probe[..1].to_vec(),
                expected: Expected::NumberOnly,
                agent: Agent::Watches,
            },
            Scene {
                title: "a regular on a noisy line",
                from: Some(noisy.0.number.clone()),
                recordings: vec![noisy_file],
                expected: Expected::Likely { name: noisy.0.name.clone() },
                agent: Agent::Watches,
            },
            Scene {
                title: "someone new says yes",
                from: Some(NEW_NUMBER.to_owned()),
                recordings: self.strangers[2].probe.clone(),
                expected: Expected::Enrolled { name: NEW_REGULAR.to_owned() },
                agent: Agent::NotesTheYes,
            },
            Scene {
                title: "and calls again from another number",
                from: Some(ANOTHER_NEW_NUMBER.to_owned()),
                recordings: self.strangers[2].probe[..1].to_vec(),
                expected: Expected::Likely { name: NEW_REGULAR.to_owned() },
                agent: Agent::Watches,
            },
        ])
    }

    fn noisy(&self, fixtures: &Path) -> anyhow::Result<(&(DemoPerson, Voice), PathBuf)> {
        self.regulars
            .iter()
            .map(|regular| (regular, fixtures.join(format!("noisy/{0}-5-noisy.wav", regular.1.id))))
            .find(|(_, file)| file.exists())
            .context("there is no noisy recording of any regular (noisy/VOICE-5-noisy.wav)")
    }
}

fn scene(title: &'static str, who: &(DemoPerson, Voice), from: Option<&String>, agent: Agent) -> Scene {
    Scene {
        title,
        from: from.cloned(),
        recordings: who.1.probe[..1].to_vec(),
        expected: Expected::Known { name: who.0.name.clone() },
        agent,
    }
}
