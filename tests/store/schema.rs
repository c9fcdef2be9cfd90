//! What an earlier version wrote is read by this one.

use std::path::Path;

use regulars::customer::Purpose;
use regulars::store::{Options, Store};
use sqlx::{Connection, migrate::Migrator};

use crate::contract::runtime;
use crate::fixture::{Fixture, heard, model, number, print, yes};

/// A database as it was before the calls of a voiceprint were kept apart.
async fn of_schema_5(url: &str) -> sqlx::SqliteConnection {
    let migrations = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"));
    let mut old = sqlx::SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    Migrator::new(migrations).await.unwrap().run_to(5, &mut old).await.unwrap();
    old
}

#[test]
fn a_voiceprint_of_one_row_is_one_call_afterwards_and_a_no_still_takes_it() {
    runtime().block_on(async {
        let made = Fixture::sqlite().await;
        let anna = made.customer("Anna Example", Some(&number(1))).await;
        made.store.enroll(yes(&anna), print(1)).await.unwrap();

        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("old.db").display());
        let mut old = of_schema_5(&url).await;
        let from = made.options.url.trim_start_matches("sqlite:").to_owned();
        sqlx::query("ATTACH DATABASE $1 AS made").bind(from).execute(&mut old).await.unwrap();
        for (table, columns) in [
            ("settings", "name, value"),
            ("customers", "customer, name, since_ms"),
            ("consents", "seq, customer, purpose, given, at_ms, script, language, channel, operator"),
            ("voiceprints", "customer, model, consent, sealed, nonce, net_speech_ms, calls, enrolled_ms"),
        ] {
            let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM made.{table}");
            sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut old).await.unwrap();
        }
        old.close().await.unwrap();

        let options = Options { url, ..made.options.clone() };
        let store = Store::open(options).await.unwrap();
        let prints = store.voiceprints(&model()).await.unwrap();
        assert_eq!(prints, [(anna.clone(), print(1))]);
        assert!(prints[0].1.score(&heard(1).embedding).0 > 0.999);
        let withdrawn = store.withdraw(&anna, Purpose::Recognise, "pia", None, yes(&anna).at).await;
        assert_eq!(withdrawn.unwrap().voiceprints, [model()]);
        assert!(store.voiceprints(&model()).await.unwrap().is_empty());
    });
}
