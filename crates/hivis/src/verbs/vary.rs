//! `hivis vary`: a labelled folder becomes another one, in other weather and through other lenses.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_examiner::Library;
use hivis_image::variation::Variation;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Global, VaryArgs};
use crate::failure::Hinted;
use crate::varied::{self, Order, Varied};

/// Reads, varies, writes and prints; the data home is not touched.
pub(crate) async fn run(global: &Global, args: VaryArgs) -> Result<ExitCode> {
    if !args.folder.is_dir() {
        let hint = "a folder with subfolders `roadwork` and `none`, or with metadata.csv";
        return Err(Hinted::new(format!("there is no folder {}", args.folder.display()), hint).into());
    }
    let out = args.out.clone();
    let made = tokio::task::spawn_blocking(move || make(args)).await.context("varying the pictures panicked")??;
    if global.json {
        println!("{}", serde_json::json!({ "folder": out, "varied": made }));
        return Ok(ExitCode::SUCCESS);
    }
    for skipped in &made.skipped {
        eprintln!("skipped {}: {}", skipped.name, skipped.why);
    }
    let kinds: Vec<String> = made.variations.iter().map(|(name, count)| format!("{name} {count}")).collect();
    println!("{} pictures of {}: {}", made.pictures, made.originals, kinds.join(", "));
    println!("they are in {}", out.display());
    Ok(ExitCode::SUCCESS)
}

fn make(args: VaryArgs) -> Result<Varied> {
    let library = Library::from_folder(&args.folder)?;
    let kinds = if args.kinds.is_empty() { Variation::ALL.to_vec() } else { args.kinds };
    let order = Order { kinds, each: args.each, strength: args.strength, seed: args.seed };
    let total = library.pictures().len() as u64 * u64::from(order.each);
    let plain = !std::io::stderr().is_terminal();
    if plain {
        eprintln!("{} pictures, {total} to make", library.pictures().len());
    }
    let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} pictures  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let made = varied::make(&library, (&args.folder, &args.out), &order, &|count| bar.inc(count));
    bar.finish_and_clear();
    made
}
