//! Opening the store: the engine behind the URL, its settings, its schema, its key.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool, SqlitePool};
use tokio::sync::Notify;

use super::key::{Key, KeyPlace};
use super::place::{LOCK_WAIT, Place};
use super::seal::Seal;
use super::sql::{Conn, Engine, Session, Tx, sql};
use super::{Options, StoreError};

/// The memory of the service. Cheap to clone; every clone is the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    db: Engine<SqlitePools, PgPool>,
    place: Place,
    seal: Seal,
    /// Something was added to the outbox by this process.
    news: Notify,
}

/// One connection writes, the others read, so that a writer in this process never finds the file locked by another.
/// A database in memory has one connection for both: a second one would be a second database.
struct SqlitePools {
    read: SqlitePool,
    write: SqlitePool,
}

/// Readers of SQLite and connections to Postgres. A card is a handful of statements of well under a millisecond each.
const CONNECTIONS: u32 = 8;
/// A Postgres that has not answered by then is reported; TCP itself would wait for minutes.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

impl Store {
    /// Opens the database, makes it where it is an SQLite file that does not exist, brings its schema up to date and
    /// finds the key of the voiceprints.
    pub async fn open(options: Options) -> Result<Store, StoreError> {
        let (db, place, file) = match options.url.split_once(':') {
            Some(("sqlite", path)) => open_sqlite(path).await?,
            Some(("postgres" | "postgresql", _)) => open_postgres(&options.url).await?,
            _ => return Err(StoreError::Url { reason: "names no database that is known".to_owned() }),
        };
        migrate(&db, &place).await?;
        let mut tx = begin(&db, &place).await?;
        let key = adopt_key(&mut tx, KeyPlace::of(&options, file.as_deref(), &place.text())?).await?;
        tx.commit().await?;
        Ok(Store { inner: Arc::new(Inner { db, place, seal: key.seal, news: Notify::new() }) })
    }

    /// The database in words, such as "the database regulars.db", without a password.
    pub fn place(&self) -> String {
        self.inner.place.text()
    }

    /// Finishes what is being written and closes every connection. Clones of this store fail afterwards.
    pub async fn close(&self) {
        match &self.inner.db {
            Engine::Sqlite(pools) => {
                pools.read.close().await;
                pools.write.close().await;
            }
            Engine::Pg(pool) => pool.close().await,
        }
    }

    pub(super) fn seal(&self) -> &Seal {
        &self.inner.seal
    }

    pub(super) async fn read(&self) -> Result<Conn, StoreError> {
        let Inner { db, place, .. } = &*self.inner;
        let on = match db {
            Engine::Sqlite(pools) => pools.read.acquire().await.map(Engine::Sqlite),
            Engine::Pg(pool) => pool.acquire().await.map(Engine::Pg),
        };
        Ok(Session { on: on.map_err(|error| place.error(error))?, place: place.clone() })
    }

    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        begin(&self.inner.db, &self.inner.place).await
    }

    /// Commits what has a row in the outbox, and wakes who follows it.
    pub(super) async fn commit_news(&self, tx: Tx) -> Result<(), StoreError> {
        tx.commit().await?;
        self.inner.news.notify_one();
        Ok(())
    }

    /// Until this process has added something to the outbox. For one who waits; others would miss it.
    pub async fn news(&self) {
        self.inner.news.notified().await;
    }

    /// SQLite keeps replaced pages in its write-ahead log until a checkpoint. After a withdrawal they go at once, as
    /// far as readers allow; `secure_delete` has overwritten them in the file itself.
    pub(super) async fn forget_replaced_pages(&self) {
        if let Engine::Sqlite(pools) = &self.inner.db {
            let outcome = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&pools.write).await;
            if let Err(error) = outcome {
                tracing::warn!(error = %self.inner.place.error(error), "checkpoint after a withdrawal");
            }
        }
    }
}

async fn begin(db: &Engine<SqlitePools, PgPool>, place: &Place) -> Result<Tx, StoreError> {
    let on = match db {
        // A transaction that reads first and writes later cannot wait for another writer; it fails at once.
        Engine::Sqlite(pools) => pools.write.begin_with("BEGIN IMMEDIATE").await.map(Engine::Sqlite),
        Engine::Pg(pool) => pool.begin().await.map(Engine::Pg),
    };
    Ok(Session { on: on.map_err(|error| place.error(error))?, place: place.clone() })
}

type Opened = (Engine<SqlitePools, PgPool>, Place, Option<PathBuf>);

