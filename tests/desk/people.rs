//! Made-up regulars. No number is in service: the US ones are 555-01xx, the German ones of the range for fiction.

use std::sync::Arc;

use regulars::base::{E164, Pii, UnixMillis};
use regulars::call::{Known, Person};
use regulars::customer::care::{Complaint, Guest, Limits, Manners, Noted, Rules, Standing, attend};
use regulars::customer::goods::{Allergen, Goods, Item, Together};
use regulars::customer::timeline::last_contact;
use regulars::customer::{
    Channel, ComplaintState, Contact, CustomerId, Dossier, LikelyOrder, Order, OrderLine, Party, PersonAtNumber,
    Profile, Taken,
};

pub const ANNA: &str = "c-101";
pub const MARCO: &str = "c-102";
pub const GIULIA: &str = "c-103";
pub const JONAS: &str = "c-104";

pub const ALLERGY: &str = "Hazelnuts";
pub const COMPLAINT: &str = "The pizza came cold, and half an hour late.";
pub const USUAL: &str = "Quattro Stagioni";

const DAY_MS: i64 = 86_400_000;

pub fn name_of(customer: &str) -> &'static str {
    match customer {
        ANNA => "Anna Ferrante",
        MARCO => "Marco Ferrante",
        GIULIA => "Giulia Ferrante",
        _ => "Jonas Lindqvist",
    }
}

pub fn number() -> E164 {
    E164::parse("+493023125042", None).unwrap()
}

pub fn person(customer: &str) -> Person {
    Person { customer: CustomerId::new(customer), name: Pii::new(name_of(customer).to_owned()) }
}

pub fn at_number(customer: &str, recognisable: bool) -> PersonAtNumber {
    let Person { customer, name } = person(customer);
    PersonAtNumber { customer, name, calls_from_number: 7, recognisable }
}

pub fn line(item: &str, quantity: u32, modifiers: &[&str]) -> OrderLine {
    OrderLine { item: item.to_owned(), quantity, modifiers: modifiers.iter().map(|&m| m.to_owned()).collect() }
}

/// What the shop of the tests knows of its items.
pub fn goods() -> Goods {
    let item = |price: u64, category: &str, allergens: &[Allergen], goes_with: &[&str]| Item {
        available: true,
        price_minor: Some(price),
        category: Some(category.to_owned()),
        allergens: allergens.to_vec(),
        goes_with: goes_with.iter().map(|&with| with.to_owned()).collect(),
        ..Item::default()
    };
    use Allergen::{Eggs, Gluten, Milk};
    let items = [
        ("Margherita", item(850, "Pizza", &[Gluten, Milk], &["Acqua frizzante"])),
        (USUAL, item(1150, "Pizza", &[Gluten, Milk], &[])),
        ("Marinara", item(750, "Pizza", &[Gluten], &[])),
        ("Diavola", Item { available: false, ..item(1050, "Pizza", &[Gluten, Milk], &[]) }),
        ("Rocket salad", item(600, "Salads", &[], &[])),
        ("Tiramisu", item(550, "Desserts", &[Eggs, Milk, Gluten], &[])),
        ("Acqua frizzante", item(250, "Drinks", &[], &[])),
    ];
    Goods::new(items.map(|(name, item)| (name.to_owned(), item)), Together::default())
}

/// Anna has a complaint, an allergy and a usual order; Giulia must not have milk, and misses the Diavola; Jonas has an unsure order
/// and nothing against an offer; Marco has a quiet card.
pub fn known(customer: &str, now: UnixMillis) -> Arc<Known> {
    let is_anna = customer == ANNA;
    let ago = |days: i64| UnixMillis(now.0 - days * DAY_MS);
    let contact = |days, channel, agent: &str, wanted: &str, complaint| Contact {
        contact: format!("k-{days}"),
        at: ago(days),
        channel: Some(channel),
        agent: Some(agent.to_owned()),
        wanted: Pii::new(wanted.to_owned()),
        complaint,
        still_open: None,
        items_considered: Vec::new(),
        competitor: None,
        order: None,
    };
    let mut contacts = vec![
        contact(15, Channel::Phone, "Sam", "Table for six on her mother's birthday.", None),
        contact(22, Channel::Web, "Robin", "Asked whether the dough is free of milk.", None),
        contact(61, Channel::Delivery, "Kim", "Tiramisu was missing.", Some(ComplaintState::Resolved)),
    ];
    contacts[1].items_considered = vec!["Margherita".to_owned(), "Tiramisu".to_owned()];
    contacts[1].competitor = Some("Pronto Pizza".to_owned());
    if is_anna {
        contacts.insert(0, contact(8, Channel::Phone, "Robin", COMPLAINT, Some(ComplaintState::Open)));
    }
    let usual = vec![line(USUAL, 1, &["extra olives"]), line("Rocket salad", 1, &[]), line("Acqua frizzante", 2, &[])];
    let profile = Profile {
        customer: CustomerId::new(customer),
        name: person(customer).name,
        household: None,
        party: Party::default(),
        language: Some(if is_anna { "it" } else { "de" }.to_owned()),
        allergies: match customer {
            ANNA => Some(ALLERGY),
            GIULIA => Some("Milch"),
            _ => None,
        }
        .map(|text| Pii::new(text.to_owned())),
        notes: is_anna.then(|| Pii::new("Third floor, the bell is broken: call on arrival.".to_owned())),
        since: UnixMillis(1_600_000_000_000),
        payment_on_file: is_anna,
    };
    let likely = LikelyOrder {
        lines: if is_anna { usual.clone() } else { vec![line("Margherita", 1, &[])] },
        chances: if is_anna { vec![0.91, 0.74, 0.66] } else { vec![0.28] },
        sure: is_anna || customer == MARCO,
        reason: if is_anna { "In 7 of the last 8 orders, mostly Friday evening." } else { "In 2 of 9 orders." }
            .to_owned(),
    };
    let ordered = if customer == GIULIA { vec![line("Diavola", 1, &[]), line("Margherita", 1, &[])] } else { usual };
    let orders = vec![Order { order: "4700".to_owned(), at: ago(8), lines: ordered, taken: Taken::default() }];
    attended(Dossier { profile, contacts, orders }, likely, now)
}

/// With the care that complaints, the goods and the likely order call for; nothing is noted of offers elsewhere.
pub fn attended(dossier: Dossier, likely: LikelyOrder, now: UnixMillis) -> Arc<Known> {
    let complaint =
        |contact: &Contact| Some(Complaint { at: contact.at, channel: contact.channel?, state: contact.complaint? });
    let complaints = dossier.contacts.iter().filter_map(complaint).collect();
    let (standing, noted) = (Standing { complaints, outbound: Vec::new() }, Noted::default());
    let manners = Manners { rules: Rules::standard().unwrap(), limits: Limits::default() };
    let guest = Guest { dossier: &dossier, standing: &standing, likely: Some(&likely), noted: &noted };
    let care = attend(&guest, &goods(), &manners, now);
    let last_contact = last_contact(&dossier, now, &jiff::tz::TimeZone::UTC);
    Arc::new(Known { dossier, likely: Some(likely), brief: None, last_contact, care })
}
