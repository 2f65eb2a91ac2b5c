//! `/alerts` and `/api/alerts`: what holds, and acknowledging it. The page System includes the same list.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use hivis_store::StoredAlert;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::Refused;
use crate::door::{Reviewer, Who, audit, outcome};
use crate::filters;
use crate::shell::{Shell, render};
use crate::{Panel, SourceError, SourceFuture};

/// Alerts of one answer where nothing is said, and at most.
const LIMIT: u32 = 50;
const MOST: u32 = 200;
/// Longest note, in characters.
const NOTE: usize = 500;
/// An acknowledgement ends within a year.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Whoever knows what holds.
pub trait AlertSource: Send + Sync {
    /// How many alerts hold that nobody has acknowledged. Every page asks, so it must be cheap.
    fn open(&self) -> Pin<Box<dyn Future<Output = usize> + Send + '_>>;

    /// The newest that hold, and the newest that are over; of the latter those numbered below `before`, where it is
    /// given.
    fn list(&self, before: Option<i64>, limit: u32) -> SourceFuture<'_, AlertLists>;

    /// Somebody knows of it.
    fn acknowledge(&self, id: i64, word: AckWord) -> SourceFuture<'_, StoredAlert>;

    /// That is taken back.
    fn unacknowledge(&self, id: i64) -> SourceFuture<'_, StoredAlert>;
}

/// What holds and what is over, newest first.
#[derive(Clone, Debug, Default)]
pub struct AlertLists {
    /// What holds.
    pub open: Vec<StoredAlert>,
    /// What is over.
    pub over: Vec<StoredAlert>,
}

/// What somebody says who knows of an alert.
#[derive(Clone, Debug)]
pub struct AckWord {
    /// Who.
    pub by: String,
    /// What others should know; may be empty.
    pub note: String,
    /// Until when; `None` until the alert is over.
    pub until: Option<Timestamp>,
}

/// Alerts as the API gives them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertPage {
    /// What holds, newest first.
    open: Vec<AlertView>,
    /// What is over, newest first.
    over: Vec<AlertView>,
    /// Ask with this as `before` for older ones that are over; `null` when there are none.
    before: Option<i64>,
}

/// One alert. Times are RFC 3339, UTC.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// Its number.
    id: i64,
    /// The rule's name.
    rule: String,
    /// `info`, `warning` or `critical`.
    severity: &'static str,
    /// One sentence with the value in it.
    summary: String,
    /// What tells it from others of the rule.
    labels: BTreeMap<String, String>,
    /// What the rule compared.
    value: Option<f64>,
    /// The page that says what to do; empty when there is none.
    runbook: String,
    /// Since when it holds.
    since: String,
    /// When it was last seen.
    seen: String,
    /// When it was over; `null` while it holds.
    resolved: Option<String>,
    /// How often it came back soon after it was over.
    flaps: u32,
    /// Who knows of it; `null` when nobody does, or not any more.
    ack: Option<AckView>,
}

/// Somebody knows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AckView {
    /// Who.
    by: String,
    /// When.
    at: String,
    /// What was said.
    note: String,
    /// Until when; `null` until the alert is over.
    until: Option<String>,
}

/// `{"note": "a new disk comes on Monday", "until": "2026-12-01T08:00:00Z"}`; both may be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AckBody {
    /// What others should know; 500 characters at most.
    #[serde(default)]
    note: String,
    /// Until when, RFC 3339; until the alert is over when absent.
    #[serde(default)]
    until: Option<String>,
}

/// `{}`: so that this request too is one that a foreign page must ask leave for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnackBody {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    before: Option<i64>,
    limit: Option<u32>,
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    let api = OpenApiRouter::new().routes(routes!(list)).routes(routes!(ack)).routes(routes!(unack));
    api.route("/alerts", get(page))
}

