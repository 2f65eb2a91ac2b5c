//! `/`: the one page, rendered here; its live part is `assets/live.js`.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use hivis_serve::Health;
use hivis_store::{PictureState, RecordFilter, StoredRecord, Summary};
use hivis_types::Label;
use jiff::{SignedDuration, Timestamp};

use utoipa_axum::router::OpenApiRouter;

use crate::Panel;
use crate::shell::{Shell, render};

/// The figures look back this far.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// Rows of the table when the page opens.
const ROWS: u32 = 20;

/// One figure of the page's first row.
struct Figure {
    name: &'static str,
    caption: &'static str,
    text: String,
}

/// One row of the table, as it is before the first live answer; `assets/live.js` makes the same cells.
struct Answer {
    id: String,
    time: String,
    validator: String,
    probability: Option<f32>,
    verdict: &'static str,
    class: &'static str,
    status: u16,
    ms: String,
    picture: bool,
}

impl From<StoredRecord> for Answer {
    fn from(stored: StoredRecord) -> Self {
        let record = stored.record;
        let (verdict, class) = match record.silence {
            Some(silence) => (silence.as_str(), "silent"),
            None if Label::from_probability(record.prediction) == Label::Roadwork => ("roadwork", "road"),
            None => ("clear", "clear"),
        };
        Self {
            id: record.id.to_string(),
            time: record.arrived.strftime("%H:%M:%S").to_string(),
            validator: record.caller.hotkey.short().to_owned(),
            probability: record.silence.is_none().then_some(record.prediction),
            verdict,
            class,
            status: record.status,
            ms: format!("{:.1}", record.timings.total_us as f64 / 1000.0),
            picture: matches!(stored.picture_state, PictureState::Stored { .. }),
        }
    }
}

#[derive(Template)]
#[template(path = "now.html")]
struct Now {
    shell: Shell,
    figures: Vec<Figure>,
    answers: Vec<Answer>,
    alarms: Vec<String>,
}

/// Whoever knows the reward and the wheel.
pub trait NowSource: Send + Sync {}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/", get(now)).route("/events", get(super::events::stream))
}

/// `GET /`
async fn now(State(panel): State<Panel>, shell: Shell) -> Response {
    let health = panel.axon.health();
    render(&Now {
        shell,
        figures: figures(&panel, &health).await,
        answers: newest(&panel).await,
        alarms: panel.axon.alarms(Timestamp::now()).iter().map(ToString::to_string).collect(),
    })
}

/// What was answered before the page was opened, newest first.
async fn newest(panel: &Panel) -> Vec<Answer> {
    let filter = RecordFilter { limit: ROWS, ..RecordFilter::default() };
    let records = panel.ledger.list(&filter).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the ledger could not be read for the page");
        Vec::new()
    });
    records.into_iter().map(Answer::from).collect()
}

/// The same figures for the event stream, by name.
pub(crate) async fn live_figures(panel: &Panel) -> BTreeMap<&'static str, String> {
    let health = panel.axon.health();
    figures(panel, &health).await.into_iter().map(|figure| (figure.name, figure.text)).collect()
}

async fn figures(panel: &Panel, health: &Health) -> Vec<Figure> {
    // Reading a clock is the listener's business: the window ends now.
    let since = Timestamp::now().saturating_sub(WINDOW).unwrap_or(Timestamp::UNIX_EPOCH);
    let summary = panel.ledger.summary(since).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the ledger could not be read for the page");
        Summary::default()
    });
    let silent: u64 = summary.by_silence.values().sum();
    let quantile = |f: fn(&hivis_store::Latency) -> u64| {
        summary.latency.as_ref().map_or_else(|| "–".to_owned(), |l| format!("{:.0} ms", f(l) as f64 / 1000.0))
    };
    let figure = |name, caption, text| Figure { name, caption, text };
    vec![
        figure("records", "challenges in the last hour", summary.records.to_string()),
        figure("answered", "answered with a probability", summary.answered.to_string()),
        figure("silent", "without an answer", silent.to_string()),
        figure("p50", "half are faster than", quantile(|l| l.p50_us)),
        figure("p99", "99 of 100 are faster than", quantile(|l| l.p99_us)),
        figure("callers", "callers may ask", health.permits.to_string()),
        figure("list", "since the metagraph was read", list_age(health)),
        figure("clock", "clock offset to validators", offset(health.clock_offset_s)),
    ]
}

/// How old the list of validators is, where the chain gave it.
fn list_age(health: &Health) -> String {
    let age = health.roster.map(|roster| Timestamp::now().duration_since(roster.read).unsigned_abs());
    age.map_or_else(|| "–".to_owned(), |age| format!("{} min", age.as_secs() / 60))
}

fn offset(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), |s| format!("{s:+.2} s"))
}
