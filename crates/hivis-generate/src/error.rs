//! What can go wrong, what mends it, and whether it may have cost money.

use std::path::PathBuf;
use std::time::Duration;

/// What is known of the price of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// Nothing was made: the call never got through, or was turned down at the door.
    Nothing,
    /// The generator may have worked: what was booked goes on to count.
    Unknown,
}

/// Why no picture was made. No message holds a key or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// Nothing is configured under that name.
    #[error("no generator is called `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The address is none that we speak to.
    #[error("`{base}` is no http(s) address")]
    Base {
        /// What was given.
        base: String,
    },
    /// A secret would cross a network that anybody can read.
    #[error("the {who} key would go to {host} over plain http")]
    Clear {
        /// The generator.
        who: &'static str,
        /// Where to.
        host: String,
    },
    /// 401 or 403.
    #[error("{who} does not let us in: {}", if *.sent { "it refuses the key or password" } else { "it wants a key or password" })]
    Unauthorised {
        /// The generator.
        who: &'static str,
        /// Something was sent.
        sent: bool,
    },
    /// 429 again and again, or for longer than we wait.
    #[error("{who} answers 429, too many requests{}", .wait.map(|w| format!(", and wants {} s of patience", w.as_secs())).unwrap_or_default())]
    TooManyRequests {
        /// The generator.
        who: &'static str,
        /// How long it wants us to wait.
        wait: Option<Duration>,
    },
    /// Another status that is no success.
    #[error("{who} answered {status}{}", if .said.is_empty() { String::new() } else { format!(": {said}") })]
    Status {
        /// The generator.
        who: &'static str,
        /// The status.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// Nobody is there.
    #[error("{who} cannot be reached")]
    Unreachable {
        /// The generator.
        who: &'static str,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// The answer ended before its end.
    #[error("the answer of {who} was cut off")]
    Cut {
        /// The generator.
        who: &'static str,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// It did not end in time.
    #[error("{who} did not answer within {} s", .after.as_secs_f64().ceil())]
    Slow {
        /// The generator.
        who: &'static str,
        /// The whole time that it had.
        after: Duration,
    },
    /// An answer that is not what it gives.
    #[error("the answer of {who} cannot be used: {why}")]
    Answer {
        /// The generator.
        who: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It took the order and could not carry it out.
    #[error("{who} failed: {why}")]
    Failed {
        /// The generator.
        who: &'static str,
        /// In its own words.
        why: String,
    },
    /// It would not take the order.
    #[error("{who} does not take the order: {why}")]
    Turned {
        /// The generator.
        who: &'static str,
        /// In its own words.
        why: String,
    },
    /// It has no such skill.
    #[error("{who} cannot do that: {what}")]
    Unable {
        /// The generator.
        who: &'static str,
        /// What it cannot do.
        what: &'static str,
    },
    /// A file of prompts is not right.
    #[error("the prompts in {place} cannot be used: {why}")]
    Prompts {
        /// The file, or the name of one that ships.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A command could not be started.
    #[error("`{command}` cannot be started")]
    Command {
        /// The program.
        command: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Drawing panicked.
    #[error("drawing a scene failed: this is a bug")]
    Drawing,
}

impl GenerateError {
    /// Whether the call may have cost money.
    pub fn charged(&self) -> Charged {
        match self {
            Self::Cut { .. } | Self::Slow { .. } | Self::Answer { .. } | Self::Failed { .. } => Charged::Unknown,
            Self::Status { status, .. } if *status >= 500 => Charged::Unknown,
            _ => Charged::Nothing,
        }
    }

    /// Whether the next order would fail just the same, so that a batch should stop.
    pub fn lasting(&self) -> bool {
        !matches!(self, Self::Cut { .. } | Self::Slow { .. } | Self::Answer { .. } | Self::Failed { .. })
    }

    /// What to do about it, one line, where we know.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { .. } => {
                "procedural, automatic1111, comfyui or cosmos; `hivis synth check` asks each".into()
            }
            Self::Base { .. } => "an address such as http://127.0.0.1:7860".into(),
            Self::Clear { .. } => "use https, or an address of your own network".into(),
            Self::Unauthorised { .. } => "check the secret that [synth] names for it".into(),
            Self::TooManyRequests { .. } => "wait, or ask for fewer pictures".into(),
            Self::Unreachable { .. } => {
                "start it, or correct its url in [synth]; `hivis synth check` tries again".into()
            }
            Self::Slow { .. } => "give it more with synth.timeout_s, or ask for smaller pictures".into(),
            Self::Answer { why, .. } if why.contains("HTML") => {
                "is this the address of its API? AUTOMATIC1111 needs --api; a proxy may answer in its place".into()
            }
            Self::Command { .. } => "check the command in [synth.cosmos], or install ffmpeg".into(),
            Self::Prompts { .. } => "`hivis synth prompts` shows the files that ship, as examples".into(),
            _ => return None,
        })
    }
}
