//! Who is met how, case by case.

use proptest::prelude::*;

use super::*;
use crate::base::UnixMillis;
use crate::customer::goods::{Allergen, GoesWith};
use crate::customer::{Channel, ComplaintState};

const DAY_MS: i64 = 86_400_000;
const NOW: UnixMillis = UnixMillis(1_777_660_200_000);

fn days_ago(days: i64) -> UnixMillis {
    UnixMillis(NOW.0 - days * DAY_MS)
}

fn complained(days: i64, channel: Channel, state: ComplaintState) -> Standing {
    Standing { complaints: vec![Complaint { at: days_ago(days), channel, state }], outbound: vec![] }
}

fn written_to(days: &[i64]) -> Standing {
    Standing { complaints: vec![], outbound: days.iter().map(|days| days_ago(*days)).collect() }
}

/// Everything that a rule can wait for is there, but for complaints.
fn everything() -> Facts {
    Facts {
        standing: Standing::default(),
        stage: Some(Stage::Slipping),
        last_order: Some(days_ago(200)),
        language: Some("it-CH".to_owned()),
        open_item: Some(days_ago(2)),
        competitor: Some("Pronto Example".to_owned()),
        allergens: vec![("Tiramisu".to_owned(), Allergen::Eggs)],
        considering: Some("Calzone".to_owned()),
        goes_with: Some(GoesWith {
            item: "Margherita".to_owned(),
            with: "Garlic bread".to_owned(),
            because: "The shop says so.".to_owned(),
        }),
    }
}

fn met(facts: &Facts) -> (Option<Veto>, Option<Advice>) {
    decide(facts, &Rules::standard().unwrap(), &Limits::default(), NOW)
}

fn said(facts: &Facts) -> (String, String, String) {
    let advice = met(facts).1.expect("an advice");
    (advice.rule, advice.text.into_exposed(), advice.reason.into_exposed())
}

#[test]
fn each_rule_that_comes_with_the_program_speaks_when_its_turn_comes() {
    let goes_with = everything().goes_with;
    let cases = [
        (
            Facts { allergens: everything().allergens, ..Facts::default() },
            ("allergen", "Ask about eggs before you take the Tiramisu."),
            "Their allergies and what Tiramisu holds have eggs in common.",
        ),
        (
            Facts { standing: complained(1, Channel::Delivery, ComplaintState::Open), ..Facts::default() },
            ("delivery went wrong", "Say sorry for the delivery first; offer nothing."),
            "A complaint about a delivery, yesterday, is still open.",
        ),
        (
            Facts { standing: complained(400, Channel::Email, ComplaintState::Open), ..Facts::default() },
            ("complaint", "Say sorry first; offer nothing until it is put right."),
            "A complaint by email, 400 days ago, is still open.",
        ),
        (
            Facts { standing: complained(0, Channel::Shop, ComplaintState::Resolved), ..Facts::default() },
            ("complaint put right", "Thank them for telling us; ask whether everything is right now."),
            "A complaint by shop, today, was put right.",
        ),
        (
            Facts { open_item: Some(days_ago(2)), ..Facts::default() },
            ("promise", "Tell them how far it is, before they ask."),
            "Something that they were promised 2 days ago is not done yet.",
        ),
        (
            Facts { stage: Some(Stage::New), ..Facts::default() },
            ("welcome", "Welcome them; take your time."),
            "They are new to us.",
        ),
        (
            Facts { stage: Some(Stage::Slipping), ..Facts::default() },
            ("slipping", "Say that it is good to hear from them."),
            "They order less often than they used to.",
        ),
        (
            Facts { stage: Some(Stage::Lapsed), ..Facts::default() },
            ("lapsed", "Say that it is good to hear from them again."),
            "They had stopped ordering.",
        ),
        (
            Facts { last_order: Some(days_ago(120)), ..Facts::default() },
            ("long time", "Say that it is good to hear from them again."),
            "Their last order was 120 days ago.",
        ),
        (
            Facts { considering: Some("Calzone".to_owned()), ..Facts::default() },
            ("considering", "Ask whether they would like to try the Calzone."),
            "They asked about Calzone, and have not ordered it.",
        ),
        (
            Facts { goes_with, ..Facts::default() },
            ("goes with", "Ask whether they would like Garlic bread with it."),
            "The shop says so.",
        ),
    ];
    let mut spoke: Vec<String> = Vec::new();
    for (facts, (rule, text), reason) in cases {
        assert_eq!(said(&facts), (rule.to_owned(), text.to_owned(), reason.to_owned()));
        spoke.push(rule.to_owned());
    }
    let all: Vec<String> = Rules::standard().unwrap().iter().map(|rule| rule.id.clone()).collect();
    assert_eq!(spoke, all, "every rule, in the sequence of what is pressing");
}

