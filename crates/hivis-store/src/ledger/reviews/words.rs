//! The words of a review: verdicts, reasons, why it is queued, and who looks.

use serde::{Deserialize, Serialize};

use super::ReviewRefused;

/// A name has at most so many characters.
const NAME: usize = 64;
/// A note has at most so many characters.
const NOTE: usize = 2_000;

macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$what])* $word,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$word),*];

            /// The word in the ledger, on the command line and in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }

            /// From the word.
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    )*};
}
words! {
    /// What a person decides.
    ReviewVerdict {
        /// The picture is good, and shows what the label says.
        Accept = "accept",
        /// The picture is not to be learned from.
        Reject = "reject",
        /// This person cannot say.
        Skip = "skip",
    }

    /// Why a picture is rejected.
    ReviewReason {
        /// Machines, signs or people at work are wrong or impossible.
        Equipment = "equipment",
        /// Light or shadows are wrong.
        Light = "light",
        /// It does not fit the street, the weather or the scene.
        Context = "context",
        /// Marks of the generator, of compression or of a watermark.
        Artefact = "artefact",
        /// It does not show what it was labelled or asked to show.
        Label = "label",
    }

    /// Why a person should look.
    ReviewWhy {
        /// A generator made it, and the gate let it through.
        Generated = "generated",
        /// The release was unsure of it, and no label came.
        Hard = "hard",
        /// Sources of labels contradict each other.
        Disagreement = "disagreement",
    }
}

/// Who looks: a name in lower case, at most 64 characters, none of them invisible.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Reviewer(String);

impl Reviewer {
    /// Takes a name without the spaces around it, and in lower case, so that one person is not two by a slip of the
    /// shift key.
    pub fn new(name: &str) -> Result<Self, ReviewRefused> {
        let trimmed = name.trim();
        if trimmed.is_empty() || trimmed.chars().count() > NAME || trimmed.chars().any(hides) {
            return Err(ReviewRefused::BadName {
                name: name.chars().take(NAME).flat_map(char::escape_debug).collect(),
            });
        }
        Ok(Self(trimmed.to_lowercase()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Reviewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A note as it is kept: without the spaces around it, and nothing at all when it is empty.
pub(super) fn note(text: Option<&str>) -> Result<Option<String>, ReviewRefused> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let fits = text.chars().count() <= NOTE && !text.chars().any(|c| hides(c) && c != '\n' && c != '\t');
    if fits { Ok(Some(text.to_owned())) } else { Err(ReviewRefused::BadNote) }
}

/// Characters that move the cursor or the direction of writing, or that nobody sees: two names that look alike would be
/// two people.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
