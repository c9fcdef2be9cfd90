//! An invented pizza shop: forty people who do not exist, two years of their orders, and what they complained about.
//!
//! The numbers are from the North American block that is kept for fiction (+1 212 555 01xx).

use std::fmt::Write as _;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::base::UnixMillis;

/// The three files that a shop would bring, as CSV text, and who is in them.
pub struct Shop {
    pub customers: String,
    pub orders: String,
    pub contacts: String,
    pub people: Vec<DemoPerson>,
}

#[derive(Clone, Debug)]
pub struct DemoPerson {
    pub id: String,
    pub name: String,
    pub number: String,
    pub household: Option<u32>,
    /// What they mostly order, and when.
    habit: Habit,
}

#[derive(Clone, Debug)]
struct Habit {
    lines: Vec<(&'static str, u32, &'static str)>,
    second_choice: &'static str,
    weekday: Weekday,
    hour: i8,
    days_between: i32,
}

const SEED: u64 = 20_261_121;
const PEOPLE: usize = 40;
const DAYS: i32 = 730;
/// Number of people in the first customers' three households; everyone after them lives alone.
const HOUSEHOLDS: [u32; 3] = [3, 2, 2];

const NAMES: [&str; PEOPLE] = [
    "Anna Lindqvist",
    "Bruno Okafor",
    "Carla Benedetti",
    "Dmitri Halloran",
    "Elif Sandoval",
    "Farid Novak",
    "Greta Molina",
    "Hugo Brennan",
    "Ines Takahashi",
    "Jonas Adeyemi",
    "Katya Ferreira",
    "Liam Castellano",
    "Mira Osei",
    "Nils Petrakis",
    "Olga Winthrop",
    "Pavel Duarte",
    "Quinn Achterberg",
    "Rosa Kimura",
    "Samir Vance",
    "Tilda Moreau",
    "Umar Castell",
    "Vera Nakagawa",
    "Wim Oduya",
    "Xenia Harlow",
    "Yusuf Brandt",
    "Zora Whitfield",
    "Aldo Mensah",
    "Bella Ruiz",
    "Cem Larsson",
    "Dora Fontaine",
    "Emil Tanaka",
    "Flora Jansen",
    "Goran Silva",
    "Hana Colby",
    "Ivo Marchetti",
    "Jana Otieno",
    "Kofi Bergman",
    "Lucia Hart",
    "Marek Solis",
    "Nadia Kroll",
];

const MENU: [&str; 14] = [
    "Margherita",
    "Pepperoni",
    "Funghi",
    "Quattro formaggi",
    "Diavola",
    "Marinara",
    "Capricciosa",
    "Calzone",
    "Rucola",
    "Caesar salad",
    "Garlic bread",
    "Tiramisu",
    "Lemonade",
    "House red",
];

/// What the shop has written down of its menu.
pub const ITEMS: &str = "\
item,price_minor,category,allergens,goes_with
Margherita,850,pizza,gluten;milk,Rucola
Pepperoni,1050,pizza,gluten;milk,
Funghi,950,pizza,gluten;milk,
Quattro formaggi,1150,pizza,gluten;milk;nuts,
Diavola,1050,pizza,gluten;milk,Lemonade
Marinara,750,pizza,gluten,
Capricciosa,1150,pizza,gluten;milk,
Calzone,1100,pizza,gluten;milk;eggs,
Rucola,950,salad,nuts,
Caesar salad,900,salad,eggs;fish;milk;gluten,
Garlic bread,450,bread,gluten;milk,
Tiramisu,550,dessert,eggs;milk;gluten,
Lemonade,350,drink,,
House red,500,drink,sulphites,
";

const EXTRAS: [&str; 5] = ["", "", "extra olives", "no onions", "thin crust"];
const LANGUAGES: [&str; 5] = ["en", "en", "it", "es", "de"];
const AGENTS: [&str; 3] = ["Toni", "Sal", "Mika"];
const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

impl Shop {
    /// The same shop every time, but for its dates, which end at `now`.
    pub fn invent(now: UnixMillis, time_zone: &TimeZone) -> Self {
        let mut random = StdRng::seed_from_u64(SEED);
        let today = Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(time_zone.clone());
        let people: Vec<DemoPerson> = (0..PEOPLE).map(|n| invent_person(n, &mut random)).collect();
        let mut shop = Self {
            customers: "customer_id,name,numbers,household,language,allergies,notes,since\n".into(),
            orders: "order_id,customer_id,ordered_at,item,quantity,modifiers\n".into(),
            contacts: "contact_id,customer_id,at,channel,agent,wanted,complaint\n".into(),
            people,
        };
        for n in 0..shop.people.len() {
            shop.write_customer(n, &today, &mut random);
            shop.write_orders(n, &today, &mut random);
            shop.write_contacts(n, &today, &mut random);
        }
        shop
    }

    fn write_customer(&mut self, n: usize, today: &Zoned, random: &mut StdRng) {
        let person = &self.people[n];
        let household = person.household.map(|h| format!("H{h}")).unwrap_or_default();
        let language = LANGUAGES[n % LANGUAGES.len()];
        let allergies = if n % 9 == 4 { "nuts" } else { "" };
        let notes = if n % 7 == 3 { "rings twice; the bell is broken" } else { "" };
        let since = day(today, DAYS + random.random_range(0..200), 12, 0);
        let _ = writeln!(
            self.customers,
            "{},{},{},{household},{language},{allergies},{notes},{since}",
            person.id, person.name, person.number
        );
    }

