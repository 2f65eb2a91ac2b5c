//! One question to the Hub: the token, redirects, statuses, and when to ask again.

use std::time::Duration;

use hivis_http::{Address, Broken, Retries, Tries, printable, retry_after};
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::path::encoded;
use crate::pull::Event;
use crate::{HubError, Repo, Token};

/// Where the Hub is when nothing else is said.
const ENDPOINT: &str = "https://huggingface.co";
/// The Hub redirects once to its CDN, a renamed repository once more.
const MAX_REDIRECTS: usize = 5;
/// A page of the listing has 1,000 entries of some 300 bytes.
pub(crate) const MAX_JSON: usize = 16 << 20;

/// How long to go on against trouble.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often one question is asked that brings nothing.
    pub retries: Retries,
    /// A connection that gives nothing for so long is dead.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let retries = Retries { tries: 6, first: Duration::from_secs(1), longest: Duration::from_mins(2) };
        Self { retries, silence: Duration::from_mins(1) }
    }
}

/// The Hub, or what stands in for it, as one user sees it.
#[derive(Clone, Debug)]
pub struct Hub {
    http: Client,
    /// For what is sent: `reqwest` counts a read timeout from the first byte that it sends.
    pub(crate) sender: Client,
    pub(crate) endpoint: Url,
    pub(crate) token: Option<Token>,
    pub(crate) patience: Patience,
}

/// What came of one try.
pub(crate) type Trouble = hivis_http::Trouble<HubError>;

impl Hub {
    /// `endpoint` is `http(s)://HOST[:PORT]`. Over plain http the token goes to this computer only.
    pub fn new(endpoint: &str, token: Option<Token>, patience: Patience) -> Result<Self, HubError> {
        let wrong = || HubError::Endpoint { endpoint: printable(endpoint) };
        let address = Address::parse(endpoint).ok_or_else(wrong)?;
        if address.is_clear() && token.is_some() {
            tracing::warn!("the token is not sent: {} is reached over plain http", address.host());
        }
        let client = || address.client().connect_timeout(Duration::from_secs(20));
        let failed = |source| HubError::Connection { what: printable(endpoint), source };
        let http = client().read_timeout(patience.silence).build().map_err(failed)?;
        let sender = client().build().map_err(failed)?;
        let token = token.filter(|_| !address.is_clear());
        Ok(Self { http, sender, endpoint: address.url().clone(), token, patience })
    }

    /// `HF_ENDPOINT` and the token as the official client finds them.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, HubError> {
        let endpoint = variable("HF_ENDPOINT").filter(|e| !e.is_empty());
        let token = Token::find(&variable);
        Self::new(endpoint.as_deref().unwrap_or(ENDPOINT), token, Patience::default())
    }

    /// The address of a repository's page, for people.
    pub fn page(&self, repo: &Repo) -> String {
        format!("{}/{}", self.endpoint.as_str().trim_end_matches('/'), repo.page())
    }

    /// `path` under the endpoint; its parts are encoded already.
    pub(crate) fn address(&self, path: &str) -> Result<Url, HubError> {
        let text = format!("{}/{path}", self.endpoint.as_str().trim_end_matches('/'));
        Url::parse(&text).map_err(|_| HubError::Endpoint { endpoint: printable(&text) })
    }

    pub(crate) fn tries(&self) -> Tries {
        self.patience.retries.begin()
    }

    /// A JSON answer and the address of its next page; asks again by itself.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        repo: &Repo,
        url: &Url,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<(T, Option<Url>), HubError> {
        let mut tries = self.tries();
        let what = url.path().trim_start_matches('/');
        loop {
            match self.json_once(repo, what, url).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => again(&mut tries, trouble, told).await?,
            }
        }
    }

    /// The bytes of one small file at a commit; at most `most`.
    pub async fn small_file(
        &self,
        repo: &Repo,
        (commit, name): (&str, &str),
        most: usize,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<Vec<u8>, HubError> {
        let url = self.address(&format!("{}/resolve/{commit}/{}", repo.page(), encoded(name, true)))?;
        let mut tries = self.tries();
        loop {
            match self.body(repo, name, &url, most).await {
                Ok((bytes, _)) => return Ok(bytes),
                Err(trouble) => again(&mut tries, trouble, told).await?,
            }
        }
    }

    async fn json_once<T: DeserializeOwned>(
        &self,
        repo: &Repo,
        what: &str,
        url: &Url,
    ) -> Result<(T, Option<Url>), Trouble> {
        let odd = |why: String| Trouble::Lasting(HubError::Answer { what: printable(what), why });
        let (body, headers) = self.body(repo, what, url, MAX_JSON).await?;
        let next = self.next_page(&headers).map_err(odd)?;
        let value = serde_json::from_slice(&body).map_err(|e| odd(e.to_string()))?;
        Ok((value, next))
    }

    /// The body of one GET, of at most `most` bytes, and its headers.
    async fn body(&self, repo: &Repo, what: &str, url: &Url, most: usize) -> Result<(Vec<u8>, HeaderMap), Trouble> {
        let response = self.ask(repo, what, url.clone(), None).await?;
        let headers = response.headers().clone();
        Ok((whole(what, response, most).await?, headers))
    }

    /// `Link: <...>; rel="next"`, on the same server.
    fn next_page(&self, headers: &HeaderMap) -> Result<Option<Url>, String> {
        let Some(link) = headers.get(header::LINK).and_then(|l| l.to_str().ok()) else { return Ok(None) };
        let next = link.split(',').find(|part| part.contains("rel=\"next\""));
        let Some(text) = next.and_then(|part| part.split_once('<')?.1.split_once('>')).map(|(url, _)| url) else {
            return Ok(None);
        };
        let url = self.endpoint.join(text).map_err(|e| format!("its next page has no address: {e}"))?;
        if url.origin() == self.endpoint.origin() { Ok(Some(url)) } else { Err("its next page is elsewhere".into()) }
    }

    /// One GET that ends in a success, from byte `from` on; follows redirects, the token goes to the endpoint only.
    pub(crate) async fn ask(
        &self,
        repo: &Repo,
        what: &str,
        mut url: Url,
        from: Option<u64>,
    ) -> Result<Response, Trouble> {
        for _ in 0..=MAX_REDIRECTS {
            let ours = url.origin() == self.endpoint.origin();
            let mut request = self.http.get(url.clone());
            if let Some(token) = self.token.as_ref().filter(|_| ours) {
                request = request.bearer_auth(token.reveal());
            }
            if let Some(from) = from {
                request = request.header(header::RANGE, format!("bytes={from}-"));
            }
            let response = request.send().await.map_err(|source| connection(what, source))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            if !status.is_redirection() {
                return Err(self.refused(repo, what, &response, ours));
            }
            let odd = |why: &str| Trouble::Lasting(HubError::Answer { what: printable(what), why: why.to_owned() });
            let location = response.headers().get(header::LOCATION).and_then(|l| l.to_str().ok());
            let location = location.and_then(|l| url.join(l).ok());
            let next = location.ok_or_else(|| odd("it redirects nowhere"))?;
            if next.scheme() != "https" && next.scheme() != self.endpoint.scheme() {
                return Err(odd("it redirects to an address that is not https"));
            }
            url = next;
        }
        Err(Trouble::Lasting(HubError::Answer { what: printable(what), why: "it redirects too often".into() }))
    }

    /// What a status that is no success means.
    fn refused(&self, repo: &Repo, what: &str, response: &Response, ours: bool) -> Trouble {
        let status = response.status();
        let code = response.headers().get("x-error-code").and_then(|c| c.to_str().ok()).unwrap_or_default();
        let (page, token, what) = (self.page(repo), self.token.is_some(), printable(what));
        let other = HubError::Status { status: status.as_u16(), what: what.clone() };
        match status {
            // The signature of an address elsewhere has run out: the Hub gives another one.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if !ours => Trouble::Passing(other, None),
            StatusCode::FORBIDDEN => Trouble::Lasting(HubError::Gated { page, token }),
            StatusCode::UNAUTHORIZED if code == "GatedRepo" => Trouble::Lasting(HubError::Gated { page, token }),
            StatusCode::UNAUTHORIZED => Trouble::Lasting(HubError::Unauthorised { page, token }),
            StatusCode::NOT_FOUND => {
                let what = match code {
                    "RepoNotFound" => page,
                    _ => format!("{what} ({page})"),
                };
                Trouble::Lasting(HubError::NotFound { what })
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let wait = wanted_wait(response.headers());
                Trouble::Passing(HubError::TooManyRequests { wait }, wait)
            }
            StatusCode::REQUEST_TIMEOUT => Trouble::Passing(other, None),
            _ if status.is_server_error() => Trouble::Passing(other, wanted_wait(response.headers())),
            _ => Trouble::Lasting(other),
        }
    }
}

