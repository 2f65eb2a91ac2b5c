//! What a hotkey commits to on the chain: a Hub repository at a revision, and the hash of the release in it.
//!
//! The text is `owner:name:revision:hash`, as the subnets of model trainers write it (SN9 and those that copied its
//! `chain_model_metadata_store`): four parts with colons, the hash as base64 of SHA-256, in one raw field, because the
//! SDK's `get_commitment` reads the first field only. A repository too long for 128 bytes leaves the hash out of the text
//! and puts it into a second field, of the chain's own type `Sha256`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::extrinsic::Value;

/// The longest raw field.
const FIELD_BYTES: usize = 128;
/// A commit of git.
const REVISION_DIGITS: usize = 40;
/// What the chain counts at least for one commitment.
const LEAST_SPACE: u64 = 100;

/// One field of a commitment, as far as we know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitmentField {
    /// Up to 128 bytes as they are.
    Raw(Vec<u8>),
    /// A SHA-256.
    Sha256([u8; 32]),
    /// Another variant, by name.
    Other(String),
}

impl CommitmentField {
    /// As the metadata names it: `Raw0` to `Raw128`, `Sha256`.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Raw(bytes) => Value::unnamed_variant(format!("Raw{}", bytes.len()), [Value::from_bytes(bytes)]),
            Self::Sha256(hash) => Value::unnamed_variant("Sha256", [Value::from_bytes(hash)]),
            Self::Other(name) => Value::unnamed_variant(name.clone(), []),
        }
    }
}

/// Which model a miner says it answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    owner: String,
    name: String,
    revision: String,
    sha256: [u8; 32],
}

/// Why a commitment cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitmentProblem {
    /// Not the Hub's form of a name.
    #[error("the repository must be OWNER/NAME of letters, digits, `-`, `_` and `.`, at most 96 characters")]
    Repository,
    /// A branch moves; a commit does not.
    #[error("the revision must be a commit: 40 hexadecimal digits, not the name of a branch")]
    Revision,
    /// More than a field holds, even without the hash.
    #[error("OWNER and NAME together are too long for the chain's field of 128 bytes: at most 86 characters")]
    Long,
}

impl Commitment {
    /// `repository` is `owner/name`, `revision` a commit.
    pub fn new(repository: &str, revision: &str, sha256: [u8; 32]) -> Result<Self, CommitmentProblem> {
        let (owner, name) = repository.split_once('/').ok_or(CommitmentProblem::Repository)?;
        let fit = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        if !fit(owner) || !fit(name) || repository.len() > 96 {
            return Err(CommitmentProblem::Repository);
        }
        if revision.len() != REVISION_DIGITS || !revision.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(CommitmentProblem::Revision);
        }
        let revision = revision.to_ascii_lowercase();
        let this = Self { owner: owner.to_owned(), name: name.to_owned(), revision, sha256 };
        if this.place().len() > FIELD_BYTES { Err(CommitmentProblem::Long) } else { Ok(this) }
    }

    /// `owner/name`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The commit in the repository.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The release's hash.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    fn place(&self) -> String {
        format!("{}:{}:{}", self.owner, self.name, self.revision)
    }

    /// As few fields as it takes: one, or two when the text would be too long.
    pub fn fields(&self) -> Vec<CommitmentField> {
        let whole = format!("{}:{}", self.place(), BASE64_STANDARD.encode(self.sha256));
        if whole.len() <= FIELD_BYTES {
            return vec![CommitmentField::Raw(whole.into_bytes())];
        }
        vec![CommitmentField::Raw(self.place().into_bytes()), CommitmentField::Sha256(self.sha256)]
    }

    /// The space that the chain counts for it against what a hotkey may write in an epoch.
    pub fn space(&self) -> u64 {
        let bytes = |field: &CommitmentField| match field {
            CommitmentField::Raw(bytes) => bytes.len() as u64,
            CommitmentField::Sha256(_) => 32,
            CommitmentField::Other(_) => 0,
        };
        self.fields().iter().map(bytes).sum::<u64>().max(LEAST_SPACE)
    }

    /// What fields on the chain say; `None` where they are not of this form. Strangers write them.
    pub fn parse(fields: &[CommitmentField]) -> Option<Self> {
        let [CommitmentField::Raw(text), rest @ ..] = fields else { return None };
        let parts: Vec<&str> = std::str::from_utf8(text).ok()?.split(':').collect();
        let (owner, name, revision, sha256) = match (parts.as_slice(), rest) {
            // A fifth part is the competition, where a subnet has several.
            ([owner, name, revision, hash] | [owner, name, revision, hash, _], []) => {
                (owner, name, revision, BASE64_STANDARD.decode(hash).ok()?.try_into().ok()?)
            }
            ([owner, name, revision], [CommitmentField::Sha256(hash)]) => (owner, name, revision, *hash),
            _ => return None,
        };
        Self::new(&format!("{owner}/{name}"), revision, sha256).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Commitment, CommitmentField, CommitmentProblem};

    const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_commitment_is_one_field_or_two_and_reads_back() {
        for (owner, name, fields) in [(1, 1, 1), (20, 21, 1), (20, 22, 2), (40, 46, 2)] {
            let repository = format!("{}/{}", "o".repeat(owner), "n".repeat(name));
            let made = Commitment::new(&repository, REVISION, [7; 32]).expect("a commitment");
            assert_eq!(made.fields().len(), fields, "{repository}");
            assert_eq!(Commitment::parse(&made.fields()), Some(made.clone()));
            let CommitmentField::Raw(text) = &made.fields()[0] else { panic!("a raw field first") };
            assert!(text.len() <= 128);
        }
        let made = Commitment::new("natix/road", REVISION, [0; 32]).expect("a commitment");
        let text = format!("natix:road:{REVISION}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(made.fields(), [CommitmentField::Raw(text.into_bytes())]);
        assert_eq!(made.space(), 100);
    }

    #[test]
    fn what_is_not_a_commitment_is_refused() {
        use CommitmentProblem::{Long, Repository, Revision};
        let check = |repository: &str, revision: &str| Commitment::new(repository, revision, [0; 32]).err();
        for bad in ["", "name", "/name", "owner/", "a/b/c", "a:b/c", "ä/b", "a b/c"] {
            assert_eq!(check(bad, REVISION), Some(Repository), "{bad}");
        }
        for bad in ["main", "", &REVISION[1..], &REVISION.replace('0', "g")] {
            assert_eq!(check("a/b", bad), Some(Revision), "{bad}");
        }
        assert_eq!(check(&format!("{}/{}", "o".repeat(40), "n".repeat(47)), REVISION), Some(Long));
        let raw = |text: &str| Commitment::parse(&[CommitmentField::Raw(text.as_bytes().to_vec())]);
        assert_eq!(raw("https://example.org"), None);
        assert_eq!(raw(&format!("a:b:{REVISION}:None")), None);
        assert_eq!(Commitment::parse(&[]), None);
        assert_eq!(Commitment::parse(&[CommitmentField::Raw(vec![0xff]), CommitmentField::Sha256([0; 32])]), None);
    }
}