    fn write_orders(&mut self, n: usize, today: &Zoned, random: &mut StdRng) {
        let person = self.people[n].clone();
        let habit = &person.habit;
        let mut days_ago = DAYS;
        let mut order = 0;
        while days_ago > 0 {
            let weekday_off = (i32::from(habit.weekday.to_monday_zero_offset())
                - i32::from(weekday(today, days_ago).to_monday_zero_offset()))
            .rem_euclid(7);
            let on_habit = random.random_bool(0.8);
            let at_days_ago = if on_habit { days_ago - weekday_off } else { days_ago };
            if at_days_ago > 0 {
                let hour = if on_habit { habit.hour } else { random.random_range(11..21) };
                let at = day(today, at_days_ago, hour, random.random_range(0..60));
                let usual = random.random_bool(0.82);
                for (item, quantity, modifier) in &habit.lines {
                    let item = if usual { item } else { habit.second_choice };
                    let modifier = if usual { modifier } else { "" };
                    let _ =
                        writeln!(self.orders, "{}-{order},{},{at},{item},{quantity},{modifier}", person.id, person.id);
                    if !usual {
                        break;
                    }
                }
                order += 1;
            }
            days_ago -= habit.days_between + random.random_range(-2..=2);
        }
    }

    fn write_contacts(&mut self, n: usize, today: &Zoned, random: &mut StdRng) {
        let id = &self.people[n].id;
        let agent = AGENTS.choose(random).copied().unwrap_or("Toni");
        let at = day(today, random.random_range(8..60), 18, 30);
        let _ =
            writeln!(self.contacts, "{id}-a,{id},{at},phone,{agent},Asked whether the kitchen is open on holidays,");
        if n.is_multiple_of(6) {
            let at = day(today, random.random_range(1..4), 20, 5);
            let _ = writeln!(self.contacts, "{id}-b,{id},{at},email,{agent},The last delivery came cold,open");
        } else if n % 6 == 3 {
            let at = day(today, random.random_range(90..200), 20, 5);
            let _ = writeln!(self.contacts, "{id}-b,{id},{at},delivery,{agent},A drink was missing,resolved");
        }
    }
}

fn invent_person(n: usize, random: &mut StdRng) -> DemoPerson {
    let mut first = 0;
    let mut household = None;
    for (h, size) in HOUSEHOLDS.iter().enumerate() {
        if (first..first + *size as usize).contains(&n) {
            household = Some(h as u32 + 1);
        }
        first += *size as usize;
    }
    // A household shares one line, everyone else has their own.
    let line = household.map_or(n as u32 + 10, |h| h);
    let pizza = MENU[..9].choose(random).copied().unwrap_or("Margherita");
    let second_choice = MENU[..9].iter().copied().filter(|item| *item != pizza).nth(n % 8).unwrap_or("Funghi");
    let mut lines = vec![(pizza, 1 + (n as u32) % 3, EXTRAS[n % EXTRAS.len()])];
    if random.random_bool(0.7) {
        lines.push((MENU[9 + n % 5], 1, ""));
    }
    DemoPerson {
        id: format!("C{:02}", n + 1),
        name: NAMES[n].to_owned(),
        number: format!("+121255501{line:02}"),
        household,
        habit: Habit {
            lines,
            second_choice,
            weekday: WEEKDAYS[random.random_range(0..WEEKDAYS.len())],
            hour: if n.is_multiple_of(4) { 12 } else { 19 },
            days_between: random.random_range(7..22),
        },
    }
}

fn weekday(today: &Zoned, days_ago: i32) -> Weekday {
    today.checked_sub(days_ago.days()).map_or(Weekday::Friday, |date| date.weekday())
}

/// RFC 3339 without a zone: the shop's own time.
fn day(today: &Zoned, days_ago: i32, hour: i8, minute: i8) -> String {
    let date = today.checked_sub(days_ago.days()).unwrap_or_else(|_| today.clone()).date();
    format!("{date} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_evening_gives_the_same_shop() {
        let now = UnixMillis(1_790_000_000_000);
        let (one, two) = (Shop::invent(now, &TimeZone::UTC), Shop::invent(now, &TimeZone::UTC));
        assert_eq!((one.customers, one.orders, one.contacts), (two.customers, two.orders, two.contacts));
    }

    #[test]
    fn forty_people_in_three_households_order_for_two_years() {
        let shop = Shop::invent(UnixMillis(1_790_000_000_000), &TimeZone::UTC);
        assert_eq!(shop.people.len(), 40);
        let household = |h| shop.people.iter().filter(|p| p.household == Some(h)).count();
        assert_eq!([household(1), household(2), household(3)], [3, 2, 2]);
        for person in &shop.people {
            let orders = shop.orders.lines().filter(|line| line.starts_with(&format!("{}-", person.id))).count();
            assert!(orders >= 30, "{} has {orders} order lines", person.id);
        }
        assert!(shop.contacts.contains(",open"));
    }
}
