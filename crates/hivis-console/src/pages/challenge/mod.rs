//! `/challenge`: finding an answer; `/challenge/{id}`: its whole story, another release's word on it, its neighbours.

mod list;
mod source;
mod story;

use askama::Template;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hivis_store::{PictureState, StoreError, Story};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Panel;
use crate::answer::Refused;
use crate::door::{Reviewer, Who, audit};
use crate::filters;
use crate::shell::{Shell, render};

pub use source::{ChallengeSource, Neighbour, Neighbours, Replay, Said, Trained};
use story::{Told, told};

/// Longest body of a replay, bytes.
const BODY: usize = 4 * 1024;
/// Longest name of a release.
const LONGEST: usize = 200;

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new()
        .route("/challenge", get(list::page))
        .route("/challenge/{id}", get(page))
        .routes(routes!(list::api))
        .routes(routes!(api))
        .routes(routes!(neighbours))
        .routes(routes!(replay))
        .layer(DefaultBodyLimit::max(BODY))
}

#[derive(Template)]
#[template(path = "challenge.html")]
struct Page {
    shell: Shell,
    told: Told,
    releases: Vec<String>,
    may_replay: bool,
    neighbours: Neighbours,
}

#[derive(Template)]
#[template(path = "challenge_missing.html")]
struct Missing {
    shell: Shell,
    said: String,
}

/// `GET /challenge/{id}`
async fn page(State(panel): State<Panel>, shell: Shell, Path(id): Path<String>) -> Response {
    let story = match find(&panel, &id).await {
        Ok(story) => story,
        Err(refused) => return (refused.status(), render(&Missing { shell, said: refused.said() })).into_response(),
    };
    let near = near(&panel, &story).await;
    let told = whole(&panel, story).await;
    let releases = match &panel.sources.challenge {
        Some(source) if told.sha256.is_some() => source.releases().await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let may_replay = shell.who.role >= crate::Role::Reviewer && told.row.picture;
    render(&Page { shell, told, releases, may_replay, neighbours: near })
}

/// One answer's whole story
#[utoipa::path(get, path = "/api/challenge/{id}", tag = "challenge",
    params(("id" = String, Path, description = "a record's id, or its beginning")),
    responses((status = 200, body = Told), (status = 404, description = "no record's id begins so"),
        (status = 409, description = "several do")))]
async fn api(State(panel): State<Panel>, _: Who, Path(id): Path<String>) -> Result<Json<Told>, Refused> {
    let story = find(&panel, &id).await?;
    Ok(Json(whole(&panel, story).await))
}

/// The pictures nearest to an answer's
#[utoipa::path(get, path = "/api/challenge/{id}/neighbours", tag = "challenge",
    params(("id" = String, Path, description = "a record's id, or its beginning")),
    responses((status = 200, body = Neighbours), (status = 404, description = "no record's id begins so")))]
async fn neighbours(State(panel): State<Panel>, _: Who, Path(id): Path<String>) -> Result<Json<Neighbours>, Refused> {
    let story = find(&panel, &id).await?;
    Ok(Json(near(&panel, &story).await))
}

/// Which release is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    /// Its name.
    release: String,
}

/// What another release says of an answer's picture
///
/// One at a time; what serves now is asked beside it.
#[utoipa::path(post, path = "/api/challenge/{id}/replay", tag = "challenge", request_body = ReplayBody,
    params(("id" = String, Path, description = "a record's id, or its beginning")),
    responses((status = 200, body = Replay), (status = 403, description = "this needs the role reviewer"),
        (status = 404, description = "no such record or release"), (status = 422, description = "its picture is not kept"),
        (status = 503, description = "another replay runs")))]
async fn replay(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    Path(id): Path<String>,
    body: Result<Json<ReplayBody>, JsonRejection>,
) -> Result<Json<Replay>, Refused> {
    let Json(ReplayBody { release }) = body?;
    let story = find(&panel, &id).await?;
    let id = story.stored.record.id;
    let outcome = replayed(&panel, &story, &release).await;
    let said = outcome.as_ref().map_or_else(Refused::said, |_| "done".to_owned());
    let target = format!("{id} with {}", release.chars().take(LONGEST).collect::<String>());
    audit(&panel.ledger, &who, "challenge.replay", &target, &said).await;
    outcome.map(Json)
}

async fn replayed(panel: &Panel, story: &Story, release: &str) -> Result<Replay, Refused> {
    let Some(source) = &panel.sources.challenge else {
        return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "no release can be asked here"));
    };
    if release.is_empty() || release.len() > LONGEST {
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "name a release; `hivis release list` shows them"));
    }
    let PictureState::Stored { sha256, md5, .. } = story.stored.picture_state else {
        let said = format!("its picture is not in the home: {}", story.stored.picture_state.as_str());
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &said));
    };
    Ok(source.replay((sha256, md5), release.to_owned()).await?)
}

/// The record whose id begins so.
async fn find(panel: &Panel, id: &str) -> Result<Story, Refused> {
    panel.ledger.story(id).await.map_err(|error| match error {
        StoreError::NoSuchRecord { .. } => Refused::new(StatusCode::NOT_FOUND, "no record's id begins so"),
        StoreError::SeveralRecords { .. } => {
            Refused::new(StatusCode::CONFLICT, "several records' ids begin so: give more characters")
        }
        error => {
            tracing::warn!(%error, "a record could not be read");
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "the ledger could not be read; the log has the reason")
        }
    })
}

/// With what the stations wrote down of its picture.
async fn whole(panel: &Panel, story: Story) -> Told {
    let picture = match story.stored.picture_state {
        PictureState::Stored { sha256, .. } | PictureState::Removed { sha256, .. } => Some(sha256),
        _ => None,
    };
    let Some(picture) = picture else { return told(story, None, &[]) };
    let trace = panel.ledger.trace(picture).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the stations of a picture could not be read");
        None
    });
    let trained = match &panel.sources.challenge {
        Some(source) => source.trained(picture).await.unwrap_or_default(),
        None => Vec::new(),
    };
    told(story, trace.as_ref(), &trained)
}

async fn near(panel: &Panel, story: &Story) -> Neighbours {
    let missing = |said: &str| Neighbours { missing: Some(said.to_owned()), ..Neighbours::default() };
    let (PictureState::Stored { sha256, .. } | PictureState::Removed { sha256, .. }) = story.stored.picture_state
    else {
        return missing("There was no picture to compare.");
    };
    let Some(source) = &panel.sources.challenge else { return missing("Nobody compares pictures here.") };
    match source.neighbours(story.stored.clone(), sha256).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(?error, "the neighbours of a picture are not known");
            missing("The features could not be read; the log has the reason.")
        }
    }
}
