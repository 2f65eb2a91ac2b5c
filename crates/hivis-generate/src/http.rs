//! One HTTP call: who may see the secret, how long it may take, how much may come, and when it is made again.

use std::time::{Duration, Instant};

use hivis_http::{Address, Broken, Reach, Retries, Trouble, printable, retry_after, whole};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

use crate::{GenerateError, Secret};

/// Base64 of some PNG files of several megabytes each.
pub(crate) const MOST_JSON: usize = 192 << 20;
/// One picture or a short video.
pub(crate) const MOST_FILE: usize = 96 << 20;

/// How a server is to be reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// `http(s)://HOST[:PORT][/PATH]`
    pub url: String,
    /// What it wants to see.
    pub login: Login,
    /// How long to go on against trouble.
    pub patience: Patience,
}

/// What a server wants to see.
#[derive(Clone, Debug)]
pub enum Login {
    /// Nothing.
    None,
    /// Name and password.
    Basic(String, Secret),
    /// A key.
    Bearer(Secret),
}

/// How long to go on against trouble.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The whole time of one order, waiting and trying again with it.
    pub whole: Duration,
    /// How often one call is tried, where another try is safe.
    pub retries: Retries,
}

impl Default for Patience {
    fn default() -> Self {
        Self { whole: Duration::from_mins(5), retries: Retries { tries: 4, ..Retries::default() } }
    }
}

/// Whether a call may be made again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It changes nothing: after any trouble that may pass.
    Always,
    /// It makes and perhaps costs something: only when it certainly did not begin.
    Untouched,
}

/// A server as one secret sees it.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client,
    base: Url,
    login: Login,
    pub(crate) patience: Patience,
    pub(crate) who: &'static str,
}

/// What one call may be.
pub(crate) struct Call {
    pub(crate) again: Again,
    pub(crate) most: usize,
    pub(crate) until: Instant,
}

/// What came of one try that failed, and whether it is sure that nothing was begun.
type Failed = (Trouble<GenerateError>, bool);

impl Http {
    pub(crate) fn new(who: &'static str, server: &Server) -> Result<Self, GenerateError> {
        let wrong = || GenerateError::Base { base: printable(&server.url) };
        let address = Address::parse(&server.url).ok_or_else(wrong)?;
        if address.is_clear() && address.reach() == Reach::Far && !matches!(server.login, Login::None) {
            return Err(GenerateError::Clear { who, host: address.host().to_owned() });
        }
        let connect = Duration::from_secs(20).min(server.patience.whole);
        let client = address.client().connect_timeout(connect).build();
        let client = client.map_err(|source| GenerateError::Unreachable { who, source })?;
        Ok(Self { client, base: address.url().clone(), login: server.login.clone(), patience: server.patience, who })
    }

