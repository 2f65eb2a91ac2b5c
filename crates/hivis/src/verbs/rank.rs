//! `hivis rank`: where we stand among the miners, and whether each release helped.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Home, Ledger};
use hivis_types::Hotkey;
use jiff::{SignedDuration, Timestamp};

use crate::cli::{Global, RankArgs, RankReleasesArgs, RankVerb, ServeArgs};
use crate::config::Settings;
use crate::earnings::Span;
use crate::metagraph::{Reading, read_metagraph};
use crate::ranking::releases::{Change, Known};
use crate::ranking::{self, Report, Standing, days, plot, releases, show, site};
use crate::{failure, home, verbs};

/// All moves of the pointer that anyone will ever make.
const ALL: u32 = u32::MAX;

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, args: &RankArgs) -> Result<ExitCode> {
    if let Some(RankVerb::Releases(args)) = &args.verb {
        return releases(global, args).await;
    }
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let hotkey = verbs::earnings::hotkey(&settings, &args.neuron)?;
    let ledger = home.ledger().await?;
    let now = args.neuron.now.unwrap_or_else(Timestamp::now);
    let span = Span::last(args.days, now);
    let mut report = Report {
        hotkey: hotkey.clone(),
        chain: None,
        taostats: None,
        days: Vec::new(),
        changes: Vec::new(),
        troubles: Vec::new(),
    };
    if !args.offline {
        look(&home, &ledger, (&settings, args), &mut report, span).await?;
    }
    fill(&home, &ledger, &settings, &mut report, span).await?;
    if let Some(file) = &args.plot {
        draw(&report, file)?;
    }
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        report.troubles.iter().for_each(|trouble| eprint!("{}", trouble.replacen("error: ", "note: ", 1)));
        print!("{}", show::text(&report));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the chain and TaoStats; what could not be read is said, and no failure.
async fn look(
    home: &Home,
    ledger: &Ledger,
    (settings, args): (&Settings, &RankArgs),
    report: &mut Report,
    span: Span,
) -> Result<()> {
    let hotkey = report.hotkey.clone();
    match read_metagraph(settings, args.neuron.metagraph.as_deref()).await {
        Ok(reading) => {
            report.chain = ranking::keep(ledger, &reading, &hotkey).await?;
            if report.chain.is_none() {
                let error = verbs::earnings::not_registered(&reading, &hotkey);
                report.troubles.push(failure::text(&error));
            }
        }
        Err(error) => report.troubles.push(failure::text(&error.context("the chain was not read"))),
    }
    let Some(taostats) = &settings.rank.taostats else { return Ok(()) };
    let netuid = report.chain.as_ref().map_or(settings.chain.netuid, |chain| chain.ours.netuid);
    match site::open(home, taostats) {
        Ok(open) => {
            let heard = site::hear(&open, (netuid, &hotkey), report.chain.as_ref(), span.begin()).await;
            ledger.keep_seen_ranks(&heard.days).await?;
            report.taostats = heard.theirs;
            report.troubles.extend(heard.troubles);
        }
        Err(error) => report.troubles.push(failure::text(&error.context("TaoStats was not asked"))),
    }
    Ok(())
}

/// What the ledger knows.
async fn fill(home: &Home, ledger: &Ledger, settings: &Settings, report: &mut Report, span: Span) -> Result<()> {
    let readings = ledger.readings(Some(&report.hotkey), span.begin()).await?;
    let netuid = report.chain.as_ref().map_or(settings.chain.netuid, |chain| chain.ours.netuid);
    if report.chain.is_none() {
        let last = Reading::last(home.path(), netuid, None);
        report.chain = last.and_then(|reading| Standing::of(&reading, &report.hotkey));
    }
    let seen = ledger.seen_ranks(netuid, &report.hotkey, span.begin()).await?;
    let mut promotions = ledger.promotions(ALL).await?;
    promotions.reverse();
    report.days = days::days(&readings, &seen);
    report.changes = days::changes(&promotions, span.begin());
    Ok(())
}

fn draw(report: &Report, file: &Path) -> Result<()> {
    let Some(svg) = plot::plot(&report.days, &report.changes)? else {
        eprintln!("note: no plot: it takes two days with a rank");
        return Ok(());
    };
    // Alone, the plot has no page whose ink it could take.
    Ok(fs_err::write(file, svg)?)
}

async fn releases(global: &Global, args: &RankReleasesArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let hotkey = verbs::earnings::hotkey(&settings, &args.neuron)?;
    let ledger = home.ledger().await?;
    let now = args.neuron.now.unwrap_or_else(Timestamp::now);
    let changes = judged(&ledger, (&settings, &hotkey), args.days, now).await?;
    if global.json {
        println!("{}", serde_json::to_string(&changes)?);
    } else {
        print!("{}", show::changes(&changes));
    }
    Ok(ExitCode::SUCCESS)
}

/// The changes of the last so many days, newest first, each judged.
pub(crate) async fn judged(
    ledger: &Ledger,
    (settings, hotkey): (&Settings, &Hotkey),
    days: u32,
    now: Timestamp,
) -> Result<Vec<Change>> {
    let since = Span::last(days, now).begin();
    // The side before the oldest change lies before the span.
    let back = SignedDuration::from_hours(24 * i64::from(settings.rank.most_days + 1));
    let begin = since.saturating_sub(back).unwrap_or(since);
    let mut promotions = ledger.promotions(ALL).await?;
    promotions.reverse();
    let served = crate::earnings::changes::served(&promotions);
    let readings = ledger.readings(Some(hotkey), begin).await?;
    let netuid = readings.last().map_or(settings.chain.netuid, |reading| reading.netuid);
    let known = Known {
        points: ledger.log_points(hotkey, begin).await?,
        subnet: ledger.subnet_readings(netuid, begin).await?,
        validators: ledger.validator_sets(netuid, begin).await?,
        readings,
    };
    let mut changes = releases::changes(&known, &served, &settings.rank, now);
    changes.retain(|change| change.at >= since);
    Ok(changes)
}
