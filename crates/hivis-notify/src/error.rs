//! Why a channel cannot be made from its configuration.

/// No part of a secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The address is none.
    #[error("that is no http or https address")]
    Address,
    /// What is secret would go over the net in the clear.
    #[error("{host} is reached over plain http or without TLS, and everybody on the way could read it")]
    Clear {
        /// Whose.
        host: String,
    },
    /// No HTTP client.
    #[error("there is no HTTP client")]
    Client(#[source] reqwest::Error),
    /// An address of mail is none.
    #[error("{what} = \"{text}\" is no mail address")]
    Mailbox {
        /// `from` or `to`.
        what: &'static str,
        /// As it was written.
        text: String,
    },
    /// TLS cannot be set up.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
    /// A telephone number is none.
    #[error("\"{0}\" is no telephone number")]
    Number(String),
}

impl ChannelError {
    /// What to do.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Address => "write the whole address, such as https://discord.com/api/webhooks/ID/TOKEN",
            Self::Clear { .. } => "use https or TLS; without them only this computer and private networks are reached",
            Self::Client(_) => return None,
            Self::Mailbox { .. } => "write it as name@host, or \"Name <name@host>\"",
            Self::Tls(_) => "`ca_file` names the certificate that signs the server's own, in PEM",
            Self::Number(_) => "write it with its country: +4915123456789",
        })
    }
}
