//! What there is to be said of how well voices are recognised: for `regulars accuracy` and for the supervisor's page.

use std::collections::BTreeMap;

use crate::base::{Line, UnixMillis};
use crate::voice::{Bandwidth, Calibration, SiteCalibration};

use super::{Det, Figures, JudgedCall, Refit};

/// Judged calls, and what their scores mean.
#[derive(Clone, Debug)]
pub struct Judged {
    pub calls: Vec<JudgedCall>,
    /// In force, with its line.
    pub calibration: Calibration,
    /// The line that the next start will find.
    pub stored: Option<TakenUp>,
}

/// The shop's own line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TakenUp {
    pub line: SiteCalibration,
    pub at: UnixMillis,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub groups: Vec<Group>,
    /// Of all the calls that there are, also those before the ones reported on.
    pub refit: Refit,
    pub in_force: InForce,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub of: Of,
    pub figures: Figures,
    pub det: Det,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Of {
    All,
    Line(Line),
    Narrowband,
    Wideband,
}

/// By what the stated chances are worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InForce {
    /// That of the model's own calibration changes nothing.
    pub line: SiteCalibration,
    /// When it was taken up; `None` for the model's own, or where that is not known any more.
    pub since: Option<UnixMillis>,
    /// Another holds from the next start on.
    pub changes_at_next_start: bool,
}

/// Lines reported on, those with the most calls: whoever calls can make lines up.
const MOST_LINES: usize = 32;

impl Judged {
    /// Figures are of the calls from `since` on.
    pub fn report(&self, since: UnixMillis) -> Report {
        let line = self.calibration.site;
        let stored = self.stored.map_or_else(SiteCalibration::default, |stored| stored.line);
        Report {
            groups: self.groups(since),
            refit: self.refit(),
            in_force: InForce {
                line,
                since: self.stored.filter(|stored| stored.line == line).map(|stored| stored.at),
                changes_at_next_start: stored != line,
            },
        }
    }

    /// All calls from `since` on, then by line, then by bandwidth; but for all, none without calls.
    pub fn groups(&self, since: UnixMillis) -> Vec<Group> {
        let mut by_line = BTreeMap::<&Line, Vec<&JudgedCall>>::new();
        let all: Vec<&JudgedCall> = self.calls.iter().filter(|call| call.at >= since).collect();
        all.iter().for_each(|call| by_line.entry(&call.line).or_default().push(call));
        let mut lines: Vec<_> = by_line.into_iter().collect();
        lines.sort_by_key(|(_, calls)| std::cmp::Reverse(calls.len()));
        lines.truncate(MOST_LINES);
        lines.sort_by_key(|(line, _)| *line);
        let on = |bandwidth| all.iter().filter(|call| call.bandwidth == bandwidth).copied().collect::<Vec<_>>();
        let (narrow, wide) = (on(Bandwidth::Narrow), on(Bandwidth::Wide));
        let lines = lines.into_iter().map(|(line, calls)| (Of::Line(line.clone()), calls));
        let parts =
            lines.chain([(Of::Narrowband, narrow), (Of::Wideband, wide)]).filter(|(_, calls)| !calls.is_empty());
        let group = |(of, calls): (Of, Vec<&JudgedCall>)| Group {
            of,
            figures: Figures::of(calls.iter().copied()),
            det: Det::of(calls.iter().copied(), &self.calibration),
        };
        [(Of::All, all.clone())].into_iter().chain(parts).map(group).collect()
    }

    /// What `regulars calibrate` would make of them.
    pub fn refit(&self) -> Refit {
        let site = self.stored.map_or_else(SiteCalibration::default, |stored| stored.line);
        Refit::of(&self.calls, &Calibration { site, ..self.calibration.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::State;
    use crate::identity::accuracy::tests::{calibration, call};

    fn judged(lines: &[&str]) -> Judged {
        let calls = (0..).zip(lines).map(|(at, line)| JudgedCall {
            at: UnixMillis(at),
            line: Line::new(*line),
            ..call(State::NotKnown, None, None, &["anna"])
        });
        Judged { calls: calls.collect(), calibration: calibration(), stored: None }
    }

    fn counts(groups: &[Group]) -> Vec<(Of, u32)> {
        groups.iter().map(|group| (group.of.clone(), group.figures.calls)).collect()
    }

    #[test]
    fn all_calls_come_first_then_each_line_then_each_bandwidth_that_has_any() {
        let mut judged = judged(&["pizza", "bar", "pizza"]);
        judged.calls[1].bandwidth = Bandwidth::Wide;
        let line = |name| Of::Line(Line::new(name));
        let wanted = [(Of::All, 3), (line("bar"), 1), (line("pizza"), 2), (Of::Narrowband, 2), (Of::Wideband, 1)];
        assert_eq!(counts(&judged.groups(UnixMillis(0))), wanted);
        assert_eq!(counts(&judged.groups(UnixMillis(2)))[..2], [(Of::All, 1), (line("pizza"), 1)]);
        assert_eq!(counts(&judged.groups(UnixMillis(3))), [(Of::All, 0)]);
    }

    #[test]
    fn of_more_lines_than_a_shop_has_those_with_the_most_calls_are_told() {
        let made_up: Vec<String> = (0..2 * MOST_LINES).map(|n| format!("made-up-{n}")).collect();
        let lines: Vec<&str> = made_up.iter().map(String::as_str).chain(["shop", "shop"]).collect();
        let groups = judged(&lines).groups(UnixMillis(0));
        assert_eq!(groups.iter().filter(|group| matches!(group.of, Of::Line(_))).count(), MOST_LINES);
        assert!(groups.iter().any(|group| group.of == Of::Line(Line::new("shop"))));
    }

    #[test]
    fn a_line_that_was_taken_up_meanwhile_waits_for_the_next_start() {
        let mut judged = judged(&[]);
        let own = InForce { line: SiteCalibration::default(), since: None, changes_at_next_start: false };
        assert_eq!(judged.report(UnixMillis(0)).in_force, own);
        let taken_up = TakenUp { line: SiteCalibration { scale: 0.7, offset: -0.2 }, at: UnixMillis(9) };
        judged.stored = Some(taken_up);
        assert_eq!(judged.report(UnixMillis(0)).in_force, InForce { changes_at_next_start: true, ..own });
        judged.calibration.site = taken_up.line;
        let held = InForce { line: taken_up.line, since: Some(taken_up.at), changes_at_next_start: false };
        assert_eq!(judged.report(UnixMillis(0)).in_force, held);
        judged.stored = None;
        assert_eq!(judged.report(UnixMillis(0)).in_force, InForce { since: None, changes_at_next_start: true, ..held });
    }
}
