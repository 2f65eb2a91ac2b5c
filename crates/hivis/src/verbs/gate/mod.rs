//! `hivis gate`: judge generated pictures, and look at what was said of them.

mod file;
mod trend;

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Home, Ledger, ListedVerdict, VerdictFilter};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{GateListArgs, GateRunArgs, GateVerb, Global, ServeArgs};
use crate::failure::Hinted;
use crate::gating::{self, GateOrder, GateReport, Refused};
use crate::home;
use crate::table::table;

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &GateVerb) -> Result<ExitCode> {
    // Any picture file may be judged where there is no home.
    if let GateVerb::File(args) = verb {
        return file::run(global, args);
    }
    let home = home::open(global)?;
    let ledger = home.ledger().await?;
    match verb {
        GateVerb::Run(args) => judge(global, &home, args).await?,
        GateVerb::List(args) => list(global, &home, &ledger, args).await?,
        GateVerb::Show { picture } => show(global, &ledger, picture).await?,
        GateVerb::Trend { figure } => trend::run(global, &ledger, figure.as_deref()).await?,
        GateVerb::File(_) => unreachable!("it was run above: this is a bug"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn judge(global: &Global, home: &Home, args: &GateRunArgs) -> Result<()> {
    let settings = home::settings(home, &ServeArgs::default())?;
    let order = GateOrder { batch: args.batch, again: args.again, dry_run: args.dry_run, now: Timestamp::now() };
    if let Some(batch) = args.batch
        && home.ledger().await?.to_gate(Some(batch), true).await?.is_empty()
    {
        let hint = "`hivis synth` prints the number of a batch, and `hivis gate list` shows it";
        return Err(Hinted::new(format!("batch {batch} has no picture in this home"), hint).into());
    }
    let report = gating::run(home, &settings, &order).await?;
    if let Some(path) = &args.sheet {
        let ledger = home.ledger().await?;
        let addresses = ledger.to_gate(args.batch, true).await?;
        let mut refused = Vec::new();
        for verdict in report.verdicts.iter().filter(|verdict| verdict.level == 1 && !verdict.passed) {
            let md5 = addresses.iter().find(|picture| picture.id == verdict.id).map(|picture| picture.md5);
            let bytes = md5.and_then(|md5| home.objects().get(verdict.id, md5).ok()).unwrap_or_default();
            refused.push(Refused {
                bytes,
                name: verdict.id.to_string()[..12].to_owned(),
                reasons: verdict.reasons.clone(),
            });
        }
        gating::write_sheet(path, &refused)?;
        eprintln!("wrote {}", path.display());
    }
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", told(&report));
    }
    Ok(())
}

fn told(report: &GateReport) -> String {
    let mut out = report.said() + "\n";
    let rows: Vec<Vec<String>> = report
        .batches
        .iter()
        .map(|batch| {
            let figure = |name: &str| batch.figures.get(name).map_or("-".to_owned(), |value| number(*value));
            let said = match batch.passed {
                Some(true) => "passed",
                Some(false) => "refused",
                None => "too few to say",
            };
            let mut row = vec![batch.batch.to_string(), batch.pictures.to_string()];
            row.extend(["passed_share", "frechet_ratio", "frechet", "frechet_real", "kid", "kid_real"].map(figure));
            row.push(said.to_owned());
            row
        })
        .collect();
    if !rows.is_empty() {
        let headings = ["batch", "pictures", "passed", "ratio", "Fréchet", "real", "KID", "real", "verdict"];
        let _ = write!(out, "\n{}", table(&headings, &rows));
    }
    for reason in report.batches.iter().flat_map(|batch| &batch.reasons) {
        let _ = writeln!(out, "{reason}");
    }
    for note in &report.notes {
        let _ = writeln!(out, "note: {note}");
    }
    if report.passed < report.judged {
        out.push_str("\n`hivis gate list --failed` says why, picture by picture\n");
    }
    out
}

async fn list(global: &Global, home: &Home, ledger: &Ledger, args: &GateListArgs) -> Result<()> {
    let filter =
        VerdictFilter { failed: args.failed, batch: args.batch, limit: args.limit.max(1), ..VerdictFilter::default() };
    let verdicts = ledger.verdicts(&filter).await?;
    if let Some(path) = &args.sheet {
        let refused: Vec<Refused> = verdicts
            .iter()
            .filter(|listed| listed.verdict.level == 1)
            .map(|listed| Refused {
                bytes: home.objects().get(listed.verdict.id, listed.md5).unwrap_or_default(),
                name: listed.verdict.id.to_string()[..12].to_owned(),
                reasons: listed.verdict.reasons.clone(),
            })
            .collect();
        gating::write_sheet(path, &refused)?;
        eprintln!("wrote {}", path.display());
    }
    if global.json {
        for verdict in &verdicts {
            println!("{}", serde_json::to_string(verdict)?);
        }
    } else if verdicts.is_empty() {
        println!("no verdicts; `hivis gate run` judges what `hivis synth` made");
    } else {
        let row = |listed: &ListedVerdict| {
            let verdict = &listed.verdict;
            let said = if verdict.passed { "passed".to_owned() } else { verdict.reasons.join("; ") };
            vec![
                verdict.id.to_string()[..12].to_owned(),
                verdict.at.strftime("%m-%d %H:%M").to_string(),
                verdict.level.to_string(),
                listed.batch.to_string(),
                listed.generator.clone(),
                said,
            ]
        };
        let rows: Vec<_> = verdicts.iter().map(row).collect();
        print!("{}", table(&["picture", "UTC", "level", "batch", "generator", "verdict"], &rows));
    }
    Ok(())
}

async fn show(global: &Global, ledger: &Ledger, picture: &str) -> Result<()> {
    let filter = VerdictFilter { picture: Some(picture.to_owned()), ..VerdictFilter::default() };
    let found = ledger.verdicts(&filter).await?;
    let Some(first) = found.first() else {
        let hint = "`hivis gate list` shows the pictures that were judged; at least their first digits are needed";
        return Err(Hinted::new(format!("no verdict is known of a picture `{picture}`"), hint).into());
    };
    if found.iter().any(|listed| listed.verdict.id != first.verdict.id) {
        return Err(Hinted::new(format!("`{picture}` begins several pictures"), "give more digits").into());
    }
    if global.json {
        println!("{}", json!({ "verdicts": found }));
        return Ok(());
    }
    println!("picture    {}", first.verdict.id);
    println!("made by    {} for {}, batch {}", first.generator, word(first), first.batch);
    println!("prompt     {}", first.prompt.replace('\n', " "));
    for listed in &found {
        let verdict = &listed.verdict;
        let said = if verdict.passed { "passed" } else { "refused" };
        println!("level {}    {said} at {}", verdict.level, verdict.at);
        for reason in &verdict.reasons {
            println!("           {reason}");
        }
        for (name, value) in &verdict.figures {
            println!("           {name:<18} {}", number(*value));
        }
        if let Some(release) = &verdict.release {
            println!("           judged with {release}");
        }
    }
    Ok(())
}

fn word(listed: &ListedVerdict) -> &'static str {
    if listed.wanted == hivis_types::Label::Roadwork { "roadwork" } else { "no roadwork" }
}

/// Three or four digits that say something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 1e-4 => format!("{value:.4}"),
        _ => format!("{value:.2e}"),
    }
}
