//! Files as a shop's own program writes them.

use regulars::base::UnixMillis;
use regulars::customer::{Channel, ComplaintState, CustomerId};
use regulars::store::StoreError;
use regulars::store::import::{ImportOptions, ImportReport, Kind, Mapping};

use crate::fixture::{Fixture, import_options, model, number};

fn mapping(kind: Kind, text: &str) -> Mapping {
    Mapping::parse(kind, "map.toml", text).unwrap()
}

async fn import(at: &Fixture, kind: Kind, map: &str, file: &[u8]) -> Result<ImportReport, StoreError> {
    at.store.import(file, &ImportOptions { mapping: mapping(kind, map), ..import_options(kind) }).await
}

const CUSTOMERS: &str = "
separator = \";\"
encoding = \"windows-1252\"
time_format = \"%d.%m.%Y\"
list_separator = \",\"
[columns]
customer_id = \"KundenNr\"
name = [\"Vorname\", \"Nachname\"]
numbers = \"Telefon\"
language = { column = \"Sprache\", values = { Deutsch = \"de\", Italienisch = \"it\" } }
since = \"Kunde seit\"
kind = { value = \"person\" }
";

pub async fn a_shops_own_columns_become_ours(at: &Fixture) {
    // René in Windows-1252, with the euro sign that ISO-8859-1 has not.
    let file = b"KundenNr;Anrede;Nachname;Vorname;Telefon;Sprache;Kunde Seit
7;Herr;Example;Ren\xe9;+39 000 000000001, +39000000000002;deutsch;24.12.2024
8;;Owes \x80 5;Anna;;fr;
";
    let report = import(at, Kind::Customers, CUSTOMERS, file).await.unwrap();
    assert_eq!(report.bad, [], "{report}");
    let rene = at.store.profile(&CustomerId::new("7")).await.unwrap().unwrap();
    assert_eq!((rene.name.expose().as_str(), rene.language.as_deref()), ("René Example", Some("de")));
    assert_eq!(rene.since, UnixMillis(1_734_994_800_000), "midnight in Rome, 2024-12-23 23:00 UTC");
    assert_eq!(at.store.people_at(&number(2), &model()).await.unwrap().len(), 1);
    let anna = at.store.profile(&CustomerId::new("8")).await.unwrap().unwrap();
    assert_eq!((anna.name.expose().as_str(), anna.language.as_deref()), ("Anna Owes € 5", Some("fr")));
}

pub async fn orders_may_have_their_own_dates_and_numbers(at: &Fixture) {
    at.load(Kind::Customers, "customer_id,name\n7,Anna Example\n").await;
    let map = "
separator = \"tab\"
time_format = [\"%d.%m.%Y %H:%M\", \"%d.%m.%y %H:%M %z\"]
time_zone = \"Europe/London\"
decimal_comma = true
list_separator = \"+\"
[columns]
order_id = \"Beleg\"
customer_id = \"Kunde\"
ordered_at = { columns = [\"Datum\", \"Zeit\"] }
item = \"Artikel\"
quantity = \"Menge\"
modifiers = \"Extras\"
";
    let file = "Beleg\tDatum\tZeit\tKunde\tArtikel\tMenge\tExtras
1\t15.07.2025\t19:30\t7\tMargherita\t2,00\tOliven + gut durch
2\t16.07.25\t19:30 +0200\t7\tCalzone\t1\t
";
    let report = import(at, Kind::Orders, map, file.as_bytes()).await.unwrap();
    assert_eq!(report.bad, [], "{report}");
    let orders = at.store.dossier(&CustomerId::new("7")).await.unwrap().unwrap().orders;
    let times: Vec<i64> = orders.iter().map(|order| order.at.0 / 1000).collect();
    assert_eq!(times, [1_752_687_000, 1_752_604_200], "17:30 UTC as the offset says; 18:30 UTC in London's summer");
    assert_eq!(
        (orders[1].lines[0].quantity, &orders[1].lines[0].modifiers[..]),
        (2, &["Oliven", "gut durch"].map(str::to_owned)[..])
    );
    let bad = "Beleg\tDatum\tZeit\tKunde\tArtikel\tMenge\tExtras
3\t2025-07-15\t19:30\t7\tCalzone\t1\t
4\t15.07.2025\t19:30\t7\tCalzone\t0,5\t
5\t15.07.2025\t19:30\t7\tCalzone\t2.000\t
6\t15.07.2027\t19:30\t7\tCalzone\t1\t
";
    let report = import(at, Kind::Orders, map, bad.as_bytes()).await.unwrap();
    let columns: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column.unwrap())).collect();
    assert_eq!(columns, [(2, "ordered_at"), (3, "quantity"), (4, "quantity"), (5, "ordered_at")]);
    assert!(report.bad[0].reason.contains("%d.%m.%Y %H:%M or "), "{report}");
    assert_eq!(report.bad[3].reason, "lies in the future");
}

pub async fn missing_columns_are_constants_and_words_are_translated(at: &Fixture) {
    at.load(Kind::Customers, "customer_id,name\n7,Anna Example\n").await;
    let map = "
[columns]
contact_id = \"id\"
customer_id = \"kunde\"
at = \"am\"
channel = { value = \"shop\" }
complaint = { column = \"status\", values = { offen = \"open\", \"erledigt\" = \"resolved\", \"-\" = \"\" } }
";
    let file =
        "id,kunde,am,status,not ours\nk1,7,2025-05-01,Offen,x\nk2,7,2025-05-02, erledigt ,x\nk3,7,2025-05-03,-,x\n";
    let report = import(at, Kind::Contacts, map, file.as_bytes()).await.unwrap();
    assert_eq!((report.new, report.bad_rows), (3, 0), "{report}");
    let contacts = at.store.dossier(&CustomerId::new("7")).await.unwrap().unwrap().contacts;
    assert!(contacts.iter().all(|contact| contact.channel == Some(Channel::Shop)));
    let states: Vec<_> = contacts.iter().map(|contact| contact.complaint).collect();
    assert_eq!(states, [None, Some(ComplaintState::Resolved), Some(ComplaintState::Open)]);
    let report = import(at, Kind::Contacts, map, b"id,kunde,am,status\nk4,7,2025-05-01,vertagt\n").await.unwrap();
    assert_eq!(report.bad[0].column, Some("complaint"), "a word that is not in the list stands for itself");
    let unmapped = import(at, Kind::Contacts, map, b"id,kunden,am,status\n").await.unwrap_err().to_string();
    assert!(unmapped.contains("no column kunde, which the mapping names; did you mean kunden?"), "{unmapped}");
}

pub async fn a_named_encoding_is_read_and_none_is_guessed(at: &Fixture) {
    let utf16: Vec<u8> =
        "\u{feff}customer_id,name\na,René Example\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let plain = at.store.import(&utf16[..], &import_options(Kind::Customers)).await.unwrap_err().to_string();
    assert!(plain.contains("encoding = \"utf-16le\" in a mapping"), "{plain}");
    let report = import(at, Kind::Customers, "encoding = \"utf-16le\"", &utf16).await.unwrap();
    assert_eq!((report.new, report.bad_rows), (1, 0), "{report}");
    let rene = at.store.profile(&CustomerId::new("a")).await.unwrap().unwrap();
    assert_eq!(rene.name.expose(), "René Example");
    // Half a pair of surrogates: a letter is lost, and that is said.
    let broken: Vec<u8> = [&utf16[..], b"b\0,\0\x00\xd8x\0\n\0"].concat();
    let report = import(at, Kind::Customers, "encoding = \"utf-16le\"", &broken).await.unwrap();
    assert_eq!((report.bad[0].line, report.bad[0].column), (3, Some("name")), "{report}");
    let report =
        at.store.import(&b"customer_id,name\na,Ren\xe9\n"[..], &import_options(Kind::Customers)).await.unwrap();
    assert!(report.bad[0].reason.contains("encoding = \"windows-1252\""), "{report}");
}

#[test]
fn what_a_mapping_cannot_mean_is_refused() {
    let refused = |text: &str| Mapping::parse(Kind::Orders, "map.toml", text).unwrap_err().to_string();
    for (text, reason) in [
        ("seperator = \";\"", "the key seperator is not known; did you mean separator?"),
        ("[columns]\nordered = \"x\"", "there is no column ordered of orders; did you mean ordered_at?"),
        ("[columns]\nitem = { colum = \"x\" }", "column item: the key colum is not known; did you mean column?"),
        ("[columns]\nitem = { values = {} }", "column item needs either column or value"),
        ("[columns]\nitem = { column = \"x\", value = \"y\" }", "column item needs either column or value"),
        ("separator = \"; \"", "separator must be one character"),
        ("encoding = \"windows-1253b\"", "the encoding windows-1253b is not known"),
        ("time_format = \"%d.%m\"", "time_format \"%d.%m\" gives no day"),
        ("time_format = \"%d.%m.%Q\"", "time_format \"%d.%m.%Q\" gives no day"),
        ("time_zone = \"Europe/Atlantis\"", "time_zone Europe/Atlantis is none of the IANA's"),
        ("decimal_comma = 1", "decimal_comma must be true or false"),
        ("columns = 1", "columns must be a table"),
        ("[columns\n", "line 1"),
    ] {
        let said = refused(text);
        assert!(said.starts_with("the mapping map.toml: ") && said.contains(reason), "{said}");
    }
}
