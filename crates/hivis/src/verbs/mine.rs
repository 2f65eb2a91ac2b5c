//! `hivis mine`: what was hard, and the spread of it that was picked.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Home, MiningRun, Pick};
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::{Global, MineRunArgs, MineVerb, ServeArgs};
use crate::failing::{FailingSlice, failing};
use crate::failure::Hinted;
use crate::mining::{MineKind, MineOrder, PickReport, picks_table};
use crate::table::table;
use crate::{home, mining, sheet};

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &MineVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    match verb {
        MineVerb::Run(args) => mine(global, &home, args).await?,
        MineVerb::List { limit } => list(global, &home, *limit).await?,
        MineVerb::Show { run, sheet } => show(global, &home, *run, sheet.as_deref()).await?,
        MineVerb::Failing => fails(global, &home).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn mine(global: &Global, home: &Home, args: &MineRunArgs) -> Result<()> {
    let settings = home::settings(home, &ServeArgs::default())?;
    let order = MineOrder {
        since: args.since,
        kind: match (args.week, args.night) {
            (true, _) => MineKind::Week,
            (_, true) => MineKind::Night,
            _ => MineKind::Hand,
        },
        now: Timestamp::now(),
        seed: args.seed,
        dry_run: args.dry_run,
    };
    let report = mining::run(home, &settings, &order).await?;
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.text());
    }
    write_sheet(home, &report.picks, args.sheet.as_deref()).await
}

async fn list(global: &Global, home: &Home, limit: u32) -> Result<()> {
    let runs = home.ledger().await?.mining_runs(limit).await?;
    if global.json {
        for run in &runs {
            println!("{}", serde_json::to_string(run)?);
        }
        return Ok(());
    }
    if runs.is_empty() {
        println!("nothing was mined yet; `hivis mine run` does it");
        return Ok(());
    }
    let row = |run: &MiningRun| {
        let share = if run.looked == 0 { 0.0 } else { 100.0 * run.hard as f64 / run.looked as f64 };
        vec![
            run.id.to_string(),
            run.kind.clone(),
            run.at.strftime("%Y-%m-%d %H:%M").to_string(),
            run.looked.to_string(),
            run.hard.to_string(),
            format!("{share:.1}%"),
            run.picks.to_string(),
        ]
    };
    let rows: Vec<_> = runs.iter().map(row).collect();
    print!("{}", table(&["run", "kind", "UTC", "pictures", "hard", "share", "picks"], &rows));
    Ok(())
}

/// What `show --json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    run: &'a MiningRun,
    picks: &'a [PickReport],
}

async fn show(global: &Global, home: &Home, id: i64, sheet: Option<&Path>) -> Result<()> {
    let ledger = home.ledger().await?;
    let Some(run) = ledger.mining_run(id).await? else {
        return Err(
            Hinted::new(format!("there is no mining run {id}"), "`hivis mine list` shows those there are").into()
        );
    };
    let picks: Vec<PickReport> = ledger.picks(id).await?.into_iter().map(read).collect();
    if global.json {
        println!("{}", serde_json::to_string(&Shown { run: &run, picks: &picks })?);
    } else {
        println!(
            "run {} ({}) at {}: {} pictures since {}, {} hard, {} picked",
            run.id, run.kind, run.at, run.looked, run.since, run.hard, run.picks
        );
        print!("\n{}", picks_table(&picks));
        let slices = picks.iter().filter(|pick| pick.slices != [hivis_curate::mine::UNKNOWN]);
        let rows: Vec<_> = slices.map(|pick| vec![pick.record.clone(), pick.slices.join(" ")]).collect();
        if !rows.is_empty() {
            print!("\n{}", table(&["record", "guessed slices"], &rows));
        }
    }
    write_sheet(home, &picks, sheet).await
}

async fn fails(global: &Global, home: &Home) -> Result<()> {
    let slices = failing(home).await?;
    if global.json {
        println!("{}", serde_json::to_string(&slices)?);
    } else if slices.is_empty() {
        println!("no slice is known to fail; `hivis exam current` and labelled records tell");
    } else {
        let row = |f: &FailingSlice| {
            vec![f.slice.clone(), format!("{:.3}", f.accuracy), f.pictures.to_string(), f.why.clone()]
        };
        let rows: Vec<_> = slices.iter().map(row).collect();
        print!("{}", table(&["slice", "accuracy", "pictures", "seen in"], &rows));
    }
    Ok(())
}

fn read(pick: Pick) -> PickReport {
    PickReport {
        place: pick.place,
        record: pick.record,
        sha256: pick.sha256,
        md5: pick.md5,
        probability: pick.probability,
        reasons: pick.reasons,
        score: pick.score,
        cluster: pick.cluster,
        slices: pick.slices,
        label: pick.label,
    }
}

async fn write_sheet(home: &Home, picks: &[PickReport], file: Option<&Path>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    if picks.is_empty() {
        eprintln!("nothing was picked, so there is no contact sheet");
        return Ok(());
    }
    let caption = |pick: &PickReport| {
        let cluster = pick.cluster.map_or_else(String::new, |cluster| format!(" cluster {cluster}"));
        format!("{:.2}{cluster}\n{}", pick.probability, pick.reasons.join(" "))
    };
    let pictures = picks.iter().map(|pick| (pick.sha256, pick.md5, caption(pick))).collect();
    let count = sheet::write(home, pictures, file).await?;
    eprintln!("{}: {count} pictures", file.display());
    Ok(())
}
