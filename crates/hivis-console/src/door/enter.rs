//! What every request passes before a handler sees it: where it comes from, who sends it, whether it may change
//! something, what it brings. In this order, so that a stranger's request costs the least.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::accounts::Accounts;
use super::origin::{REVIEWER, from_here};
use super::{Door, LOCAL, Role, Way, Who, body, login, target, token};
use crate::Panel;
use crate::answer::Refused;

/// The session's cookie.
pub(crate) const COOKIE: &str = "hivis_session";
/// What a page sends with every change.
const CSRF: HeaderName = HeaderName::from_static("x-hivis-csrf");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// An open event stream looks this often whether its reader is still in.
const STILL_IN: Duration = Duration::from_secs(10);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// The caller, or whoever the proxy says that it is.
    pub(crate) address: Option<IpAddr>,
    /// It came by https to a proxy that is believed.
    pub(crate) https: bool,
}

impl Source {
    fn of(parts: &Parts, door: &Door) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
        let proxies = &door.settings().proxies;
        let Some(proxy) = peer.filter(|peer| proxies.contains(peer)) else {
            return Self { address: peer, https: false };
        };
        // From the right: what stands further left was told by somebody who may say anything.
        let hops = parts.headers.get_all(FORWARDED_FOR).iter().filter_map(|hop| hop.to_str().ok());
        let hops: Vec<&str> = hops.flat_map(|hops| hops.split(',')).map(str::trim).collect();
        let caller = hops.iter().rev().map(|hop| hop.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()));
        let caller = caller.into_iter().find(|hop| hop.is_none_or(|ip| !proxies.contains(&ip))).flatten();
        let proto = parts.headers.get(FORWARDED_PROTO).and_then(|proto| proto.to_str().ok());
        Self { address: caller.or(Some(proxy)), https: proto.is_some_and(|p| p.trim().eq_ignore_ascii_case("https")) }
    }

    /// For the audit log.
    pub(crate) fn text(self) -> String {
        self.address.map_or_else(|| LOCAL.to_owned(), |address| address.to_string())
    }
}

/// True for what a person looks at; the rest is asked by programs and scripts of pages.
pub(crate) fn is_page(path: &str) -> bool {
    !["/api/", "/records/", "/events", "/metrics"].iter().any(|start| path.starts_with(start))
}

/// Lets a request in, with [`Who`] it is from, or says why not.
pub(crate) async fn enter(State(panel): State<Panel>, request: Request, next: Next) -> Response {
    let door = panel.door;
    let (mut parts, body) = request.into_parts();
    let source = Source::of(&parts, &door);
    let accounts = door.accounts();
    let who = match identify(&door, &accounts, &parts, source) {
        Ok(who) => who,
        Err(refused) => return refused.into_response(),
    };
    let path = parts.uri.path();
    let public = path == login::LOGIN || path == "/metrics" && door.metrics_are_open();
    if who.is_none() && !public {
        return turn_away(&parts);
    }
    if let Err(refused) = may_change(&parts, &body, who.as_ref()) {
        return refused.into_response();
    }
    // What only looks brings nothing.
    let whole = match parts.method {
        Method::GET | Method::HEAD => Ok(Bytes::new()),
        _ => body::read(&parts, body).await,
    };
    let whole = match whole {
        Ok(whole) => whole,
        Err(refused) => return refused.into_response(),
    };
    parts.extensions.insert(source);
    if let Some(who) = &who {
        parts.extensions.insert(who.clone());
    }
    let response = next.run(Request::from_parts(parts, Body::from(whole))).await;
    match who {
        Some(who) => while_in(door, who, response),
        None => response,
    }
}

