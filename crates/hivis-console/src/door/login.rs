//! `/login` and `/logout`: forms that need no JavaScript.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use hivis_store::NewAudit;
use jiff::Timestamp;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::accounts::{Accounts, fold};
use super::enter::{COOKIE, Source};
use super::limit::{Wait, address_key};
use super::who::note;
use super::{BOOTSTRAP, Door, Role, Way, Who, audit, password, target, token};
use crate::Panel;
use crate::shell::{render, theme};

pub(crate) const LOGIN: &str = "/login";
pub(crate) const LOGOUT: &str = "/logout";

/// A form of ours is sent there.
pub(crate) fn is_form(path: &str) -> bool {
    path == LOGIN || path == LOGOUT
}

pub(crate) fn routes() -> Router<Panel> {
    Router::new().route(LOGIN, get(form).post(login)).route(LOGOUT, post(logout))
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    theme: &'static str,
    /// A path of ours.
    next: String,
    /// What is wrong, in our own words: nothing that was sent is ever shown again.
    said: &'static str,
    /// The token of the start is asked for, not a name and a password.
    by_token: bool,
    /// There is nothing to log in with.
    shut: bool,
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
}

/// `GET /login`
async fn form(
    State(panel): State<Panel>,
    who: Option<Extension<Who>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let next = asked.ok().and_then(|Query(asked)| asked.next).unwrap_or_default();
    let next = target::local(&next).to_owned();
    if who.is_some() {
        return to(&next);
    }
    let ended = CookieJar::from_headers(&headers).get(COOKIE).is_some();
    let said = if ended { "Your session has ended. Log in again." } else { "" };
    page(&panel.door, &headers, next, said)
}

fn page(door: &Door, headers: &HeaderMap, next: String, said: &'static str) -> Response {
    let accounts = door.accounts();
    let by_token = door.waits_for_token(&accounts);
    let shut = accounts.users().is_empty() && !by_token;
    let mut response = render(&Page { theme: theme(headers), next, said, by_token, shut });
    // With `no-referrer` a browser would send this page's form with the origin `null`, as a stranger's.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn to(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// What the form sends.
#[derive(Default)]
struct Sent {
    name: String,
    password: String,
    token: String,
    next: String,
    csrf: String,
}

impl Sent {
    fn read(body: &[u8]) -> Self {
        let mut sent = Self::default();
        for (key, value) in form_urlencoded::parse(body) {
            let place = match &*key {
                "name" => &mut sent.name,
                "password" => &mut sent.password,
                "token" => &mut sent.token,
                "next" => &mut sent.next,
                "csrf" => &mut sent.csrf,
                _ => continue,
            };
            *place = value.into_owned();
        }
        sent
    }
}

/// What became of an attempt.
enum Attempt {
    Good { name: String, role: Role, password: Option<String> },
    Bad,
    Limited(Wait),
}

/// `POST /login`
async fn login(
    State(panel): State<Panel>,
    Extension(source): Extension<Source>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Panel { door, ledger, .. } = panel;
    let accounts = door.accounts();
    let sent = Sent::read(&body);
    let next = target::local(&sent.next).to_owned();
    // A name that is nobody's may be a password in the wrong field: it goes into no log.
    let name = fold(&sent.name).ok().filter(|name| accounts.user(name).is_some());
    let said = |role: &str, outcome: &str| NewAudit {
        at: Timestamp::now(),
        who: name.clone().unwrap_or_else(|| "unknown".to_owned()),
        role: role.to_owned(),
        source: source.text(),
        action: "login".to_owned(),
        target: String::new(),
        outcome: outcome.to_owned(),
    };
    match attempt(&door, &accounts, &sent, source).await {
        Attempt::Good { name, role, password } => {
            let (Ok(cookie), Ok(csrf)) = (token::make(door.settings().entropy), token::make(door.settings().entropy))
            else {
                tracing::error!("the operating system gives no randomness: nobody can log in");
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            };
            let jar = CookieJar::from_headers(&headers);
            if let Some(old) = jar.get(COOKIE) {
                door.inner.sessions.end(&token::digest(old.value()));
            }
            door.inner.sessions.begin(&cookie, &name, role, (csrf, password));
            note(&ledger, NewAudit { who: name, ..said(role.as_str(), "done") }).await;
            (jar.add(session_cookie(cookie, source.https)), to(&next)).into_response()
        }
        Attempt::Bad => {
            note(&ledger, said("-", "failed")).await;
            let page = page(&door, &headers, next, "That is not right. Try again.");
            (StatusCode::UNAUTHORIZED, page).into_response()
        }
        Attempt::Limited(wait) => {
            if wait.first {
                note(&ledger, said("-", "limited")).await;
            }
            let page = page(&door, &headers, next, "Too many attempts. Wait a little, then try again.");
            let seconds = HeaderValue::from(wait.seconds);
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)], page).into_response()
        }
    }
}

async fn attempt(door: &Door, accounts: &Accounts, sent: &Sent, source: Source) -> Attempt {
    let inner = &door.inner;
    let address = address_key(source.address);
    if let Err(wait) = inner.addresses.take(&address) {
        return Attempt::Limited(wait);
    }
    if door.waits_for_token(accounts) {
        let good = door.use_token(accounts, &sent.token);
        let operator = Attempt::Good { name: BOOTSTRAP.to_owned(), role: Role::Operator, password: None };
        return if good { operator } else { Attempt::Bad };
    }
    let name = fold(&sent.name).unwrap_or_default();
    if let Err(wait) = inner.names.take(name.as_bytes()) {
        return Attempt::Limited(wait);
    }
    let Ok(place) = inner.checks.clone().try_acquire_owned() else {
        // Nothing was tried.
        inner.addresses.give_back(&address);
        inner.names.give_back(name.as_bytes());
        return Attempt::Limited(Wait { seconds: 1, first: false });
    };
    let user = accounts.user(&name).cloned();
    let (password, hash) = (sent.password.clone(), user.as_ref().map(|user| user.password.clone()));
    let checked = tokio::task::spawn_blocking(move || {
        // Held by the work itself: whoever hangs up frees no core.
        let _place = place;
        password::verify(&password, hash.as_deref())
    });
    match (checked.await, user) {
        (Ok(true), Some(user)) => {
            inner.addresses.give_back(&address);
            inner.names.give_back(name.as_bytes());
            Attempt::Good { name: user.name, role: user.role, password: Some(user.password) }
        }
        _ => Attempt::Bad,
    }
}

fn session_cookie(value: String, https: bool) -> Cookie<'static> {
    Cookie::build((COOKIE, value)).path("/").http_only(true).same_site(SameSite::Strict).secure(https).build()
}

/// `POST /logout`: the form's hidden field is the session's token.
async fn logout(State(panel): State<Panel>, who: Who, headers: HeaderMap, body: Bytes) -> Response {
    let Way::Session(digest) = &who.way else { return to("/") };
    let sent = Sent::read(&body);
    if !bool::from(who.csrf.as_bytes().ct_eq(sent.csrf.as_bytes())) {
        return (StatusCode::FORBIDDEN, "load the page again, then log out\n").into_response();
    }
    panel.door.inner.sessions.end(digest);
    audit(&panel.ledger, &who, "logout", "", "done").await;
    let gone = Cookie::build((COOKIE, "")).path("/").build();
    (CookieJar::from_headers(&headers).remove(gone), to(LOGIN)).into_response()
}
