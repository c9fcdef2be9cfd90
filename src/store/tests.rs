//! What needs the store's inside: a disk that fills up, and a log line that must not tell.

use super::sql::{Engine, sql};
use super::{KeySource, Options, Store, StoreError};
use crate::base::{Pii, UnixMillis};

async fn open(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    Store::open(Options { url, key: KeySource::Beside }).await.unwrap()
}

async fn count(store: &Store) -> i64 {
    let mut conn = store.read().await.unwrap();
    let (count,) = sql!(one (i64,), in conn, "SELECT count(*) FROM customers").unwrap();
    count
}

/// SQLite itself gives the error of a full disk when the file may not grow.
async fn limit_pages(store: &Store, pages: &'static str) {
    let mut tx = store.begin().await.unwrap();
    sql!(execute tx, pages).unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_of_and_nothing_stored_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    limit_pages(&store, "PRAGMA max_page_count = 1").await; // no less than it has
    let name = Pii::new("Example ".repeat(100));
    let mut stored = 0;
    let error = loop {
        match store.create_customer(name.clone(), None, UnixMillis(0)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 10_000, "the limit did not hold");
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("shop.db"), "{error}");
    assert_eq!(count(&store).await, stored);
    limit_pages(&store, "PRAGMA max_page_count = 1000000").await;
    store.create_customer(name, None, UnixMillis(0)).await.unwrap();
    store.close().await;
    assert_eq!(count(&open(&folder).await).await, stored + 1, "after closing and opening again");
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let store = open(&tempfile::tempdir().unwrap()).await;
    let mut conn = store.read().await.unwrap();
    let error = sql!(execute conn, "DELETE FROM customers").unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}
