//! One thing sent to the Hub's API: the token, what a refusal means, and when to send again.

use hivis_http::printable;
use reqwest::header;
use reqwest::{Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::client::{MAX_JSON, Trouble, again, connection, wanted_wait, whole};
use crate::pull::Event;
use crate::{Hub, HubError, Repo};

/// Of an answer that refuses so much is read.
const MAX_REFUSAL: usize = 64 << 10;

/// What is sent, and where to.
pub(crate) struct Post {
    pub(crate) url: Url,
    /// The media type of the body; the answer's too, but for JSON lines.
    pub(crate) media: &'static str,
    pub(crate) body: Vec<u8>,
}

/// JSON.
pub(crate) const JSON: &str = "application/json";
/// JSON lines.
pub(crate) const JSON_LINES: &str = "application/x-ndjson";
/// Git LFS.
pub(crate) const LFS: &str = "application/vnd.git-lfs+json";

impl Hub {
    /// True for an address of the endpoint, where the token may go.
    pub(crate) fn ours(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.origin()
    }

    /// Sends until there is an answer or the patience ends: only for what may be sent twice.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        repo: &Repo,
        post: &Post,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<T, HubError> {
        let body = self.post_bytes(repo, post, told).await?;
        let odd = |e: serde_json::Error| HubError::Answer { what: printable(what(post)), why: e.to_string() };
        serde_json::from_slice(&body).map_err(odd)
    }

    /// The same, for an answer that nobody reads.
    pub(crate) async fn post_bytes(
        &self,
        repo: &Repo,
        post: &Post,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<Vec<u8>, HubError> {
        let mut tries = self.tries();
        loop {
            match self.post_once(repo, post).await {
                Ok(body) => return Ok(body),
                Err(trouble) => again(&mut tries, trouble, told).await?,
            }
        }
    }

    async fn post_once(&self, repo: &Repo, post: &Post) -> Result<Vec<u8>, Trouble> {
        let accept = if post.media == JSON_LINES { JSON } else { post.media };
        let mut request = self.sender.post(post.url.clone()).timeout(self.patience.silence);
        request = request.header(header::CONTENT_TYPE, post.media).header(header::ACCEPT, accept);
        if let Some(token) = self.token.as_ref().filter(|_| self.ours(&post.url)) {
            request = request.bearer_auth(token.reveal());
        }
        let what = what(post);
        let response = request.body(post.body.clone()).send().await.map_err(|source| connection(what, source))?;
        if response.status().is_success() {
            return whole(what, response, MAX_JSON).await;
        }
        Err(self.not_taken(repo, what, response).await)
    }

    /// What a status that is no success means for something that was sent.
    pub(crate) async fn not_taken(&self, repo: &Repo, what: &str, response: Response) -> Trouble {
        let (status, headers) = (response.status(), response.headers().clone());
        let wait = wanted_wait(&headers);
        let (page, what) = (self.page(repo), printable(what));
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let (token, status) = (self.token.is_some(), status.as_u16());
                return Trouble::Lasting(HubError::NotWritable { page, token, status });
            }
            StatusCode::NOT_FOUND => return Trouble::Lasting(HubError::NotFound { what: format!("{what} ({page})") }),
            StatusCode::TOO_MANY_REQUESTS => return Trouble::Passing(HubError::TooManyRequests { wait }, wait),
            _ => {}
        }
        let other = HubError::Status { status: status.as_u16(), what: what.clone() };
        if status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() {
            return Trouble::Passing(other, wait);
        }
        if status.is_redirection() {
            let why = "it redirects: was the repository renamed?".to_owned();
            return Trouble::Lasting(HubError::Answer { what, why });
        }
        let header = headers.get("x-error-message").and_then(|m| m.to_str().ok()).map(str::to_owned);
        let body = whole(&what, response, MAX_REFUSAL).await.unwrap_or_default();
        let why = self.without_token(&header.unwrap_or_else(|| said(&body)));
        Trouble::Lasting(HubError::Refused { what, status: status.as_u16(), why })
    }

    /// A server may echo what it got.
    pub(crate) fn without_token(&self, text: &str) -> String {
        let text = self.token.as_ref().map_or_else(|| text.to_owned(), |t| text.replace(t.reveal(), "(token)"));
        printable(&text)
    }
}

/// The path, as an error names it.
fn what(post: &Post) -> &str {
    post.url.path().trim_start_matches('/')
}

/// The Hub's word in an answer that refuses: `error`, `message`, or the messages of `errors`.
fn said(body: &[u8]) -> String {
    let text = || String::from_utf8_lossy(body).into_owned();
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return text() };
    let one = value["error"].as_str().or_else(|| value["message"].as_str()).map(str::to_owned);
    let all = || {
        let messages = value["errors"].as_array()?.iter().filter_map(|e| e["message"].as_str());
        Some(messages.collect::<Vec<_>>().join("; ")).filter(|joined| !joined.is_empty())
    };
    one.or_else(all).unwrap_or_else(text)
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn the_hubs_word_is_found() {
        for (body, want) in [
            (r#"{"error":"A commit has happened since"}"#, "A commit has happened since"),
            (r#"{"errors":[{"message":"a"},{"message":"b"}],"warnings":[]}"#, "a; b"),
            (r#"{"message":"m"}"#, "m"),
            (r#"{"x":1}"#, r#"{"x":1}"#),
            ("plain", "plain"),
        ] {
            assert_eq!(said(body.as_bytes()), want);
        }
    }
}
