//! `/challenge` and `/api/challenges`: finding one answer among many, a page at a time.

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use hivis_store::{RecordFilter, SilenceFilter, StoreError, Worth};
use hivis_types::{Hotkey, RecordId, Silence};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Panel;
use crate::answer::Refused;
use crate::door::Who;
use crate::filters;
use crate::pages::row::Row;
use crate::shell::{Shell, render};

/// Rows of a page where nothing is said, and at most.
const LIMIT: u32 = 40;
const MOST: u32 = 200;
/// An answer at most so far from 0.5 is unsure.
const UNSURE: f64 = 0.15;
/// Longest word that is looked for.
const LONGEST: usize = 80;
/// Reasons of silence, as a page offers them.
const SILENCES: [Silence; 13] = [
    Silence::NoImage,
    Silence::NotBase64,
    Silence::NotAPicture,
    Silence::TooManyPixels,
    Silence::TooManyBytes,
    Silence::BadBody,
    Silence::SlowBody,
    Silence::Overloaded,
    Silence::Expired,
    Silence::EngineFailed,
    Silence::NoModel,
    Silence::Unsure,
    Silence::Draining,
];

/// Which answers are wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// The beginning of a record's id.
    q: String,
    /// Asked by this key.
    hotkey: String,
    /// `answered`, `silent`, `wrong`, `unsure`, or a reason of silence; empty for all.
    kind: String,
    /// Older than this record.
    before: String,
    /// Rows of a page, at most 200.
    limit: Option<u32>,
}

/// A page of answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    /// Newest first.
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins; none after the oldest.
    pub(crate) next: Option<String>,
}

/// Answers, newest first
#[utoipa::path(get, path = "/api/challenges", tag = "challenge", params(
    ("q" = Option<String>, Query, description = "ignored here; the page takes it for the beginning of an id"),
    ("hotkey" = Option<String>, Query, description = "asked by this key"),
    ("kind" = Option<String>, Query, description = "answered, silent, wrong, unsure, or a reason of silence"),
    ("before" = Option<String>, Query, description = "older than this record: `next` of the page before"),
    ("limit" = Option<u32>, Query, description = "rows of a page, at most 200; 40 where nothing is said"),
), responses(
    (status = 200, body = Found),
    (status = 422, description = "no such kind, or a broken cursor"),
))]
pub(crate) async fn api(
    State(panel): State<Panel>,
    _: Who,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Found>, Refused> {
    find(&panel, &wanted).await.map(Json)
}

#[derive(Template)]
#[template(path = "challenges.html")]
struct Page {
    shell: Shell,
    wanted: Wanted,
    found: Found,
    /// Why nothing was looked for.
    refused: Option<String>,
    kinds: Vec<(&'static str, String)>,
    /// The address of the next page.
    older: Option<String>,
}

impl Page {
    fn is_kind(&self, kind: &&str) -> bool {
        self.wanted.kind == *kind
    }
}

/// `GET /challenge`
pub(crate) async fn page(State(panel): State<Panel>, shell: Shell, Query(wanted): Query<Wanted>) -> Response {
    let word = wanted.q.trim();
    let mut refused = None;
    if !word.is_empty() {
        match panel.ledger.story(word).await {
            Ok(story) => return Redirect::to(&format!("/challenge/{}", story.stored.record.id)).into_response(),
            Err(StoreError::SeveralRecords { .. }) => {
                refused = Some("Several records begin so: give more characters.".to_owned());
            }
            Err(StoreError::NoSuchRecord { .. }) => {
                refused = Some("No record's id begins so; `hivis records list` shows ids too.".to_owned());
            }
            Err(error) => {
                tracing::warn!(%error, "the ledger could not be read for the page");
                refused = Some("The ledger could not be read; the log has the reason.".to_owned());
            }
        }
    }
    let found = if refused.is_some() { Err(None) } else { find(&panel, &wanted).await.map_err(Some) };
    let found = found.unwrap_or_else(|error| {
        refused = error.map(|error| error.said()).or(refused.take());
        Found { rows: Vec::new(), next: None }
    });
    let older = found.next.as_ref().map(|next| address(&wanted, next));
    let named = [
        ("", "all"),
        ("answered", "answered"),
        ("wrong", "wrong"),
        ("unsure", "unsure"),
        ("silent", "without an answer"),
    ];
    let mut kinds: Vec<(&str, String)> = named.into_iter().map(|(kind, word)| (kind, word.to_owned())).collect();
    kinds.extend(SILENCES.iter().map(|silence| (silence.as_str(), format!("no answer: {}", silence.as_str()))));
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, render(&Page { shell, wanted, found, refused, kinds, older })).into_response()
}

fn address(wanted: &Wanted, before: &str) -> String {
    let mut address = format!("/challenge?before={before}");
    for (name, value) in [("kind", &wanted.kind), ("hotkey", &wanted.hotkey)] {
        // What is neither letter nor digit is no kind and no key, and was refused before.
        if !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            address.extend(["&", name, "=", value]);
        }
    }
    address
}

async fn find(panel: &Panel, wanted: &Wanted) -> Result<Found, Refused> {
    let unfit = |said: String| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, &said);
    let hotkey = wanted.hotkey.trim();
    if hotkey.len() > LONGEST || !hotkey.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(unfit("a hotkey is letters and digits, and begins with 5".to_owned()));
    }
    let before = match wanted.before.as_str() {
        "" => None,
        text => Some(RecordId(text.parse().map_err(|_| unfit("before wants a record's whole id".to_owned()))?)),
    };
    let limit = wanted.limit.unwrap_or(LIMIT).clamp(1, MOST);
    let mut filter = RecordFilter {
        hotkey: (!hotkey.is_empty()).then(|| Hotkey::new(hotkey)),
        before,
        // One more, to know whether there is a next page.
        limit: limit + 1,
        ..RecordFilter::default()
    };
    let worth = match wanted.kind.as_str() {
        "wrong" => Some(Worth::Wrong),
        "unsure" => Some(Worth::Unsure(UNSURE)),
        _ => None,
    };
    let failed = |error: StoreError| {
        tracing::warn!(%error, "the ledger could not be read for a list of answers");
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "the ledger could not be read; the log has the reason")
    };
    if let Some(worth) = worth {
        filter.limit = limit;
        let looked = panel.ledger.look(&filter, worth).await.map_err(failed)?;
        let rows = looked.records.into_iter().map(Row::from).collect();
        return Ok(Found { rows, next: looked.next.map(|next| next.to_string()) });
    }
    filter.silence = match wanted.kind.as_str() {
        "" => None,
        "answered" => Some(SilenceFilter::Answered),
        "silent" => Some(SilenceFilter::Silent),
        word => {
            let reason = SILENCES.into_iter().find(|silence| silence.as_str() == word);
            let reason =
                reason.ok_or_else(|| unfit("kind is answered, silent, wrong, unsure, or a reason".to_owned()))?;
            Some(SilenceFilter::Because(reason))
        }
    };
    let mut records = panel.ledger.list(&filter).await.map_err(failed)?;
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let next = records.last().filter(|_| more).map(|last| last.record.id.to_string());
    Ok(Found { rows: records.into_iter().map(Row::from).collect(), next })
}