fn source(panel: &Panel) -> Result<&Arc<dyn AlertSource>, Refused> {
    let said = "alerts are not kept here";
    panel.sources.alerts.as_ref().ok_or_else(|| Refused::new(StatusCode::SERVICE_UNAVAILABLE, said))
}

/// What holds, and what was over lately.
#[utoipa::path(
    get, path = "/api/alerts",
    params(
        ("before" = Option<i64>, Query, description = "Of those that are over only older ones than this number."),
        ("limit" = Option<u32>, Query, description = "Alerts of each list, at most 200; 50 when absent.")
    ),
    responses((status = 200, body = AlertPage), (status = 503, description = "Alerts are not kept here."))
)]
async fn list(State(panel): State<Panel>, _who: Who, Query(asked): Query<Asked>) -> Result<Json<AlertPage>, Refused> {
    let limit = asked.limit.unwrap_or(LIMIT).clamp(1, MOST);
    let lists = source(&panel)?.list(asked.before, limit).await?;
    let before = lists.over.last().filter(|_| lists.over.len() == limit as usize).map(|alert| alert.id);
    let now = Timestamp::now();
    let views = |alerts: &[StoredAlert]| alerts.iter().map(|alert| view(alert, now)).collect();
    Ok(Json(AlertPage { open: views(&lists.open), over: views(&lists.over), before }))
}

/// Says that one knows: no more messages until it is over, or until a time.
#[utoipa::path(
    post, path = "/api/alerts/{id}/ack", request_body = AckBody,
    params(("id" = i64, Path, description = "The alert's number.")),
    responses(
        (status = 200, body = AlertView), (status = 403, description = "The role does not suffice."),
        (status = 404, description = "There is no such alert."), (status = 409, description = "It is over already."),
        (status = 422, description = "The note is too long, or the time is none or lies behind.")
    )
)]
async fn ack(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    Path(id): Path<i64>,
    body: Result<Json<AckBody>, JsonRejection>,
) -> Result<Json<AlertView>, Refused> {
    let Json(AckBody { note, until }) = body?;
    let unfit = |said: &str| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, said);
    if note.chars().count() > NOTE {
        return Err(unfit("a note has 500 characters at most"));
    }
    let now = Timestamp::now();
    let until = until
        .map(|text| text.parse::<Timestamp>().map_err(|_| unfit("until is no time, such as 2026-12-01T08:00:00Z")));
    let until = until.transpose()?;
    if until.is_some_and(|until| until <= now || until.duration_since(now) > LONGEST) {
        return Err(unfit("until must lie ahead, within a year"));
    }
    let word = AckWord { by: who.name.clone(), note, until };
    let done = source(&panel)?.acknowledge(id, word).await;
    audit(&panel.ledger, &who, "alert.ack", &target(id, &done), outcome(&done)).await;
    Ok(Json(view(&done?, now)))
}

/// Takes an acknowledgement back: it is told again.
#[utoipa::path(
    post, path = "/api/alerts/{id}/unack", request_body = UnackBody,
    params(("id" = i64, Path, description = "The alert's number.")),
    responses(
        (status = 200, body = AlertView), (status = 403, description = "The role does not suffice."),
        (status = 404, description = "There is no such alert."), (status = 409, description = "It is over already.")
    )
)]
async fn unack(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    Path(id): Path<i64>,
    body: Result<Json<UnackBody>, JsonRejection>,
) -> Result<Json<AlertView>, Refused> {
    let Json(UnackBody {}) = body?;
    let done = source(&panel)?.unacknowledge(id).await;
    audit(&panel.ledger, &who, "alert.unack", &target(id, &done), outcome(&done)).await;
    Ok(Json(view(&done?, Timestamp::now())))
}

fn target(id: i64, done: &Result<StoredAlert, SourceError>) -> String {
    done.as_ref().map_or_else(|_| id.to_string(), |alert| format!("{id} {}", alert.key))
}