#[test]
fn of_everything_at_once_the_most_pressing_is_said() {
    let mut facts = everything();
    facts.standing = complained(3, Channel::Phone, ComplaintState::Open);
    facts.standing.complaints.push(Complaint { at: days_ago(4), ..facts.standing.complaints[0] });
    facts.standing.complaints[1].state = ComplaintState::Resolved;
    let mut order = Vec::new();
    let takings: [fn(&mut Facts); 8] = [
        |facts| facts.allergens.clear(),
        |facts| facts.standing.complaints.retain(|complaint| complaint.state == ComplaintState::Resolved),
        |facts| facts.standing.complaints.clear(),
        |facts| facts.open_item = None,
        |facts| facts.stage = None,
        |facts| facts.last_order = None,
        |facts| facts.considering = None,
        |facts| facts.goes_with = None,
    ];
    for take in takings {
        order.push(said(&facts).0);
        take(&mut facts);
    }
    let expected = [
        "allergen",
        "complaint",
        "complaint put right",
        "promise",
        "slipping",
        "long time",
        "considering",
        "goes with",
    ];
    assert_eq!(order, expected);
    assert_eq!(met(&facts).1, None, "a language or a competitor alone is no reason to speak");
}

#[test]
fn a_quiet_regular_gets_no_advice() {
    let facts = Facts { last_order: Some(days_ago(7)), language: Some("de".to_owned()), ..Facts::default() };
    for stage in [None, Some(Stage::Loyal), Some(Stage::Returning)] {
        assert_eq!(met(&Facts { stage, ..facts.clone() }), (None, None));
    }
}

#[test]
fn a_complaint_on_any_channel_is_a_veto_on_every_pitch() {
    let pitches = Facts { stage: None, open_item: None, allergens: vec![], last_order: None, ..everything() };
    assert_eq!(said(&pitches).0, "considering", "without a complaint it would be offered");
    for channel in Channel::ALL {
        for (state, days) in [(ComplaintState::Open, 0), (ComplaintState::Open, 900), (ComplaintState::Resolved, 13)] {
            let facts = Facts { standing: complained(days, channel, state), ..pitches.clone() };
            let veto = met(&facts).0.expect("a veto");
            assert!(veto.reason.contains(channel.as_str()), "{}", veto.reason);
            assert!(!said(&facts).1.contains("would like"), "{channel:?} {state:?}");
        }
        let old = complained(14, channel, ComplaintState::Resolved);
        assert_eq!(met(&Facts { standing: old, ..pitches.clone() }).0, None, "after a fortnight it is past");
    }
}

