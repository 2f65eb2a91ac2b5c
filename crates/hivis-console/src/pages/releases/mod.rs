//! `/releases`: what serves and what could, trainings, exams compared, promotions; and changing what serves.

#[cfg(test)]
mod tests;
mod view;

use askama::Template;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use view::minute;
pub use view::*;

use super::told::{Audit, Problem, missing, note};
use crate::answer::Refused;
use crate::door::{Operator, Role};
use crate::filters;
use crate::shell::{Shell, render};
use crate::{Panel, SourceError, SourceFuture};

/// Whoever knows the releases and may let another one serve.
pub trait ReleaseSource: Send + Sync {
    /// Everything in lists.
    fn list(&self, query: ReleaseQuery) -> SourceFuture<'_, ReleaseList>;
    /// One release.
    fn release(&self, id: String) -> SourceFuture<'_, ReleaseDetail>;
    /// One training, under way or finished.
    fn run(&self, id: String) -> SourceFuture<'_, RunDetail>;
    /// The newest exam that both sat.
    fn compare(&self, query: CompareQuery) -> SourceFuture<'_, ExamCompared>;
    /// How far the move under way is, or the last one that was asked for.
    fn moving(&self) -> SourceFuture<'_, Option<Moving>>;
    /// Takes on a change of what serves, or refuses it; it goes on after the answer.
    fn change(&self, order: MoveOrder) -> SourceFuture<'_, MoveTaken>;
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new()
        .route("/releases", get(page))
        .route("/releases/{id}", get(release_page))
        .routes(routes!(list))
        .routes(routes!(release))
        .routes(routes!(run))
        .routes(routes!(compare))
        .routes(routes!(moving))
        .routes(routes!(promote))
        .routes(routes!(rollback))
}

type Source = std::sync::Arc<dyn ReleaseSource>;

fn source(panel: &Panel) -> Result<&Source, SourceError> {
    panel.sources.releases.as_ref().ok_or_else(missing)
}

/// Releases, trainings, exams and moves, newest first.
#[utoipa::path(get, path = "/api/releases", params(ReleaseQuery), responses((status = 200, body = ReleaseList)), tag = "releases")]
async fn list(
    State(panel): State<Panel>,
    query: Result<Query<ReleaseQuery>, QueryRejection>,
) -> Result<Json<ReleaseList>, Refused> {
    let Query(query) = query.map_err(|rejection| unfit(&rejection))?;
    Ok(Json(source(&panel)?.list(query).await?))
}

/// One release: card, files, training, exams, moves.
#[utoipa::path(get, path = "/api/releases/{id}", params(("id" = String, Path, description = "its name")),
    responses((status = 200, body = ReleaseDetail), (status = 404, description = "there is none of that name")), tag = "releases")]
async fn release(State(panel): State<Panel>, Path(id): Path<String>) -> Result<Json<ReleaseDetail>, Refused> {
    Ok(Json(source(&panel)?.release(id).await?))
}

/// One training with its curves; under way, it is as far as it is.
#[utoipa::path(get, path = "/api/runs/{id}", params(("id" = String, Path, description = "its name")),
    responses((status = 200, body = RunDetail), (status = 404, description = "there is none of that name")), tag = "releases")]
async fn run(State(panel): State<Panel>, Path(id): Path<String>) -> Result<Json<RunDetail>, Refused> {
    Ok(Json(source(&panel)?.run(id).await?))
}

/// The newest exam that A and then B sat: difference of the reward with its interval, and by slice.
#[utoipa::path(get, path = "/api/exams/compare", params(CompareQuery),
    responses((status = 200, body = ExamCompared), (status = 404, description = "they sat none together")), tag = "releases")]
async fn compare(
    State(panel): State<Panel>,
    query: Result<Query<CompareQuery>, QueryRejection>,
) -> Result<Json<ExamCompared>, Refused> {
    let Query(query) = query.map_err(|rejection| unfit(&rejection))?;
    Ok(Json(source(&panel)?.compare(query).await?))
}

/// How far the move under way is; null when none was asked for.
#[utoipa::path(get, path = "/api/moving", responses((status = 200, body = Option<Moving>)), tag = "releases")]
async fn moving(State(panel): State<Panel>) -> Result<Json<Option<Moving>>, Refused> {
    Ok(Json(source(&panel)?.moving().await?))
}

/// Lets a release serve, if the policy lets it. Taken on with 202; `/api/moving` says how far it is. 409, with what
/// serves, when that is not what the page showed, or when somebody else is at it.
#[utoipa::path(post, path = "/api/releases/{id}/promote", params(("id" = String, Path, description = "its name")),
    request_body = PromoteBody,
    responses((status = 202, description = "it is under way"), (status = 403, description = "this needs an operator"),
        (status = 409, description = "something else serves by now"), (status = 422, description = "the policy refuses")), tag = "releases")]
