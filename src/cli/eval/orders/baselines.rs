//! What the likely order is held against: personal frequency, and TIFUKNN.
//!
//! TIFUKNN as in Hu, He, Gao, Zhang: Modeling Personalized Item Frequency Information for Next-basket Recommendation,
//! SIGIR 2020: a customer is a vector of item frequencies that decay within groups of orders and from group to group, and is
//! blended with the mean of the nearest others.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::customer::Order;

/// Items with the share of the orders that hold them, greatest first.
pub fn personal_frequency(orders: &[Order], top: usize) -> Vec<(&str, f32)> {
    let mut counts = HashMap::<&str, u32>::new();
    for order in orders {
        let items: HashSet<&str> = order.lines.iter().map(|line| line.item.as_str()).collect();
        items.into_iter().for_each(|item| *counts.entry(item).or_default() += 1);
    }
    let shares = counts.into_iter().map(|(item, count)| (item, count as f32 / orders.len() as f32));
    best(shares.collect(), top)
}

/// Everyone's vector, to search for neighbours in.
pub struct Tifuknn<'a> {
    names: Vec<&'a str>,
    numbers: HashMap<&'a str, usize>,
    vectors: Vec<Vec<(usize, f32)>>,
    squares: Vec<f32>,
    /// By item: the customers who had it, and how much.
    postings: Vec<Vec<(usize, f32)>>,
}

impl<'a> Tifuknn<'a> {
    /// Neighbours are sought among at most [`OTHERS`] of `histories` (each oldest first), evenly drawn.
    pub fn new(histories: &[&'a [Order]]) -> Self {
        let mut this = Self {
            names: Vec::new(),
            numbers: HashMap::new(),
            vectors: Vec::new(),
            squares: Vec::new(),
            postings: Vec::new(),
        };
        let drawn = histories.len().min(OTHERS);
        for n in 0..drawn {
            let vector: Vec<(usize, f32)> = user_vector(histories[n * histories.len() / drawn])
                .into_iter()
                .map(|(item, value)| (this.number(item), value))
                .collect();
            vector.iter().for_each(|(item, value)| this.postings[*item].push((n, *value)));
            this.squares.push(vector.iter().map(|(_, value)| value * value).sum());
            this.vectors.push(vector);
        }
        this
    }

    pub fn rank(&self, orders: &'a [Order], top: usize) -> Vec<(&'a str, f32)> {
        let own = user_vector(orders);
        let mut products = vec![0.0; self.vectors.len()];
        for (item, value) in &own {
            for (other, theirs) in self.numbers.get(item).map_or(&[][..], |number| &self.postings[*number]) {
                products[*other] += value * theirs;
            }
        }
        let own_square: f32 = own.values().map(|value| value * value).sum();
        let mut nearest: Vec<(f32, usize)> = products
            .iter()
            .zip(&self.squares)
            .enumerate()
            .map(|(other, (product, square))| (own_square + square - 2.0 * product, other))
            .collect();
        // The customer themselves is at no distance, and is no neighbour; of several like that, one.
        if let Some(place) = nearest.iter().position(|(_, other)| self.is(*other, &own)) {
            nearest.swap_remove(place);
        }
        let k = NEIGHBOURS.min(nearest.len());
        if k > 0 && k < nearest.len() {
            nearest.select_nth_unstable_by(k - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        let mut sums = vec![0.0; self.names.len()];
        let mut scores = Vec::new();
        for (item, value) in &own {
            match self.numbers.get(item) {
                Some(number) => sums[*number] = OWN_SHARE * value,
                None => scores.push((*item, OWN_SHARE * value)),
            }
        }
        for (item, value) in nearest[..k].iter().flat_map(|(_, other)| &self.vectors[*other]) {
            sums[*item] += (1.0 - OWN_SHARE) * value / k as f32;
        }
        scores.extend(self.names.iter().zip(sums).filter(|(_, sum)| *sum > 0.0).map(|(item, sum)| (*item, sum)));
        best(scores, top)
    }

    fn is(&self, other: usize, own: &BTreeMap<&str, f32>) -> bool {
        let theirs = &self.vectors[other];
        theirs.len() == own.len() && theirs.iter().all(|(item, value)| own.get(self.names[*item]) == Some(value))
    }

    fn number(&mut self, item: &'a str) -> usize {
        *self.numbers.entry(item).or_insert_with(|| {
            self.names.push(item);
            self.postings.push(Vec::new());
            self.names.len() - 1
        })
    }
}

/// Mean over groups of the mean over a group's orders, both decayed from the newest.
fn user_vector(orders: &[Order]) -> BTreeMap<&str, f32> {
    let groups = orders.rchunks(GROUP).len() as f32;
    let mut vector = BTreeMap::new();
    for (age, group) in orders.rchunks(GROUP).enumerate() {
        for (age_in_group, order) in group.iter().rev().enumerate() {
            let weight =
                GROUP_DECAY.powi(age as i32) * WITHIN_DECAY.powi(age_in_group as i32) / group.len() as f32 / groups;
            let items: HashSet<&str> = order.lines.iter().map(|line| line.item.as_str()).collect();
            items.into_iter().for_each(|item| *vector.entry(item).or_default() += weight);
        }
    }
    vector
}

fn best(mut scores: Vec<(&str, f32)>, top: usize) -> Vec<(&str, f32)> {
    let better = |a: &(&str, f32), b: &(&str, f32)| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0));
    if top < scores.len() {
        scores.select_nth_unstable_by(top, better);
        scores.truncate(top);
    }
    scores.sort_by(better);
    scores
}

// The paper's values for Ta-Feng.
const NEIGHBOURS: usize = 300;
const WITHIN_DECAY: f32 = 0.9;
const GROUP_DECAY: f32 = 0.7;
const OWN_SHARE: f32 = 0.7;
const GROUP: usize = 7;
/// More would take hours for a shop of a hundred thousand.
const OTHERS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixMillis;
    use crate::customer::{OrderLine, Taken};

