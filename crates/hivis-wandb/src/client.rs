//! One GraphQL question: the key, statuses, and when to ask again.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::{Value, json};

use crate::error::printable;
use crate::{ApiKey, Project, WandbError};

/// Rows of a page are some hundred bytes each, the list of a run's keys some hundred kilobytes.
const MAX_ANSWER: usize = 32 << 20;

/// How long to go on against trouble.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Tries of one question.
    pub tries: u32,
    /// Pause after the first; it doubles each time.
    pub first: Duration,
    /// Longest pause, that of a 429's `Retry-After` too: who wants more gets an error.
    pub longest: Duration,
    /// A connection that gives nothing for so long is dead.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { tries: 5, first: seconds(1), longest: seconds(60), silence: seconds(60) }
    }
}

/// The server, or what stands in for it, as one key sees it.
#[derive(Clone, Debug)]
pub struct Wandb {
    http: Client,
    graphql: Url,
    key: Option<ApiKey>,
    patience: Patience,
}

/// What came of one try.
enum Trouble {
    /// May go away; the server may have said when.
    Passing(WandbError, Option<Duration>),
    /// Will not.
    Lasting(WandbError),
}

impl Wandb {
    /// `base` is `http(s)://HOST[:PORT][/PATH]`. Over plain http the key goes to this computer only.
    pub fn new(base: &str, key: Option<ApiKey>, patience: Patience) -> Result<Self, WandbError> {
        let wrong = || WandbError::Base { base: printable(base) };
        let graphql = Url::parse(&format!("{}/graphql", base.trim_end_matches('/'))).map_err(|_| wrong())?;
        let host = graphql.host_str().ok_or_else(wrong)?;
        let here = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let named = graphql.username().is_empty() && graphql.password().is_none();
        if !matches!(graphql.scheme(), "http" | "https") || !named {
            return Err(wrong());
        }
        let clear = graphql.scheme() == "http" && !here;
        if clear && key.is_some() {
            tracing::warn!("the API key is not sent: {host} is reached over plain http");
        }
        // `reqwest` panics without a provider; the first one of a process stays, whichever it is.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = Client::builder()
            .user_agent(concat!("hivis/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(patience.silence);
        if here {
            http = http.no_proxy();
        }
        let http = http.build().map_err(WandbError::Connection)?;
        Ok(Self { http, graphql, key: key.filter(|_| !clear), patience })
    }

    /// The answer's `data.project`; asks again by itself.
    pub(crate) async fn ask(&self, project: &Project, query: &str, mut with: Value) -> Result<Value, WandbError> {
        with["entity"] = project.entity().into();
        with["project"] = project.name().into();
        let body = json!({ "query": query, "variables": with }).to_string();
        let (mut left, mut pause) = (self.patience.tries.max(1), self.patience.first);
        loop {
            let (error, wanted) = match self.once(project, &body).await {
                Ok(found) => return Ok(found),
                Err(Trouble::Lasting(error)) => return Err(error),
                Err(Trouble::Passing(error, wanted)) => (error, wanted),
            };
            left -= 1;
            let wait = wanted.unwrap_or(pause);
            if left == 0 || wait > self.patience.longest {
                return Err(error);
            }
            tracing::info!(wait_s = wait.as_secs_f64(), "{error}: asking again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(self.patience.longest);
        }
    }

    async fn once(&self, project: &Project, body: &str) -> Result<Value, Trouble> {
        let mut request = self.http.post(self.graphql.clone()).header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.basic_auth("api", Some(key.reveal()));
        }
        let response = request.body(body.to_owned()).send().await.map_err(connection)?;
        let (status, wait) = (response.status(), wanted_wait(response.headers()));
        let bytes = whole(response).await?;
        let key = self.key.is_some();
        let unreadable = || WandbError::Unreadable { project: project.to_string(), key };
        match status {
            _ if status.is_success() => {}
            StatusCode::UNAUTHORIZED => return Err(Trouble::Lasting(WandbError::Unauthorised { key })),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => return Err(Trouble::Lasting(unreadable())),
            StatusCode::TOO_MANY_REQUESTS => {
                return Err(Trouble::Passing(WandbError::TooManyRequests { wait }, wait));
            }
            _ => {
                let error = WandbError::Status { status: status.as_u16(), said: said(&bytes) };
                let passing = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
                return Err(if passing { Trouble::Passing(error, wait) } else { Trouble::Lasting(error) });
            }
        }
        let odd = |why: String| Trouble::Lasting(WandbError::Answer { why });
        let mut answer: Value = serde_json::from_slice(&bytes).map_err(|error| odd(error.to_string()))?;
        if let Some(found) = answer.pointer_mut("/data/project").filter(|found| found.is_object()) {
            return Ok(found.take());
        }
        // A project that one may not see is null, with an error beside it or without.
        match answer.pointer("/errors/0/message").and_then(Value::as_str) {
            Some(why) if !denies(why) => Err(odd(printable(why))),
            _ => Err(Trouble::Lasting(unreadable())),
        }
    }
}

/// Whether a GraphQL error says that there is nothing for us.
fn denies(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["permission", "not found", "could not find", "denied", "not authorized"].iter().any(|word| message.contains(word))
}

/// The whole body, up to the limit.
async fn whole(response: Response) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(connection)?;
        if bytes.len() + chunk.len() > MAX_ANSWER {
            let why = format!("it is longer than {MAX_ANSWER} bytes");
            return Err(Trouble::Lasting(WandbError::Answer { why }));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn connection(error: reqwest::Error) -> Trouble {
    Trouble::Passing(WandbError::Connection(error.without_url()), None)
}

/// What an error's body says: the first GraphQL error, or its beginning.
fn said(bytes: &[u8]) -> String {
    let first =
        || Some(serde_json::from_slice::<Value>(bytes).ok()?.pointer("/errors/0/message")?.as_str()?.to_owned());
    printable(&first().unwrap_or_else(|| String::from_utf8_lossy(&bytes[..bytes.len().min(1000)]).into_owned()))
}

/// `Retry-After` in seconds.
fn wanted_wait(headers: &HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, Patience, Wandb};

    #[test]
    fn where_the_key_goes() {
        let wandb = |base: &str| Wandb::new(base, ApiKey::new("secret-key"), Patience::default());
        for bad in ["", "api.wandb.ai", "ftp://api.wandb.ai", "https://user:pw@api.wandb.ai", "file:///etc"] {
            assert!(wandb(bad).is_err(), "{bad}");
        }
        for (base, sends) in [
            ("https://api.wandb.ai/", true),
            ("http://127.0.0.1:80", true),
            ("http://[::1]:80", true),
            ("http://wandb.example", false),
        ] {
            let wandb = wandb(base).expect("an address");
            assert_eq!(wandb.key.is_some(), sends, "{base}");
            assert!(!format!("{wandb:?}").contains("secret-key"));
        }
    }
}
