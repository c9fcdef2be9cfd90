//! A database that cannot be used gives a sentence that says which and why, and loses nothing.

use std::fs;
use std::path::Path;

use regulars::base::ErrorKind;
use regulars::store::{Options, Store, StoreError};
use sqlx::Connection;

use crate::contract::runtime;
use crate::fixture::{Fixture, KEY, NOW, key};

async fn refusal(url: &str) -> StoreError {
    match Store::open(Options { url: url.to_owned(), key: key(KEY) }).await {
        Ok(_) => panic!("{url} opened"),
        Err(error) => error,
    }
}

async fn refusal_of_file(path: &Path) -> String {
    let text = refusal(&format!("sqlite:{}", path.display())).await.to_string();
    assert!(text.contains(&path.display().to_string()), "the sentence names the file: {text}");
    text
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let missing = refusal_of_file(&folder.path().join("no/such/folder/shop.db")).await;
        assert!(missing.contains("cannot be opened"), "{missing}");
        let directory = refusal_of_file(folder.path()).await;
        assert!(directory.contains("cannot be opened"), "{directory}");
        // Not even root can make a file there.
        let unwritable = refusal_of_file(Path::new("/proc/shop.db")).await;
        assert!(unwritable.contains("cannot be opened"), "{unwritable}");
    });
}

#[test]
fn a_damaged_file_is_called_damaged_and_left_as_it_is() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let garbage = folder.path().join("garbage.db");
        fs::write(&garbage, "this is a shopping list, not a database\n".repeat(200)).unwrap();
        let before = fs::read(&garbage).unwrap();
        let text = refusal_of_file(&garbage).await;
        assert!(text.contains("damaged"), "{text}");
        assert_eq!(fs::read(&garbage).unwrap(), before);

        let fixture = Fixture::sqlite().await;
        fixture.customer("Anna Example", None).await;
        fixture.store.close().await;
        let path = fixture.options.url.strip_prefix("sqlite:").unwrap();
        let mut bytes = fs::read(path).unwrap();
        let page = bytes.len() / 2;
        bytes[4096..page].fill(0xAA);
        fs::write(path, bytes).unwrap();
        let text = refusal_of_file(Path::new(path)).await;
        assert!(text.contains("damaged"), "{text}");
    });
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    runtime().block_on(async {
        let fixture = Fixture::sqlite().await;
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (9999, 'from the future', TRUE, x'00', 0)";
        fixture.raw(newer).await.unwrap();
        let error = refusal(&fixture.options.url).await;
        assert!(matches!(error, StoreError::Newer { version: 9999, .. }), "{error}");
    });
}

#[test]
fn another_program_that_holds_the_file_is_told_of_and_costs_nothing() {
    runtime().block_on(async {
        let fixture = Fixture::sqlite().await;
        let mut other = sqlx::SqliteConnection::connect(&fixture.options.url).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        let name = || "Anna Example".to_owned().into();
        let error = fixture.store.create_customer(name(), None, NOW).await.unwrap_err();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        fixture.store.create_customer(name(), None, NOW).await.unwrap();
        assert_eq!(fixture.count("customers").await, 1);
    });
}

#[test]
fn a_postgres_that_does_not_answer_is_named_without_its_password() {
    runtime().block_on(async {
        // A port that was free a moment ago: nobody listens there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = refusal(&format!("postgres://shop:hunter2@127.0.0.1:{port}/shop")).await;
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    });
}

#[test]
fn a_url_that_is_none_is_refused_without_repeating_it() {
    runtime().block_on(async {
        for url in ["", "shop.db", "mysql://root:hunter2@host/shop", "sqlite:", "postgres://x:hunter2@host:port/shop"] {
            let error = refusal(url).await;
            assert!(matches!(error, StoreError::Url { .. }), "{url}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    });
}

#[test]
fn a_database_in_memory_is_one_database() {
    runtime().block_on(async {
        let store = Store::open(Options { url: "sqlite::memory:".to_owned(), key: key(KEY) }).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let store = store.clone();
            tasks.spawn(async move {
                let customer = store.create_customer("Anna Example".to_owned().into(), None, NOW).await.unwrap();
                store.profile(&customer).await.unwrap().is_some()
            });
        }
        assert!(tasks.join_all().await.into_iter().all(|found| found));
        let other = Store::open(Options { url: "sqlite::memory:".to_owned(), key: key(KEY) }).await.unwrap();
        assert_eq!(other.menu().await.unwrap().len(), 0);
    });
}
