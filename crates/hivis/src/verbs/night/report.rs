//! `hivis night report`

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Home, Job, JobState};
use jiff::Timestamp;

use super::house;
use crate::cli::{Global, NightReportArgs};
use crate::config::Settings;
use crate::failure::Hinted;
use crate::night::report::{gather, html, text, whole};

/// Turns among which the newest that ended is looked for.
const HISTORY: u32 = 1000;

/// Writes the report of a turn again: what the ledger says of it, with the home as it is now.
pub(super) async fn report(
    global: &Global,
    home: Home,
    settings: Settings,
    args: &NightReportArgs,
) -> Result<ExitCode> {
    let house = house(home, settings).await?;
    let job = match args.job {
        Some(id) => house.ledger.job(id).await?.ok_or_else(|| {
            Hinted::new(format!("there is no job {id}"), "`hivis night list` shows those that there are")
        })?,
        None => newest(house.ledger.jobs(HISTORY).await?)?,
    };
    let steps = house.ledger.job_steps(job.id).await?;
    let morning = gather(&house, &job, &steps, Timestamp::now()).await?;
    if let Some(file) = &args.html {
        whole(file, &html(&morning)?)?;
        eprintln!("wrote {}", file.display());
    } else if global.json {
        println!("{}", serde_json::to_string(&morning)?);
    } else {
        print!("{}", text(&morning));
    }
    Ok(ExitCode::SUCCESS)
}

fn newest(jobs: Vec<Job>) -> Result<Job> {
    let over = |job: &Job| matches!(job.state, JobState::Done | JobState::Failed) && job.begun.is_some();
    jobs.into_iter().find(over).ok_or_else(|| {
        Hinted::new(
            "no turn of the wheel has ended yet",
            "`hivis night run` makes one; `hivis night list` says when the next is due",
        )
        .into()
    })
}
