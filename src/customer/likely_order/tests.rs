//! Small histories whose answer can be worked out by hand.

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::{Chance, OrderBook, ShopModel, Situation, Weights, predict, rank};
use crate::base::UnixMillis;
use crate::customer::{Order, OrderLine, Taken};

/// 18:00 UTC on a day of January 2026; the 2nd is a Friday.
fn evening(day: i8) -> UnixMillis {
    at(day, 18, 0)
}

fn at(day: i8, hour: i8, minute: i8) -> UnixMillis {
    let zoned = date(2026, 1, day).at(hour, minute, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    UnixMillis(zoned.timestamp().as_millisecond())
}

static UTC: TimeZone = TimeZone::UTC;

fn when(now: UnixMillis) -> Situation<'static> {
    Situation::at(Some(now), &UTC)
}

fn line(item: &str, quantity: u32, modifiers: &[&str]) -> OrderLine {
    OrderLine { item: item.to_owned(), quantity, modifiers: modifiers.iter().map(|m| (*m).to_owned()).collect() }
}

fn order(at: UnixMillis, lines: Vec<OrderLine>) -> Order {
    Order { order: at.0.to_string(), at, lines, taken: Taken::default() }
}

fn one_each(days: impl IntoIterator<Item = i8>, item: &str) -> Vec<Order> {
    days.into_iter().map(|day| order(evening(day), vec![line(item, 1, &[])])).collect()
}

/// Nobody else has ever ordered: every rate is one half.
fn empty_shop(menu: &[&str]) -> ShopModel {
    flat(menu, &OrderBook::default())
}

/// The calendar and the age of an order do not count.
fn flat(menu: &[&str], book: &OrderBook) -> ShopModel {
    let weights = Weights { recency: 1.0, other_daypart: 1.0, other_weekday: 1.0, ..Weights::default() };
    book.model(menu.iter().copied(), weights)
}

#[test]
fn an_items_chance_is_the_posterior_mean_of_what_came_after_its_first_order() {
    let shop = empty_shop(&["A", "B"]);
    let orders = [
        order(evening(1), vec![line("B", 1, &[])]),
        order(evening(2), vec![line("A", 1, &[])]),
        order(evening(3), vec![line("A", 1, &[])]),
        order(evening(4), vec![line("B", 1, &[])]),
    ];
    let ranked = rank(&orders, &shop, &when(evening(5)), 10);
    // A: two orders after its first, one with it: (2 * 0.5 + 1) / (2 + 2). B: (2 * 0.5 + 1) / (2 + 3).
    assert_eq!(ranked.iter().map(|c| (c.item, c.chance)).collect::<Vec<_>>(), [("A", 0.5), ("B", 0.4)]);
    let mut shuffled = orders.to_vec();
    shuffled.reverse();
    assert_eq!(rank(&shuffled, &shop, &when(evening(5)), 10), ranked, "the sequence given does not matter");
}

#[test]
fn newer_orders_weigh_more() {
    let shop = OrderBook::default().model(["A"], Weights { recency: 0.5, ..Weights::default() });
    let with_a = |days: &[i8]| -> Vec<Order> {
        (1..=4)
            .map(|day| order(evening(day), vec![line(if days.contains(&day) { "A" } else { "B" }, 1, &[])]))
            .collect()
    };
    let chance = |orders: &[Order]| rank(orders, &shop, &when(evening(5)), 1)[0].chance;
    assert!(chance(&with_a(&[1, 4])) > chance(&with_a(&[1, 2])));
}

