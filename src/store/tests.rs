//! What needs the store's inside: a disk that fills up, a reader that would write.

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

/// SQLite gives the error of a full disk when the file may not grow.
async fn forbid_growth(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    sql!(execute tx, "PRAGMA max_page_count = 1").unwrap(); // it takes the present size when that is larger
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_of_and_nothing_stored_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    forbid_growth(&store).await;
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
    // The connection that met the full disk was replaced by one without the limit: as if someone had made room.
    store.create_customer(name, None, UnixMillis(0)).await.unwrap();
    store.close().await;
    assert_eq!(count(&open(&folder).await).await, stored + 1, "after closing and opening again");
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut conn = store.read().await.unwrap();
    let error = sql!(execute conn, "DELETE FROM customers").unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}
