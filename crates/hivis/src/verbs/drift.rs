//! `hivis drift`: whether what is asked is still what was learned from.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;

use crate::cli::{DriftArgs, Global, ServeArgs};
use crate::drifting::report::{Report, report};
use crate::drifting::{Watch, plot};
use crate::home;

/// Windows that are judged between two looks at what is left.
const STEP: usize = 50;

/// Judges what is new, and prints how things stand.
pub(crate) async fn run(global: &Global, args: &DriftArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?.drift;
    let ledger = home.ledger().await?;
    if !args.offline {
        let mut watch = Watch::new(&home, &ledger, &settings);
        while watch.step(STEP, Timestamp::now()).await?.left {}
    }
    let report = report(&ledger, &settings, args.windows.min(settings.history)).await?;
    if let Some(folder) = &args.plot {
        draw(&report, folder)?;
    }
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.text());
    }
    Ok(ExitCode::SUCCESS)
}

/// One SVG a question.
fn draw(report: &Report, folder: &Path) -> Result<()> {
    fs_err::create_dir_all(folder)?;
    for question in &report.questions {
        match plot::plot(question)? {
            Some(svg) => fs_err::write(folder.join(format!("{}.svg", question.kind.as_str())), svg)?,
            None => eprintln!("note: no plot of {}: it takes two windows", question.kind.as_str()),
        }
    }
    Ok(())
}
