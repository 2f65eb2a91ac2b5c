//! The routes, each a question to the desk.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hivis_store::{ReviewReason, ReviewVerdict, Reviewer as Name};
use hivis_types::Label;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Desk, DeskWord};
use crate::Panel;
use crate::answer::Refused;
use crate::door::origin::reviewer;
use crate::door::{Reviewer, Who, audit, outcome};

/// Pictures that one person is shown at a time, at most.
const CLAIM: u32 = 60;
/// Reviews that a queue holds where nothing is said, and at most.
const LIMIT: u32 = 50;
const MOST: u32 = 1_000;

type Answer = Result<Json<Value>, Refused>;

/// Everything below `/api/review`; without a desk it answers 503.
pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new()
        .routes(routes!(queue))
        .routes(routes!(next))
        .routes(routes!(claim))
        .routes(routes!(leave))
        .routes(routes!(undo))
        .routes(routes!(rates))
        .routes(routes!(agreement))
        .routes(routes!(story))
        .routes(routes!(picture))
        .routes(routes!(decision))
}

fn at(panel: &Panel) -> Result<&Arc<dyn Desk>, Refused> {
    let said = "nobody keeps a review queue here";
    panel.sources.desk.as_ref().ok_or_else(|| Refused::new(StatusCode::SERVICE_UNAVAILABLE, said))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// At most this many, 1 to 1,000; 50 where nothing is said.
    limit: Option<u32>,
}

/// What waits, most urgent first.
#[utoipa::path(
    get,
    path = "/api/review/queue",
    tag = "review",
    params(Asked),
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn queue(State(panel): State<Panel>, who: Who, headers: HeaderMap, asked: Query<Asked>) -> Answer {
    let limit = asked.limit.unwrap_or(LIMIT).clamp(1, MOST);
    Ok(Json(at(&panel)?.queue(reviewer(&headers, &who)?, limit).await?))
}

/// A body with nothing in it, so that this request too is one that a foreign page must ask leave for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// The next picture for whoever asks, shown to nobody else for a while; null when there is none.
#[utoipa::path(
    post,
    path = "/api/review/next",
    tag = "review",
    request_body = Nothing,
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn next(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    headers: HeaderMap,
    body: Result<Json<Nothing>, JsonRejection>,
) -> Answer {
    let _: Json<Nothing> = body?;
    Ok(Json(at(&panel)?.next(named(&headers, &who)?).await?))
}

/// `{"count": 16, "keep": [3, 4]}`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimBody {
    /// How many pictures, 1 to 60.
    count: u32,
    /// Reviews that are shown already and stay.
    #[serde(default)]
    keep: Vec<i64>,
}

/// Several pictures at once for whoever asks, shown to nobody else for a while.
#[utoipa::path(
    post,
    path = "/api/review/claim",
    tag = "review",
    request_body = ClaimBody,
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn claim(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    headers: HeaderMap,
    body: Result<Json<ClaimBody>, JsonRejection>,
) -> Answer {
    let Json(ClaimBody { count, keep }) = body?;
    if count == 0 || count > CLAIM || keep.len() > CLAIM as usize {
        let said = format!("one person is shown 1 to {CLAIM} pictures at a time");
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &said));
    }
    Ok(Json(at(&panel)?.claim(named(&headers, &who)?, count, keep).await?))
}

/// Gives back what whoever asks was shown and has not decided.
#[utoipa::path(
    post,
    path = "/api/review/leave",
    tag = "review",
    request_body = Nothing,
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn leave(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    headers: HeaderMap,
    body: Result<Json<Nothing>, JsonRejection>,
) -> Answer {
    let _: Json<Nothing> = body?;
    Ok(Json(at(&panel)?.leave(named(&headers, &who)?).await?))
}

/// All about one picture, as far as whoever asks may know it before deciding.
#[utoipa::path(
    get,
    path = "/api/review/{id}",
    tag = "review",
    params(("id" = String, Path, description = "The review's number, or the beginning of the picture's SHA-256.")),
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn story(State(panel): State<Panel>, who: Who, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    Ok(Json(at(&panel)?.story(id, reviewer(&headers, &who)?).await?))
}

