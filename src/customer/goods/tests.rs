//! A small shop whose answers can be worked out by hand.

use proptest::prelude::*;

use super::*;
use crate::base::UnixMillis;
use crate::customer::{Order, OrderLine, Taken};

fn order(items: &[&str]) -> Order {
    let line = |item: &&str| OrderLine { item: (*item).to_owned(), quantity: 1, modifiers: vec![] };
    Order { order: String::new(), at: UnixMillis(0), lines: items.iter().map(line).collect(), taken: Taken::default() }
}

fn pizza(name: &str) -> (String, Item) {
    (name.to_owned(), Item { available: true, category: Some("pizza".to_owned()), ..Item::default() })
}

fn other(name: &str) -> (String, Item) {
    (name.to_owned(), Item { available: true, ..Item::default() })
}

/// Ten who have bread with their soup, two of them wine too, and ten who have neither.
fn together() -> Together {
    let mut counts = PairCounts::default();
    for n in 0..10 {
        counts.add_customer(&[order(&["Soup", "Bread"]), order(&["Bread", "Soup"])]);
        counts.add_customer(&[order(if n < 2 { &["Wine", "Soup"] } else { &["Wine"] })]);
    }
    counts.finish()
}

#[test]
fn a_pair_is_as_strong_as_it_is_unlikely_and_counts_customers_not_orders() {
    let together = together();
    let [bread] = together.partners("Soup") else { panic!("wine has the support of two: {together:?}") };
    // 12 of 20 had soup, 10 bread: 6 by chance, 10 in truth, each with 5 more.
    assert_eq!((&*bread.with, bread.both), ("Bread", 10));
    assert!((bread.lift - 15.0 / 11.0).abs() < 1e-6, "{}", bread.lift);
    assert_eq!(together.partners("Bread")[0].with, "Soup".into());
    let mut faithful = PairCounts::default();
    faithful.add_customer(&vec![order(&["Soup", "Bread"]); 200]);
    assert_eq!(faithful.finish().partners("Soup"), [], "one regular makes no rule");
}

#[test]
fn what_everybody_has_goes_with_nothing() {
    let mut counts = PairCounts::default();
    for n in 0..60 {
        counts.add_customer(&[order(&["Lemonade", if n % 2 == 0 { "Soup" } else { "Bread" }])]);
    }
    let together = counts.finish();
    assert_eq!(together.partners("Lemonade"), []);
    assert_eq!(together.had("Lemonade"), 60);
}

#[test]
fn a_sketch_that_is_full_keeps_what_is_common() {
    let mut counts = PairCounts::default();
    for n in 0..900_usize {
        let mut items: Vec<String> = (0..28).map(|k| format!("rare {n} {k}")).collect();
        if n % 9 == 0 {
            items.extend(["Soup".to_owned(), "Bread".to_owned()]);
        }
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        counts.add_customer(&[order(&items)]);
    }
    // 28 rare items a customer make 378 pairs: 340,000 in all, of which 200,000 are kept.
    let together = counts.finish();
    let [bread] = together.partners("Soup") else { panic!("{:?}", together.partners("Soup")) };
    assert_eq!(&*bread.with, "Bread");
    assert_eq!(bread.both, 100, "it was there before the sketch was full");
}

#[test]
fn the_shops_word_comes_before_its_customers() {
    let mut items = vec![other("Soup"), other("Bread"), other("Wine"), other("Cheese")];
    let goods = Goods::new(items.clone(), together());
    let by_custom = goods.goes_with(&["Soup"], &Avoid::default()).unwrap();
    assert_eq!(by_custom.with, "Bread");
    assert_eq!(by_custom.because, "10 of 12 customers who order Soup have had Bread with it.");
    assert_eq!(goods.goes_with(&["Soup", "Bread"], &Avoid::default()), None, "they have both");
    items[0].1.goes_with = vec!["Sold out".to_owned(), "Cheese".to_owned()];
    items.push(("Sold out".to_owned(), Item::default()));
    items[3].1.allergens = vec![Allergen::Milk];
    let goods = Goods::new(items, together());
    assert_eq!(goods.goes_with(&["Soup"], &Avoid::default()).unwrap().with, "Cheese");
    let no_milk = Avoid { allergens: vec![Allergen::Milk], ..Avoid::default() };
    assert_eq!(goods.goes_with(&["Soup"], &no_milk).unwrap().with, "Bread");
    let vegan = Avoid { tags: vec!["vegan"], ..Avoid::default() };
    assert_eq!(goods.goes_with(&["Soup"], &vegan), None, "nothing is known to suit");
    let cards = goods.product_cards();
    assert_eq!(cards.iter().map(|card| card.name.as_str()).collect::<Vec<_>>(), ["Bread", "Cheese", "Soup", "Wine"]);
    assert_eq!(cards[2].goes_with, ["Cheese", "Bread"], "what is sold out is not named");
}

