//! What every channel can do: hand over one message.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::message::Parcel;

/// A message on its way.
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<Receipt, SendError>> + Send + 'a>>;

/// Hands messages to people.
pub trait Notifier: Send + Sync {
    /// What it is, in one word: `discord`, `email`, `sms`, `webhook`.
    fn kind(&self) -> &'static str;

    /// Hands over one message. It tries once, and ends within the time that it was set up with.
    fn send<'a>(&'a self, parcel: &'a Parcel) -> SendFuture<'a>;

    /// So many parts does a message cost, where each has a price.
    fn parts(&self, parcel: &Parcel) -> u32 {
        let _ = parcel;
        1
    }
}

/// The receiver has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// Its own id of the message.
    pub provider_id: Option<String>,
    /// It wants nothing more for so long.
    pub wait: Option<Duration>,
}

/// Why a message did not arrive, or may not have. No part of a secret is in it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SendError {
    /// There is no such channel any more.
    #[error("it is gone: {said}")]
    Gone {
        /// The receiver's words.
        said: String,
    },
    /// Too many messages.
    #[error("too many messages{}", wait.map(|wait| format!("; again in {} s", wait.as_secs_f64().ceil())).unwrap_or_default())]
    Busy {
        /// When it takes one again.
        wait: Option<Duration>,
    },
    /// This message is not taken.
    #[error("refused: {said}")]
    Refused {
        /// The receiver's words.
        said: String,
    },
    /// It certainly did not arrive.
    #[error("not reached: {said}")]
    Unreachable {
        /// What went wrong.
        said: String,
    },
    /// It may have arrived.
    #[error("no answer: {said}")]
    Unsure {
        /// What went wrong.
        said: String,
    },
}