/// Who it is, nobody, or a refusal.
fn identify(door: &Door, accounts: &Accounts, parts: &Parts, source: Source) -> Result<Option<Who>, Refused> {
    let source_text = source.text();
    if let Some(sent) = bearer(&parts.headers) {
        // No browser sends one by itself, so it may come from wherever it likes.
        let digest = token::digest(sent);
        let said = "this token is unknown, revoked or expired";
        let found = accounts.token(&digest, Timestamp::now());
        let found = found.ok_or_else(|| Refused::new(StatusCode::UNAUTHORIZED, said))?;
        let (name, role) = (found.name.clone(), found.role);
        return Ok(Some(Who { name, role, source: source_text, csrf: String::new(), way: Way::Token(digest) }));
    }
    // Whoever scrapes brings no page with it, and may know us by another name.
    let scraped = parts.uri.path() == "/metrics" && !door.loopback;
    if !scraped {
        from_here(parts, &door.settings().hosts).map_err(|said| Refused::new(StatusCode::FORBIDDEN, said))?;
    }
    if door.is_open(accounts) {
        if parts.headers.contains_key(FORWARDED_FOR) || parts.headers.contains_key(header::FORWARDED) {
            let said = "a proxy brings strangers here: make an account first (hivis console user add)";
            return Err(Refused::new(StatusCode::FORBIDDEN, said));
        }
        let csrf = door.inner.csrf.clone();
        let (name, role) = (LOCAL.to_owned(), Role::Operator);
        return Ok(Some(Who { name, role, source: source_text, csrf, way: Way::Local }));
    }
    let jar = CookieJar::from_headers(&parts.headers);
    let Some(cookie) = jar.get(COOKIE) else { return Ok(None) };
    let digest = token::digest(cookie.value());
    let session = door.inner.sessions.find(&digest, accounts, true);
    Ok(session.map(|session| Who {
        name: session.name,
        role: session.role,
        source: source_text,
        csrf: session.csrf,
        way: Way::Session(digest),
    }))
}

/// The text after `Authorization: Bearer`; empty where something else is sent there, which is nobody's token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, rest) = sent.split_once(' ').unwrap_or((sent, ""));
    Some(if scheme.eq_ignore_ascii_case("bearer") { rest.trim() } else { "" })
}

/// 401 for programs, the login page for people.
fn turn_away(parts: &Parts) -> Response {
    let looks = parts.method == Method::GET || parts.method == Method::HEAD;
    let form = parts.uri.path() == login::LOGOUT;
    if form || looks && is_page(parts.uri.path()) {
        let address = target::login(parts.uri.path_and_query().map_or("/", |all| all.as_str()));
        let location = HeaderValue::try_from(address).expect("it is percent-encoded: this is a bug");
        return (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    }
    let refused = Refused::new(StatusCode::UNAUTHORIZED, "log in first, or send a token (hivis console token create)");
    let scheme = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"hivis\""))];
    (scheme, refused).into_response()
}

/// A change comes from our own page, or from a script that shows who it is.
fn may_change(parts: &Parts, body: &Body, who: Option<&Who>) -> Result<(), Refused> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(());
    }
    let path = parts.uri.path();
    if parts.method == Method::POST && login::is_form(path) {
        // Forms, which look at their own field, or have nothing to protect yet.
        return Ok(());
    }
    let sent = parts.headers.get(CSRF).map(HeaderValue::as_bytes).unwrap_or_default();
    let proven = match who {
        None => false,
        Some(Who { way: Way::Token(_), .. }) => true,
        // Scripts on this computer name whoever looks instead; a page of another origin may not send that either.
        Some(Who { way: Way::Local, .. })
            if path.starts_with("/api/review/") && parts.headers.contains_key(REVIEWER) =>
        {
            true
        }
        Some(who) => !who.csrf.is_empty() && bool::from(who.csrf.as_bytes().ct_eq(sent)),
    };
    if !proven {
        let said = "the header X-Hivis-Csrf is missing or old: load the page again";
        return Err(Refused::new(StatusCode::FORBIDDEN, said));
    }
    if body::is_there(parts, body) && !body::is_json(&parts.headers) {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json"));
    }
    Ok(())
}

/// An event stream ends when its reader's session or token does.
fn while_in(door: Door, who: Who, response: Response) -> Response {
    let media = response.headers().get(header::CONTENT_TYPE);
    let streams = media.is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"));
    if !streams {
        return response;
    }
    let out = async move {
        loop {
            tokio::time::sleep(STILL_IN).await;
            if !is_still_in(&door, &who) {
                return;
            }
        }
    };
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(out))))
}

fn is_still_in(door: &Door, who: &Who) -> bool {
    let accounts = door.accounts();
    match &who.way {
        Way::Local => door.is_open(&accounts),
        Way::Session(digest) => door.inner.sessions.find(digest, &accounts, false).is_some(),
        Way::Token(digest) => accounts.token(digest, Timestamp::now()).is_some(),
    }
}
