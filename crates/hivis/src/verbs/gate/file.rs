//! `hivis gate file`: any picture files by the fixed limits.

use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_curate::gate::{Evidence, Fixed, Limits, Verdict, judge};
use serde_json::json;

use super::number;
use crate::cli::{GateFileArgs, Global};
use crate::gating::{self, Refused};
use crate::table::table;

pub(super) fn run(global: &Global, args: &GateFileArgs) -> Result<ExitCode> {
    let limits = Limits::fixed(Fixed::default());
    let (mut rows, mut refused, mut all) = (Vec::new(), Vec::new(), true);
    for path in &args.pictures {
        let bytes = fs_err::read(path).context("a picture cannot be read")?;
        let evidence = match gating::measure(&bytes) {
            Ok((quality, _)) => Evidence::of(&quality),
            Err(why) => Evidence::unreadable(why),
        };
        let verdict = judge(&evidence, &limits);
        all &= verdict.passed;
        if global.json {
            println!("{}", json!({ "picture": path, "verdict": verdict }));
        } else {
            rows.push(row(&path.display().to_string(), &verdict));
        }
        if !verdict.passed && args.sheet.is_some() {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let reasons = verdict.reasons.iter().map(ToString::to_string).collect();
            refused.push(Refused { bytes, name, reasons });
        }
    }
    if !global.json {
        print!("{}", table(&["picture", "detail", "outside", "one colour", "grid dB", "repeat", "verdict"], &rows));
    }
    if let Some(path) = &args.sheet {
        gating::write_sheet(path, &refused)?;
        eprintln!("wrote {}", path.display());
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn row(name: &str, verdict: &Verdict) -> Vec<String> {
    let figure = |name: &str| verdict.figures.get(name).map_or("-".to_owned(), |value| number(*value));
    let mut row = vec![name.to_owned()];
    row.extend(["laplacian", "outside", "one_colour", "grid_db", "repeat"].map(figure));
    let reasons: Vec<String> = verdict.reasons.iter().map(ToString::to_string).collect();
    row.push(if verdict.passed { "passed".to_owned() } else { reasons.join("; ") });
    row
}