#[test]
fn the_shop_fills_in_what_the_customer_has_not_shown() {
    let mut book = OrderBook::default();
    // Ten customers had A and B; all came back to A, none to B. Two of them took C then.
    for n in 0..10 {
        let mut last = vec![line("A", 1, &[])];
        if n < 2 {
            last.push(line("C", 1, &[]));
        }
        let first = vec![line("A", 1, &[]), line("B", 1, &[])];
        book.add_customer(&[order(evening(1), first), order(evening(2), last)]);
    }
    book.add_customer(&one_each([1], "C")); // a single order teaches nothing
    let shop = flat(&["A", "B", "C", "D"], &book);
    let orders = [order(evening(1), vec![line("A", 1, &[]), line("B", 1, &[])])];
    let ranked = rank(&orders, &shop, &when(evening(2)), 10);
    // Mean rate 10 of 20; A (10 + 20 / 2) / (10 + 20), B (0 + 10) / 30, C 2 of 10 who had never had it.
    let expected = [("A", 20.0 / 30.0), ("B", 10.0 / 30.0), ("C", 0.2)];
    assert_eq!(ranked.len(), 3, "nobody took D yet");
    for (chance, (item, value)) in ranked.iter().zip(expected) {
        assert_eq!(chance.item, item);
        assert!((chance.chance - value).abs() < 1e-6, "{item}: {}", chance.chance);
    }
}

#[test]
fn a_basket_that_was_there_before_is_offered_whole() {
    let shop = empty_shop(&["Calzone", "Cola", "Ice", "Soup"]);
    let family = |cola: u32| vec![line("Calzone", 2, &["extra olives"]), line("Cola", cola, &[])];
    let orders = [
        order(evening(1), vec![line("Soup", 1, &[])]),
        order(evening(2), family(1)),
        order(evening(3), vec![line("Ice", 1, &[])]),
        order(evening(4), family(4)),
        order(evening(5), family(4)),
    ];
    let likely = predict(&orders, &shop, &when(evening(6))).unwrap();
    assert_eq!(likely.lines, family(4));
    assert_eq!(likely.chances.len(), 2);
    assert_eq!(likely.reason, "in 3 of the last 5 orders, mostly in the evening");
    assert!(likely.sure);
}

#[test]
fn two_lines_of_an_item_stay_two_lines() {
    let shop = empty_shop(&["Calzone"]);
    let both = vec![line("Calzone", 1, &[]), line("Calzone", 1, &["extra olives"])];
    let orders: Vec<Order> = (1..=3).map(|day| order(evening(day), both.clone())).collect();
    let likely = predict(&orders, &shop, &when(evening(4))).unwrap();
    assert_eq!(likely.lines, both);
    assert_eq!(likely.chances[0], likely.chances[1]);
}

#[test]
fn without_a_common_basket_the_likely_items_come_together() {
    let shop = empty_shop(&["A", "B", "C", "D", "E"]);
    let basket = |day, items: &[&str]| order(evening(day), items.iter().map(|item| line(item, 1, &[])).collect());
    let orders = [basket(1, &["A", "B"]), basket(2, &["A", "C", "D"]), basket(3, &["B", "A", "E", "X", "Y"])];
    let likely = predict(&orders, &shop, &when(evening(4))).unwrap();
    let items: Vec<&str> = likely.lines.iter().map(|line| line.item.as_str()).collect();
    assert_eq!(items, ["A", "B", "E"], "A 3/4, B and E 1/2, C and D 1/3");
    assert_eq!(likely.reason, "in 1 of the last 3 orders");
}

#[test]
fn one_or_two_orders_are_a_maybe() {
    let shop = empty_shop(&["A"]);
    let reason = |days| predict(&one_each(days, "A"), &shop, &when(evening(9))).unwrap();
    let first = reason(1..=1);
    assert_eq!((first.sure, first.reason.as_str()), (false, "in the only order so far"));
    let second = reason(1..=2);
    assert_eq!((second.sure, second.reason.as_str()), (false, "in both orders so far, mostly in the evening"));
    assert!(reason(1..=3).sure);
    assert_eq!(predict(&[], &shop, &when(evening(9))), None);
}