async fn promote(
    State(panel): State<Panel>,
    Operator(who): Operator,
    Path(id): Path<String>,
    body: Result<Json<PromoteBody>, JsonRejection>,
) -> Result<Response, Refused> {
    let Json(PromoteBody { name, serves, force }) = body?;
    let order = MoveOrder { release: id, serves, who: who.name.clone(), force, back: false };
    change(panel, Audit { who, action: "release.promote" }, order, name).await
}

/// Lets the release serve that served before. Like a promotion, without an exam.
#[utoipa::path(post, path = "/api/rollback", request_body = RollbackBody,
    responses((status = 202, description = "it is under way"), (status = 403, description = "this needs an operator"),
        (status = 409, description = "something else serves by now")), tag = "releases")]
async fn rollback(
    State(panel): State<Panel>,
    Operator(who): Operator,
    body: Result<Json<RollbackBody>, JsonRejection>,
) -> Result<Response, Refused> {
    let Json(RollbackBody { name, serves }) = body?;
    let order = MoveOrder { release: name.clone(), serves, who: who.name.clone(), force: None, back: true };
    change(panel, Audit { who, action: "release.rollback" }, order, name).await
}

/// Takes it on and writes it down in a task of its own: whoever asked and hung up is in the audit log all the same.
async fn change(panel: Panel, audit: Audit, order: MoveOrder, typed: String) -> Result<Response, Refused> {
    let work = async move {
        let target = order.release.clone();
        let taken = if typed == target {
            match source(&panel) {
                Ok(source) => source.change(order).await,
                Err(error) => Err(error),
            }
        } else {
            Err(SourceError::Unfit(format!("the name that was typed is not {target}: nothing is changed")))
        };
        let outcome = match &taken {
            Ok(taken) => format!("begun: {}", taken.why),
            Err(error) => format!("refused: {}", Problem::of(error).said),
        };
        note(&panel, &audit, &target, &outcome).await;
        taken.map(|_| target)
    };
    let target = tokio::spawn(work).await.unwrap_or(Err(SourceError::Failed))?;
    let body = Json(serde_json::json!({ "release": target, "moving": "/api/moving" }));
    Ok((StatusCode::ACCEPTED, body).into_response())
}

fn unfit(rejection: &QueryRejection) -> Refused {
    Refused::new(rejection.status(), &rejection.body_text())
}

/// What the page shows beside the lists.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PageQuery {
    a: Option<String>,
    b: Option<String>,
    run: Option<String>,
    before: Option<String>,
    moves_before: Option<i64>,
}

#[derive(Template)]
#[template(path = "releases.html")]
struct Page {
    shell: Shell,
    list: Result<ReleaseList, Problem>,
    run: Option<Result<RunDetail, Problem>>,
    compared: Option<Result<ExamCompared, Problem>>,
    a: String,
    b: String,
    may: bool,
}

/// `GET /releases`
async fn page(State(panel): State<Panel>, shell: Shell, query: Result<Query<PageQuery>, QueryRejection>) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let may = shell.who.role >= Role::Operator;
    let source = match source(&panel) {
        Ok(source) => source,
        Err(error) => {
            let list = Err(Problem::of(&error));
            return render(&Page { shell, list, run: None, compared: None, a: String::new(), b: String::new(), may });
        }
    };
    let wanted = ReleaseQuery { limit: None, before: query.before.clone(), moves_before: query.moves_before };
    let list = source.list(wanted).await.map_err(|error| Problem::of(&error));
    let lines = list.as_ref().ok();
    let run = query.run.clone().or_else(|| Some(lines?.runs.first()?.id.clone()));
    let run = match run {
        Some(run) => Some(source.run(run).await.map_err(|error| Problem::of(&error))),
        None => None,
    };
    // Without a choice: the newest exam of two.
    let newest = lines.and_then(|list| list.exams.first()).map(|exam| exam.who.clone()).unwrap_or_default();
    let of = |chosen: &Option<String>, at: usize| chosen.clone().or_else(|| newest.get(at).cloned());
    let (a, b) = (of(&query.a, 0), of(&query.b, 1));
    let compared = match (a.clone(), b.clone()) {
        (Some(a), Some(b)) => Some(source.compare(CompareQuery { a, b }).await.map_err(|error| Problem::of(&error))),
        _ => None,
    };
    render(&Page { shell, list, run, compared, a: a.unwrap_or_default(), b: b.unwrap_or_default(), may })
}

#[derive(Template)]
#[template(path = "release.html")]
struct ReleasePage {
    shell: Shell,
    id: String,
    release: Result<ReleaseDetail, Problem>,
    may: bool,
}

/// `GET /releases/{id}`
async fn release_page(State(panel): State<Panel>, shell: Shell, Path(id): Path<String>) -> Response {
    let may = shell.who.role >= Role::Operator;
    let release = match source(&panel) {
        Ok(source) => source.release(id.clone()).await,
        Err(error) => Err(error),
    };
    let missing = matches!(release, Err(SourceError::NotFound(_)));
    let page = render(&ReleasePage { shell, id, release: release.map_err(|error| Problem::of(&error)), may });
    if missing { (StatusCode::NOT_FOUND, page).into_response() } else { page }
}