/// Waits for the next try, or gives the error back when there is none.
pub(crate) async fn again(tries: &mut Tries, trouble: Trouble, told: &(dyn Fn(Event) + Sync)) -> Result<(), HubError> {
    let (error, wait) = tries.after(trouble)?;
    told(Event::Waiting { why: error.to_string(), wait });
    tokio::time::sleep(wait).await;
    Ok(())
}

/// The body of an answer, of at most `most` bytes.
pub(crate) async fn whole(what: &str, response: Response, most: usize) -> Result<Vec<u8>, Trouble> {
    hivis_http::whole(response, most).await.map_err(|broken| match broken {
        Broken::Connection(source) => connection(what, source),
        long @ Broken::TooLong { .. } => {
            Trouble::Lasting(HubError::Answer { what: printable(what), why: long.to_string() })
        }
    })
}

/// A connection that failed; its address may hold a signature and is left out.
pub(crate) fn connection(what: &str, source: reqwest::Error) -> Trouble {
    Trouble::Passing(HubError::Connection { what: printable(what), source: source.without_url() }, None)
}

/// `Retry-After: 30`, or the Hub's own `RateLimit: "api";r=0;t=30`.
pub(crate) fn wanted_wait(headers: &HeaderMap) -> Option<Duration> {
    let limit = || {
        let mut parts = headers.get("ratelimit")?.to_str().ok()?.split(';');
        parts.find_map(|part| part.trim().strip_prefix("t=")?.parse().ok())
    };
    retry_after(headers).or_else(|| limit().map(Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use super::{Hub, Patience, wanted_wait};
    use crate::Token;

    #[test]
    fn endpoints() {
        let hub = |endpoint: &str| Hub::new(endpoint, Token::new("hf_x"), Patience::default());
        for bad in ["", "huggingface.co", "ftp://huggingface.co", "https://user:pw@huggingface.co", "file:///etc"] {
            assert!(hub(bad).is_err(), "{bad}");
        }
        for (endpoint, sends) in [
            ("https://huggingface.co", true),
            ("http://127.0.0.1:80/", true),
            ("http://[::1]:80", true),
            ("http://hub.example", false),
        ] {
            assert_eq!(hub(endpoint).expect("an endpoint").token.is_some(), sends, "{endpoint}");
        }
    }

    #[test]
    fn how_long_a_server_wants_us_to_wait() {
        let wait = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a value"));
            wanted_wait(&headers)
        };
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("ratelimit", "\"api\";r=0;t=55"), Some(Duration::from_secs(55)));
        assert_eq!(wait("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(wait("server", "x"), None);
    }
}
