//! The morning report: what the night did to the reward and why, and what waits for a person.
//!
//! Everything comes from the ledger and from files of the home; what is in neither is "not known". [`Morning`] is what is
//! known, [`sections`] is what a person reads of it, and `text` and `html` write the same sections.

mod gather;
mod health;
mod html;
mod plot;
mod sections;
mod text;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hivis_store::Home;
use jiff::Timestamp;
use serde_json::json;

pub(crate) use gather::gather;
pub(crate) use html::html;
pub(crate) use text::text;

#[cfg(test)]
use gather::{Counted, Failing, Morning};
#[cfg(test)]
use health::Health;

use super::house::House;
use super::{Context, Ended, Kind};

/// The report's files, HTML and text. One of a kind and day takes the place of an earlier one.
pub(crate) fn files(home: &Home, kind: Kind, due: Timestamp) -> (PathBuf, PathBuf) {
    let day = due.strftime("%Y%m%d");
    let name = match kind {
        Kind::Nightly => format!("night-{day}"),
        _ => format!("night-{day}-{}", kind.as_str()),
    };
    (home.reports().join(format!("{name}.html")), home.reports().join(format!("{name}.txt")))
}

/// The step: gathers and writes both files.
pub(crate) async fn write(house: &House, at: &Context) -> Result<Ended> {
    let job = house.ledger.job(at.job).await?.context("a job that runs is in the ledger: this is a bug")?;
    let morning = gather(house, &job, &at.earlier, at.now).await?;
    let (page, plain) = files(&house.home, at.kind, at.due);
    whole(&page, &html(&morning)?)?;
    whole(&plain, &text(&morning))?;
    let facts = json!(morning.data.as_ref().map(|data| &data.facts));
    Ok(Ended::Done { said: format!("look at {}", page.display()), facts })
}

/// Writes a file complete or not at all.
pub(crate) fn whole(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("partial");
    fs_err::write(&beside, text).context("the report cannot be written")?;
    Ok(fs_err::rename(&beside, path)?)
}
