//! `/events`: answers and figures as server-sent events.
//!
//! Each message of answers has the id of its newest answer. A page that comes back names the last id that it has seen
//! (`Last-Event-ID`, or `?after=`) and is caught up from the ledger: the newest 40, and how many others there were.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use hivis_types::RecordId;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use super::row::Row;
use crate::Panel;
use crate::answer::Refused;
use crate::live::{Answers, Live, Message, ROWS, STREAMS};

/// A browser that comes back by itself waits so long.
const RETRY: Duration = Duration::from_secs(1);

/// Where a page left off.
#[derive(Deserialize)]
pub(crate) struct Left {
    /// The newest answer that the page has seen; the header `Last-Event-ID` goes before it.
    after: Option<String>,
}

/// What came while a page was away.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaughtUp {
    /// The newest answers, oldest first.
    rows: Vec<Row>,
    /// Others that came before those.
    missed: u64,
}

/// Answers as they are given
///
/// Events: `answers` (id: its newest answer) with rows, oldest first, at most ten messages a second; `figures` every two
/// seconds; `caught-up` with what came since `Last-Event-ID` or `after`, from the ledger.
#[utoipa::path(get, path = "/events", tag = "now", params(
    ("after" = Option<String>, Query, description = "the newest answer that was seen; `Last-Event-ID` goes before it"),
), responses(
    (status = 200, description = "server-sent events", body = Answers, content_type = "text/event-stream"),
    (status = 503, description = "too many pages listen"),
))]
pub(crate) async fn stream(
    State(panel): State<Panel>,
    Extension(live): Extension<Live>,
    Query(left): Query<Left>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let Some(place) = live.place() else {
        let said = format!("{STREAMS} pages listen already; close one, this page tries again by itself");
        return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, &said));
    };
    // Listening comes before the ledger is read: what falls in between comes twice, and a page knows ids.
    let messages = live.listen(&panel);
    let named = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let last = named.or(left.after).and_then(|id| id.parse().ok().map(RecordId));
    let first = Event::default().retry(RETRY).comment("hivis");
    let reader = Reader { panel, messages, behind: last.is_some(), last, first: Some(first), _place: place };
    let stream = futures_util::stream::unfold(reader, |mut reader| async move {
        reader.next().await.map(|event| (Ok(event), reader))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// One page that listens.
struct Reader {
    panel: Panel,
    messages: Receiver<Message>,
    /// The newest answer that the page has.
    last: Option<RecordId>,
    /// It misses what came after that.
    behind: bool,
    first: Option<Event>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            if std::mem::take(&mut self.behind)
                && let Some(event) = self.caught_up().await
            {
                return Some(event);
            }
            match self.messages.recv().await {
                Ok(Message::Answers { last, json }) => {
                    self.last = last.parse().ok().map(RecordId);
                    return Some(Event::default().event("answers").id(last).data(&*json));
                }
                Ok(Message::Figures(json)) => return Some(Event::default().event("figures").data(&*json)),
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// What the ledger has after the last answer; `None` when there is nothing.
    async fn caught_up(&mut self) -> Option<Event> {
        let (records, count) = match self.panel.ledger.since_record(self.last?, ROWS as u32).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "a page could not be caught up");
                return None;
            }
        };
        let last = records.first()?.record.id;
        self.last = Some(last);
        let missed = count.saturating_sub(records.len() as u64);
        let rows = records.into_iter().rev().map(Row::from).collect();
        let event = Event::default().event("caught-up").id(last.to_string()).json_data(CaughtUp { rows, missed });
        event.inspect_err(|error| tracing::warn!(%error, "answers could not be written as JSON")).ok()
    }
}
