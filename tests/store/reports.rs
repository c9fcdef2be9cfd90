//! What an import says it did, what a dry run says it would do, and files that would lose or double something.

use std::fmt::Write as _;

use regulars::customer::CustomerId;
use regulars::store::import::{ImportOptions, ImportReport, Kind};

use crate::fixture::{Fixture, import_options};

fn counts(report: &ImportReport) -> [u64; 5] {
    [report.new, report.changed, report.unchanged, report.lines_gone, report.bad_rows]
}

const CUSTOMERS: &str = "customer_id,name,numbers,roles
a,Anna Example,+39000000000001,client
b,Ben Example,+39000000000001,
c,Cleo Example,,
";
const ORDERS: &str = "order_id,customer_id,ordered_at,item,quantity,modifiers
o1,a,2025-05-01 19:00,Margherita,2,extra olives
o1,a,2025-05-01 19:00,Chinotto,1,
o2,b,2025-05-02 19:00,Calzone,,
";
const CONTACTS: &str = "contact_id,customer_id,at,channel,wanted,complaint
k1,a,2025-05-01,email,cold pizza,open
k2,a,2025-05-02,phone,,
";

pub async fn a_report_tells_new_from_changed_from_unchanged(at: &Fixture) {
    let report = at.import(Kind::Customers, CUSTOMERS).await.unwrap();
    assert_eq!((counts(&report), report.shared_numbers), ([3, 0, 0, 0, 0], 1));
    assert!(report.to_string().contains("numbers that several customers have: 1"), "{report}");
    let changed = "customer_id,name,numbers,roles
a,Anna Sample,+39000000000001,client
b,Ben Example,+39000000000002,
c,Cleo Example,,partner
d,Dora Example,,
";
    let report = at.import(Kind::Customers, changed).await.unwrap();
    assert_eq!(counts(&report), [1, 3, 0, 0, 0], "a name, a number and a role are changes");
    assert_eq!(counts(&at.import(Kind::Customers, changed).await.unwrap()), [0, 0, 4, 0, 0]);

    assert_eq!(counts(&at.import(Kind::Contacts, CONTACTS).await.unwrap()), [2, 0, 0, 0, 0]);
    let resolved = CONTACTS.replace("open", "resolved");
    assert_eq!(counts(&at.import(Kind::Contacts, &resolved).await.unwrap()), [0, 1, 1, 0, 0]);

    assert_eq!(counts(&at.import(Kind::Orders, ORDERS).await.unwrap()), [3, 0, 0, 0, 0]);
    assert_eq!(counts(&at.import(Kind::Orders, ORDERS).await.unwrap()), [0, 0, 3, 0, 0]);
    let other_line = ORDERS.replace("Chinotto", "Aranciata");
    assert_eq!(counts(&at.import(Kind::Orders, &other_line).await.unwrap()), [0, 1, 2, 0, 0]);
    let later = ORDERS.replace("2025-05-01", "2025-06-01");
    assert_eq!(counts(&at.import(Kind::Orders, &later).await.unwrap()), [0, 2, 1, 0, 0], "its time, and a line back");
    let shorter = "order_id,customer_id,ordered_at,item\no1,a,2025-06-01 19:00,Margherita\n";
    let report = at.import(Kind::Orders, shorter).await.unwrap();
    assert_eq!(counts(&report), [0, 1, 0, 1, 0], "{report}");
    assert_eq!(at.count("order_lines").await, 2);
    assert_eq!(at.count("order_lines WHERE line < 0").await, 0);
}

pub async fn a_dry_run_reads_everything_and_writes_nothing(at: &Fixture) {
    let dry = async |kind, text: &str| {
        let options = ImportOptions { dry_run: true, ..import_options(kind) };
        at.store.import(text.as_bytes(), &options).await.unwrap()
    };
    let report = dry(Kind::Customers, CUSTOMERS).await;
    assert_eq!((counts(&report), report.kept), ([3, 0, 0, 0, 0], true));
    let said = report.to_string();
    assert!(said.contains("3 rows would be kept (3 new") && said.contains("nothing was written"), "{said}");
    assert_eq!((at.count("customers").await, at.count("numbers").await, at.count("audit").await), (0, 0, 0));
    assert_eq!(at.count("outbox").await, 0, "nobody is told of what did not happen");
    at.load(Kind::Customers, CUSTOMERS).await;
    at.load(Kind::Orders, ORDERS).await;
    let report = dry(Kind::Orders, &ORDERS.replace("Calzone,,", "Margherita,,").replace("o1,a", "o1,b")).await;
    assert_eq!(counts(&report), [0, 2, 1, 0, 0], "{report}");
    assert_eq!(at.count("order_lines WHERE item = 'Calzone'").await, 1);
    assert_eq!(at.count("orders WHERE customer = 'a'").await, 1);
    let report = dry(Kind::Contacts, "contact_id,customer_id,at,channel\nk1,nobody,2025-05-01,phone\n").await;
    assert!(!report.kept && report.to_string().contains("nothing would be kept"), "{report}");
    assert_eq!(at.count("audit WHERE action = 'import'").await, 2);
}

