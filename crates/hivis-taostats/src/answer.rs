//! A list out of an answer's bytes; an error names the row and the field.

use hivis_http::printable;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::TaoStatsError;
use crate::shape::Page;

/// The rows of one page, and the number of the next.
pub(crate) fn page<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<(Vec<T>, Option<u32>), TaoStatsError> {
    let odd = |why: String| TaoStatsError::Answer { what: what.to_owned(), why: printable(&why) };
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(odd("it is HTML, not JSON".to_owned()));
    }
    let read: Page<Value> = serde_json::from_slice(body).map_err(|error| odd(error.to_string()))?;
    let row = |(at, row): (usize, Value)| {
        serde_path_to_error::deserialize(row).map_err(|error| {
            let field = match error.path().to_string() {
                field if field == "." => String::new(),
                field => format!(".{field}"),
            };
            odd(format!("data[{at}]{field}: {}", error.inner()))
        })
    };
    let rows = read.data.into_iter().enumerate().map(row).collect::<Result<_, _>>()?;
    Ok((rows, read.pagination.next_page))
}