    fn orders(baskets: &[&str]) -> Vec<Order> {
        let line = |item: char| OrderLine { item: item.to_string(), quantity: 1, modifiers: Vec::new() };
        let order = |(n, basket): (usize, &&str)| Order {
            order: n.to_string(),
            at: UnixMillis(n as i64),
            lines: basket.chars().map(line).collect(),
            taken: Taken::default(),
        };
        baskets.iter().enumerate().map(order).collect()
    }

    #[test]
    fn frequency_counts_an_order_once() {
        assert_eq!(personal_frequency(&orders(&["aab", "a"]), 9), [("a", 1.0), ("b", 0.5)]);
    }

    #[test]
    fn a_vector_decays_within_and_across_groups() {
        let history = orders(&["a", "b", "b", "b", "b", "b", "b", "c"]);
        let vector = user_vector(&history);
        // Two groups: the newest seven orders, and the one before. Means over 7 and over 1, halved.
        assert!((vector["c"] - 1.0 / 7.0 / 2.0).abs() < 1e-6);
        assert!((vector["a"] - 0.7 / 2.0).abs() < 1e-6);
        let b: f32 = (1..=6).map(|age| 0.9f32.powi(age)).sum();
        assert!((vector["b"] - b / 7.0 / 2.0).abs() < 1e-6);
    }

    #[test]
    fn neighbours_bring_what_a_customer_never_had() {
        let (anna, ben) = (orders(&["a"]), orders(&["ab"]));
        let shop = Tifuknn::new(&[&anna, &ben]);
        // Ben is the only neighbour: 0.7 * 1 + 0.3 * 1 of a, 0.3 of b.
        let ranked = shop.rank(&anna, 9);
        assert_eq!((ranked[0].0, ranked[1].0), ("a", "b"));
        assert!((ranked[0].1 - 1.0).abs() < 1e-6 && (ranked[1].1 - 0.3).abs() < 1e-6);
    }
}