pub async fn a_key_that_is_there_twice_with_other_content_is_a_bad_row(at: &Fixture) {
    let text = "customer_id,name,numbers
a,Anna Example,+39000000000001
a,Anna Example,+39000000000002
a,Another Example,
";
    let report = at.import(Kind::Customers, text).await.unwrap();
    let found: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(found, [(4, Some("customer_id"))], "a second number is no contradiction");
    at.load(Kind::Customers, CUSTOMERS).await;
    let text = format!("{CONTACTS}k2,a,2025-05-02,phone,,\nk2,a,2025-05-03,phone,,\n");
    let report = at.import(Kind::Contacts, &text).await.unwrap();
    assert_eq!(report.bad.iter().map(|bad| (bad.line, bad.column)).collect::<Vec<_>>(), [(5, Some("contact_id"))]);
    let options = ImportOptions { keep_good: true, ..import_options(Kind::Contacts) };
    at.store.import(text.as_bytes(), &options).await.unwrap();
    assert_eq!(at.count("contacts WHERE at_ms = 1746136800000").await, 1, "the first row of the two stands");
}

/// More rows than are written at once, so that orders begin in one batch and go on in another.
pub async fn orders_may_be_scattered_over_a_long_file(at: &Fixture) {
    at.load(Kind::Customers, CUSTOMERS).await;
    let mut text = "order_id,customer_id,ordered_at,item,quantity\n".to_owned();
    for line in 0..5 {
        for order in 0..90 {
            writeln!(text, "o{order},a,2025-05-01 19:00,Item {},{}", order % 7, line + 1).unwrap();
        }
    }
    let report = at.import(Kind::Orders, &text).await.unwrap();
    assert_eq!(counts(&report), [450, 0, 0, 0, 0], "{report}");
    let orders = at.store.dossier(&CustomerId::new("a")).await.unwrap().unwrap().orders;
    assert_eq!(orders.len(), 90);
    assert!(orders.iter().all(|order| order.lines.iter().map(|line| line.quantity).eq(1..=5)));
    assert_eq!(counts(&at.import(Kind::Orders, &text).await.unwrap()), [0, 0, 450, 0, 0]);
    // One bad row late in the file, after batches that were written.
    let bad = format!("{text}o3,b,2025-05-01 19:00,Item 3,1\no91,a\no92,a,2025-05-01,,1\n");
    let report = at.import(Kind::Orders, &bad).await.unwrap();
    let lines: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(lines, [(452, Some("customer_id")), (453, None), (454, Some("item"))]);
    assert_eq!((at.count("orders").await, at.count("order_lines").await), (90, 450));
}

pub async fn the_menu_is_imported(at: &Fixture) {
    let menu = "item,available\nMargherita,yes\nCalzone,no\nChinotto,\n";
    assert_eq!(counts(&at.import(Kind::Products, menu).await.unwrap()), [3, 0, 0, 0, 0]);
    assert_eq!(at.store.menu().await.unwrap(), ["Chinotto", "Margherita"]);
    let report = at.import(Kind::Products, "item\nCalzone\nTiramisu\n").await.unwrap();
    assert_eq!(counts(&report), [1, 0, 1, 0, 0], "a file without the column leaves what is stored");
    let report =
        at.import(Kind::Products, "item,available\nCalzone,TRUE\nCalzone,false\nChinotto,perhaps\n").await.unwrap();
    let found: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(found, [(3, Some("item")), (4, Some("available"))]);
    assert_eq!(at.store.menu().await.unwrap(), ["Chinotto", "Margherita", "Tiramisu"]);
}

pub async fn files_that_are_no_files_of_rows_are_refused(at: &Fixture) {
    let refused =
        async |bytes: &[u8]| at.store.import(bytes, &import_options(Kind::Customers)).await.unwrap_err().to_string();
    let old_spreadsheet = refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").await;
    assert!(old_spreadsheet.contains("export it as CSV"), "{old_spreadsheet}");
    let zeros = refused(b"customer_id,name\n\0\0\0\0\n").await;
    assert!(zeros.contains("no text file"), "{zeros}");
    // A quotation mark too many makes the rest of the file one field.
    let mut text = "customer_id,name\na,Anna Example\nb,\"Ben Example\n".to_owned();
    text.push_str(&"c,Cleo Example\n".repeat(200_000));
    let endless = refused(text.as_bytes()).await;
    assert!(endless.contains("line 3: a row that does not end; is a quotation mark missing?"), "{endless}");
    assert_eq!(at.count("customers").await, 0);
    // Beyond what is looked at first.
    let text = format!("customer_id,name\n{}z,An\0na\n", "a,Anna Example\n".repeat(10_000));
    let report = at.import(Kind::Customers, &text).await.unwrap();
    assert_eq!((report.bad[0].line, report.bad[0].column), (10_002, Some("name")), "{report}");
    let report = at.import(Kind::Customers, "customer_id,name\na,Anna Example,and,more\n").await.unwrap();
    assert!(report.bad[0].reason.contains("has 4 fields where the first line has 2"), "{report}");
}
