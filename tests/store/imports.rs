//! CSV files: all or nothing, and every bad row named without a word of its content.

use regulars::base::UnixMillis;
use regulars::customer::{Channel, ComplaintState, CustomerId, HouseholdId};
use regulars::store::StoreError;
use regulars::store::import::{BadRow, ImportOptions, ImportReport, Kind};

use crate::fixture::{Fixture, NOW, import_options, model, number};

const CUSTOMERS: &str = "\u{feff}customer_id,name,numbers,household,language,allergies,notes,since
a,Anna Example,+39 000 000000001; 000000000002,h1,it,nuts,\"rings twice, always\",2024-05-01
b,Ben Example,+39000000000001,h1,pt-BR,,,2024-05-02T10:00:00+02:00

c,\"Cleo \"\"C\"\" Example\",,,,,,
";

async fn dump(at: &Fixture) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["customers", "numbers", "households", "orders", "order_lines", "items", "contacts"] {
        counts.push(at.count(table).await);
    }
    counts
}

fn bad(line: u64, column: &'static str, reason: &str) -> BadRow {
    BadRow { line, column: Some(column), reason: reason.to_owned() }
}

pub async fn customers_come_with_their_numbers_and_household(at: &Fixture) {
    let report = at.import(Kind::Customers, CUSTOMERS).await.unwrap();
    assert_eq!((report.rows, report.bad_rows, report.kept), (3, 0, true));
    let said = "file.csv: 3 rows kept (3 new, 0 changed, 0 unchanged); numbers that several customers have: 1";
    assert_eq!(report.to_string(), said);
    let anna = at.store.profile(&CustomerId::new("a")).await.unwrap().unwrap();
    assert_eq!((anna.household, anna.language.as_deref()), (Some(HouseholdId::new("h1")), Some("it")));
    assert_eq!(anna.allergies.unwrap().expose(), "nuts");
    assert_eq!(anna.notes.unwrap().expose(), "rings twice, always");
    assert_eq!(anna.since, UnixMillis(1_714_514_400_000), "midnight in Rome, 22:00 UTC the day before");
    let ben = at.store.profile(&CustomerId::new("b")).await.unwrap().unwrap();
    assert_eq!((ben.allergies, ben.since), (None, UnixMillis(1_714_636_800_000)));
    let cleo = at.store.profile(&CustomerId::new("c")).await.unwrap().unwrap();
    assert_eq!((cleo.name.expose().as_str(), cleo.since), ("Cleo \"C\" Example", NOW));
    let at_one: Vec<_> = at.store.people_at(&number(1), &model()).await.unwrap();
    assert_eq!(at_one.iter().map(|p| p.customer.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(at.store.people_at(&number(2), &model()).await.unwrap().len(), 0, "000.. is international");
    assert_eq!(at.count("numbers").await, 3);
}

pub async fn the_same_file_twice_is_the_same_as_once(at: &Fixture) {
    let orders = "order_id,customer_id,ordered_at,item,quantity,modifiers
o1,a,2025-05-01 19:00,Margherita,2,extra olives;well done
o1,a,2025-05-01 19:00,Chinotto,1,
o2,b,2025-05-02 19:00,Calzone,,
";
    let contacts = "contact_id,customer_id,at,channel,agent,wanted,complaint
k1,a,2025-05-01,email,pia,cold pizza,open
";
    at.load(Kind::Customers, CUSTOMERS).await;
    at.load(Kind::Orders, orders).await;
    at.load(Kind::Contacts, contacts).await;
    let once = dump(at).await;
    let dossier = at.store.dossier(&CustomerId::new("a")).await.unwrap();
    at.load(Kind::Customers, CUSTOMERS).await;
    at.load(Kind::Orders, orders).await;
    at.load(Kind::Contacts, contacts).await;
    assert_eq!(dump(at).await, once);
    assert_eq!(at.store.dossier(&CustomerId::new("a")).await.unwrap(), dossier);
    assert_eq!(once, [3, 3, 1, 2, 3, 3, 1]);
    assert_eq!(at.count("audit WHERE action = 'import'").await, 6);
}

pub async fn a_missing_column_leaves_what_is_stored_and_an_empty_field_clears_it(at: &Fixture) {
    at.load(Kind::Customers, CUSTOMERS).await;
    at.load(Kind::Customers, "name,customer_id,notes\nAnna Sample,a,\n").await;
    let anna = at.store.profile(&CustomerId::new("a")).await.unwrap().unwrap();
    assert_eq!((anna.name.expose().as_str(), anna.notes), ("Anna Sample", None));
    assert_eq!(anna.allergies.unwrap().expose(), "nuts");
    assert_eq!((anna.language.as_deref(), anna.since), (Some("it"), UnixMillis(1_714_514_400_000)));
}

const ONE_BAD: &str = "customer_id,name,numbers
a,Anna Example,+39000000000001
b,Secretname Example,call me maybe
c,Cleo Example,+39000000000003
";

pub async fn one_bad_row_keeps_the_file_out(at: &Fixture) {
    let report = at.import(Kind::Customers, ONE_BAD).await.unwrap();
    assert_eq!((report.rows, report.bad_rows, report.kept), (3, 1, false));
    assert_eq!((report.bad[0].line, report.bad[0].column), (3, Some("numbers")));
    let text = report.to_string();
    assert!(text.starts_with("file.csv:3: column numbers: "), "{text}");
    assert!(!text.contains("Secret") && !text.contains("maybe"), "{text}");
    assert_eq!(dump(at).await.iter().sum::<i64>(), 0);
    // The store goes on after a file that was left out.
    at.load(Kind::Customers, "customer_id,name\na,Anna Example\n").await;
}

pub async fn the_good_rows_are_kept_when_asked_for(at: &Fixture) {
    let options = ImportOptions { keep_good: true, ..import_options(Kind::Customers) };
    let report = at.store.import(ONE_BAD.as_bytes(), &options).await.unwrap();
    assert_eq!((report.rows, report.bad_rows, report.rows_kept(), report.kept), (3, 1, 2, true));
    assert_eq!((at.count("customers").await, at.count("customers WHERE customer = 'b'").await), (2, 0));
}

pub async fn every_bad_row_is_counted_and_twenty_are_shown(at: &Fixture) {
    let mut text = "contact_id,customer_id,at,channel\n".to_owned();
    for n in 0..30 {
        text += &format!("k{n},nobody,2025-01-01,phone\n");
    }
    let report = at.import(Kind::Contacts, &text).await.unwrap();
    assert_eq!((report.bad_rows, report.bad.len()), (30, ImportReport::SHOWN));
    assert!(report.bad.iter().all(|bad| bad.column == Some("customer_id")));
    assert!(report.to_string().contains("10 more bad rows not shown"), "{report}");
}

pub async fn order_lines_may_stand_anywhere(at: &Fixture) {
    at.load(Kind::Customers, CUSTOMERS).await;
    let scattered = "order_id,customer_id,ordered_at,item
o1,a,2025-05-01 19:00,Margherita
o2,a,2025-05-02 19:00,Calzone
o1,a,2025-05-01 19:00,Chinotto
o2,a,2025-05-02 19:00,Aranciata
";
    at.load(Kind::Orders, scattered).await;
    let items = async || {
        let dossier = at.store.dossier(&CustomerId::new("a")).await.unwrap().unwrap();
        let items = |order: &regulars::customer::Order| order.lines.iter().map(|l| l.item.clone()).collect::<Vec<_>>();
        dossier.orders.iter().map(items).collect::<Vec<_>>()
    };
    assert_eq!(items().await, [["Calzone", "Aranciata"], ["Margherita", "Chinotto"]]);
    at.load(Kind::Orders, "order_id,customer_id,ordered_at,item\no1,a,2025-05-01 19:00,Tiramisu\n").await;
    assert_eq!(items().await, [vec!["Calzone", "Aranciata"], vec!["Tiramisu"]], "a later file replaces the order");
}

pub async fn an_order_has_one_customer_and_one_time(at: &Fixture) {
    at.load(Kind::Customers, CUSTOMERS).await;
    let text = "order_id,customer_id,ordered_at,item,quantity
o1,a,2025-05-01 19:00,Margherita,1
o1,b,2025-05-01 19:00,Margherita,1
o1,a,2025-05-01 20:00,Margherita,1
o2,nobody,2025-05-01 20:00,Margherita,1
o3,a,2025-05-01 20:00,Margherita,0
o3,a,2025-05-01 20:00,,1
o4,a
";
    let report = at.import(Kind::Orders, text).await.unwrap();
    let found: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    let (customer, time) = (Some("customer_id"), Some("ordered_at"));
    assert_eq!(found, [(3, customer), (4, time), (5, customer), (6, Some("quantity")), (7, Some("item")), (8, None)]);
    assert_eq!(at.count("orders").await, 0);
}

pub async fn times_are_the_shops_own(at: &Fixture) {
    at.load(Kind::Customers, CUSTOMERS).await;
    let text = "order_id,customer_id,ordered_at,item
winter,a,2025-01-15 19:30,Margherita
summer,a,2025-07-15 19:30,Margherita
utc,a,2025-07-15T19:30:00Z,Margherita
";
    at.load(Kind::Orders, text).await;
    let dossier = at.store.dossier(&CustomerId::new("a")).await.unwrap().unwrap();
    let times: Vec<i64> = dossier.orders.iter().map(|order| order.at.0 / 1000).collect();
    assert_eq!(times, [1_752_607_800, 1_752_600_600, 1_736_965_800], "UTC; Rome in summer -2 h; in winter -1 h");
    let text = "order_id,customer_id,ordered_at,item
o1,a,2026-05-04,Margherita
o2,a,01.05.2025,Margherita
o3,a,2025-02-30,Margherita
";
    let report = at.import(Kind::Orders, text).await.unwrap();
    assert_eq!(report.bad[0], bad(2, "ordered_at", "lies in the future"));
    assert_eq!(
        report.bad[1..].iter().map(|bad| (bad.line, bad.column)).collect::<Vec<_>>(),
        [(3, Some("ordered_at")), (4, Some("ordered_at"))]
    );
}

pub async fn contacts_carry_complaints(at: &Fixture) {
    at.load(Kind::Customers, CUSTOMERS).await;
    let text = "contact_id,customer_id,at,channel,agent,wanted,complaint
k1,a,2025-05-01,Email,pia,cold pizza,open
k2,a,2025-05-02,phone,,,
";
    at.load(Kind::Contacts, text).await;
    let dossier = at.store.dossier(&CustomerId::new("a")).await.unwrap().unwrap();
    assert_eq!(
        dossier.contacts.iter().map(|c| c.channel).collect::<Vec<_>>(),
        [Some(Channel::Phone), Some(Channel::Email)]
    );
    assert_eq!(dossier.open_complaint().unwrap().wanted.expose(), "cold pizza");
    at.load(Kind::Contacts, "contact_id,customer_id,at,channel,complaint\nk1,a,2025-05-01,email,resolved\n").await;
    let dossier = at.store.dossier(&CustomerId::new("a")).await.unwrap().unwrap();
    assert_eq!((dossier.open_complaint(), dossier.contacts[1].complaint), (None, Some(ComplaintState::Resolved)));
    assert_eq!(dossier.contacts[1].wanted.expose(), "cold pizza", "a column that is not there leaves what is stored");
    let text = "contact_id,customer_id,at,channel,complaint\nk3,a,2025-05-01,emial,\nk4,a,2025-05-01,web,maybe\n";
    let report = at.import(Kind::Contacts, text).await.unwrap();
    let channel = "is none of phone, web, email, shop, delivery; did you mean email?";
    assert_eq!(report.bad, [bad(2, "channel", channel), bad(3, "complaint", "is none of open, resolved")]);
}

async fn refused(at: &Fixture, text: &[u8]) -> String {
    let error = at.store.import(text, &import_options(Kind::Customers)).await.unwrap_err();
    assert!(matches!(error, StoreError::ImportFile { .. }), "{error}");
    error.to_string()
}

pub async fn a_wrong_header_names_the_right_one(at: &Fixture) {
    assert!(refused(at, b"customer_id,nmae\n").await.contains("column 2 is not known; did you mean name?"));
    assert!(refused(at, b"customer-id,name\n").await.contains("column 1 is not known; did you mean customer_id?"));
    assert!(refused(at, b"customer_id,numbers\n").await.contains("column name is missing"));
    assert!(refused(at, b"customer_id,name,name\n").await.contains("column name is there twice"));
    assert!(refused(at, b"customer_id;name\n").await.contains("separated by semicolons"));
    assert!(refused(at, b"").await.contains("empty"));
    let headless = refused(at, b"17,Anna Secretname\n").await;
    assert!(headless.contains("the first line must name the columns"), "{headless}");
    assert!(!headless.contains("Secretname"), "{headless}");
}

pub async fn wrong_encodings_are_named(at: &Fixture) {
    let utf16: Vec<u8> = "\u{feff}customer_id,name\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refused(at, &utf16).await.contains("UTF-16"));
    assert!(refused(at, &utf16[2..]).await.contains("UTF-16"));
    assert!(refused(at, b"PK\x03\x04rest of a spreadsheet").await.contains("export it as CSV"));
    let latin1 = b"customer_id,name\na,Ren\xe9 Example\n";
    let report = at.store.import(&latin1[..], &import_options(Kind::Customers)).await.unwrap();
    assert_eq!((report.bad[0].line, report.bad[0].column), (2, Some("name")));
    assert!(report.bad[0].reason.contains("not UTF-8"), "{report}");
    let nul = at.import(Kind::Customers, "customer_id,name\na,\"An\u{1}na\"\n").await.unwrap();
    assert_eq!(nul.bad, [bad(2, "name", "holds a control character")]);
}
