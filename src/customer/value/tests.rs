//! Against published values and identities.

use super::special::{hyp2f1, ln_beta};
use super::*;
use proptest::prelude::*;

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
}

/// The customer that the papers reckon out.
const PUBLISHED_CUSTOMER: Repeats =
    Repeats { orders: 2, last_weeks: 30.43, observed_weeks: 38.86, mean_value: Some(22.35) };

/// Abramowitz and Stegun 15.1.3, 15.1.8 and 15.3.3.
#[test]
fn the_hypergeometric_function_keeps_its_identities() {
    for z in [0.0, 0.1, 0.5, 0.9, 0.99] {
        near(hyp2f1(0.7, 2.3, 2.3, z) * (1.0 - z).powf(0.7), 1.0, 1e-11);
        if z > 0.0 {
            near(hyp2f1(1.0, 1.0, 2.0, z) * z / -(-z).ln_1p(), 1.0, 1e-11);
        }
        let (a, b, c) = (0.6, 1.3, 2.9);
        near(hyp2f1(a, b, c, z), (1.0 - z).powf(c - a - b) * hyp2f1(c - a, c - b, c, z), 1e-10);
    }
    assert!(hyp2f1(1.0, 1.0, 1.5, 0.999_999).is_nan(), "not converged is no number");
    near(ln_beta(2.0, 3.0), (1.0_f64 / 12.0).ln(), 1e-14);
}

/// Fader, Hardie and Lee 2005, and their note of 2008 on P(alive).
#[test]
fn the_published_customer_is_expected_to_order_as_published() {
    let model = BgNbd::PUBLISHED;
    near(model.expected_orders(&PUBLISHED_CUSTOMER, 39.0), 1.226, 5e-4);
    near(model.alive(&PUBLISHED_CUSTOMER), 0.7266, 1e-4);
}

/// One order, r = alpha = a = b = 1: an order comes within t of T with chance t / (1 + T + t), worked by hand.
#[test]
fn a_small_case_comes_out_as_by_hand() {
    let model = BgNbd { r: 1.0, alpha: 1.0, a: 1.0, b: 1.0 };
    let once = Repeats { observed_weeks: 1.0, ..Repeats::default() };
    near(model.chance_within(&once, 2.0), 0.5, 1e-12);
    // x = 1, t_x = 0, T = 1: the odds of having left are 1 / 1 * (2 / 1)^2.
    let twice = Repeats { orders: 1, ..once };
    near(model.alive(&twice), 0.2, 1e-12);
    // Mean (v p + p x z) / (p x + q - 1) = (10 + 2 * 30) / (2 + 1).
    let value = GammaGamma { p: 1.0, q: 2.0, v: 10.0 };
    let of = Repeats { orders: 2, mean_value: Some(30.0), ..Repeats::default() };
    near(value.expected_value(&of).unwrap(), 70.0 / 3.0, 1e-12);
    near(value.mean().unwrap(), 10.0, 1e-12);
    assert_eq!(GammaGamma { q: 1.0, ..value }.mean(), None);
}

/// With alpha = beta = 1, r = s = 1 and x = 0 the odds of having left are (1 / 2) ((1 + T)^2 - 1).
#[test]
fn pareto_nbd_counts_silence_against_whoever_has_ordered_once() {
    let model = ParetoNbd { r: 1.0, alpha: 1.0, s: 1.0, beta: 1.0 };
    let once = Repeats { observed_weeks: 1.0, ..Repeats::default() };
    near(model.alive(&once), 0.4, 1e-12);
    // The chance to be here, times the rate 1 / 2, times 2 ln((1 + T + t) / (1 + T)).
    near(model.expected_orders(&once, 2.0), 0.4 * 2.0_f64.ln(), 1e-12);
}

#[test]
fn orders_of_one_day_are_one_and_the_summary_ends_where_it_is_told() {
    let days = OrderDays::new(vec![21, 0, 0, 7, 70]);
    let summary = Repeats::at(&days, 28).unwrap();
    assert_eq!((summary.orders, summary.last_weeks, summary.observed_weeks), (2, 3.0, 4.0));
    assert_eq!(Repeats::at(&days, -1), None);
    assert_eq!(grouped(&[summary, Repeats::default(), summary]), [(Repeats::default(), 1.0), (summary, 2.0)]);
}

#[test]
fn too_few_customers_are_not_fitted() {
    let refused = Err(ValueError::TooFewRepeatBuyers { found: 1, needed: 100 });
    assert_eq!(BgNbd::fit(&[PUBLISHED_CUSTOMER]), refused);
}

proptest! {
    #[test]
    fn alive_is_a_chance_that_falls_with_silence(
        orders in 0u32..200, last in 0.0..100.0f64, silence in 0.0..100.0f64, more in 0.01..50.0f64,
    ) {
        let last_weeks = if orders == 0 { 0.0 } else { last };
        let at = |silence: f64| Repeats { orders, last_weeks, observed_weeks: last_weeks + silence, mean_value: None };
        let (now, later) = (at(silence), at(silence + more));
        let bg = BgNbd::PUBLISHED;
        prop_assert!((0.0..=1.0).contains(&bg.alive(&now)) && bg.alive(&later) <= bg.alive(&now));
        let pareto = ParetoNbd::PUBLISHED;
        prop_assert!((0.0..=1.0).contains(&pareto.alive(&now)));
        prop_assert!(pareto.alive(&later) <= pareto.alive(&now) + 1e-9);
        prop_assert!(bg.chance_within(&now, 4.0) >= bg.chance_within(&now, 1.0));
        prop_assert!(bg.expected_orders(&now, 4.0) >= bg.expected_orders(&now, 1.0) - 1e-12);
        prop_assert!(bg.expected_orders(&now, 4.0) >= bg.chance_within(&now, 4.0) - 1e-9, "a chance counts one order");
    }
}
