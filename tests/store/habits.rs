//! Habits of a made-up shop: who has lunch and who has dinner decides what is offered when.

use jiff::civil::date;
use jiff::tz::TimeZone;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use regulars::base::UnixMillis;
use regulars::customer::likely_order::{OrderBook, ShopModel, Situation, Weights, predict};
use regulars::customer::{Order, OrderLine, Taken};

const MENU: [&str; 12] = [
    "Margherita",
    "Marinara",
    "Diavola",
    "Calzone",
    "Capricciosa",
    "Insalata",
    "Lasagne",
    "Minestrone",
    "Tiramisu",
    "Chinotto",
    "Acqua",
    "Caffe",
];

/// A customer with a dish for lunch and another for the evening, three times in four.
struct Customer {
    lunch: &'static str,
    evening: &'static str,
    orders: Vec<Order>,
}

fn order(at: UnixMillis, item: &str) -> Order {
    let line = OrderLine { item: item.to_owned(), quantity: 1, modifiers: Vec::new() };
    Order { order: at.0.to_string(), at, lines: vec![line], taken: Taken::default() }
}

fn at(day: i64, hour: i8) -> UnixMillis {
    let noon = date(2025, 1, 1).at(hour, 15, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    UnixMillis(noon.timestamp().as_millisecond() + day * 24 * 3600 * 1000)
}

fn shop(seed: u64) -> Vec<Customer> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut customers = Vec::new();
    for _ in 0..200 {
        let (lunch, evening) = (MENU[random.random_range(0..6)], MENU[random.random_range(6..12)]);
        let mut orders = Vec::new();
        for n in 0..16 {
            let at_lunch = random.random_bool(0.5);
            let habit = if at_lunch { lunch } else { evening };
            let item = if random.random_bool(0.75) { habit } else { MENU[random.random_range(0..MENU.len())] };
            orders.push(order(at(n * 5, if at_lunch { 12 } else { 19 }), item));
        }
        customers.push(Customer { lunch, evening, orders });
    }
    customers
}

fn model(customers: &[Customer], weights: Weights) -> ShopModel {
    let mut book = OrderBook::default();
    customers.iter().for_each(|customer| book.add_customer(&customer.orders));
    book.model(MENU, weights)
}

/// How often the first item offered is the habit of the hour.
fn right(customers: &[Customer], shop: &ShopModel) -> f64 {
    let mut right = 0;
    for customer in customers {
        for (hour, habit) in [(12, customer.lunch), (19, customer.evening)] {
            let likely = predict(&customer.orders, shop, &Situation::at(Some(at(100, hour)), &TimeZone::UTC)).unwrap();
            right += u32::from(likely.lines[0].item == habit);
        }
    }
    f64::from(right) / (2 * customers.len()) as f64
}

#[test]
fn the_hour_tells_lunch_from_dinner() {
    for seed in [1, 2, 3] {
        let customers = shop(seed);
        let with = right(&customers, &model(&customers, Weights::default()));
        let blind = Weights { other_daypart: 1.0, other_weekday: 1.0, ..Weights::default() };
        let without = right(&customers, &model(&customers, blind));
        println!("seed {seed}: the habit of the hour comes first in {with:.3}, without the hour in {without:.3}");
        assert!(with >= 0.85, "{with}");
        assert!((0.4..0.6).contains(&without), "a coin toss without the hour: {without}");
    }
}

#[test]
fn the_menu_is_never_overstepped() {
    let customers = shop(4);
    let mut book = OrderBook::default();
    customers.iter().for_each(|customer| book.add_customer(&customer.orders));
    let menu = &MENU[..4];
    let shop = book.model(menu.iter().copied(), Weights::default());
    let mut offered = 0;
    for customer in &customers {
        for hour in [12, 19] {
            if let Some(likely) = predict(&customer.orders, &shop, &Situation::at(Some(at(100, hour)), &TimeZone::UTC))
            {
                assert!(likely.lines.iter().all(|line| menu.contains(&line.item.as_str())));
                offered += 1;
            }
        }
    }
    assert!(offered > 200, "most customers have had something of what is left: {offered}");
}