#[test]
fn contacts_have_a_budget_and_a_quiet_period() {
    let limits = Limits::default();
    let refused = |standing: &Standing| may_contact(standing, &limits, NOW).unwrap_err();
    assert_eq!(may_contact(&written_to(&[7]), &limits, NOW), Ok(()));
    assert_eq!(may_contact(&written_to(&[8, 30]), &limits, NOW), Ok(()));
    let quiet = refused(&written_to(&[6]));
    assert_eq!(quiet.reason, "Contacted 6 days ago; then 7 days are quiet.");
    assert_eq!(quiet.until, Some(UnixMillis(NOW.0 + DAY_MS)));
    let full = refused(&written_to(&[29, 8]));
    assert_eq!(full.reason, "Contacted twice in the last 30 days; more would be too many.");
    assert_eq!(full.until, Some(UnixMillis(NOW.0 + DAY_MS)), "the older of the two has to go first");
    let both = Standing { outbound: vec![days_ago(1)], ..complained(10, Channel::Web, ComplaintState::Resolved) };
    assert!(refused(&both).reason.starts_with("A complaint was put right only lately (web, 10 days ago)"));
    assert_eq!(refused(&both).until, Some(UnixMillis(NOW.0 + 6 * DAY_MS)), "the last of the reasons to end");
    let nobody = Limits { contacts_per_30_days: 0, ..limits };
    assert_eq!(may_contact(&Standing::default(), &nobody, NOW).unwrap_err().until, None);
    let free = Limits { contacts_per_30_days: 99, quiet_days: 0, fresh_complaint_days: 0 };
    assert_eq!(may_contact(&Standing { complaints: both.complaints, ..written_to(&[0, 0, 0]) }, &free, NOW), Ok(()));
    let open = Standing { outbound: vec![], ..complained(0, Channel::Shop, ComplaintState::Open) };
    assert_eq!(may_contact(&open, &free, NOW).unwrap_err().until, None, "an open complaint is never bought off");
}

#[test]
fn a_shop_writes_its_own_rules() {
    let rules = Rules::read(
        "[[rule]]\nid = 'b'\nwhen = 'competitor'\nsay = 'They know {competitor}: be quick.'\npitch = false\nwhy = 'Mentioned {competitor}.'\n\
         [[rule]]\nid = 'c'\nwhen = 'open item'\ndays = 3\nsay = 'x'\npitch = false\nwhy = 'y {days}'\n\
         [[rule]]\nid = 'a'\nwhen = 'speaks'\nlanguage = 'it'\nsay = 'Say buongiorno.'\npitch = false\nwhy = 'They speak Italian.'\n",
    )
    .unwrap();
    let first = |facts: &Facts| decide(facts, &rules, &Limits::default(), NOW).1.map(|advice| advice.rule);
    let facts = everything();
    assert_eq!(first(&facts).as_deref(), Some("a"), "the promise is 2 days old, not 3; a language is more pressing");
    assert_eq!(first(&Facts { open_item: Some(days_ago(3)), ..facts.clone() }).as_deref(), Some("c"));
    assert_eq!(first(&Facts { language: Some("de".to_owned()), ..facts }).as_deref(), Some("b"));
    assert_eq!(Rules::read("").unwrap().iter().count(), 0, "a shop may want no advice at all");
}

