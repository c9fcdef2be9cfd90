//! A rule: when it speaks, what it says, and why. The conditions are a closed set, so that a shop can read every rule there is.

use super::facts::{Facts, Stage};
use super::say::{AGO, ALLERGEN, BECAUSE, CHANNEL, COMPETITOR, DAYS, Gap, ITEM, WITH, ago, days_since};
use crate::base::UnixMillis;
use crate::customer::goods::GoesWith;
use crate::customer::{Channel, ComplaintState};

/// What a rule waits for, most pressing first: of two rules that fit, the one whose condition stands higher here speaks,
/// wherever the two stand in their file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// The usual order holds what they must not have.
    Allergen,
    OpenComplaint,
    /// One that was put right, and is not forgotten.
    FreshComplaint,
    /// Something promised is not done.
    OpenItem,
    New,
    Slipping,
    Lapsed,
    /// Their last order is `days` old.
    LongGap,
    /// They want to be spoken to in `language`.
    Speaks,
    Loyal,
    Returning,
    /// They mentioned a competitor.
    Competitor,
    /// They looked at an item.
    Considering,
    /// Something goes with what they will likely order.
    GoesWith,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub when: When,
    /// Complaints on this channel alone.
    pub channel: Option<Channel>,
    /// At least so many days old.
    pub days: Option<u32>,
    /// BCP 47 primary language subtag.
    pub language: Option<String>,
    /// What to do, with gaps, at most [`super::read::MOST_WORDS`] when they are filled.
    pub say: String,
    /// Whether it offers something.
    pub pitch: bool,
    /// The reason, with gaps.
    pub why: String,
}

impl When {
    pub const ALL: [When; 14] = [
        When::Allergen,
        When::OpenComplaint,
        When::FreshComplaint,
        When::OpenItem,
        When::New,
        When::Slipping,
        When::Lapsed,
        When::LongGap,
        When::Speaks,
        When::Loyal,
        When::Returning,
        When::Competitor,
        When::Considering,
        When::GoesWith,
    ];

    /// The words used in a file of rules.
    pub fn as_str(self) -> &'static str {
        match self {
            When::Allergen => "allergen in the usual order",
            When::OpenComplaint => "open complaint",
            When::FreshComplaint => "fresh complaint",
            When::OpenItem => "open item",
            When::New => Stage::New.as_str(),
            When::Slipping => Stage::Slipping.as_str(),
            When::Lapsed => Stage::Lapsed.as_str(),
            When::LongGap => "long gap",
            When::Speaks => "speaks",
            When::Loyal => Stage::Loyal.as_str(),
            When::Returning => Stage::Returning.as_str(),
            When::Competitor => "competitor",
            When::Considering => "considering",
            When::GoesWith => "goes with",
        }
    }

    pub fn parse(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|when| when.as_str() == words)
    }

    /// Whether a rule of this kind offers something: always, never, or as it says itself.
    pub(super) fn offers(self) -> Option<bool> {
        match self {
            When::Considering | When::GoesWith => Some(true),
            When::Loyal | When::Returning | When::Competitor => None,
            _ => Some(false),
        }
    }

    /// The keys beside the common ones that it takes, and whether it needs them.
    pub(super) fn takes(self) -> Option<(&'static str, bool)> {
        match self {
            When::OpenComplaint | When::FreshComplaint => Some(("channel", false)),
            When::OpenItem => Some(("days", false)),
            When::LongGap => Some(("days", true)),
            When::Speaks => Some(("language", true)),
            _ => None,
        }
    }

    /// The gaps that its texts may have. [`BECAUSE`] is for the reason alone.
    pub(super) fn gaps(self) -> &'static [Gap] {
        match self {
            When::Allergen => &[ITEM, ALLERGEN],
            When::OpenComplaint | When::FreshComplaint => &[CHANNEL, DAYS, AGO],
            When::OpenItem | When::LongGap => &[DAYS, AGO],
            When::Competitor => &[COMPETITOR],
            When::Considering => &[ITEM],
            When::GoesWith => &[ITEM, WITH, BECAUSE],
            When::New | When::Slipping | When::Lapsed | When::Loyal | When::Returning | When::Speaks => &[],
        }
    }
}

impl Rule {
    /// What fills the gaps when the rule fits, else `None`.
    pub(super) fn fits(&self, facts: &Facts, fresh_complaint_days: u32, now: UnixMillis) -> Option<Vec<(Gap, String)>> {
        let stage = |stage| (facts.stage == Some(stage)).then(Vec::new);
        let since = |at: UnixMillis| vec![(DAYS, days_since(now, at).to_string()), (AGO, ago(now, at))];
        let old_enough = |at: &UnixMillis| days_since(now, *at) >= i64::from(self.days.unwrap_or(0));
        match self.when {
            When::Allergen => {
                let (item, allergen) = facts.allergens.first()?;
                Some(vec![(ITEM, item.clone()), (ALLERGEN, allergen.as_str().to_owned())])
            }
            When::OpenComplaint | When::FreshComplaint => {
                let open = self.when == When::OpenComplaint;
                let state = if open { ComplaintState::Open } else { ComplaintState::Resolved };
                let complaint = facts.standing.complaints.iter().find(|complaint| {
                    complaint.state == state
                        && self.channel.is_none_or(|channel| channel == complaint.channel)
                        && (open || days_since(now, complaint.at) < i64::from(fresh_complaint_days))
                })?;
                let mut values = since(complaint.at);
                values.push((CHANNEL, complaint.channel.as_str().to_owned()));
                Some(values)
            }
            When::OpenItem => facts.open_item.filter(old_enough).map(since),
            When::LongGap => facts.last_order.filter(old_enough).map(since),
            When::New => stage(Stage::New),
            When::Slipping => stage(Stage::Slipping),
            When::Lapsed => stage(Stage::Lapsed),
            When::Loyal => stage(Stage::Loyal),
            When::Returning => stage(Stage::Returning),
            When::Speaks => {
                let primary = facts.language.as_deref()?.split('-').next()?;
                self.language.as_ref()?.eq_ignore_ascii_case(primary).then(Vec::new)
            }
            When::Competitor => Some(vec![(COMPETITOR, facts.competitor.clone()?)]),
            When::Considering => Some(vec![(ITEM, facts.considering.clone()?)]),
            When::GoesWith => {
                let GoesWith { item, with, because } = facts.goes_with.clone()?;
                Some(vec![(ITEM, item), (WITH, with), (BECAUSE, because)])
            }
        }
    }
}
