//! Reading a party's rows, whatever their types.

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Column as _, Row, TypeInfo, ValueRef};

use super::tables::{Shape, TABLES};
use crate::base::UnixMillis;
use crate::customer::CustomerId;
use crate::store::audit::{self, AuditRow};
use crate::store::sql::{Engine, sql};
use crate::store::{Store, StoreError};

/// Everything about one party, its doubles with it. Serialised, it is one object with an array for each table.
#[derive(Clone, PartialEq)]
pub struct Export {
    /// The record that stands for the party.
    pub customer: CustomerId,
    pub at: UnixMillis,
    pub tables: Vec<ExportedTable>,
}

#[derive(Clone, PartialEq)]
pub struct ExportedTable {
    pub name: &'static str,
    pub columns: Vec<&'static str>,
    /// Texts, numbers, truth values, `null`; lists of texts.
    pub rows: Vec<Vec<Value>>,
}

impl Store {
    /// Of the party that `customer` is a record of. That it was exported stands in the audit, and so in the export.
    pub async fn export(&self, customer: &CustomerId, operator: &str, at: UnixMillis) -> Result<Export, StoreError> {
        let mut tx = self.begin().await?;
        let text = "SELECT COALESCE(merged_into, customer) FROM customers WHERE customer = $1";
        let party = sql!(optional (String,), in tx, text, customer.as_str())?;
        let party =
            party.map(|(root,)| CustomerId::new(root)).ok_or_else(|| StoreError::UnknownCustomer(customer.clone()))?;
        let (operator, action) = (operator.to_owned(), "export".to_owned());
        let detail = String::new();
        audit::add(&mut tx, AuditRow { at, operator, action, customer: Some(party.clone()), call: None, detail })
            .await?;
        let mut tables = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            let columns: Vec<String> =
                table.columns.iter().map(|column| format!("{} AS \"{}\"", column.of, column.name)).collect();
            let text = AssertSqlSafe(format!("SELECT {} {}", columns.join(", "), table.from));
            let rows: Result<Vec<Vec<Value>>, sqlx::Error> = match &mut tx.on {
                Engine::Sqlite(c) => {
                    sqlx::query(text).bind(party.as_str()).fetch_all(&mut **c).await.and_then(|rows| {
                        rows.iter().map(|row| (0..row.len()).map(|n| of_sqlite(row, n)).collect()).collect()
                    })
                }
                Engine::Pg(c) => sqlx::query(text).bind(party.as_str()).fetch_all(&mut **c).await.and_then(|rows| {
                    rows.iter().map(|row| (0..row.len()).map(|n| of_postgres(row, n)).collect()).collect()
                }),
            };
            let mut rows = rows.map_err(|error| tx.place.error(error))?;
            for row in &mut rows {
                row.iter_mut().zip(table.columns).for_each(|(value, column)| tell(value, column.shape));
            }
            let columns = table.columns.iter().map(|column| column.name).collect();
            tables.push(ExportedTable { name: table.name, columns, rows });
        }
        tx.commit().await?;
        Ok(Export { customer: party, at, tables })
    }
}

/// A truth value is an integer in SQLite; the column's declaration says which it is.
fn of_sqlite(row: &SqliteRow, at: usize) -> Result<Value, sqlx::Error> {
    let stored = row.try_get_raw(at)?;
    if stored.is_null() {
        return Ok(Value::Null);
    }
    Ok(match (row.column(at).type_info().name(), stored.type_info().name()) {
        ("BOOLEAN", _) => row.try_get::<bool, _>(at)?.into(),
        (_, "INTEGER") => row.try_get::<i64, _>(at)?.into(),
        (_, "REAL") => row.try_get::<f64, _>(at)?.into(),
        _ => row.try_get::<String, _>(at)?.into(),
    })
}

fn of_postgres(row: &PgRow, at: usize) -> Result<Value, sqlx::Error> {
    if row.try_get_raw(at)?.is_null() {
        return Ok(Value::Null);
    }
    Ok(match row.column(at).type_info().name() {
        "BOOL" => row.try_get::<bool, _>(at)?.into(),
        "INT8" => row.try_get::<i64, _>(at)?.into(),
        "FLOAT8" => row.try_get::<f64, _>(at)?.into(),
        _ => row.try_get::<String, _>(at)?.into(),
    })
}

/// What is neither a time nor a list was written by something else than this program; it is told as it stands.
fn tell(value: &mut Value, shape: Shape) {
    let told = match shape {
        Shape::Plain => None,
        Shape::Time => value.as_i64().and_then(rfc_3339),
        Shape::List => value.as_str().and_then(|text| serde_json::from_str(text).ok()),
    };
    if let Some(told) = told {
        *value = told;
    }
}

fn rfc_3339(ms: i64) -> Option<Value> {
    Timestamp::from_millisecond(ms).ok().map(|at| at.to_string().into())
}

impl Serialize for Export {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("party", self.customer.as_str())?;
        map.serialize_entry("exported_at", &rfc_3339(self.at.0))?;
        for table in &self.tables {
            map.serialize_entry(table.name, table)?;
        }
        map.end()
    }
}

/// An array of its rows, each an object with the columns in their sequence.
impl Serialize for ExportedTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in &self.rows {
            rows.serialize_element(&Fields(&self.columns, row))?;
        }
        rows.end()
    }
}

struct Fields<'a>(&'a [&'static str], &'a [Value]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1))
    }
}
