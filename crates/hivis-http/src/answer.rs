//! What comes back: bodies under a limit, `Retry-After`, and strangers' texts.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::HeaderMap;
use thiserror::Error;

/// Most characters of a stranger's text in a message.
const SHOWN: usize = 300;

/// Why there is no whole body.
#[derive(Debug, Error)]
pub enum Broken {
    /// The connection broke; the address, which may hold a secret, is left out.
    #[error(transparent)]
    Connection(reqwest::Error),
    /// It is longer than anybody needs.
    #[error("it is longer than {most} bytes")]
    TooLong {
        /// The limit.
        most: usize,
    },
}

/// The body of an answer, of at most `most` bytes.
pub async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Broken::Connection(error.without_url()))? {
        if body.len() + chunk.len() > most {
            return Err(Broken::TooLong { most });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); its form with a date counts as none.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The beginning of a stranger's text for a message: one line, no control characters.
pub fn printable(text: &str) -> String {
    let line: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use super::{printable, retry_after};

    #[test]
    fn how_long_a_server_wants_us_to_wait() {
        let wait = |value: &'static str| {
            let headers: HeaderMap =
                [(reqwest::header::RETRY_AFTER, value.parse().expect("a value"))].into_iter().collect();
            retry_after(&headers)
        };
        assert_eq!(wait(" 7 "), Some(Duration::from_secs(7)));
        for odd in ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(wait(odd), None, "{odd}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn strangers_texts_are_one_short_line() {
        assert_eq!(printable("  a\r\n\x1b[31m b\0 "), "a [31m b");
        assert_eq!(printable(&"ä".repeat(1000)).chars().count(), 300);
    }
}
