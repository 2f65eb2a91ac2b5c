//! A list out of an answer's bytes; an error names the row and the field.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::TaoStatsError;
use crate::error::printable;
use crate::shape::Page;

/// The rows of one page, and the number of the next.
pub(crate) fn page<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<(Vec<T>, Option<u32>), TaoStatsError> {
    let odd = |why: String| TaoStatsError::Answer { what: what.to_owned(), why: printable(&why) };
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(odd("it is HTML, not JSON".to_owned()));
    }
    let read: Page<Value> = serde_json::from_slice(body).map_err(|error| odd(error.to_string()))?;
    let row = |(at, row): (usize, Value)| {
        serde_json::from_value(row).map_err(|error| odd(format!("data[{at}]: {error}{}", which(&error))))
    };
    let rows = read.data.into_iter().enumerate().map(row).collect::<Result<_, _>>()?;
    Ok((rows, read.pagination.next_page))
}

/// `serde_json` names a missing field itself; of a wrong one it shows the value, which says little alone.
fn which(error: &serde_json::Error) -> &'static str {
    if error.to_string().starts_with("missing field") { "" } else { " in a field that should hold another kind" }
}