async fn open_sqlite(path: &str) -> Result<Opened, StoreError> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains('?') {
        return Err(StoreError::Url { reason: "must name a file and nothing else after sqlite:".to_owned() });
    }
    let settings = SqliteConnectOptions::new()
        .foreign_keys(true)
        .busy_timeout(LOCK_WAIT)
        // Deleted prints and names are overwritten with zeros.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    if path == ":memory:" {
        let place = Place::new("the database in memory".to_owned());
        let pool = one_connection().connect_with(settings.in_memory(true)).await;
        let pool = pool.map_err(|error| place.error(error))?;
        return Ok((Engine::Sqlite(SqlitePools { read: pool.clone(), write: pool }), place, None));
    }
    let place = Place::new(format!("the database {path}"));
    create_private(Path::new(path))
        .map_err(|error| StoreError::CannotOpen { place: place.text(), reason: error.to_string() })?;
    // In WAL mode NORMAL may lose the last commits in a power cut; a withdrawn consent or an order that an agent has
    // confirmed to a caller must not be lost, and a call makes only a few commits.
    let settings = settings.filename(path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let write = one_connection()
        // On a full disk SQLite ends the transaction itself, sqlx then fails to roll it back and counts it as open for
        // ever: such a connection is replaced.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .connect_with(settings.clone())
        .await
        .map_err(|error| place.error(error))?;
    let read = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(LOCK_WAIT)
        .connect_lazy_with(settings.pragma("query_only", "ON"));
    Ok((Engine::Sqlite(SqlitePools { read, write }), place, Some(PathBuf::from(path))))
}

fn one_connection() -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(1).acquire_timeout(LOCK_WAIT).idle_timeout(None).max_lifetime(None)
}

/// An empty file is an empty database. Made here, since SQLite would let everyone on the machine read it; its
/// companion files take over the mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map(drop)
}

async fn open_postgres(url: &str) -> Result<Opened, StoreError> {
    // The parser's own text may quote the URL, and with it the password.
    let settings = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Url { reason: "cannot be read".to_owned() })?
        .application_name("regulars")
        .disable_statement_logging();
    let host = match settings.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", settings.get_host(), settings.get_port()),
    };
    let place = Place::new(format!("Postgres at {host}"));
    // Tried once outside the pool, which would hide a refused connection behind a timeout.
    match tokio::time::timeout(CONNECT_WAIT, sqlx::PgConnection::connect_with(&settings)).await {
        Ok(Ok(connection)) => connection.close().await.map_err(|error| place.error(error))?,
        Ok(Err(error)) => return Err(place.error(error)),
        Err(_) => {
            let reason = format!("no answer within {} s", CONNECT_WAIT.as_secs());
            return Err(StoreError::Unreachable { place: place.text(), reason });
        }
    }
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(LOCK_WAIT).connect_lazy_with(settings);
    Ok((Engine::Pg(pool), place, None))
}

async fn migrate(db: &Engine<SqlitePools, PgPool>, place: &Place) -> Result<(), StoreError> {
    use sqlx::migrate::MigrateError;
    let done = match db {
        Engine::Sqlite(pools) => sqlx::migrate!("migrations/sqlite").run(&pools.write).await,
        Engine::Pg(pool) => sqlx::migrate!("migrations/postgres").run(pool).await,
    };
    done.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => place.error(error),
        MigrateError::VersionMissing(version) => StoreError::Newer { place: place.text(), version },
        other => StoreError::Migration { place: place.text(), reason: other.to_string() },
    })
}

/// Takes the key that is there, or makes one where nothing sealed depends on another.
async fn adopt_key(tx: &mut Tx, key_place: KeyPlace) -> Result<Key, StoreError> {
    // Writing the row first makes a second process that starts now wait here.
    let row = "INSERT INTO settings (name, value) VALUES ('voiceprint_key', '') ON CONFLICT (name) DO UPDATE SET value = settings.value RETURNING value";
    let (stored,) = sql!(one (String,), in tx, row)?;
    let sealed = "SELECT (SELECT count(*) FROM voiceprints) + (SELECT count(*) FROM fingerprints)";
    let (prints,) = sql!(one (i64,), in tx, sealed)?;
    let place = tx.place.text();
    let key = match (key_place.load()?, key_place) {
        (Some(key), _) if key.seal.key_id() == stored => return Ok(key),
        (Some(key), _) if prints == 0 => key,
        (Some(key), _) => return Err(StoreError::WrongKey { origin: key.origin, place }),
        (None, KeyPlace::File(path)) if prints > 0 => return Err(StoreError::KeyLost { path, place }),
        (None, key_place) => key_place.create()?,
    };
    sql!(execute tx, "UPDATE settings SET value = $1 WHERE name = 'voiceprint_key'", key.seal.key_id())?;
    Ok(key)
}