#[test]
fn what_is_off_the_menu_has_a_replacement() {
    let mut items = vec![pizza("Calabrese"), pizza("Diavola"), pizza("Funghi"), other("Soup"), pizza("Salami")];
    items[1].1.available = false;
    let mut counts = PairCounts::default();
    (0..4).for_each(|_| counts.add_customer(&[order(&["Salami"])]));
    counts.add_customer(&[order(&["Funghi"])]);
    let goods = Goods::new(items.clone(), counts.finish());
    let by_category = goods.replacement("Diavola", &[], &Avoid::default()).unwrap();
    assert_eq!(by_category.by, "Salami", "of equals the one that most people have");
    assert_eq!(by_category.because, "Diavola is off the menu; Salami is the closest in pizza.");
    assert_eq!(goods.replacement("Diavola", &["Salami"], &Avoid::default()).unwrap().by, "Funghi");
    items[1].1.replaced_by = vec!["Calabrese".to_owned()];
    items[0].1.allergens = vec![Allergen::Milk];
    let goods = Goods::new(items, Together::default());
    assert_eq!(goods.replacement("Diavola", &[], &Avoid::default()).unwrap().by, "Calabrese");
    let no_milk = Avoid { allergens: vec![Allergen::Milk], ..Avoid::default() };
    assert_eq!(goods.replacement("Diavola", &[], &no_milk).unwrap().by, "Funghi");
    assert_eq!(goods.replacement("Nothing like it", &[], &no_milk), None);
    let usual = [order(&["Diavola", "Soup"]), order(&["Soup"]), order(&["Diavola"]), order(&["Funghi"])];
    assert_eq!(goods.missed(&usual), ["Diavola"], "in two of four, and gone");
    assert_eq!(goods.missed(&usual[3..]), [""; 0]);
}

#[test]
fn the_menu_of_this_moment_stands_over_what_was_read_before() {
    let goods = Goods::new([pizza("Diavola"), pizza("Salami")], Together::default());
    let same = goods.with_off_menu(&["Something else".to_owned()]);
    assert_eq!((same.missed(&[order(&["Diavola"])]).len(), *same == goods), (0, true));
    let sold_out = goods.with_off_menu(&["Diavola".to_owned()]).into_owned();
    assert_eq!(sold_out.missed(&[order(&["Diavola"])]), ["Diavola"]);
    assert_eq!(sold_out.replacement("Diavola", &[], &Avoid::default()).unwrap().by, "Salami");
    assert_eq!(sold_out.replacement("Salami", &[], &Avoid::default()), None, "nor is it suggested");
    assert_eq!(*sold_out.with_off_menu(&[]), goods, "and it comes back");
}

#[test]
fn needs_are_found_as_words() {
    let needs = [
        Need { words: vec!["gluten-free".to_owned(), "senza glutine".to_owned()], tag: "gluten-free".to_owned() },
        Need { words: vec!["Végane".to_owned()], tag: "vegan".to_owned() },
    ];
    assert_eq!(Need::named_in("Tutto SENZA  glutine; vegane", &needs), ["gluten-free", "vegan"]);
    assert_eq!(Need::named_in("gluten. free delivery", &needs), ["gluten-free"], "too often is better than not");
    assert_eq!(Need::named_in("from Las Veganes, senza fretta", &needs), [""; 0]);
}

proptest! {
    #[test]
    fn nothing_is_suggested_that_is_off_the_menu_or_against_them(
        baskets in prop::collection::vec(prop::collection::vec(0_usize..6, 1..5), 1..40),
        available in prop::collection::vec(any::<bool>(), 6),
        milk in prop::collection::vec(any::<bool>(), 6),
    ) {
        let name = |n: usize| format!("item {n}");
        let mut counts = PairCounts::default();
        for basket in &baskets {
            let items: Vec<String> = basket.iter().map(|n| name(*n)).collect();
            counts.add_customer(&[order(&items.iter().map(String::as_str).collect::<Vec<_>>())]);
        }
        let item = |n: usize| Item {
            available: available[n],
            category: Some("all".to_owned()),
            allergens: if milk[n] { vec![Allergen::Milk] } else { vec![] },
            goes_with: vec![name((n + 1) % 6)],
            replaced_by: vec![name((n + 2) % 6)],
            ..Item::default()
        };
        let goods = Goods::new((0..6).map(|n| (name(n), item(n))), counts.finish());
        let avoid = Avoid { allergens: vec![Allergen::Milk], ..Avoid::default() };
        for n in 0..6 {
            let asked = name(n);
            let with = goods.goes_with(&[&asked], &avoid).map(|found| found.with);
            let by = goods.replacement(&asked, &[], &avoid).map(|found| found.by);
            for found in [with, by].into_iter().flatten() {
                prop_assert_ne!(&found, &asked);
                prop_assert!(avoid.suits(goods.item(&found).unwrap()), "{}", found);
            }
        }
    }
}
