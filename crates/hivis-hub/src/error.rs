//! What can go wrong in this room, and what mends it.

use std::path::PathBuf;
use std::time::Duration;

/// Why a pull or a push failed. No message holds the token or an address with a signature in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The Hub has no names like this.
    #[error("`{name}` is no name of a repository")]
    Name {
        /// What was given.
        name: String,
    },
    /// No branch, tag or commit is written like this.
    #[error("`{revision}` is no revision")]
    Revision {
        /// What was given.
        revision: String,
    },
    /// `HF_ENDPOINT` is no address that we speak to.
    #[error("`{endpoint}` is no http(s) address")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// 401: who asks is not known, or the repository is hidden from them.
    #[error("the Hub does not let us read {page} ({})", if *.token { "it refuses the token" } else { "no token was sent" })]
    Unauthorised {
        /// The repository's page.
        page: String,
        /// A token was sent.
        token: bool,
    },
    /// 403, or 401 for a gated repository: its licence was not accepted.
    #[error("{page} is gated, and {}", if *.token { "the token's owner has no access" } else { "no token was sent" })]
    Gated {
        /// The repository's page.
        page: String,
        /// A token was sent.
        token: bool,
    },
    /// 404: no such repository, revision or file.
    #[error("the Hub has no {what}")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// 429 again and again, or for longer than we wait.
    #[error("the Hub answers 429, too many requests{}", .wait.map(|w| format!(", and wants {} s of patience", w.as_secs())).unwrap_or_default())]
    TooManyRequests {
        /// How long it wants us to wait.
        wait: Option<Duration>,
    },
    /// Another status that is no success, after all tries.
    #[error("the Hub answered {status} for {what}")]
    Status {
        /// The status.
        status: u16,
        /// What was asked for.
        what: String,
    },
    /// No connection, or one that was cut more often than we try.
    #[error("the connection for {what} failed")]
    Connection {
        /// What was asked for.
        what: String,
        /// Why; without the address.
        #[source]
        source: reqwest::Error,
    },
    /// The server closed the connection before the end, more often than we try.
    #[error("{name}: the connection ended at byte {at} of {size}")]
    CutOff {
        /// The file.
        name: String,
        /// Bytes that are here.
        at: u64,
        /// Bytes of the whole file.
        size: u64,
    },
    /// An answer that is not what the Hub's API gives.
    #[error("the answer for {what} cannot be understood: {why}")]
    Answer {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name that would leave the folder, or that no file should have.
    #[error("the repository has a file named `{name}`, which is not safe to write")]
    Path {
        /// The name.
        name: String,
    },
    /// More than the limits let in.
    #[error("{what}: over the limit of {limit}")]
    Limit {
        /// What is too large.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// The disk would be full.
    #[error("{needed} bytes are to be loaded, {free} may be")]
    NoRoom {
        /// Bytes still to be loaded.
        needed: u64,
        /// Bytes that may be written.
        free: u64,
    },
    /// Nothing in the repository is of use.
    #[error("{page} holds {missing}")]
    Nothing {
        /// The repository's page.
        page: String,
        /// What is not there.
        missing: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// What came is not what the Hub's list says; it was removed.
    #[error("{name} came damaged: its {kind} is {found}, the Hub says {expected}; it was removed")]
    Checksum {
        /// The file.
        name: String,
        /// Which checksum.
        kind: &'static str,
        /// What it should be, in hex.
        expected: String,
        /// What it is, in hex.
        found: String,
    },
    /// Another process loads the same repository.
    #[error("another pull into {folder} is running")]
    Running {
        /// The folder.
        folder: PathBuf,
    },
    /// 401 or 403 to something that is sent.
    #[error("the Hub does not let us write to {page} ({})", match (.token, .status) {
        (false, _) => "no token was sent".to_owned(),
        (true, 401) => "it refuses the token".to_owned(),
        (true, status) => format!("{status}: the token may not write there"),
    })]
    NotWritable {
        /// The repository's page.
        page: String,
        /// A token was sent.
        token: bool,
        /// The status.
        status: u16,
    },
    /// Another status that refuses what was sent.
    #[error("the Hub refuses {what} with {status}: {why}")]
    Refused {
        /// What was sent.
        what: String,
        /// The status.
        status: u16,
        /// What the Hub said.
        why: String,
    },
    /// 409 or 412: somebody else made a commit since the files were listed.
    #[error("{page} was changed by somebody else meanwhile")]
    Moved {
        /// The repository's page.
        page: String,
    },
    /// The repository takes large files over Xet only.
    #[error("{page} takes large files over Xet only, and hivis uploads over Git LFS")]
    XetOnly {
        /// The repository's page.
        page: String,
    },
    /// The large-file storage refuses one object.
    #[error("the Hub does not take {name}: {why}")]
    Object {
        /// The file.
        name: String,
        /// What the Hub said.
        why: String,
    },
    /// A signed address that is no longer taken, twice.
    #[error("the address for sending {name} is not accepted ({status})")]
    Expired {
        /// The file.
        name: String,
        /// The status.
        status: u16,
    },
    /// The repository's `.gitignore` keeps a file out.
    #[error("a .gitignore in {page} keeps {name} out")]
    Ignored {
        /// The repository's page.
        page: String,
        /// The file.
        name: String,
    },
    /// A commit that was made does not hold what was sent.
    #[error("{page} at {commit} does not hold what was sent: {why}")]
    Differs {
        /// The repository's page.
        page: String,
        /// The commit.
        commit: String,
        /// What differs.
        why: String,
    },
    /// A file to be sent cannot be read.
    #[error("{path} cannot be read")]
    Source {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder could not be read or written; the source names it.
    #[error("what was loaded cannot be written")]
    Io(#[from] std::io::Error),
}

impl HubError {
    /// What to do about it, one line, where we know.
    pub fn hint(&self) -> Option<String> {
        const AGAIN: &str = "the same command goes on where it stopped";
        Some(match self {
            Self::Name { .. } => "OWNER/NAME, as in the address of its page on huggingface.co".into(),
            Self::Revision { .. } => "a branch, a tag or a commit, such as main".into(),
            Self::Endpoint { .. } => "HF_ENDPOINT is an address such as https://huggingface.co".into(),
            Self::Unauthorised { token: true, .. } => {
                "the token is wrong or has expired: make one at https://huggingface.co/settings/tokens and set HF_TOKEN"
                    .into()
            }
            Self::Unauthorised { page, token: false } => format!(
                "is the name right? For a private or gated one accept its licence at {page}, make a token at \
                 https://huggingface.co/settings/tokens and set HF_TOKEN"
            ),
            Self::Gated { page, token: true } => {
                format!("accept its licence at {page} with the account that the token is of")
            }
            Self::Gated { page, token: false } => format!(
                "accept its licence at {page}, make a token at https://huggingface.co/settings/tokens and set HF_TOKEN"
            ),
            Self::NotFound { .. } => "is the name right, and is it a model or a data set?".into(),
            Self::TooManyRequests { .. } => format!("wait some minutes; {AGAIN}"),
            Self::Status { status: 500.., .. } => format!("the Hub has trouble, try later; {AGAIN}"),
            Self::Status { .. } => format!("it may pass; {AGAIN}"),
            Self::Connection { .. } => format!("is the network there, and HF_ENDPOINT right? {AGAIN}"),
            Self::CutOff { .. } | Self::Checksum { .. } => AGAIN.into(),
            Self::NoRoom { .. } => format!("make room on the disk; {AGAIN}"),
            Self::Nothing { hint, .. } => (*hint).into(),
            Self::NotWritable { page, token: true, status: 403 } => {
                format!("the token needs the right to write to {page}: https://huggingface.co/settings/tokens")
            }
            Self::NotWritable { .. } => {
                "make a token with the right to write at https://huggingface.co/settings/tokens and set HF_TOKEN".into()
            }
            Self::Refused { status: 402, .. } => "the account's plan does not allow it".into(),
            Self::Refused { status: 413, .. } => "the Hub's limit on a commit is exceeded".into(),
            Self::Moved { .. } => format!("look at its newest commits; {AGAIN}"),
            Self::XetOnly { .. } => {
                "`hivis release export` writes the files; upload them with huggingface_hub, which speaks Xet".into()
            }
            Self::Expired { .. } => format!("is this computer's clock right? {AGAIN}"),
            Self::Ignored { .. } => "remove that line from the repository's .gitignore".into(),
            Self::Differs { .. } => format!("nothing was registered; {AGAIN}"),
            Self::Running { .. } => "wait until it is done".into(),
            _ => return None,
        })
    }
}