#[test]
fn what_is_off_the_menu_is_left_out() {
    let orders: Vec<Order> =
        (1..=4).map(|day| order(evening(day), vec![line("Gone", 1, &[]), line("Cola", 1, &[])])).collect();
    let likely = predict(&orders, &empty_shop(&["Cola"]), &when(evening(9))).unwrap();
    assert_eq!(likely.lines, [line("Cola", 1, &[])]);
    assert_eq!(predict(&orders, &empty_shop(&["Tea"]), &when(evening(9))), None);
}

#[test]
fn the_hour_and_the_day_choose_between_two_habits() {
    let shop = OrderBook::default().model(["Soup", "Pizza", "Fish"], Weights::default());
    let mut orders = one_each([2, 9, 16, 23], "Fish"); // Fridays
    orders.extend([3, 10, 17, 24].map(|day| order(evening(day), vec![line("Pizza", 1, &[])]))); // Saturdays
    orders.extend([5, 12, 19, 26].map(|day| order(at(day, 12, 30), vec![line("Soup", 1, &[])]))); // Monday noon
    let first = |now| predict(&orders, &shop, &when(now)).unwrap();
    assert_eq!(first(evening(30)).lines[0].item, "Fish");
    assert_eq!(first(evening(31)).lines[0].item, "Pizza");
    let lunch = first(at(28, 12, 0));
    assert_eq!(lunch.lines[0].item, "Soup");
    assert_eq!(lunch.reason, "in 3 of the last 8 orders, mostly Monday lunchtime");
}

#[test]
fn a_date_without_a_time_has_no_hour_and_night_belongs_to_the_day_before() {
    let shop = empty_shop(&["A"]);
    let reason = |orders: &[Order]| predict(orders, &shop, &when(evening(31))).unwrap().reason;
    let at_days = |hour, minute, days: [i8; 3]| days.map(|day| order(at(day, hour, minute), vec![line("A", 1, &[])]));
    assert_eq!(reason(&at_days(0, 0, [2, 9, 16])), "in each of the last 3 orders, mostly on a Friday");
    assert_eq!(reason(&at_days(0, 30, [3, 10, 17])), "in each of the last 3 orders, mostly Friday night");
}

#[test]
fn a_time_that_no_calendar_holds_breaks_nothing() {
    let shop = empty_shop(&["A"]);
    let orders = [order(UnixMillis(i64::MAX), vec![line("A", 1, &[])]), order(UnixMillis(i64::MIN), vec![])];
    let likely = predict(&orders, &shop, &when(UnixMillis(i64::MAX))).unwrap();
    assert_eq!(likely.reason, "in the only order so far");
}

#[test]
fn what_has_run_out_is_offered_by_nobody() {
    let shop = empty_shop(&["Cola", "Soup"]);
    let orders: Vec<Order> =
        (1..=4).map(|day| order(evening(day), vec![line("Soup", 1, &[]), line("Cola", 1, &[])])).collect();
    let out = ["Soup".to_owned()];
    let situation = Situation { out_of_stock: &out, ..when(evening(9)) };
    assert_eq!(predict(&orders, &shop, &situation).unwrap().lines, [line("Cola", 1, &[])]);
    assert!(rank(&orders, &shop, &situation, 10).iter().all(|chance| chance.item != "Soup"));
}

#[test]
fn what_was_complained_about_waits_until_nothing_else_is_left() {
    let shop = empty_shop(&["Pizza", "Fish"]);
    let mut orders = one_each([1, 2, 3, 6], "Pizza");
    orders.extend(one_each([4, 5], "Fish"));
    let first = |orders: &[Order], complained: &[&str]| {
        let likely = predict(orders, &shop, &Situation { complained, ..when(evening(9)) }).unwrap();
        (likely.lines[0].item.clone(), likely.sure)
    };
    assert_eq!(first(&orders, &[]).0, "Pizza");
    let last = evening(6).0.to_string();
    assert_eq!(first(&orders, &[&last]).0, "Fish");
    assert_eq!(first(&orders, &["an order of somebody else"]).0, "Pizza");
    assert_eq!(first(&one_each([1, 2, 6], "Pizza"), &[&last]), ("Pizza".to_owned(), false), "there is nothing else");
}

