//! What versions are called: `v1.2.3-20261126`.

use std::fmt;
use std::str::FromStr;

use hivis_types::Version;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A version's name: its number, and the day (UTC) on which it was cut. Ordered by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionName {
    /// The number.
    pub number: Version,
    /// The day.
    pub day: Date,
}

/// Which part of the number goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// Nothing but what is said of the pictures, or fewer of them.
    Patch,
    /// More pictures.
    Minor,
    /// Figures of before and after do not compare.
    Major,
}

impl VersionName {
    /// The first version of a home.
    pub fn first(day: Date) -> Self {
        Self { number: Version { major: 1, minor: 0, patch: 0 }, day }
    }

    /// The one after this.
    #[must_use]
    pub fn next(self, bump: Bump, day: Date) -> Self {
        let Version { major, minor, patch } = self.number;
        let number = match bump {
            Bump::Major => Version { major: major + 1, minor: 0, patch: 0 },
            Bump::Minor => Version { major, minor: minor + 1, patch: 0 },
            Bump::Patch => Version { major, minor, patch: patch + 1 },
        };
        Self { number, day }
    }
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day;
        f.pad(&format!("v{}-{:04}{:02}{:02}", self.number, day.year(), day.month(), day.day()))
    }
}

impl FromStr for VersionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no name of a version (v1.2.3-20261126)");
        let (number, day) = text.strip_prefix('v').and_then(|rest| rest.split_once('-')).ok_or_else(wrong)?;
        let digits = day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit());
        let part = |from: usize, to: usize| day.get(from..to).and_then(|part| part.parse::<i16>().ok());
        let day = if digits { part(0, 4).zip(part(4, 6)).zip(part(6, 8)) } else { None };
        let ((year, month), day) = day.ok_or_else(wrong)?;
        let day = Date::new(year, month as i8, day as i8).map_err(|_| wrong())?;
        Ok(Self { number: number.parse().map_err(|_| wrong())?, day })
    }
}

impl TryFrom<String> for VersionName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<VersionName> for String {
    fn from(name: VersionName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_as_they_are_written_and_go_up() {
        let name: VersionName = "v1.2.3-20261126".parse().expect("a name");
        assert_eq!(name.to_string(), "v1.2.3-20261126");
        let day = Date::constant(2026, 12, 1);
        let next = [Bump::Major, Bump::Minor, Bump::Patch].map(|bump| name.next(bump, day).to_string());
        assert_eq!(next, ["v2.0.0-20261201", "v1.3.0-20261201", "v1.2.4-20261201"]);
        for text in
            ["1.2.3-20261126", "v1.2.3", "v1.2-20261126", "v1.2.3-20261326", "v1.2.3-2026112", "v1.2.3-2026-1-1"]
        {
            assert!(text.parse::<VersionName>().is_err(), "{text}");
        }
    }
}
