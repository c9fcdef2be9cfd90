//! What we expect before a word is said: from the calling number and from how often each person has called.

use crate::customer::{CustomerId, PersonAtNumber};

use super::Options;

/// Whose voiceprints a caller is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Only the consented people of the calling number: nobody else's voice becomes an embedding.
    Number,
    /// Every consented voiceprint. To be switched on by the operator, with a recorded reason.
    Everyone,
}

/// The chances before any voice evidence; they and `someone_else` and the `elsewhere` mass sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// The number's people.
    pub at_number: Vec<(CustomerId, f64)>,
    /// Of each other person in the gallery, when everyone is searched, and how many they are.
    pub elsewhere_each: f64,
    pub elsewhere: usize,
    pub someone_else: f64,
}

impl Prior {
    /// `others` is the count of voiceprints of people who are not at the number. With [`Search::Number`] they have no
    /// share: a person who is not compared is part of "someone else".
    pub fn new(options: &Options, people: &[PersonAtNumber], others: usize) -> Self {
        let known = if people.is_empty() { 0.0 } else { 1.0 - f64::from(options.stranger_at_known_number) };
        let rest = 1.0 - known;
        let elsewhere = match options.search {
            Search::Everyone if others > 0 => rest * f64::from(options.known_at_unknown_number),
            _ => 0.0,
        };
        // Laplace's rule of succession: someone who has not called yet may call now.
        let calls: f64 = people.iter().map(|person| f64::from(person.calls_from_number) + 1.0).sum();
        let at_number = people
            .iter()
            .map(|person| (person.customer.clone(), known * (f64::from(person.calls_from_number) + 1.0) / calls))
            .collect();
        Self {
            at_number,
            elsewhere_each: elsewhere / others.max(1) as f64,
            elsewhere: others,
            someone_else: rest - elsewhere,
        }
    }

    pub fn of(&self, customer: &CustomerId) -> f64 {
        self.at_number.iter().find(|(at, _)| at == customer).map_or(self.elsewhere_each, |(_, prior)| *prior)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, calls_from_number: u32) -> PersonAtNumber {
        PersonAtNumber {
            customer: CustomerId::new(id),
            name: String::new().into(),
            calls_from_number,
            recognisable: true,
        }
    }

    #[test]
    fn who_calls_more_often_from_a_number_is_expected_more() {
        let prior = Prior::new(&Options::default(), &[person("anna", 8), person("ben", 0)], 0);
        assert!((prior.of(&CustomerId::new("anna")) - 0.9 * 9.0 / 10.0).abs() < 1e-6);
        assert!((prior.of(&CustomerId::new("ben")) - 0.9 * 1.0 / 10.0).abs() < 1e-6);
        assert!((prior.someone_else - 0.1).abs() < 1e-6);
    }

    #[test]
    fn searching_everyone_is_a_stricter_prior_and_sums_to_one() {
        let options = Options { search: Search::Everyone, ..Options::default() };
        let prior = Prior::new(&options, &[person("anna", 3)], 1000);
        let total = prior.of(&CustomerId::new("anna")) + 1000.0 * prior.elsewhere_each + prior.someone_else;
        assert!((total - 1.0).abs() < 1e-9);
        assert!(prior.of(&CustomerId::new("anna")) > 1000.0 * prior.of(&CustomerId::new("zoe")));
    }

    #[test]
    fn by_number_alone_people_elsewhere_have_no_share() {
        let prior = Prior::new(&Options::default(), &[], 1000);
        assert_eq!(prior.of(&CustomerId::new("zoe")), 0.0);
        assert_eq!(prior.someone_else, 1.0);
    }
}
