//! Everything about one person, and nothing about anybody else.

use std::collections::{BTreeMap, BTreeSet};

use regulars::base::{CallId, Line, UnixMillis};
use regulars::customer::CustomerId;
use regulars::identity::{JudgedCall, State, Trial};
use regulars::store::StoreError;
use regulars::store::export::{Export, ExportedTable};
use regulars::store::import::Kind;
use regulars::voice::{Bandwidth, Quality, Score};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::fixture::{Fixture, NOW, model, print, yes};

const CUSTOMERS: &str =
    "customer_id,name,numbers,household,language,allergies,notes,since,kind,roles,company,account_manager
firm,Example Ltd,,,,,,2024-01-01,company,client,,Pia
a,Anna Example,+39000000000001,h1,it,nuts,\"rings, twice\",2024-05-01,person,consumer,firm,
a2,A. Example,+39000000000002,,,,,2024-06-01,,,,
b,Ben Secretname,+39000000000001,h1,,,,2024-07-01,,,,
";

async fn fill(at: &Fixture) {
    at.load(Kind::Customers, CUSTOMERS).await;
    let orders = "order_id,customer_id,ordered_at,item,quantity,modifiers
o1,a,2025-05-01 19:00,Margherita,2,extra olives;well done
o2,a2,2025-05-02 19:00,Calzone,1,
o3,b,2025-05-03 19:00,Tiramisu,1,
";
    at.load(Kind::Orders, orders).await;
    let contacts = "contact_id,customer_id,at,channel,agent,wanted,complaint,order_id,items_considered
k1,a,2025-05-01,email,pia,cold pizza,open,o1,Tartufo
k2,b,2025-05-01,email,pia,Secretname's wish,,,Tiramisu
";
    at.load(Kind::Contacts, contacts).await;
    for key in ["a", "b"] {
        at.store.enroll(yes(&CustomerId::new(key)), print(1)).await.unwrap();
    }
    let trial = |who: &str, score| Trial { customer: CustomerId::new(who), score: Score(score), enrolled_calls: 1 };
    let judged = JudgedCall {
        call: CallId::new("call-1".to_owned()),
        at: NOW,
        line: Line::new("shop".to_owned()),
        bandwidth: Bandwidth::Narrow,
        quality: Quality { net_speech_ms: 5000, snr_db: 20.0 },
        state: State::Recognised,
        named: Some((CustomerId::new("a"), 0.5)),
        truth: Some(CustomerId::new("b")),
        trials: vec![trial("a", 0.75), trial("b", 0.25)],
    };
    at.store.record_judged(&judged, &model()).await.unwrap();
    at.store.merge(&CustomerId::new("a2"), &CustomerId::new("a"), "pia", NOW).await.unwrap();
}

async fn export(at: &Fixture, key: &str) -> Export {
    at.store.export(&CustomerId::new(key), "toni", UnixMillis(NOW.0 + 1000)).await.unwrap()
}

fn objects(export: &Export) -> Value {
    serde_json::to_value(export).unwrap()
}

