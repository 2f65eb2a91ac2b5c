//! `/system`: jobs, money, health, configuration, the audit log; and the glance that `hivis top` shows.

mod gauges;
mod view;

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use hivis_store::AuditEntry;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use view::*;

use super::alerts::{self, AlertSection};
use super::told::{Problem, missing};
use crate::answer::Refused;
use crate::filters;
use crate::shell::{Shell, render};
use crate::{Panel, SourceError, SourceFuture};

/// Lines of the audit log where nobody asked for another number.
const LINES: u32 = 25;
/// The most that anybody gets at once.
const MOST: u32 = 200;

/// Whoever knows the home, the machine and the configuration.
pub trait SystemSource: Send + Sync {
    /// Everything but the axon's own health, which is filled in here.
    fn system(&self) -> SourceFuture<'_, SystemView>;
    /// Every key, no secret.
    fn config(&self) -> SourceFuture<'_, ConfigView>;
    /// The glance, without what only the server knows, which is filled in here.
    fn top(&self) -> SourceFuture<'_, TopView>;
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new()
        .route("/system", get(page))
        .routes(routes!(system))
        .routes(routes!(config))
        .routes(routes!(audit))
        .routes(routes!(top))
}

type Source = std::sync::Arc<dyn SystemSource>;

fn source(panel: &Panel) -> Result<&Source, SourceError> {
    panel.sources.system.as_ref().ok_or_else(missing)
}

/// Jobs, calendar, money, quotas, health, versions.
#[utoipa::path(get, path = "/api/system", responses((status = 200, body = SystemView)), tag = "system")]
async fn system(State(panel): State<Panel>) -> Result<Json<SystemView>, Refused> {
    let mut view = source(&panel)?.system().await?;
    view.health = gauges::health(&panel);
    Ok(Json(view))
}

/// Every key of the configuration with its origin; of a secret, only where it lies.
#[utoipa::path(get, path = "/api/config", responses((status = 200, body = ConfigView)), tag = "system")]
async fn config(State(panel): State<Panel>) -> Result<Json<ConfigView>, Refused> {
    Ok(Json(source(&panel)?.config().await?))
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/api/audit", params(AuditQuery), responses((status = 200, body = AuditView)), tag = "system")]
async fn audit(
    State(panel): State<Panel>,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditView>, Refused> {
    let Query(query) = query.map_err(|rejection| Refused::new(rejection.status(), &rejection.body_text()))?;
    Ok(Json(lines(&panel, &query).await?))
}

/// The miner at a glance.
#[utoipa::path(get, path = "/api/top", responses((status = 200, body = TopView)), tag = "system")]
async fn top(State(panel): State<Panel>) -> Result<Json<TopView>, Refused> {
    let mut view = source(&panel)?.top().await?;
    let health = panel.axon.health();
    "server".clone_into(&mut view.read_from);
    view.ready = health.is_ready();
    view.state = match health.not_ready.as_slice() {
        [] => "ready".to_owned(),
        why => why.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join("; "),
    };
    view.address.clone_from(&panel.address);
    view.release = health.release.map(|release| release.to_string()).or(view.release);
    view.troubles = panel.axon.alarms(Timestamp::now()).iter().map(ToString::to_string).collect();
    view.alerts = match &panel.sources.alerts {
        Some(source) => Some(source.open().await as u64),
        None => None,
    };
    Ok(Json(view))
}

async fn lines(panel: &Panel, query: &AuditQuery) -> Result<AuditView, SourceError> {
    let limit = query.limit.unwrap_or(LINES).clamp(1, MOST);
    // One more tells whether there is another page.
    let found = panel.ledger.audit(query.before, limit + 1).await.map_err(|error| {
        tracing::error!(%error, "the audit log could not be read");
        SourceError::Failed
    })?;
    let more = found.len() > limit as usize;
    let lines: Vec<AuditLine> = found.into_iter().take(limit as usize).map(line).collect();
    let before = lines.last().filter(|_| more).map(|line| line.seq);
    Ok(AuditView { lines, before })
}

fn line(entry: AuditEntry) -> AuditLine {
    let AuditEntry { seq, entry } = entry;
    AuditLine {
        seq,
        at: entry.at.to_string(),
        who: entry.who,
        role: entry.role,
        source: entry.source,
        action: entry.action,
        target: entry.target,
        outcome: entry.outcome,
    }
}

/// Which part of the audit log the page shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PageQuery {
    audit_before: Option<i64>,
}

#[derive(Template)]
#[template(path = "system.html")]
struct Page {
    shell: Shell,
    alerts: AlertSection,
    system: Result<SystemView, Problem>,
    config: Result<ConfigView, Problem>,
    audit: Result<AuditView, Problem>,
    older: bool,
}

/// `GET /system`
async fn page(State(panel): State<Panel>, shell: Shell, query: Result<Query<PageQuery>, QueryRejection>) -> Response {
    let before = query.ok().and_then(|Query(query)| query.audit_before);
    let (system, config) = match source(&panel) {
        Ok(source) => tokio::join!(source.system(), source.config()),
        Err(error) => (Err(error.clone()), Err(error)),
    };
    let audit = lines(&panel, &AuditQuery { before, limit: None }).await;
    let health = gauges::health(&panel);
    let alerts = alerts::section(&panel).await;
    render(&Page {
        shell,
        alerts,
        system: system.map(|system| SystemView { health, ..system }).map_err(|error| Problem::of(&error)),
        config: config.map_err(|error| Problem::of(&error)),
        audit: audit.map_err(|error| Problem::of(&error)),
        older: before.is_some(),
    })
}
