//! Whether a request comes from a page of ours, or from no page at all.
//!
//! A browser on this computer also runs pages of strangers. Three things keep those out. The `Host` must be an address,
//! `localhost` or a name that the settings give: a stranger's name that was made to point here (DNS rebinding) is none.
//! An `Origin`, and `Sec-Fetch-Site` where a browser sends it, must be this page itself, but for a link that somebody
//! follows to a page, which only looks. And what changes something needs a header of ours ([`super::enter`]), which a
//! page of another origin may not send without asking first; that question (`OPTIONS`) gets no permission here.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use hivis_store::Reviewer;

use super::{Way, Who};
use crate::answer::Refused;

/// Who looks, where there are no accounts.
pub(crate) const REVIEWER: HeaderName = HeaderName::from_static("x-hivis-reviewer");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const STRANGER: &str = "requests of other pages are refused";

/// Why the request is turned away, or nothing. `hosts` are names that count as ours.
pub(crate) fn from_here(parts: &Parts, hosts: &[String]) -> Result<(), &'static str> {
    let (headers, looks) = (&parts.headers, parts.method == Method::GET || parts.method == Method::HEAD);
    let mut all = headers.get_all(header::HOST).iter();
    let host = all.next().and_then(|host| host.to_str().ok()).filter(|_| all.next().is_none());
    let host = match host {
        Some(host) if no_name(host) || is_ours(host, hosts) => host,
        // No browser leaves it out.
        None if looks && !headers.contains_key(header::HOST) => "",
        _ => return Err("the Host header must be an IP address, localhost or a name in console.hosts"),
    };
    for origin in headers.get_all(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let own = ["http://", "https://"].into_iter().find_map(|scheme| origin.strip_prefix(scheme));
        // A form of a page without referrer says `null`: its hidden field is looked at instead.
        let form = origin == "null" && parts.uri.path() == super::login::LOGOUT;
        if !form && own.is_none_or(|own| !own.eq_ignore_ascii_case(host)) {
            return Err(STRANGER);
        }
    }
    match text(headers, &FETCH_SITE) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) if looks && is_followed_link(parts) => Ok(()),
        Some(_) => Err(STRANGER),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// A person followed a link, in a mail or a chat, to one of the pages.
fn is_followed_link(parts: &Parts) -> bool {
    let (mode, dest) = (text(&parts.headers, &FETCH_MODE), text(&parts.headers, &FETCH_DEST));
    mode == Some("navigate") && dest == Some("document") && super::enter::is_page(parts.uri.path())
}

/// True for a name that the settings give, with or without a port.
fn is_ours(host: &str, hosts: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        Some(_) => return false,
        None => host,
    };
    hosts.iter().any(|ours| name.eq_ignore_ascii_case(ours))
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

/// The name that a decision carries: the account's. Where there are no accounts it is the header's, if there is one; 422
/// when that is nobody's name. 403 for a name that is not the account's.
pub(crate) fn reviewer(headers: &HeaderMap, who: &Who) -> Result<Option<Reviewer>, Refused> {
    let unfit =
        |refused: hivis_store::ReviewRefused| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &refused.to_string());
    let said = headers.get(REVIEWER).map(|value| std::str::from_utf8(value.as_bytes()).unwrap_or_default());
    let said = said.map(Reviewer::new).transpose().map_err(unfit)?;
    if who.way == Way::Local {
        return Ok(said);
    }
    match said {
        Some(said) if said.as_str() != who.name => {
            Err(Refused::new(StatusCode::FORBIDDEN, "decisions carry the account's own name"))
        }
        _ => Reviewer::new(&who.name).map(Some).map_err(unfit),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_ours, no_name};

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

    #[test]
    fn a_name_of_ours_is_the_whole_name() {
        let hosts = ["miner.example".to_owned()];
        for host in ["miner.example", "MINER.example:8092"] {
            assert!(is_ours(host, &hosts), "{host}");
        }
        for host in ["", "miner.example.evil", "evil.miner.example", "miner.example:x", "miner.example:1@evil"] {
            assert!(!is_ours(host, &hosts), "{host}");
        }
    }
}