/// The picture: a JPEG, PNG or WebP.
#[utoipa::path(
    get,
    path = "/api/review/{id}/picture",
    tag = "review",
    params(("id" = String, Path, description = "The review's number, or the beginning of the picture's SHA-256.")),
    responses(
        (status = 200, description = "Its bytes.", body = [u8], content_type = "image/jpeg"),
        (status = 404, description = "There is none, or its bytes are no picture."),
    ),
)]
async fn picture(State(panel): State<Panel>, _who: Who, Path(id): Path<String>) -> Result<Response, Refused> {
    shown_picture(at(&panel)?.picture(id).await?.bytes)
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
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    /// `accept`, `reject` or `skip`.
    #[schema(value_type = String, example = "accept")]
    verdict: ReviewVerdict,
    /// What the picture shows.
    #[serde(default)]
    label: Option<LabelWord>,
    /// Why it is rejected; a reject needs one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    reason: Option<ReviewReason>,
    /// In words.
    #[serde(default)]
    note: Option<String>,
}

/// Labels in the subnet's words.
#[derive(Deserialize, ToSchema, Clone, Copy)]
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

/// Takes a decision.
#[utoipa::path(
    post,
    path = "/api/review/{id}/decision",
    tag = "review",
    params(("id" = String, Path, description = "The review's number, or the beginning of the picture's SHA-256.")),
    request_body = DecisionBody,
    responses(
        (status = 200, description = "What became of the picture.", body = Value),
        (status = 409, description = "Somebody was faster; what they said is told.", body = Value),
    ),
)]
async fn decision(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Result<Json<DecisionBody>, JsonRejection>,
) -> Answer {
    let Json(DecisionBody { verdict, label, reason, note }) = body?;
    let word = DeskWord { verdict, label: label.map(Into::into), reason, note };
    let name = named(&headers, &who)?;
    let decided = at(&panel)?.decide(id.clone(), name.clone(), word).await;
    audit(&panel.ledger, &as_named(who, &name), "review.decide", &id, outcome(&decided)).await;
    Ok(Json(decided?))
}

/// `{}`, `{"review": "12"}` or `{"review": "12", "force": true}`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UndoBody {
    /// The review's number, or the beginning of the picture's SHA-256; the last decision where nothing is said.
    #[serde(default)]
    review: Option<String>,
    /// Takes back what others built on, too.
    #[serde(default)]
    force: bool,
}

/// Takes a decision back; nothing is deleted.
#[utoipa::path(
    post,
    path = "/api/review/undo",
    tag = "review",
    request_body = UndoBody,
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn undo(
    State(panel): State<Panel>,
    Reviewer(who): Reviewer,
    headers: HeaderMap,
    body: Result<Json<UndoBody>, JsonRejection>,
) -> Answer {
    let Json(UndoBody { review, force }) = body?;
    if force && review.is_none() {
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "force needs a review"));
    }
    let name = named(&headers, &who)?;
    let target = review.clone().unwrap_or_default();
    let undone = at(&panel)?.undo(review, name.clone(), force).await;
    audit(&panel.ledger, &as_named(who, &name), "review.undo", &target, outcome(&undone)).await;
    Ok(Json(undone?))
}

/// Acceptance by generator and prompt.
#[utoipa::path(
    get,
    path = "/api/review/rates",
    tag = "review",
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn rates(State(panel): State<Panel>, _who: Who) -> Answer {
    Ok(Json(at(&panel)?.rates().await?))
}

/// How far reviewers agree.
#[utoipa::path(
    get,
    path = "/api/review/agreement",
    tag = "review",
    responses((status = 200, description = "As JSON.", body = Value)),
)]
async fn agreement(State(panel): State<Panel>, _who: Who) -> Answer {
    Ok(Json(at(&panel)?.agreement().await?))
}

/// Whose decision it is: the account's, or the header's; without either it is `local`'s.
fn named(headers: &HeaderMap, who: &Who) -> Result<Name, Refused> {
    let local = || {
        let said = |refused: hivis_store::ReviewRefused| refused.to_string();
        Name::new(&who.name).map_err(|refused| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &said(refused)))
    };
    reviewer(headers, who)?.map_or_else(local, Ok)
}

/// For the audit log: where there are no accounts the name in the header says more than `local`.
fn as_named(who: Who, name: &Name) -> Who {
    Who { name: name.as_str().to_owned(), ..who }
}