#[test]
fn a_newcomer_is_ranked_by_what_newcomers_take() {
    let mut book = OrderBook::default();
    for n in 0..4 {
        book.add_customer(&one_each([1], if n == 0 { "B" } else { "A" }));
    }
    let shop = book.model(["A", "B", "C"], Weights::default());
    let ranked = rank(&[], &shop, &when(evening(2)), 10);
    assert_eq!(ranked.iter().map(|c| (c.item, c.chance)).collect::<Vec<_>>(), [("A", 0.75), ("B", 0.25)]);
}

#[test]
fn without_an_hour_no_hour_counts_for_more() {
    let shop = OrderBook::default().model(["Soup", "Pizza"], Weights { recency: 1.0, ..Weights::default() });
    let mut orders = one_each([1, 2, 3], "Pizza");
    orders.extend([4, 5].map(|day| order(at(day, 12, 30), vec![line("Soup", 1, &[])])));
    let soup = |now| {
        let ranked = rank(&orders, &shop, &Situation::at(now, &UTC), 10);
        ranked.iter().find(|chance| chance.item == "Soup").unwrap().chance
    };
    // One of one order after its first, against a prior of 2 * 0.5: 2 of 3. In the evening that order weighs 0.2 * 0.5.
    assert!((soup(None) - 2.0 / 3.0).abs() < 1e-6);
    assert!((soup(Some(evening(6))) - 1.1 / 2.1).abs() < 1e-6);
}

proptest::proptest! {
    #[test]
    fn chances_are_chances_and_of_the_menu(
        baskets in proptest::collection::vec(proptest::collection::vec(0_u8..12, 1..5), 0..30),
        hours in proptest::collection::vec(0_i64..9000, 30),
        menu in 1_u8..12,
    ) {
        let dish = |n: u8| format!("dish {n}");
        let mut orders: Vec<Order> = baskets
            .iter()
            .zip(&hours)
            .map(|(basket, hour)| {
                let lines = basket.iter().map(|item| line(&dish(*item), 1, &[])).collect();
                order(UnixMillis(evening(1).0 + hour * 3_600_000), lines)
            })
            .collect();
        orders.sort_by_key(|order| order.at);
        let mut book = OrderBook::default();
        book.add_customer(&orders);
        let shop = book.fitted((0..menu).map(dish), &UTC);
        let menu: Vec<String> = (0..menu).map(dish).collect();
        let situation = when(UnixMillis(evening(1).0 + 9000 * 3_600_000));
        let ranked = rank(&orders, &shop, &situation, 100);
        for chance in &ranked {
            proptest::prop_assert!((0.0..=1.0).contains(&chance.chance) && menu.iter().any(|item| item == chance.item));
        }
        proptest::prop_assert!(ranked.windows(2).all(|pair| pair[0].chance >= pair[1].chance));
        let offered = predict(&orders, &shop, &situation);
        for offered in offered.iter().flat_map(|likely| &likely.lines) {
            proptest::prop_assert!(menu.contains(&offered.item));
        }
        // The same item once more, in the newest order, never makes it less likely.
        let had = |item: &str| orders.iter().flat_map(|order| &order.lines).any(|line| line.item == item);
        if let Some(Chance { item, chance }) = ranked.iter().find(|chance| had(chance.item)) {
            let mut more = orders.clone();
            more.push(order(UnixMillis(situation.now.unwrap().0 - 1), vec![line(item, 1, &[])]));
            let again = rank(&more, &shop, &situation, 100).into_iter().find(|c| c.item == *item).unwrap();
            proptest::prop_assert!(again.chance >= *chance - 1e-6, "{} {}", again.chance, chance);
        }
    }
}
