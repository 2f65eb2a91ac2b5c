//! One GraphQL question: the key, statuses, and when to ask again.

use std::time::Duration;

use hivis_http::{Address, Broken, Retries, Trouble, printable, retry_after, whole};
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};

use crate::{ApiKey, Project, WandbError};

/// Rows of a page are some hundred bytes each, the list of a run's keys some hundred kilobytes.
const MAX_ANSWER: usize = 32 << 20;

/// How long to go on against trouble.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often one question is asked.
    pub retries: Retries,
    /// A connection that gives nothing for so long is dead.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { retries: Retries::default(), silence: Duration::from_mins(1) }
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

impl Wandb {
    /// `base` is `http(s)://HOST[:PORT][/PATH]`. Over plain http the key goes to this computer only.
    pub fn new(base: &str, key: Option<ApiKey>, patience: Patience) -> Result<Self, WandbError> {
        let wrong = || WandbError::Base { base: printable(base) };
        let address = Address::parse(base).ok_or_else(wrong)?;
        let graphql = address.url().join("graphql").map_err(|_| wrong())?;
        if address.is_clear() && key.is_some() {
            tracing::warn!("the API key is not sent: {} is reached over plain http", address.host());
        }
        let http = address.client().connect_timeout(Duration::from_secs(20)).read_timeout(patience.silence);
        let http = http.build().map_err(WandbError::Connection)?;
        Ok(Self { http, graphql, key: key.filter(|_| !address.is_clear()), patience })
    }

    /// The answer's `data.project`; asks again by itself.
    pub(crate) async fn ask(&self, project: &Project, query: &str, mut with: Value) -> Result<Value, WandbError> {
        with["entity"] = project.entity().into();
        with["project"] = project.name().into();
        let body = json!({ "query": query, "variables": with }).to_string();
        let mut tries = self.patience.retries.begin();
        loop {
            let trouble = match self.once(project, &body).await {
                Ok(found) => return Ok(found),
                Err(trouble) => trouble,
            };
            let (error, wait) = tries.after(trouble)?;
            tracing::info!(wait_s = wait.as_secs_f64(), "{error}: asking again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, project: &Project, body: &str) -> Result<Value, Trouble<WandbError>> {
        let mut request = self.http.post(self.graphql.clone()).header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.basic_auth("api", Some(key.reveal()));
        }
        let response = request.body(body.to_owned()).send().await.map_err(connection)?;
        let (status, wait) = (response.status(), retry_after(response.headers()));
        let bytes = whole(response, MAX_ANSWER).await.map_err(broken)?;
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

fn connection(error: reqwest::Error) -> Trouble<WandbError> {
    Trouble::Passing(WandbError::Connection(error.without_url()), None)
}

fn broken(body: Broken) -> Trouble<WandbError> {
    match body {
        Broken::Connection(error) => connection(error),
        long @ Broken::TooLong { .. } => Trouble::Lasting(WandbError::Answer { why: long.to_string() }),
    }
}

/// What an error's body says: the first GraphQL error, or its beginning.
fn said(bytes: &[u8]) -> String {
    let first =
        || Some(serde_json::from_slice::<Value>(bytes).ok()?.pointer("/errors/0/message")?.as_str()?.to_owned());
    printable(&first().unwrap_or_else(|| String::from_utf8_lossy(&bytes[..bytes.len().min(1000)]).into_owned()))
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