#[test]
fn a_bad_file_is_refused_with_its_line() {
    let rule = |lines: &str| format!("# mine\n\n[[rule]]\nid = 'x'\n{lines}");
    let whole = |say: &str| rule(&format!("when = 'goes with'\nsay = '{say}'\npitch = true\nwhy = '{{because}}'\n"));
    for (text, line, reason) in [
        ("x = [".to_owned(), 1, "this is no TOML"),
        ("[[rules]]\nid = 'x'\n".to_owned(), 1, "there is no key \"rules\"; did you mean \"rule\"?"),
        (rule("sya = 'hello'\n"), 5, "there is no key \"sya\"; did you mean \"say\"?"),
        (rule(""), 3, "there is no when here"),
        (rule("when = 'open complain'\n"), 5, "did you mean \"open complaint\"?"),
        (rule("when = 'full moon'\n"), 5, "there is no condition \"full moon\", but allergen in the usual order, "),
        (rule("when = 'new'\ndays = 4\n"), 6, "\"new\" takes no days"),
        (rule("when = 'long gap'\n"), 5, "\"long gap\" needs days"),
        (rule("when = 'long gap'\ndays = -1\npitch = false\nsay = 'x'\nwhy = 'y'\n"), 6, "days is a whole number"),
        (rule("when = 'open complaint'\nchannel = 'mail'\n"), 6, "did you mean \"email\"?"),
        (rule("when = 'new'\n"), 3, "there is no pitch here"),
        (rule("when = 'new'\npitch = 'no'\n"), 6, "pitch is true or false"),
        (rule("when = 'slipping'\npitch = true\n"), 6, "\"slipping\" is never a pitch"),
        (rule("when = 'goes with'\npitch = false\n"), 6, "\"goes with\" is always a pitch"),
        (rule("when = 'new'\npitch = false\nsay = ''\n"), 7, "say is one line of 1 to 200 characters"),
        (whole("Offer {whit}."), 6, "there is no gap here \"whit\"; did you mean \"with\"?"),
        (whole("Offer {because}."), 6, "there is no gap here \"because\""),
        ("[[need]]\ntag = 'vegan'\nwords = 'vegan'\n".to_owned(), 3, "words is a list of texts"),
        ("[[need]]\ntag = 'vegan'\nword = ['vegan']\n".to_owned(), 3, "did you mean \"words\"?"),
        (whole("Offer {with."), 6, "a brace stands alone"),
        (whole("Ask whether they would perhaps like to have {with} now"), 6, "this can come to 13 words"),
        (
            format!("{}{}", whole("x"), "[[rule]]\nid = 'x'\nwhen = 'new'\nsay = 'x'\npitch = false\nwhy = 'y'\n"),
            9,
            "two rules",
        ),
    ] {
        let bad = Rules::read(&text).expect_err(&text);
        assert!(bad.reason.contains(reason), "{text}: {bad}");
        assert_eq!(bad.line, line, "{text}: {bad}");
    }
}

fn facts() -> impl Strategy<Value = Facts> {
    let complaint = (0_i64..40, 0_usize..5, any::<bool>()).prop_map(|(days, channel, open)| Complaint {
        at: days_ago(days),
        channel: Channel::ALL[channel],
        state: if open { ComplaintState::Open } else { ComplaintState::Resolved },
    });
    let standing = (prop::collection::vec(complaint, 0..3), prop::collection::vec(0_i64..40, 0..4));
    let name = "[A-Za-z]{1,9}( [a-z]{1,9}){0,8}";
    let stage = prop::option::of((0_usize..5).prop_map(|n| Stage::ALL[n]));
    let told = (prop::option::of(name), prop::option::of(name), prop::option::of(name), prop::option::of(name));
    (standing, stage, prop::option::of(0_i64..400), prop::option::of(0_i64..20), told).prop_map(
        |((complaints, outbound), stage, last_order, open_item, (allergic, competitor, considering, with))| Facts {
            standing: Standing { complaints, outbound: outbound.into_iter().map(days_ago).collect() },
            stage,
            last_order: last_order.map(days_ago),
            language: Some("it".to_owned()),
            open_item: open_item.map(days_ago),
            competitor,
            allergens: allergic.into_iter().map(|item| (item, Allergen::Sulphites)).collect(),
            considering,
            goes_with: with.map(|with| GoesWith { item: "Soup".to_owned(), because: "Often.".to_owned(), with }),
        },
    )
}

proptest! {
    #[test]
    fn no_advice_is_longer_than_twelve_words_and_none_offers_anything_under_a_veto(facts in facts()) {
        let rules = Rules::standard().unwrap();
        let (veto, advice) = decide(&facts, &rules, &Limits::default(), NOW);
        if let Some(advice) = advice {
            let words = advice.text.expose().split_whitespace().count();
            prop_assert!((1..=12).contains(&words), "{:?}", advice.text.expose());
            prop_assert!(!advice.reason.expose().is_empty());
            let rule = rules.iter().find(|rule| rule.id == advice.rule).unwrap();
            prop_assert!(!rule.pitch || veto.is_none());
        }
    }

    #[test]
    fn a_veto_lasts_until_the_moment_that_it_names(facts in facts(), most in 0_u32..4, quiet in 0_u32..20, fresh in 0_u32..40) {
        let limits = Limits { contacts_per_30_days: most, quiet_days: quiet, fresh_complaint_days: fresh };
        let mut standing = facts.standing;
        if let Err(Veto { until: Some(until), .. }) = may_contact(&standing, &limits, NOW) {
            prop_assert!(until > NOW);
            prop_assert!(may_contact(&standing, &limits, UnixMillis(until.0 - 1)).is_err());
            prop_assert_eq!(may_contact(&standing, &limits, until), Ok(()));
        }
        standing.complaints.push(Complaint { at: NOW, channel: Channel::Web, state: ComplaintState::Open });
        prop_assert_eq!(may_contact(&standing, &limits, NOW).unwrap_err().until, None);
    }
}

