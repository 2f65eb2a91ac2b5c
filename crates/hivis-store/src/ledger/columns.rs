//! Columns that are more than a number or a text.

use std::fmt::Display;

use hivis_types::{Label, RecordId, ReleaseId};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::{Md5, ObjectId};

/// What this version never writes into a column, as an error that names it.
pub(crate) fn unreadable(column: &str, value: impl Display) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: format!("{value} is none that we write").into() }
}

/// Reads what the ledger writes. The names that end in `_if` are for columns that may be NULL; in the others NULL is an error.
pub(crate) trait RowExt {
    /// A `u64`, which SQLite keeps as the `i64` of the same bits.
    fn unsigned(&self, column: &str) -> Result<u64, sqlx::Error>;
    /// A time, kept in microseconds since 1970 UTC.
    fn time(&self, column: &str) -> Result<Timestamp, sqlx::Error>;
    /// A time, where there is one.
    fn time_if(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error>;
    /// A label, kept as the wire has it.
    fn label(&self, column: &str) -> Result<Label, sqlx::Error>;
    /// A label, where there is one.
    fn label_if(&self, column: &str) -> Result<Option<Label>, sqlx::Error>;
    /// A record's id.
    fn record(&self, column: &str) -> Result<RecordId, sqlx::Error>;
    /// A record's id, where there is one.
    fn record_if(&self, column: &str) -> Result<Option<RecordId>, sqlx::Error>;
    /// A release's name.
    fn release(&self, column: &str) -> Result<ReleaseId, sqlx::Error>;
    /// A release's name, where there is one.
    fn release_if(&self, column: &str) -> Result<Option<ReleaseId>, sqlx::Error>;
    /// A picture's identity, kept as the 32 bytes of its SHA-256.
    fn object(&self, column: &str) -> Result<ObjectId, sqlx::Error>;
    /// A picture's identity, where there is one.
    fn object_if(&self, column: &str) -> Result<Option<ObjectId>, sqlx::Error>;
    /// A picture's address, kept as the 16 bytes of its MD5.
    fn md5(&self, column: &str) -> Result<Md5, sqlx::Error>;
    /// A picture's address, where there is one.
    fn md5_if(&self, column: &str) -> Result<Option<Md5>, sqlx::Error>;
    /// What is kept as JSON.
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, sqlx::Error>;
    /// What is kept as JSON, where there is some.
    fn json_if<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, sqlx::Error>;
    /// The one of `all` that `name` calls as the column does.
    fn one_of<T: Copy>(&self, column: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, sqlx::Error>;
}

impl RowExt for SqliteRow {
    fn unsigned(&self, column: &str) -> Result<u64, sqlx::Error> {
        self.try_get::<i64, _>(column).map(|signed| signed as u64)
    }

    fn time(&self, column: &str) -> Result<Timestamp, sqlx::Error> {
        there(column, self.time_if(column)?)
    }

    fn time_if(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
        let us: Option<i64> = self.try_get(column)?;
        us.map(|us| Timestamp::from_microsecond(us).map_err(|_| unreadable(column, us))).transpose()
    }

    fn label(&self, column: &str) -> Result<Label, sqlx::Error> {
        there(column, self.label_if(column)?)
    }

    fn label_if(&self, column: &str) -> Result<Option<Label>, sqlx::Error> {
        let wire: Option<i64> = self.try_get(column)?;
        wire.map(|wire| Label::from_wire(wire).ok_or_else(|| unreadable(column, wire))).transpose()
    }

    fn record(&self, column: &str) -> Result<RecordId, sqlx::Error> {
        there(column, self.record_if(column)?)
    }

    fn record_if(&self, column: &str) -> Result<Option<RecordId>, sqlx::Error> {
        let text: Option<&str> = self.try_get(column)?;
        text.map(|text| text.parse().map(RecordId).map_err(|_| unreadable(column, text))).transpose()
    }

    fn release(&self, column: &str) -> Result<ReleaseId, sqlx::Error> {
        there(column, self.release_if(column)?)
    }

    fn release_if(&self, column: &str) -> Result<Option<ReleaseId>, sqlx::Error> {
        let name: Option<&str> = self.try_get(column)?;
        name.map(|name| ReleaseId::new(name).map_err(|_| unreadable(column, name))).transpose()
    }

    fn object(&self, column: &str) -> Result<ObjectId, sqlx::Error> {
        there(column, self.object_if(column)?)
    }

    fn object_if(&self, column: &str) -> Result<Option<ObjectId>, sqlx::Error> {
        Ok(hash(self, column)?.map(ObjectId))
    }

    fn md5(&self, column: &str) -> Result<Md5, sqlx::Error> {
        there(column, self.md5_if(column)?)
    }

    fn md5_if(&self, column: &str) -> Result<Option<Md5>, sqlx::Error> {
        Ok(hash(self, column)?.map(Md5))
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, sqlx::Error> {
        there(column, self.json_if(column)?)
    }

    fn json_if<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, sqlx::Error> {
        let text: Option<&str> = self.try_get(column)?;
        text.map(|text| serde_json::from_str(text).map_err(|_| unreadable(column, text))).transpose()
    }

    fn one_of<T: Copy>(&self, column: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, sqlx::Error> {
        let word: &str = self.try_get(column)?;
        all.iter().copied().find(|one| name(*one) == word).ok_or_else(|| unreadable(column, word))
    }
}

fn there<T>(column: &str, value: Option<T>) -> Result<T, sqlx::Error> {
    value.ok_or_else(|| unreadable(column, "NULL"))
}

fn hash<const N: usize>(row: &SqliteRow, column: &str) -> Result<Option<[u8; N]>, sqlx::Error> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    let whole =
        |bytes: &[u8]| bytes.try_into().map_err(|_| unreadable(column, format!("a hash of {} bytes", bytes.len())));
    bytes.map(whole).transpose()
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::*;

    #[tokio::test]
    async fn what_is_never_written_is_an_error_that_names_its_column() {
        let mut memory = SqliteConnection::connect("sqlite::memory:").await.expect("a ledger in memory");
        let sql = "SELECT 7 AS label, NULL AS none, 9223372036854775807 AS at_us, x'00ff' AS sha256, '{' AS facts,
            'soon' AS state, 'A B' AS \"release\", 'x' AS record, -1 AS seed";
        let row = sqlx::query(sql).fetch_one(&mut memory).await.expect("a row");
        let said = [
            row.label("label").err(),
            row.label("none").err(),
            row.time("at_us").err(),
            row.object("sha256").err(),
            row.md5_if("sha256").err(),
            row.json::<Vec<String>>("facts").err(),
            row.one_of("state", &[false, true], |one| if one { "up" } else { "down" }).err(),
            row.release("release").err(),
            row.record_if("record").err(),
        ];
        let said = said.map(|error| error.expect("it is refused").to_string());
        let columns = ["label", "none", "at_us", "sha256", "sha256", "facts", "state", "release", "record"];
        for (said, column) in said.iter().zip(columns) {
            assert!(said.contains(&format!("column {column}: ")) && said.ends_with("none that we write"), "{said}");
        }
        assert_eq!(row.unsigned("seed").ok(), Some(u64::MAX));
        assert_eq!((row.label_if("none").ok(), row.object_if("none").ok()), (Some(None), Some(None)));
    }
}
