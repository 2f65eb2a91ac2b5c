//! `/events`: answers and figures as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use hivis_serve::AnswerEvent;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use super::now;
use crate::Panel;

/// Figures are sent anew this often while someone looks.
const FIGURES_EVERY: Duration = Duration::from_secs(2);

/// One row of the live table.
#[derive(Serialize)]
struct Row {
    id: String,
    time: String,
    hotkey: String,
    prediction: f32,
    silence: Option<&'static str>,
    status: u16,
    total_ms: f64,
    picture: bool,
}

impl From<AnswerEvent> for Row {
    fn from(event: AnswerEvent) -> Self {
        Self {
            id: event.id.to_string(),
            time: event.arrived.to_string(),
            hotkey: event.hotkey.to_string(),
            prediction: event.prediction,
            silence: event.silence.map(hivis_types::Silence::as_str),
            status: event.status,
            total_ms: event.total_us as f64 / 1000.0,
            picture: event.status == 200,
        }
    }
}

/// A stream that never ends; a reader that is too slow misses answers and sees the newest.
pub(crate) async fn stream(State(panel): State<Panel>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let answers = panel.axon.events();
    let clock = tokio::time::interval(FIGURES_EVERY);
    let stream = futures_util::stream::unfold((panel, answers, clock), |(panel, mut answers, mut clock)| async move {
        loop {
            let event = tokio::select! {
                answer = answers.recv() => match answer {
                    Ok(answer) => Event::default().event("answer").json_data(Row::from(answer)),
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return None,
                },
                _ = clock.tick() => Event::default().event("figures").json_data(now::live_figures(&panel).await),
            };
            match event {
                Ok(event) => return Some((Ok(event), (panel, answers, clock))),
                Err(error) => tracing::warn!(%error, "an event could not be written as JSON"),
            }
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