pub async fn everything_about_a_person_is_told_and_nothing_of_anybody_else(at: &Fixture) {
    fill(at).await;
    let export = export(at, "a2").await;
    assert_eq!(export.customer, CustomerId::new("a"), "a double is told as the party it belongs to");
    let all = objects(&export);
    assert!(!all.to_string().contains("Secretname") && !all.to_string().contains("Tiramisu"), "{all}");
    assert_eq!((&all["party"], &all["exported_at"]), (&json!("a"), &json!("2026-05-01T18:30:01Z")));
    let anna = json!({
        "customer_id": "a", "name": "Anna Example", "kind": "person", "household": "h1", "company": "firm",
        "company_name": "Example Ltd", "account_manager": null, "language": "it", "allergies": "nuts",
        "notes": "rings, twice", "since": "2024-04-30T22:00:00Z", "payment_on_file": false, "merged_into": null,
    });
    assert_eq!(all["customers"][0], anna);
    assert_eq!(all["customers"][1]["merged_into"], "a");
    let numbers: Vec<_> = all["numbers"].as_array().unwrap().iter().map(|row| row["number"].clone()).collect();
    assert_eq!(numbers, ["+39000000000001", "+39000000000002"]);
    assert_eq!(all["party_roles"], json!([{ "customer_id": "a", "role": "consumer" }]));
    assert_eq!(all["merges"][0]["double"], "a2");
    assert_eq!(
        (&all["contacts"][0]["wanted"], &all["contacts"][0]["complaint"]),
        (&json!("cold pizza"), &json!("open"))
    );
    let considered = json!([{ "contact_id": "k1", "place": 0, "item": "Tartufo" }]);
    assert_eq!((&all["contacts"][0]["order_id"], &all["contact_items"]), (&json!("o1"), &considered));
    let line = json!({ "order_id": "o1", "line": 0, "item": "Margherita", "quantity": 2, "modifiers": ["extra olives", "well done"] });
    assert_eq!(all["order_lines"][0], line);
    assert_eq!(all["orders"].as_array().unwrap().len(), 2);
    let consent = &all["consents"][0];
    assert_eq!(
        (&consent["given"], &consent["script"], &consent["operator"]),
        (&json!(true), &json!("phone-en-2"), &json!("pia"))
    );
    let voiceprint = &all["voiceprints"][0];
    assert_eq!(
        (&voiceprint["net_speech_ms"], &voiceprint["enrolled"]),
        (&json!(12_001), &json!("2026-05-01T18:30:00Z"))
    );
    assert!(voiceprint.get("sealed").is_none() && voiceprint.get("nonce").is_none());
    let judged = &all["judged_calls"][0];
    assert_eq!((&judged["named"], &judged["chance"], &judged["truth"]), (&json!("a"), &json!(0.5), &Value::Null));
    assert_eq!(
        all["judged_trials"],
        json!([{ "call_id": "call-1", "customer_id": "a", "score": 0.75, "enrolled_calls": 1 }])
    );
    let actions: Vec<_> = all["audit"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert!(actions.contains(&json!("merge")) && actions.last() == Some(&json!("export")), "{actions:?}");
    assert_eq!(at.store.audit_rows(1).await.unwrap()[0].operator, "toni");
    let nobody = at.store.export(&CustomerId::new("nobody"), "toni", NOW).await;
    assert!(matches!(nobody, Err(StoreError::UnknownCustomer(_))));
    assert_eq!(at.count("audit WHERE action = 'export'").await, 1);
}

/// Columns that only a program needs, or that no other program can read.
const LEFT_OUT: &[&str] = &[
    "orders.idempotency_key",
    "orders.import_run",
    "consents.seq",
    "audit.seq",
    "voiceprints.consent",
    "voiceprints.purpose",
    "voiceprints.given",
    "voiceprints.sealed",
    "voiceprints.nonce",
    "fingerprints.id",
    "fingerprints.sealed",
    "fingerprints.nonce",
    "outbox.entry",
    "outbox.seq",
];

/// Walks the schema: every table that leads to a customer, and every column of it.
pub async fn no_table_about_customers_is_forgotten(at: &Fixture) {
    fill(at).await;
    let (references, columns) = if at.is_postgres() {
        let references = "SELECT CAST(conrelid::regclass AS TEXT), CAST(confrelid::regclass AS TEXT)
                          FROM pg_constraint WHERE contype = 'f'";
        let columns = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT)
                       FROM information_schema.columns WHERE table_schema = 'public'";
        let mut c = sqlx::PgConnection::connect(&at.options.url).await.unwrap();
        let references: Vec<(String, String)> = sqlx::query_as(references).fetch_all(&mut c).await.unwrap();
        (references, sqlx::query_as(columns).fetch_all(&mut c).await.unwrap())
    } else {
        let references = "SELECT m.name, f.\"table\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f";
        let columns = "SELECT m.name, t.name FROM sqlite_master m, pragma_table_info(m.name) t WHERE m.type = 'table'";
        let mut c = sqlx::SqliteConnection::connect(&at.options.url).await.unwrap();
        let references: Vec<(String, String)> = sqlx::query_as(references).fetch_all(&mut c).await.unwrap();
        (references, sqlx::query_as(columns).fetch_all(&mut c).await.unwrap())
    };
    let columns: Vec<(String, String)> = columns;
    let mut about: BTreeSet<&str> =
        columns.iter().filter(|(_, name)| name == "customer").map(|(table, _)| &**table).collect();
    assert!(about.len() > 5 && references.len() > 5, "the schema was not read");
    while let Some((table, _)) =
        references.iter().find(|(table, to)| about.contains(&**to) && !about.contains(&**table))
    {
        about.insert(table);
    }
    let export = export(at, "a").await;
    let exported: BTreeMap<&str, &ExportedTable> = export.tables.iter().map(|table| (table.name, table)).collect();
    assert_eq!(exported.keys().copied().collect::<BTreeSet<_>>(), about, "src/store/export/tables.rs");
    for (table, column) in columns.iter().filter(|(table, _)| about.contains(&**table)) {
        let told = |name: &str| exported[&**table].columns.contains(&name);
        let known = told(column)
            || column.strip_suffix("_ms").is_some_and(told)
            || (column == "customer" && told("customer_id"));
        assert!(known || LEFT_OUT.contains(&&*format!("{table}.{column}")), "{table}.{column} is in no export");
    }
}