mod attended {
    use super::*;
    use crate::base::Pii;
    use crate::customer::goods::{Goods, Item, Together};
    use crate::customer::{Contact, CustomerId, Dossier, LikelyOrder, Order, OrderLine, Party, Profile, Taken};

    fn line(item: &str) -> OrderLine {
        OrderLine { item: item.to_owned(), quantity: 1, modifiers: vec![] }
    }

    fn dossier(allergies: &str, orders: &[&[&str]]) -> Dossier {
        let profile = Profile {
            customer: CustomerId::new("c"),
            name: Pii::new("Anna Example".to_owned()),
            household: None,
            party: Party::default(),
            language: None,
            allergies: Some(Pii::new(allergies.to_owned())),
            notes: None,
            since: days_ago(900),
            payment_on_file: false,
        };
        let order = |(n, items): (usize, &&[&str])| Order {
            order: n.to_string(),
            at: days_ago(7 * (n as i64 + 1)),
            lines: items.iter().map(|item| line(item)).collect(),
            taken: Taken::default(),
        };
        Dossier { profile, contacts: vec![], orders: orders.iter().enumerate().map(order).collect() }
    }

    fn likely(items: &[&str], sure: bool) -> LikelyOrder {
        let lines: Vec<OrderLine> = items.iter().map(|item| line(item)).collect();
        LikelyOrder { chances: vec![0.9; lines.len()], lines, sure, reason: String::new() }
    }