    /// When an order that begins now must be done.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.patience.whole
    }

    /// A request to a path below the base.
    pub(crate) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, GenerateError> {
        let url = if path.is_empty() {
            Url::parse(self.base.as_str().trim_end_matches('/'))
                .map_err(|_| GenerateError::Base { base: path.into() })?
        } else {
            self.base.join(path).map_err(|_| GenerateError::Base { base: printable(path) })?
        };
        let request = self.client.request(method, url);
        Ok(match &self.login {
            Login::None => request,
            Login::Basic(user, password) => request.basic_auth(user, Some(password.reveal())),
            Login::Bearer(key) => request.bearer_auth(key.reveal()),
        })
    }

    pub(crate) async fn get_json(&self, path: &str, until: Instant) -> Result<Value, GenerateError> {
        let call = Call { again: Again::Always, most: MOST_JSON, until };
        self.json(self.call(&call, &|| self.request(Method::GET, path)).await?)
    }

    /// Whether somebody answers at all, whatever it is.
    pub(crate) async fn listens(&self) -> Result<(), GenerateError> {
        let who = self.who;
        let asked = self.request(Method::HEAD, "")?.timeout(Duration::from_secs(10)).send().await;
        asked.map(|_| ()).map_err(|source| GenerateError::Unreachable { who, source: source.without_url() })
    }

    /// Posts JSON that makes something.
    pub(crate) async fn post_json(&self, path: &str, body: &Value, until: Instant) -> Result<Value, GenerateError> {
        let call = Call { again: Again::Untouched, most: MOST_JSON, until };
        self.json(self.call(&call, &|| Ok(self.request(Method::POST, path)?.json(body))).await?)
    }

    /// The body as JSON; a page for people is told apart from nonsense.
    pub(crate) fn json(&self, (headers, body): (HeaderMap, Vec<u8>)) -> Result<Value, GenerateError> {
        let odd = |why: String| GenerateError::Answer { who: self.who, why };
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.contains("text/html") || body.trim_ascii_start().starts_with(b"<") {
            return Err(odd("it is HTML, not JSON".to_owned()));
        }
        serde_json::from_slice(&body).map_err(|error| odd(format!("it is no JSON: {}", printable(&error.to_string()))))
    }

    /// Makes the call until it succeeds, may not be made again, or the time is over.
    pub(crate) async fn call(
        &self,
        call: &Call,
        build: &(dyn Fn() -> Result<RequestBuilder, GenerateError> + Sync),
    ) -> Result<(HeaderMap, Vec<u8>), GenerateError> {
        let slow = || GenerateError::Slow { who: self.who, after: self.patience.whole };
        let mut tries = self.patience.retries.begin();
        loop {
            let rest = call.until.saturating_duration_since(Instant::now());
            let once = tokio::time::timeout(rest, self.once(build()?, call.most)).await.map_err(|_| slow())?;
            let (trouble, untouched) = match once {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let (error, wait) = tries.after(trouble)?;
            let over = Instant::now() + wait >= call.until;
            let safe = untouched || call.again == Again::Always;
            if !safe || over {
                return Err(error);
            }
            tracing::info!(wait_s = wait.as_secs_f64(), "{error}: asking again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, request: RequestBuilder, most: usize) -> Result<(HeaderMap, Vec<u8>), Failed> {
        let who = self.who;
        let response = request.send().await.map_err(|source| {
            let untouched = source.is_connect() || source.is_builder();
            let source = source.without_url();
            let error =
                if untouched { GenerateError::Unreachable { who, source } } else { GenerateError::Cut { who, source } };
            (Trouble::Passing(error, None), untouched)
        })?;
        let (status, headers) = (response.status(), response.headers().clone());
        let wait = retry_after(&headers);
        if status.is_success() {
            return Ok((headers, self.body(response, most).await?));
        }
        // Of an error only its beginning is of use, and a broken one is no other error.
        let said = self.body(response, 1 << 20).await.map(|body| said(&body)).unwrap_or_default();
        let sent = !matches!(self.login, Login::None);
        let other = GenerateError::Status { who, status: status.as_u16(), said };
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                (Trouble::Lasting(GenerateError::Unauthorised { who, sent }), true)
            }
            StatusCode::TOO_MANY_REQUESTS => {
                (Trouble::Passing(GenerateError::TooManyRequests { who, wait }, wait), true)
            }
            // "Busy, come back": it says itself that it did not begin.
            StatusCode::SERVICE_UNAVAILABLE => (Trouble::Passing(other, wait), wait.is_some()),
            _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                (Trouble::Passing(other, wait), false)
            }
            _ => (Trouble::Lasting(other), false),
        })
    }

    /// The whole body, up to the limit.
    async fn body(&self, response: Response, most: usize) -> Result<Vec<u8>, Failed> {
        let who = self.who;
        whole(response, most).await.map_err(|broken| match broken {
            Broken::Connection(source) => (Trouble::Passing(GenerateError::Cut { who, source }, None), false),
            long @ Broken::TooLong { .. } => {
                (Trouble::Lasting(GenerateError::Answer { who, why: long.to_string() }), false)
            }
        })
    }
}

/// What an error's body says: the message of one of the usual shapes, or its beginning.
fn said(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = ["/error/message", "/detail", "/error", "/errors", "/message"]
        .into_iter()
        .find_map(|place| value.pointer(place)?.as_str().filter(|text| !text.is_empty()));
    if body.trim_ascii_start().starts_with(b"<") {
        return "a page of HTML".to_owned();
    }
    if let Some(why) = crate::comfyui::node_errors(&value) {
        return why;
    }
    printable(message.unwrap_or(&String::from_utf8_lossy(&body[..body.len().min(1000)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_secret_goes() {
        let http = |url: &str, login: Login| {
            Http::new("x", &Server { url: url.to_owned(), login, patience: Patience::default() })
        };
        for bad in ["", "127.0.0.1:7860", "ftp://host", "http://user:pw@host", "file:///etc"] {
            assert!(matches!(http(bad, Login::None), Err(GenerateError::Base { .. })), "{bad}");
        }
        let key = || Login::Bearer(Secret::new("secret-key"));
        for (url, goes) in [
            ("https://api.example/v1", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://192.168.1.20:7860", true),
            ("http://api.example/v1", false),
            ("http://8.8.8.8", false),
        ] {
            let made = http(url, key());
            assert_eq!(made.is_ok(), goes, "{url}");
            assert!(!format!("{made:?}").contains("secret-key"));
            assert!(http(url, Login::None).is_ok());
        }
    }

    #[test]
    fn a_path_of_the_base_stays() {
        let server =
            Server { url: "http://127.0.0.1:1/a/v1/".into(), login: Login::None, patience: Patience::default() };
        let http = Http::new("x", &server).expect("an address");
        let url =
            |path: &str| http.request(Method::GET, path).expect("a request").build().expect("one").url().to_string();
        assert_eq!(url("chat/completions"), "http://127.0.0.1:1/a/v1/chat/completions");
        assert_eq!(url(""), "http://127.0.0.1:1/a/v1");
    }
}
