//! A fresh store for one case, people who do not exist, and a way past the store to its tables.

use regulars::base::{E164, Pii, UnixMillis};
use regulars::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use regulars::store::import::{ImportOptions, ImportReport, Kind, Mapping};
use regulars::store::{KeySource, Options, Store, StoreError};
use regulars::voice::{Centroid, Embedding, ModelId, Voiceprint};
use sqlx::{AssertSqlSafe, Connection};

use crate::cluster::Cluster;

pub struct Fixture {
    pub store: Store,
    pub options: Options,
    _folder: Option<tempfile::TempDir>,
}

/// Friday, 2026-05-01, 18:30 UTC.
pub const NOW: UnixMillis = UnixMillis(1_777_660_200_000);
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub fn key(text: &str) -> KeySource {
    KeySource::Value(text.to_owned().into())
}

impl Fixture {
    pub async fn sqlite() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("shop.db").display());
        let options = Options { url, key: key(KEY) };
        Fixture { store: Store::open(options.clone()).await.unwrap(), options, _folder: Some(folder) }
    }

    pub async fn postgres(cluster: &Cluster, name: &str) -> Fixture {
        let mut server = sqlx::PgConnection::connect(&cluster.url("postgres")).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut server).await.unwrap();
        server.close().await.unwrap();
        let options = Options { url: cluster.url(name), key: key(KEY) };
        Fixture { store: Store::open(options.clone()).await.unwrap(), options, _folder: None }
    }

    pub fn is_postgres(&self) -> bool {
        self.options.url.starts_with("postgres")
    }

    /// Runs a statement behind the store's back; what the database itself says to it.
    pub async fn raw(&self, sql: &str) -> Result<u64, String> {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_postgres() {
            let mut c = sqlx::PgConnection::connect(&self.options.url).await.unwrap();
            sqlx::query(sql).execute(&mut c).await.map(|done| done.rows_affected()).map_err(|e| e.to_string())
        } else {
            let mut c = sqlx::SqliteConnection::connect(&self.options.url).await.unwrap();
            sqlx::query(sql).execute(&mut c).await.map(|done| done.rows_affected()).map_err(|e| e.to_string())
        }
    }

    pub async fn count(&self, table_and_where: &str) -> i64 {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table_and_where}"));
        if self.is_postgres() {
            let mut c = sqlx::PgConnection::connect(&self.options.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut c).await.unwrap()
        } else {
            let mut c = sqlx::SqliteConnection::connect(&self.options.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut c).await.unwrap()
        }
    }

    pub async fn customer(&self, name: &str, phone: Option<&E164>) -> CustomerId {
        self.store.create_customer(Pii::new(name.to_owned()), phone, NOW).await.unwrap()
    }

    pub async fn import(&self, kind: Kind, text: &str) -> Result<ImportReport, StoreError> {
        self.store.import(text.as_bytes(), &import_options(kind)).await
    }

    /// An import that must go through.
    pub async fn load(&self, kind: Kind, text: &str) {
        let report = self.import(kind, text).await.unwrap();
        assert_eq!(report.bad, [], "{report}");
    }
}

pub fn import_options(kind: Kind) -> ImportOptions {
    ImportOptions {
        kind,
        file: "file.csv".to_owned(),
        mapping: Mapping::default(),
        keep_good: false,
        dry_run: false,
        time_zone: jiff::tz::TimeZone::get("Europe/Rome").unwrap(),
        country_code: Some("39".to_owned()),
        now: NOW,
        operator: "test".to_owned(),
    }
}

/// Numbers that the Italian plan will not give to anyone: they end beyond its longest.
pub fn number(last: u32) -> E164 {
    E164::parse(&format!("+39000{last:09}"), None).unwrap()
}

pub fn model() -> ModelId {
    ModelId::new("0123456789abcdef-1")
}

pub fn yes(customer: &CustomerId) -> ConsentRecord {
    ConsentRecord {
        customer: customer.clone(),
        purpose: Purpose::Recognise,
        given: true,
        at: NOW,
        script: "phone-en-2".to_owned(),
        language: "en".to_owned(),
        channel: ConsentChannel::Spoken,
        operator: "pia".to_owned(),
        call: None,
    }
}

/// A yes that many milliseconds after [`NOW`].
pub fn yes_after(customer: &CustomerId, ms: i64) -> ConsentRecord {
    ConsentRecord { at: UnixMillis(NOW.0 + ms), ..yes(customer) }
}

/// A voice as it sounded in one call.
pub fn heard(seed: u32) -> Centroid {
    let values = (0..256).map(|n| ((n + 7 * seed) as f32 * 0.37 + seed as f32).sin()).collect();
    Centroid::enrolled(Embedding::from_values(values).unwrap(), 12_000 + seed, NOW)
}

pub fn print(seed: u32) -> Voiceprint {
    Voiceprint::new(model(), vec![heard(seed)]).unwrap()
}
