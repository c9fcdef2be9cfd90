//! The whole order: what a regular has on the table, not only the likeliest dish.

use super::history::{Chance, History, Weighed};
use crate::customer::OrderLine;

impl<'a> History<'a> {
    /// The items to offer together, likeliest first; empty when nothing the customer has had is on the menu.
    ///
    /// The modal past basket when two or more near-identical ones exist; else the items that are likelier than not;
    /// else the likeliest. What the customer complained about is left out as long as something else is left.
    pub(super) fn basket(&self) -> Vec<Chance<'a>> {
        let modal = self.modal_basket();
        if !modal.is_empty() {
            return modal;
        }
        let untroubled: Vec<Chance> = self.chances.iter().filter(|chance| !self.is_doubtful(chance)).copied().collect();
        let mut basket = if untroubled.is_empty() { self.chances.clone() } else { untroubled };
        let likely = basket.iter().take_while(|chance| chance.chance >= LIKELIER_THAN_NOT).count();
        basket.truncate(likely.max(1));
        basket
    }

    /// The basket with the most weight of near-identical ones behind it, items off the menu left out. Of equals, the
    /// newest.
    fn modal_basket(&self) -> Vec<Chance<'a>> {
        // By item number; `None` is off the menu.
        let mut chances: Vec<Option<Chance>> = Vec::new();
        for chance in &self.chances {
            let Some(number) = self.number(chance.item) else { continue };
            chances.resize(chances.len().max(number + 1), None);
            chances[number] = Some(*chance);
        }
        let on_menu = |item: &usize| chances.get(*item).is_some_and(Option::is_some);
        let recent = self.orders.iter().rev().take(MODAL_WINDOW);
        let offered = |order: &Weighed| order.items.iter().copied().filter(on_menu).collect::<Vec<_>>();
        let mut baskets: Vec<(f32, Vec<usize>)> =
            recent.map(|order| (order.weight, offered(order))).filter(|(_, items)| !items.is_empty()).collect();
        for order in self.orders.iter().filter(|order| order.complained) {
            let complained = offered(order);
            baskets.retain(|(_, items)| !near_identical(items, &complained));
        }
        let mut best: Option<(f32, &[usize])> = None;
        for (_, basket) in &baskets {
            let alike = baskets.iter().filter(|(_, other)| near_identical(basket, other));
            let (count, weight) = alike.fold((0, 0.0), |(count, sum), (weight, _)| (count + 1, sum + weight));
            if count >= 2 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, basket));
            }
        }
        let items = best.map_or(&[][..], |(_, items)| items);
        let mut basket: Vec<Chance> = items.iter().filter_map(|item| chances[*item]).collect();
        basket.sort_by(|a, b| b.chance.total_cmp(&a.chance).then_with(|| a.item.cmp(b.item)));
        basket
    }

    /// Quantity and modifiers as this customer mostly has the item, by the weight of the orders. More than one line
    /// where they mostly have it twice, once with olives and once without.
    pub(super) fn usual_lines(&self, item: &str) -> Vec<OrderLine> {
        let mut ways: Vec<(f32, Vec<&OrderLine>)> = Vec::new();
        for Weighed { order, weight, .. } in self.orders.iter().rev() {
            let mut way: Vec<&OrderLine> = order.lines.iter().filter(|line| line.item == item).collect();
            if way.is_empty() {
                continue;
            }
            way.sort_by(|a, b| (a.quantity, &a.modifiers).cmp(&(b.quantity, &b.modifiers)));
            match ways.iter_mut().find(|(_, known)| *known == way) {
                Some((sum, _)) => *sum += weight,
                None => ways.push((*weight, way)),
            }
        }
        // The newest of equals: `max_by` would give the last.
        let usual = ways.into_iter().reduce(|best, way| if way.0 > best.0 { way } else { best });
        usual.map_or_else(Vec::new, |(_, lines)| lines.into_iter().cloned().collect())
    }
}

/// At most one item in four differs (Jaccard index of at least 3/4).
fn near_identical(a: &[usize], b: &[usize]) -> bool {
    let common = a.iter().filter(|item| b.binary_search(item).is_ok()).count();
    let union = a.len() + b.len() - common;
    4 * common >= 3 * union
}

/// An item with at least this chance is offered along with the first.
const LIKELIER_THAN_NOT: f32 = 0.5;
/// Orders that are compared with one another. The work grows with the square; at the default recency the fiftieth
/// weighs a thirteenth of the newest.
const MODAL_WINDOW: usize = 50;
