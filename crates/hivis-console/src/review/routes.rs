//! The routes, each a question to the desk.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hivis_store::{ReviewReason, ReviewVerdict, Reviewer};
use hivis_types::Label;
use serde::Deserialize;
use serde_json::Value;

use super::{Desk, DeskWord};
use crate::answer::Refused;
use crate::door::origin::{guard, reviewer};

/// Longest body, bytes: a decision is a few words.
const BODY: usize = 16 * 1024;
/// Pictures that one person is shown at a time, at most.
const CLAIM: u32 = 60;
/// Reviews that a queue holds where nothing is said, and at most.
const LIMIT: u32 = 50;
const MOST: u32 = 1_000;

type AtDesk = State<Option<Arc<dyn Desk>>>;
type Answer = Result<Json<Value>, Refused>;

/// Everything below `/api/review`; without a desk it answers 503.
pub(crate) fn routes<S>(desk: Option<Arc<dyn Desk>>) -> Router<S> {
    Router::new()
        .route("/queue", get(queue))
        .route("/next", post(next))
        .route("/claim", post(claim))
        .route("/leave", post(leave))
        .route("/undo", post(undo))
        .route("/rates", get(rates))
        .route("/agreement", get(agreement))
        .route("/{id}", get(story))
        .route("/{id}/picture", get(picture))
        .route("/{id}/decision", post(decision))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(axum::middleware::from_fn(guard))
        .with_state(desk)
}

fn at(desk: Option<&Arc<dyn Desk>>) -> Result<&Arc<dyn Desk>, Refused> {
    let said = "reviews are only served on a loopback address until there is a login";
    desk.ok_or_else(|| Refused::new(StatusCode::SERVICE_UNAVAILABLE, said))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    limit: Option<u32>,
}

async fn queue(State(desk): AtDesk, headers: HeaderMap, asked: Query<Asked>) -> Answer {
    let limit = asked.limit.unwrap_or(LIMIT).clamp(1, MOST);
    Ok(Json(at(desk.as_ref())?.queue(reviewer(&headers)?, limit).await?))
}

/// A body with nothing in it, so that this request too is one that a foreign page must ask leave for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn next(State(desk): AtDesk, headers: HeaderMap, body: Result<Json<Nothing>, JsonRejection>) -> Answer {
    let _: Json<Nothing> = body?;
    Ok(Json(at(desk.as_ref())?.next(named(&headers)?).await?))
}

/// `{"count": 16, "keep": [3, 4]}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimBody {
    count: u32,
    #[serde(default)]
    keep: Vec<i64>,
}

async fn claim(State(desk): AtDesk, headers: HeaderMap, body: Result<Json<ClaimBody>, JsonRejection>) -> Answer {
    let Json(ClaimBody { count, keep }) = body?;
    if count == 0 || count > CLAIM || keep.len() > CLAIM as usize {
        let said = format!("one person is shown 1 to {CLAIM} pictures at a time");
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &said));
    }
    Ok(Json(at(desk.as_ref())?.claim(named(&headers)?, count, keep).await?))
}

async fn leave(State(desk): AtDesk, headers: HeaderMap, body: Result<Json<Nothing>, JsonRejection>) -> Answer {
    let _: Json<Nothing> = body?;
    Ok(Json(at(desk.as_ref())?.leave(named(&headers)?).await?))
}

async fn story(State(desk): AtDesk, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    Ok(Json(at(desk.as_ref())?.story(id, reviewer(&headers)?).await?))
}

async fn picture(State(desk): AtDesk, Path(id): Path<String>) -> Result<Response, Refused> {
    shown_picture(at(desk.as_ref())?.picture(id).await?.bytes)
}

/// The picture as an answer; 404 for what is none.
pub(crate) fn shown_picture(bytes: Vec<u8>) -> Result<Response, Refused> {
    // By its first bytes: whatever a stranger sent under the name of a picture is not shown.
    let Some(media) = media(&bytes) else {
        return Err(Refused::new(StatusCode::NOT_FOUND, "these bytes are no JPEG, PNG or WebP"));
    };
    let headers = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, "private, max-age=86400")];
    Ok((headers, bytes).into_response())
}

fn media(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// `{"verdict": "accept", "label": "roadwork"}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    verdict: ReviewVerdict,
    #[serde(default)]
    label: Option<LabelWord>,
    #[serde(default)]
    reason: Option<ReviewReason>,
    #[serde(default)]
    note: Option<String>,
}

/// Labels in the subnet's words.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum LabelWord {
    Roadwork,
    #[serde(alias = "clear")]
    None,
}

impl From<LabelWord> for Label {
    fn from(word: LabelWord) -> Self {
        match word {
            LabelWord::Roadwork => Self::Roadwork,
            LabelWord::None => Self::Clear,
        }
    }
}

async fn decision(
    State(desk): AtDesk,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Result<Json<DecisionBody>, JsonRejection>,
) -> Answer {
    let Json(DecisionBody { verdict, label, reason, note }) = body?;
    let word = DeskWord { verdict, label: label.map(Into::into), reason, note };
    Ok(Json(at(desk.as_ref())?.decide(id, named(&headers)?, word).await?))
}

/// `{}`, `{"review": "12"}` or `{"review": "12", "force": true}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UndoBody {
    #[serde(default)]
    review: Option<String>,
    #[serde(default)]
    force: bool,
}

async fn undo(State(desk): AtDesk, headers: HeaderMap, body: Result<Json<UndoBody>, JsonRejection>) -> Answer {
    let Json(UndoBody { review, force }) = body?;
    if force && review.is_none() {
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "force needs a review"));
    }
    Ok(Json(at(desk.as_ref())?.undo(review, named(&headers)?, force).await?))
}

async fn rates(State(desk): AtDesk) -> Answer {
    Ok(Json(at(desk.as_ref())?.rates().await?))
}

async fn agreement(State(desk): AtDesk) -> Answer {
    Ok(Json(at(desk.as_ref())?.agreement().await?))
}

/// The name in the header, which the door has seen.
fn named(headers: &HeaderMap) -> Result<Reviewer, Refused> {
    let missing = || Refused::new(StatusCode::FORBIDDEN, "the header X-Hivis-Reviewer is missing");
    reviewer(headers)?.ok_or_else(missing)
}
