//! What stands around every page: navigation, state, who is in, how many alerts hold.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::CookieJar;

use crate::Panel;
use crate::answer::Refused;
use crate::door::Who;

/// The pages in the order of the navigation: name, address.
const PAGES: [(&str, &str); 6] = [
    ("Now", "/"),
    ("Challenge", "/challenge"),
    ("Review", "/review"),
    ("Data", "/data"),
    ("Releases", "/releases"),
    ("System", "/system"),
];

/// The frame of one page; every page's template extends `base.html` and has it as `shell`.
pub(crate) struct Shell {
    /// The path of the address that is looked at.
    path: String,
    /// Whoever looks.
    pub(crate) who: Who,
    /// A challenge that comes now would be judged.
    pub(crate) ready: bool,
    /// One line: where the axon listens and what serves, or why it is not ready.
    pub(crate) state: String,
    /// Alerts that hold and that nobody has acknowledged.
    pub(crate) alerts: usize,
    /// `light`, `dark`, or empty: as the system has it.
    pub(crate) theme: &'static str,
    /// One line of honesty at the foot.
    pub(crate) note: String,
}

impl Shell {
    /// The pages.
    #[expect(clippy::unused_self, reason = "templates call it on the shell")]
    pub(crate) fn pages(&self) -> [(&'static str, &'static str); 6] {
        PAGES
    }

    /// Is this page, or one beneath it, looked at?
    pub(crate) fn is_at(&self, address: &str) -> bool {
        self.path == address || address != "/" && self.path.starts_with(&format!("{address}/"))
    }
}

impl FromRequestParts<Panel> for Shell {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, panel: &Panel) -> Result<Self, Refused> {
        let who = Who::from_request_parts(parts, panel).await?;
        let health = panel.axon.health();
        let theme = theme(&parts.headers);
        let state = if health.is_ready() {
            let release = health.release.as_ref().map_or_else(String::new, |r| format!(", release {r}"));
            format!("axon on {}{release}", panel.address)
        } else {
            health.not_ready.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join("; ")
        };
        let alerts = match &panel.sources.alerts {
            Some(source) => source.open().await,
            None => 0,
        };
        let path = parts.uri.path().to_owned();
        Ok(Self { path, who, ready: health.is_ready(), state, alerts, theme, note: panel.note.clone() })
    }
}

/// `light`, `dark`, or empty: as the system has it.
pub(crate) fn theme(headers: &HeaderMap) -> &'static str {
    let jar = CookieJar::from_headers(headers);
    match jar.get("theme").map(axum_extra::extract::cookie::Cookie::value) {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    }
}

/// The page, or 500 with the reason in the log.
pub(crate) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "the page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
