//! The key of the voiceprints: made once, readable by nobody else, and never quietly replaced.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use regulars::store::{KeySource, Options, Store, StoreError};

use crate::contract::runtime;
use crate::fixture::{KEY, NOW, key, model, print, yes};

fn options(folder: &Path, key: KeySource) -> Options {
    Options { url: format!("sqlite:{}", folder.join("shop.db").display()), key }
}

async fn refusal(options: Options) -> StoreError {
    match Store::open(options).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// Opens, enrols somebody, closes.
async fn with_a_print(options: Options) {
    let store = Store::open(options).await.unwrap();
    let customer = store.create_customer("Anna Example".to_owned().into(), None, NOW).await.unwrap();
    store.enroll(yes(&customer), print(1)).await.unwrap();
    store.close().await;
}

#[test]
fn the_first_start_makes_a_key_that_later_starts_use() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        with_a_print(options(folder.path(), KeySource::Beside)).await;
        for file in ["shop.key", "shop.db"] {
            let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "after closing, the database and the key alone: {names:?}");
        let text = std::fs::read_to_string(folder.path().join("shop.key")).unwrap();
        let database = std::fs::read(folder.path().join("shop.db")).unwrap();
        assert!(!database.windows(16).any(|window| window == &text.as_bytes()[..16]), "the key is in the database");
        let store = Store::open(options(folder.path(), KeySource::Beside)).await.unwrap();
        assert_eq!(store.voiceprints(&model()).await.unwrap().len(), 1);
    });
}

#[test]
fn a_wrong_or_missing_key_is_refused_while_there_are_prints() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("the.key");
        with_a_print(options(folder.path(), KeySource::File(path.clone()))).await;
        let other = refusal(options(folder.path(), key(KEY))).await;
        assert!(matches!(other, StoreError::WrongKey { .. }), "{other}");
        assert!(!other.to_string().contains(&KEY[..16]));
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let lost = refusal(options(folder.path(), KeySource::File(path.clone()))).await;
        assert!(matches!(lost, StoreError::KeyLost { .. }), "{lost}");
        assert!(!path.exists(), "no new key in the place of a lost one");
        std::fs::write(&path, kept).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let store = Store::open(options(folder.path(), KeySource::File(path))).await.unwrap();
        assert_eq!(store.voiceprints(&model()).await.unwrap().len(), 1);
    });
}

#[test]
fn without_prints_a_key_may_change() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        Store::open(options(folder.path(), KeySource::Beside)).await.unwrap().close().await;
        with_a_print(options(folder.path(), key(KEY))).await;
        let old = refusal(options(folder.path(), KeySource::Beside)).await;
        assert!(matches!(old, StoreError::WrongKey { .. }), "{old}");
    });
}

#[test]
fn an_exposed_or_malformed_key_is_refused() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("the.key");
        std::fs::write(&path, KEY).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let exposed = refusal(options(folder.path(), KeySource::File(path.clone()))).await.to_string();
        assert!(exposed.contains("chmod 600"), "{exposed}");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        Store::open(options(folder.path(), KeySource::File(path.clone()))).await.unwrap().close().await;
        for text in ["", "abc", &KEY[2..], &KEY.replace('0', "x"), &format!("{KEY}00")] {
            std::fs::write(&path, text).unwrap();
            let malformed = refusal(options(folder.path(), KeySource::File(path.clone()))).await.to_string();
            assert!(malformed.contains("64 hexadecimal digits"), "{malformed}");
            assert!(text.is_empty() || !malformed.contains(text), "{malformed}");
        }
        let nowhere = folder.path().join("missing/the.key");
        let unwritable = refusal(options(folder.path(), KeySource::File(nowhere))).await;
        assert!(matches!(unwritable, StoreError::KeyFile { .. }), "{unwritable}");
    });
}
