//! Why this order is offered, in a sentence made from counts. Never a probability: k of n is not one.

use jiff::civil::Weekday;

use super::history::{Chance, History};
use super::moment::{Daypart, Moment, name};

/// Such as "in 7 of the last 8 orders, mostly Friday evening".
pub(super) fn reason(history: &History, basket: &[Chance]) -> String {
    let numbers: Vec<usize> = basket.iter().filter_map(|chance| history.number(chance.item)).collect();
    let recent = &history.orders[history.orders.len().saturating_sub(WINDOW)..];
    let holding = |numbers: &[usize]| -> Vec<Option<Moment>> {
        let holds = |items: &[usize]| numbers.iter().all(|number| items.binary_search(number).is_ok());
        recent.iter().filter(|order| holds(&order.items)).map(|order| order.moment).collect()
    };
    let whole = holding(&numbers);
    // An order composed of single items was perhaps never placed as a whole: then the first item is told of.
    let (subject, moments) = match basket {
        [first, _, ..] if whole.is_empty() => (format!("{} ", first.item), holding(&numbers[..1])),
        _ => (String::new(), whole),
    };
    let count = match (moments.len(), recent.len()) {
        (0, _) => return format!("{subject}ordered before, but not lately"),
        (_, 1) => "in the only order so far".to_owned(),
        (2, 2) if history.orders.len() == 2 => "in both orders so far".to_owned(),
        (k, n) if k == n => format!("in each of the last {n} orders"),
        (k, n) => format!("in {k} of the last {n} orders"),
    };
    match habit(&moments) {
        Some(habit) => format!("{subject}{count}, mostly {habit}"),
        None => format!("{subject}{count}"),
    }
}

/// When most of these orders came, if they have a time in common.
fn habit(moments: &[Option<Moment>]) -> Option<String> {
    let most = |matches: &dyn Fn(Moment) -> bool| {
        let count = moments.iter().flatten().filter(|moment| matches(**moment)).count();
        count >= 2 && 2 * count > moments.len()
    };
    let both = |weekday: Weekday, daypart: Daypart| move |m: Moment| m.weekday == weekday && m.daypart == Some(daypart);
    let known = || moments.iter().flatten();
    for moment in known() {
        if let Some(daypart) = moment.daypart.filter(|daypart| most(&both(moment.weekday, *daypart))) {
            return Some(format!("{} {}", name(moment.weekday), daypart.after_weekday()));
        }
    }
    if let Some(daypart) = known().filter_map(|m| m.daypart).find(|d| most(&|m: Moment| m.daypart == Some(*d))) {
        return Some(daypart.alone().to_owned());
    }
    let weekday = known().map(|m| m.weekday).find(|day| most(&|m: Moment| m.weekday == *day))?;
    Some(format!("on a {}", name(weekday)))
}

/// Orders that the sentence counts over: as many as an agent will believe at a glance.
const WINDOW: usize = 8;