fn view(alert: &StoredAlert, now: Timestamp) -> AlertView {
    let ack = alert.ack.as_ref().filter(|_| alert.is_acknowledged(now));
    AlertView {
        id: alert.id,
        rule: alert.rule.clone(),
        severity: alert.severity.as_str(),
        summary: alert.summary.clone(),
        labels: alert.labels.clone(),
        value: alert.value,
        runbook: link(&alert.runbook).to_owned(),
        since: alert.since.to_string(),
        seen: alert.seen.to_string(),
        resolved: alert.resolved.map(|at| at.to_string()),
        flaps: alert.flaps,
        ack: ack.map(|ack| AckView {
            by: ack.by.clone(),
            at: ack.at.to_string(),
            note: ack.note.clone(),
            until: ack.until.map(|at| at.to_string()),
        }),
    }
}

/// Only addresses of the web are links.
fn link(address: &str) -> &str {
    let web = address.starts_with("https://") || address.starts_with("http://");
    if web { address } else { "" }
}

/// One row as the server draws it; `assets/alerts.js` makes the same.
pub(crate) struct AlertRow {
    pub(crate) id: i64,
    pub(crate) rule: String,
    pub(crate) severity: &'static str,
    pub(crate) summary: String,
    pub(crate) labels: String,
    pub(crate) runbook: String,
    pub(crate) since: String,
    pub(crate) resolved: String,
    pub(crate) flaps: u32,
    pub(crate) ack: Option<String>,
}

impl AlertRow {
    fn new(alert: &StoredAlert, now: Timestamp) -> Self {
        let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ack = alert.ack.as_ref().filter(|_| alert.is_acknowledged(now)).map(|ack| {
            let until = ack.until.map_or_else(|| "until it is over".to_owned(), |at| format!("until {} UTC", time(at)));
            let note = if ack.note.is_empty() { String::new() } else { format!(": {}", ack.note) };
            format!("{} knows, {until}{note}", ack.by)
        });
        Self {
            id: alert.id,
            rule: alert.rule.clone(),
            severity: alert.severity.as_str(),
            summary: alert.summary.clone(),
            labels: labels.join(", "),
            runbook: link(&alert.runbook).to_owned(),
            since: time(alert.since),
            resolved: alert.resolved.map(time).unwrap_or_default(),
            flaps: alert.flaps,
            ack,
        }
    }
}

/// What `alerts.html` draws: a page includes it with a field `alerts` of this type.
#[derive(Default)]
pub(crate) struct AlertSection {
    /// What holds.
    pub(crate) open: Vec<AlertRow>,
    /// What was over lately.
    pub(crate) over: Vec<AlertRow>,
    /// Why there is no list.
    pub(crate) trouble: String,
}

/// The section for a page: the newest that hold, and some that are over.
pub(crate) async fn section(panel: &Panel) -> AlertSection {
    let Some(source) = &panel.sources.alerts else {
        let trouble = "Alerts are not kept here: log in, or open the page on this computer.".to_owned();
        return AlertSection { trouble, ..AlertSection::default() };
    };
    let now = Timestamp::now();
    let rows = |alerts: &[StoredAlert]| alerts.iter().map(|alert| AlertRow::new(alert, now)).collect();
    match source.list(None, LIMIT).await {
        Ok(lists) => AlertSection { open: rows(&lists.open), over: rows(&lists.over), trouble: String::new() },
        Err(error) => {
            tracing::warn!(?error, "alerts could not be read for the page");
            let trouble = "The ledger could not be read; the log has the reason.".to_owned();
            AlertSection { trouble, ..AlertSection::default() }
        }
    }
}

#[derive(Template)]
#[template(path = "alerts_page.html")]
struct Page {
    shell: Shell,
    alerts: AlertSection,
}

/// `GET /alerts`
async fn page(State(panel): State<Panel>, shell: Shell) -> Response {
    let alerts = section(&panel).await;
    render(&Page { shell, alerts })
}
