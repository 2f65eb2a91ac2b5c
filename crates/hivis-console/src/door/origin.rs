//! Who is let in, while there is no login.
//!
//! The listener is on loopback, so that only this computer reaches it, but a browser on this computer also runs pages of
//! strangers. Three things keep those out. The `Host` must be an address or `localhost`: a stranger's name that was made
//! to point here (DNS rebinding) is not. An `Origin`, and `Sec-Fetch-Site` where a browser sends it, must be this page
//! itself. And what changes something needs the header `X-Hivis-Reviewer` and JSON, which a page of another origin may
//! not send without asking first; that question (`OPTIONS`) gets no permission here.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hivis_store::Reviewer;

use crate::answer::Refused;

/// Who looks; needed for everything that changes something.
pub(crate) const REVIEWER: HeaderName = HeaderName::from_static("x-hivis-reviewer");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Turns strangers' pages away with 403.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    if let Err(said) = from_here(request.headers()) {
        return Refused::new(StatusCode::FORBIDDEN, said).into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD && !request.headers().contains_key(REVIEWER)
    {
        return Refused::new(StatusCode::FORBIDDEN, "the header X-Hivis-Reviewer is missing").into_response();
    }
    let mut response = next.run(request).await;
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    response.headers_mut().insert(policy, header::HeaderValue::from_static("same-origin"));
    response
}

fn from_here(headers: &HeaderMap) -> Result<(), &'static str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
    let host = host.filter(|host| no_name(host)).ok_or("the Host header must be an IP address or localhost")?;
    for origin in headers.get_all(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let own = ["http://", "https://"].into_iter().find_map(|scheme| origin.strip_prefix(scheme));
        if own.is_none_or(|own| !own.eq_ignore_ascii_case(host)) {
            return Err("requests of other pages are refused");
        }
    }
    match headers.get(FETCH_SITE).map(|site| site.to_str().unwrap_or_default()) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err("requests of other pages are refused"),
    }
}

/// True for an address or `localhost`, with or without a port.
fn no_name(host: &str) -> bool {
    let ip = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    let (name, port) = match (host.strip_prefix('['), host.rsplit_once(':')) {
        (Some(rest), _) => match rest.split_once(']') {
            Some((address, port)) if address.contains(':') => (address, port.strip_prefix(':').or(Some(port))),
            _ => return false,
        },
        (None, Some((name, port))) => (name, Some(port)),
        (None, None) => (host, None),
    };
    let port = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    port && (name.eq_ignore_ascii_case("localhost") || ip(name))
}

/// The name in the header; 422 when it is nobody's.
pub(crate) fn reviewer(headers: &HeaderMap) -> Result<Option<Reviewer>, Refused> {
    let Some(value) = headers.get(REVIEWER) else { return Ok(None) };
    let name = std::str::from_utf8(value.as_bytes()).unwrap_or_default();
    let reviewer = Reviewer::new(name);
    reviewer.map(Some).map_err(|refused| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &refused.to_string()))
}

#[cfg(test)]
mod tests {
    use super::no_name;

    #[test]
    fn only_addresses_and_localhost_are_no_names() {
        for host in ["localhost", "LOCALHOST:8092", "127.0.0.1", "127.0.0.1:1", "[::1]:8092", "[::1]", "10.0.0.7:80"] {
            assert!(no_name(host), "{host}");
        }
        let names = [
            "",
            "evil.example",
            "evil.example:8092",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "localhost:x",
            "localhost:8092@evil",
            "[::1]evil",
            "[127.0.0.1]",
            "127.0.0.1:99999",
            "::1",
        ];
        for host in names {
            assert!(!no_name(host), "{host}");
        }
    }
}
