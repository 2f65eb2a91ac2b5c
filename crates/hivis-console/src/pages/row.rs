//! One answer as the tables show it: the same cells from the ledger and from the live stream.

use hivis_serve::AnswerEvent;
use hivis_store::{PictureState, StoredRecord};
use hivis_types::{Label, Silence};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Row {
    /// The record's id.
    pub(crate) id: String,
    /// When the question arrived, UTC, to the millisecond.
    pub(crate) time: String,
    /// Who asked, ss58.
    pub(crate) validator: String,
    /// What was answered, in [0, 1]; none where there was no answer.
    pub(crate) probability: Option<f32>,
    /// `roadwork`, `clear`, or why there was no answer.
    pub(crate) verdict: String,
    /// `road`, `clear` or `silent`: how the verdict is drawn.
    pub(crate) class: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// From head to answer, milliseconds.
    pub(crate) ms: f64,
    /// What judged.
    pub(crate) release: Option<String>,
    /// Whether there is a picture to show.
    pub(crate) picture: bool,
    /// `right` or `wrong` where a label is known.
    pub(crate) truth: Option<String>,
}

impl Row {
    /// The time of day.
    pub(crate) fn clock(&self) -> &str {
        self.time.get(11..19).unwrap_or(&self.time)
    }

    /// The day.
    pub(crate) fn day(&self) -> &str {
        self.time.get(..10).unwrap_or(&self.time)
    }

    /// The beginning of the key, by characters: it is a stranger's text.
    pub(crate) fn short(&self) -> String {
        self.validator.chars().take(6).collect()
    }
}

/// A time as the pages and their API write it.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn verdict(silence: Option<Silence>, prediction: f32) -> (String, String) {
    let (verdict, class) = match silence {
        Some(silence) => (silence.as_str(), "silent"),
        None if Label::from_probability(prediction) == Label::Roadwork => ("roadwork", "road"),
        None => ("clear", "clear"),
    };
    (verdict.to_owned(), class.to_owned())
}

impl From<AnswerEvent> for Row {
    fn from(event: AnswerEvent) -> Self {
        let (verdict, class) = verdict(event.silence, event.prediction);
        Self {
            id: event.id.to_string(),
            time: stamp(event.arrived),
            validator: event.hotkey.to_string(),
            probability: event.silence.is_none().then_some(event.prediction),
            verdict,
            class,
            status: event.status,
            ms: event.total_us as f64 / 1000.0,
            picture: event.status == 200 && event.release.is_some(),
            release: event.release.map(|release| release.to_string()),
            truth: None,
        }
    }
}

impl From<StoredRecord> for Row {
    fn from(stored: StoredRecord) -> Self {
        let record = stored.record;
        let (verdict, class) = verdict(record.silence, record.prediction);
        let said = record.silence.is_none().then(|| Label::from_probability(record.prediction));
        let truth = stored.trusted_label.zip(said).map(|(known, said)| known.label == said);
        Self {
            id: record.id.to_string(),
            time: stamp(record.arrived),
            validator: record.caller.hotkey.to_string(),
            probability: record.silence.is_none().then_some(record.prediction),
            verdict,
            class,
            status: record.status,
            ms: record.timings.total_us as f64 / 1000.0,
            release: record.judgement.map(|judgement| judgement.release.to_string()),
            // What could not be read has no size, and nothing to show.
            picture: matches!(stored.picture_state, PictureState::Stored { .. })
                && record.picture.is_some_and(|picture| picture.width > 0),
            truth: truth.map(|right| if right { "right" } else { "wrong" }.to_owned()),
        }
    }
}
