//! The asking side: signs and asks as the SDK's 10.x dendrite does, and makes of any reply what that dendrite would.

mod connection;
mod reply;
mod request;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hivis_types::Hotkey;
use tokio::time::timeout;

use crate::Keypair;
use crate::dendrite::connection::{Failure, Pool};
use crate::number::python_float;
use crate::uuid1::uuid1;
use crate::wire::VERSION;

pub use reply::Reply;

/// Redirects that are followed, as in aiohttp.
const REDIRECTS: usize = 10;

/// Where an axon listens, as the chain publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxonAddress {
    /// IPv4 address or name. A bare IPv6 address can never be reached, as with the SDK; one in brackets can.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The hotkey that the question is signed for.
    pub hotkey: Hotkey,
}

/// How a dendrite presents itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DendriteSettings {
    /// `bt_header_dendrite_version`: `major * 10^6 + minor * 10^3 + patch`.
    pub version: u64,
    /// `bt_header_dendrite_ip`; the SDK asks the internet for its own, we say loopback unless told.
    pub ip: String,
    /// `testnet_label` of the question; -1 says nothing.
    pub testnet_label: i64,
}

impl Default for DendriteSettings {
    fn default() -> Self {
        Self { version: VERSION, ip: "127.0.0.1".to_owned(), testnet_label: -1 }
    }
}

/// One caller, with one uuid for its life and its own kept-alive connections.
#[derive(Debug)]
pub struct Dendrite {
    keypair: Keypair,
    settings: DendriteSettings,
    uuid: String,
    pool: Pool,
}

impl Dendrite {
    /// A dendrite that signs with `keypair`.
    pub fn new(keypair: Keypair, settings: DendriteSettings) -> Self {
        Self { keypair, settings, uuid: uuid1(unix_ns()).to_string(), pool: Pool::default() }
    }

    /// Who asks.
    pub fn hotkey(&self) -> Hotkey {
        self.keypair.hotkey()
    }

    /// One question, answered or given up within `limit` (connecting included). Never fails: what the SDK would raise or
    /// swallow is in the reply.
    pub async fn ask(&self, axon: &AxonAddress, image_base64: &str, limit: Duration) -> Reply {
        self.ask_with_label(axon, image_base64, limit, self.settings.testnet_label).await
    }

    /// As [`Self::ask`], with the true label that testnet's validators may send along.
    pub async fn ask_with_label(
        &self,
        axon: &AxonAddress,
        image_base64: &str,
        limit: Duration,
        testnet_label: i64,
    ) -> Reply {
        let begin = Instant::now();
        let question = request::Question { axon, image: image_base64, limit, testnet_label };
        let reply = match timeout(limit, self.exchange(&question)).await {
            Ok(Ok(response)) => reply::of_response(&response),
            Ok(Err(failure)) => reply::of_failure(&failure, axon),
            Err(_) => {
                let message = format!("Request timeout after {} seconds", python_float(limit.as_secs_f64()));
                Reply::client_made(408, message)
            }
        };
        Reply { latency: begin.elapsed(), ..reply }
    }

    async fn exchange(&self, question: &request::Question<'_>) -> Result<connection::Received, Failure> {
        let mut place = connection::Place::of(question.axon)?;
        for _ in 0..=REDIRECTS {
            let request = || request::build(self, question, &place, unix_ns());
            let received = self.pool.send(&place, request).await?;
            match place.after(&received)? {
                Some(next) => place = next,
                None => return Ok(received),
            }
        }
        Err(Failure::Unforeseen("too many redirects".to_owned()))
    }

    fn signed(&self, axon: &Hotkey, nonce: u64) -> String {
        let message = format!("{nonce}.{}.{axon}.{}.{}", self.keypair.hotkey(), self.uuid, crate::wire::BODY_HASH);
        format!("0x{}", hex::encode(self.keypair.sign(message.as_bytes())))
    }
}

/// The dendrite's own clock: each question is signed for the moment in which it is sent.
fn unix_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64)
}