    fn goods() -> Goods {
        let item = |allergens: &[Allergen], goes_with: &[&str], tags: &[&str]| Item {
            available: true,
            category: Some("all".to_owned()),
            allergens: allergens.to_vec(),
            goes_with: goes_with.iter().map(|with| (*with).to_owned()).collect(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Item::default()
        };
        let items = [
            ("Tiramisu", item(&[Allergen::Eggs, Allergen::Milk], &["Coffee"], &[])),
            ("Coffee", item(&[], &[], &[])),
            ("Sorbet", item(&[], &["Coffee"], &["vegan"])),
            ("Panna cotta", Item { available: false, ..item(&[Allergen::Milk], &[], &[]) }),
        ];
        Goods::new(items.map(|(name, item)| (name.to_owned(), item)), Together::default())
    }

    fn attended(dossier: &Dossier, standing: &Standing, likely: &LikelyOrder, noted: &Noted) -> Care {
        let manners = Manners { rules: Rules::standard().unwrap(), limits: Limits::default() };
        attend(&Guest { dossier, standing, likely: Some(likely), noted }, &goods(), &manners, NOW)
    }

    #[test]
    fn what_contacts_say_is_noted() {
        let contact = |days, still_open: Option<&str>, items: &[&str], competitor: Option<&str>| Contact {
            contact: format!("k{days}"),
            at: days_ago(days),
            channel: Some(Channel::Email),
            agent: None,
            wanted: Pii::new("A question.".to_owned()),
            complaint: None,
            still_open: still_open.map(|text| Pii::new(text.to_owned())),
            items_considered: items.iter().map(|item| (*item).to_owned()).collect(),
            competitor: competitor.map(str::to_owned),
            order: None,
        };
        let contacts = vec![
            contact(3, Some("Send the invoice."), &["Sorbet"], None),
            contact(9, None, &["Tiramisu", "Coffee"], Some("Pronto Pizza")),
            contact(20, Some("Call back."), &[], Some("Another")),
        ];
        let noted = Noted::of(&Dossier { contacts, ..dossier("", &[&["Coffee"]]) });
        let said = (noted.stage, noted.open_item, noted.competitor.as_deref());
        assert_eq!(said, (None, Some(days_ago(20)), Some("Pronto Pizza")), "the oldest promise, the newest word");
        assert_eq!(noted.considered, ["Sorbet", "Tiramisu", "Coffee"]);
    }

    #[test]
    fn an_allergen_in_the_usual_order_is_warned_of_before_everything() {
        let standing = complained(2, Channel::Phone, ComplaintState::Open);
        let anna = dossier("Eier, lattosio", &[&["Tiramisu"], &["Tiramisu"]]);
        let care = attended(&anna, &standing, &likely(&["Tiramisu"], true), &Noted::default());
        let warning = care.allergy_warning.unwrap().into_exposed();
        assert_eq!(warning, "In the likely order: Tiramisu (eggs, milk).");
        assert_eq!(care.advice.unwrap().rule, "allergen");
        let silent =
            attended(&dossier("onions", &[&["Tiramisu"]]), &standing, &likely(&["Tiramisu"], true), &Noted::default());
        assert_eq!((silent.allergy_warning, silent.advice.unwrap().rule.as_str()), (None, "complaint"));
    }

    #[test]
    fn only_an_unsure_order_is_added_to_and_not_under_a_veto() {
        let ben = dossier("", &[&["Sorbet"], &["Sorbet"]]);
        let rule = |sure, standing: &Standing| {
            attended(&ben, standing, &likely(&["Sorbet"], sure), &Noted::default()).advice.map(|advice| advice.rule)
        };
        assert_eq!(rule(false, &Standing::default()).as_deref(), Some("goes with"));
        assert_eq!(rule(true, &Standing::default()), None, "the usual of a regular is left alone");
        assert_eq!(rule(false, &written_to(&[2])), None, "we have spoken up enough");
    }

    #[test]
    fn what_they_looked_at_is_offered_once_it_suits_them_and_was_never_had() {
        let noted = |items: &[&str]| Noted {
            considered: items.iter().map(|item| (*item).to_owned()).collect(),
            ..Noted::default()
        };
        let vegan = dossier("vegan", &[&["Coffee"], &["Coffee"]]);
        let text = |items: &[&str]| {
            let care = attended(&vegan, &Standing::default(), &likely(&["Coffee"], true), &noted(items));
            care.advice.map(|advice| advice.text.into_exposed())
        };
        assert_eq!(text(&["Motor oil", "Tiramisu", "Coffee"]), None);
        assert_eq!(text(&["Coffee", "Sorbet"]).as_deref(), Some("Ask whether they would like to try the Sorbet."));
    }

    #[test]
    fn what_they_had_and_cannot_have_is_replaced_by_what_they_may_have() {
        let standing = Standing::default();
        let carla = dossier("milk", &[&["Panna cotta"], &["Panna cotta", "Coffee"]]);
        let care = attended(&carla, &standing, &likely(&["Coffee"], true), &Noted::default());
        let [replacement] = &care.replacements[..] else { panic!("{:?}", care.replacements) };
        assert_eq!((replacement.item.as_str(), replacement.by.as_str()), ("Panna cotta", "Sorbet"));
    }

    #[test]
    fn who_came_lately_is_welcomed() {
        let mut dora = dossier("", &[&["Coffee"]]);
        let rule = |dora: &Dossier, noted: &Noted| {
            attended(dora, &Standing::default(), &likely(&["Coffee"], true), noted).advice.map(|advice| advice.rule)
        };
        assert_eq!(rule(&dora, &Noted::default()), None, "three years with one order is not new");
        dora.profile.since = days_ago(10);
        assert_eq!(rule(&dora, &Noted::default()).as_deref(), Some("welcome"));
        let known = Noted { stage: Some(Stage::Loyal), ..Noted::default() };
        assert_eq!(rule(&dora, &known), None, "who knows better is believed");
    }
}
