//! An axon behind HTTP, asked as a validator asks it.

use std::sync::Arc;
use std::time::Duration;

use hivis_bittensor::Keypair;
use hivis_bittensor::dendrite::{AxonAddress, Dendrite, DendriteSettings, Reply};

use hivis_types::Label;

use crate::reward::NO_ANSWER;
use crate::{Ask, Outcome, Told};

/// `testnet_label` of a question whose truth is not told.
const NO_LABEL: i64 = -1;

/// Any miner: ours, the SDK's, a stranger's. Knows a keypair and an address, nothing of what is behind it.
#[derive(Debug)]
pub struct RemoteAxon {
    dendrite: Dendrite,
    address: AxonAddress,
    name: String,
    tells: bool,
}

impl RemoteAxon {
    /// Asks `address` in the name of `keypair`; the axon must permit that hotkey.
    pub fn new(keypair: Keypair, address: AxonAddress) -> Self {
        let name = format!("{}:{}", address.host, address.port);
        Self { dendrite: Dendrite::new(keypair, DendriteSettings::default()), address, name, tells: false }
    }

    /// Sends every picture's label along, as validators of testnet may: the miner keeps it with its record.
    #[must_use]
    pub fn telling(mut self, tells: bool) -> Self {
        self.tells = tells;
        self
    }

    /// Another name in the report, such as a release's.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl Ask for RemoteAxon {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn ask(&self, image: Arc<str>, truth: Label, timeout: Duration) -> Told {
        let label = if self.tells { i64::from(truth.as_u8()) } else { NO_LABEL };
        told(self.dendrite.ask_with_label(&self.address, &image, timeout, label).await)
    }
}

/// The prediction is what the reward code gets, whatever the status says; the kind of a failure is for people.
fn told(reply: Reply) -> Told {
    let message = reply.message.unwrap_or_default();
    let outcome = if reply.prediction != NO_ANSWER {
        if (0.0..=1.0).contains(&reply.prediction) { Outcome::Answered } else { Outcome::Odd }
    } else if reply.raised {
        Outcome::Unreadable
    } else {
        match reply.status {
            Some(200) => Outcome::Silent,
            Some(408) => Outcome::Timeout,
            // The dendrite's own texts; an axon that sends the same means the same.
            Some(503) if message.starts_with("Service unavailable at") => Outcome::Unreachable,
            Some(503) if message.starts_with("Service disconnected") => Outcome::Disconnected,
            Some(400) if message.starts_with("Payload error") => Outcome::Disconnected,
            Some(422) | None => Outcome::Unreadable,
            Some(_) => Outcome::Refused,
        }
    };
    Told { prediction: reply.prediction, outcome, status: reply.status, message }
}
