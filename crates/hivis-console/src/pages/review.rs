//! `/review`: the queue, by keyboard. The page has the counts and rates; pictures come through `/api/review/claim`,
//! because looking at a page must claim nothing.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

use crate::shell::{Shell, render};
use crate::{Panel, SourceError};

/// Rows of the table of rates at most; `hivis review rates` has all.
const ROWS: usize = 40;
/// What whoever comes in is called where there are no accounts.
const NOBODY: &str = "local";

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/review", get(page))
}

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    shell: Shell,
    /// The account's name, empty where there are no accounts.
    account: String,
    /// Who looks where nobody says so.
    usual: String,
    counts: Counts,
    rates: Vec<RateRow>,
    agreement: Vec<AgreementRow>,
    /// Why there is nothing to show.
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    open: u64,
    second: u64,
    conflict: u64,
    accepted: u64,
    rejected: u64,
    skipped: u64,
}

#[derive(Deserialize)]
struct Queue {
    counts: Counts,
}

#[derive(Deserialize)]
struct Rates {
    rows: Vec<RateRow>,
}

#[derive(Deserialize)]
struct RateRow {
    generator: String,
    prompt: Option<String>,
    verdict: String,
    rate: Rate,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Deserialize)]
struct Rate {
    good: u64,
    n: u64,
    share: Option<f64>,
}

#[derive(Deserialize)]
struct AgreementRow {
    people: Option<(String, String)>,
    n: u64,
    same: u64,
    kappa: Option<f64>,
}

impl Rate {
    fn percent(&self) -> String {
        self.share.map_or_else(|| "–".to_owned(), |share| format!("{:.0}%", share * 100.0))
    }
}

impl AgreementRow {
    fn who(&self) -> String {
        self.people.as_ref().map_or_else(|| "everybody".to_owned(), |(one, other)| format!("{one} and {other}"))
    }

    fn kappa(&self) -> String {
        self.kappa.map_or_else(|| "–".to_owned(), |kappa| format!("{kappa:.2}"))
    }
}

async fn page(State(panel): State<Panel>, shell: Shell) -> Response {
    let account = if shell.who.name == NOBODY { String::new() } else { shell.who.name.clone() };
    let mut page = Page {
        shell,
        account,
        usual: String::new(),
        counts: Counts::default(),
        rates: Vec::new(),
        agreement: Vec::new(),
        error: None,
    };
    if let Err(error) = fill(&panel, &mut page).await {
        page.error = Some(error);
    }
    render(&page)
}

/// What the desk tells now, or one line why it tells nothing.
async fn fill(panel: &Panel, page: &mut Page) -> Result<(), String> {
    let Some(desk) = &panel.sources.desk else {
        return Err("Reviews are served on a loopback address, or where there are accounts.".to_owned());
    };
    page.usual = desk.usual();
    page.counts = read::<Queue>(desk.queue(None, 1).await)?.counts;
    page.rates = read::<Rates>(desk.rates().await)?.rows;
    page.rates.truncate(ROWS);
    page.agreement = read(desk.agreement().await)?;
    page.agreement.truncate(ROWS);
    page.agreement.retain(|row| row.n > 0);
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(said: Result<Value, SourceError>) -> Result<T, String> {
    let said = said.map_err(|error| match error {
        SourceError::NotFound(said)
        | SourceError::Unfit(said)
        | SourceError::Unavailable(said)
        | SourceError::Conflict { said, .. } => said,
        SourceError::Failed => "The queue could not be read; the log has the reason.".to_owned(),
    })?;
    serde_json::from_value(said).map_err(|error| {
        tracing::error!(%error, "the desk told something else than it should");
        "The queue could not be understood; the log has the reason.".to_owned()
    })
}
