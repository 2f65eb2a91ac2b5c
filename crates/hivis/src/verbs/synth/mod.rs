//! `hivis synth`: pictures of what is hard, who makes them, and what they cost.

mod prompts;
mod run;
mod show;
mod spend;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::cli::{Global, ServeArgs, SynthVerb};
use crate::table::table;
use crate::{failure, generators, home};

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &SynthVerb) -> Result<ExitCode> {
    match verb {
        SynthVerb::Run(args) => run::run(global, args).await,
        SynthVerb::List { limit } => show::list(global, *limit).await,
        SynthVerb::Show { batch, sheet } => show::show(global, *batch, sheet.as_deref()).await,
        SynthVerb::Prompts { file } => prompts::run(global, file.as_deref()),
        SynthVerb::Spend(args) => spend::run(global, args).await,
        SynthVerb::Check => check(global).await,
    }
}

/// Asks every configured generator; 1 when one does not answer.
async fn check(global: &Global) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?.synth;
    let (mut all, mut rows, mut said) = (true, Vec::new(), Vec::new());
    for name in generators::configured(&settings) {
        let answer = match generators::named(name, &settings) {
            Ok(generator) => generator.check().await.map_err(anyhow::Error::from),
            Err(error) => Err(error),
        };
        let used = if *name == settings.generator { "used" } else { "" };
        match answer {
            Ok(presence) => {
                let model = presence.model.clone().unwrap_or_else(|| "-".to_owned());
                rows.push(vec![name.to_owned(), "there".to_owned(), used.to_owned(), model, presence.notes.join("; ")]);
                said.push(json!({ "generator": name, "there": true, "used": used == "used", "presence": presence }));
            }
            Err(error) => {
                all = false;
                rows.push(vec![
                    name.to_owned(),
                    "NOT THERE".to_owned(),
                    used.to_owned(),
                    "-".to_owned(),
                    String::new(),
                ]);
                said.push(json!({ "generator": name, "there": false, "used": used == "used",
                    "error": failure::text(&error) }));
                if !global.json {
                    eprint!("{name}: {}", failure::text(&error));
                }
            }
        }
    }
    if global.json {
        println!("{}", json!({ "generators": said }));
    } else {
        print!("{}", table(&["generator", "", "", "model", ""], &rows));
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
