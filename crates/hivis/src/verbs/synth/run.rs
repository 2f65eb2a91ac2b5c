//! `hivis synth run`

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use hivis_store::BatchKind;
use hivis_types::Label;

use crate::cli::{Global, ServeArgs, SynthKindName, SynthRunArgs};
use crate::home;
use crate::meter::Meter;
use crate::synthesis::{self, SynthOrder, SynthReport};
use crate::table::table;

/// Lines of a plan that are shown; --json has all.
const SHOWN: usize = 20;

/// Orders, and says what came of it.
pub(super) async fn run(global: &Global, args: &SynthRunArgs) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let order = SynthOrder {
        kind: match args.kind {
            SynthKindName::Night => BatchKind::Night,
            SynthKindName::Long => BatchKind::Long,
            SynthKindName::Adversarial => BatchKind::Adversarial,
            SynthKindName::Hand => BatchKind::Hand,
        },
        count: args.count,
        generator: args.generator.clone(),
        slices: args.slices.clone(),
        dry_run: args.dry_run,
        now: None,
    };
    let meter = Meter::things("pictures");
    let told = AtomicU64::new(0);
    let tell = |asked: u64, total: u64| {
        meter.total(total);
        meter.add(asked - told.swap(asked, Ordering::Relaxed));
    };
    let done = if args.dry_run {
        synthesis::run(&home, &settings, &order).await
    } else {
        synthesis::run_telling(&home, &settings, &order, &tell).await
    };
    meter.end();
    let report = done?;
    if report.plan.is_empty() && order.kind != BatchKind::Night {
        return Err(synthesis::nothing(&order));
    }
    if global.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        if args.dry_run {
            print!("{}", plan(&report));
        }
        println!("{}", report.said());
        if let (Some(batch), true) = (report.batch, report.made > 0) {
            println!("look at them: hivis synth show {batch} --sheet sheet.png; judge them: hivis gate");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn plan(report: &SynthReport) -> String {
    let row = |line: &synthesis::Planned| {
        let wanted = if line.wanted == Label::Roadwork { "roadwork" } else { "clear" };
        let parent = line.parent.as_deref().unwrap_or("-");
        vec![line.prompt.clone(), wanted.to_owned(), line.count.to_string(), line.slices.join(" "), parent.to_owned()]
    };
    let rows: Vec<_> = report.plan.iter().take(SHOWN).map(row).collect();
    let mut out = table(&["prompt", "wanted", "pictures", "slices", "varies record"], &rows);
    if report.plan.len() > SHOWN {
        let _ = writeln!(out, "... and {} calls more", report.plan.len() - SHOWN);
    }
    out
}
