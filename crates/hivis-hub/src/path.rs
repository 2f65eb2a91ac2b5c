//! A server's file names, which become paths on this disk.

use std::path::{Path, PathBuf};

use hivis_http::printable;

use crate::HubError;

/// Limits of the usual file systems.
const MAX_PART: usize = 240;
const MAX_PATH: usize = 1000;

/// Ends a file that is not whole yet; no file of a repository may end so.
pub(crate) const PARTIAL: &str = ".partial";

/// `name` below `root`; refuses what would leave it, hide in it, or be taken for a file of ours.
pub(crate) fn below(root: &Path, name: &str) -> Result<PathBuf, HubError> {
    let good = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.len() <= MAX_PART
            && !part.contains(['\\', ':'])
            && !part.chars().any(char::is_control)
    };
    if name.len() > MAX_PATH || !name.split('/').all(good) || name.ends_with(PARTIAL) {
        return Err(HubError::Path { name: printable(name) });
    }
    Ok(root.join(name))
}

/// Percent-encodes one name for an address; `/` stays when it parts folders.
pub(crate) fn encoded(name: &str, keep_slashes: bool) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b'/' if keep_slashes => out.push('/'),
            _ => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{below, encoded};

    #[test]
    fn nothing_leaves_the_folder() {
        let root = Path::new("/home/x");
        assert_eq!(below(root, "data/a b.parquet").expect("a good name"), Path::new("/home/x/data/a b.parquet"));
        for bad in
            ["", "/etc/passwd", "../a", "a/../b", "a//b", "a/", "./a", "a\\..\\b", "c:/a", "a\nb", "a\0", "x.partial"]
        {
            assert!(below(root, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(encoded("data/a b#1?.jpg", true), "data/a%20b%231%3F.jpg");
        assert_eq!(encoded("refs/convert/parquet", false), "refs%2Fconvert%2Fparquet");
        assert_eq!(encoded("ä", true), "%C3%A4");
    }
}
