//! One HTTP call: who may see the secret, how long it may take, how much of an answer is read.

use std::time::Duration;

use hivis_http::Reach;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, Url};

use crate::notifier::SendError;
use crate::text::said;
use crate::{ChannelError, Secret};

/// Of an answer nothing more is read.
const MOST: usize = 64 << 10;
/// A part of an address of that length is a key.
const KEY: usize = 12;
/// Nobody is waited for longer than this, whatever they ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// An address as a channel uses it. The whole address is secret.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client,
    address: Secret,
    /// The address, and what in it alone is enough to use it.
    hidden: Vec<Secret>,
    limit: Duration,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The first 64 KiB, or less where it did not come in time.
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// Plain http is for this computer and for private networks only: whoever sees a secret address may use it.
    pub(crate) fn new(address: &Secret, limit: Duration) -> Result<Self, ChannelError> {
        let url = Url::parse(address.reveal()).map_err(|_| ChannelError::Address)?;
        let host = url.host_str().ok_or(ChannelError::Address)?.trim_matches(['[', ']']).to_owned();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ChannelError::Address);
        }
        let reach = Reach::of(&host);
        if url.scheme() == "http" && reach == Reach::Far {
            return Err(ChannelError::Clear { host });
        }
        let client = hivis_http::client(reach).connect_timeout(limit.min(Duration::from_secs(10)));
        let client = client.build().map_err(|error| ChannelError::Client(error.without_url()))?;
        let parts = url.path_segments().into_iter().flatten().map(str::to_owned);
        let parts = parts.chain(url.query_pairs().map(|(_, value)| value.into_owned()));
        let parts = parts.chain(url.password().map(str::to_owned)).filter(|part| part.len() >= KEY);
        let hidden = [address.clone()].into_iter().chain(parts.map(Secret::new)).collect();
        Ok(Self { client, address: address.clone(), hidden, limit })
    }

    /// A POST to the address, with more of a query where that is given.
    pub(crate) fn post(&self, query: &[(&str, &str)]) -> Result<RequestBuilder, SendError> {
        let refused = |_| SendError::Unreachable { said: "the address cannot be used".to_owned() };
        let mut url = Url::parse(self.address.reveal()).map_err(refused)?;
        for (name, value) in query {
            let others: Vec<(String, String)> =
                url.query_pairs().filter(|(old, _)| old != name).map(|(n, v)| (n.into(), v.into())).collect();
            url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
        }
        Ok(self.client.post(url))
    }

    /// Sends it and reads the answer. A connection that never stood is told from one that broke.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, SendError> {
        let until = tokio::time::Instant::now() + self.limit;
        let response = tokio::time::timeout_at(until, request.send()).await;
        let response = response.map_err(|_| SendError::Unsure { said: format!("{} s", self.limit.as_secs_f64()) })?;
        let mut response = response.map_err(|error| {
            let untouched = error.is_connect() || error.is_builder();
            let said = self.words(&causes(&error.without_url()));
            if untouched { SendError::Unreachable { said } } else { SendError::Unsure { said } }
        })?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        // The status says what is to be known; of a body that is slow or long what is there is enough.
        let _ = tokio::time::timeout_at(until, read(&mut response, &mut body)).await;
        Ok(Answer { status, headers, body })
    }

    /// What somebody else said, without our secret in it.
    pub(crate) fn words(&self, text: &str) -> String {
        said(&self.hidden.iter().fold(text.to_owned(), |text, secret| secret.scrub(&text)))
    }
}

async fn read(response: &mut Response, body: &mut Vec<u8>) {
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MOST - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() >= MOST {
            return;
        }
    }
}

/// An error with what is behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Seconds in one of these headers, with a fraction or without.
    pub(crate) fn seconds(&self, name: &str) -> Option<Duration> {
        wait(self.headers.get(name)?.to_str().ok()?.trim().parse().ok()?)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The beginning of the body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(1_000)]).into_owned()
    }
}

/// A number of seconds that a receiver asked for, bounded.
pub(crate) fn wait(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
}
