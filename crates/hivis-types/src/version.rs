//! The version of a release.

use serde::{Deserialize, Serialize};

use crate::UnknownName;

/// X.Y.Z of a release: X counts the model families of a home, Y the heads of a family, Z what was derived from one head
/// (its 8-bit form). Versions are ordered; the first of a home is 1.0.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// The model family.
    pub major: u32,
    /// The head.
    pub minor: u32,
    /// The form of that head.
    pub patch: u32,
}

impl Version {
    /// X.0.0, the first of a family.
    pub fn first_of(family: u32) -> Self {
        Self { major: family, minor: 0, patch: 0 }
    }
}

impl std::str::FromStr for Version {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        // Digits only: `u32` would take a sign, and `01` is another writing of `1`.
        let number = |part: &str| {
            let plain = part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            plain.then(|| part.parse::<u32>().ok()).flatten()
        };
        let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
        match parts.as_deref() {
            Some([major, minor, patch]) => Ok(Self { major: *major, minor: *minor, patch: *patch }),
            _ => Err(UnknownName { what: "version (X.Y.Z)", name: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // As one text, so that a width in a table counts.
        f.pad(&format!("{}.{}.{}", self.major, self.minor, self.patch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_as_they_are_written() {
        for text in ["1.0.0", "0.12.3", "4294967295.0.7"] {
            assert_eq!(text.parse::<Version>().expect("a version").to_string(), text);
        }
        for text in ["", "1", "1.2", "1.2.3.4", "1.-2.3", "+1.2.3", "01.2.3", "1..3", "v1.2.3", "1.2.4294967296"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let order = ["1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0"].map(str::parse::<Version>);
        assert!(order.windows(2).all(|pair| pair[0].clone().expect("one") < pair[1].clone().expect("one")));
    }
}
