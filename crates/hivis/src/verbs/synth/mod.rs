//! `hivis synth`: pictures of what is hard, who makes them, and what they cost.

mod prompts;
mod run;
mod show;
mod spend;

use std::process::ExitCode;

use anyhow::Result;
use hivis_generate::Presence;
use serde_json::json;

use crate::cli::{Global, ServeArgs, SynthVerb};
use crate::config::SynthSettings;
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

async fn presence(name: &str, settings: &SynthSettings) -> Result<Presence> {
    match (name, generators::vision(settings)?) {
        ("vision", Some(model)) => Ok(model.check().await?),
        _ => Ok(generators::named(name, settings)?.check().await?),
    }
}

/// Asks every configured generator, and the model that captions; 1 when one does not answer.
async fn check(global: &Global) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?.synth;
    let (mut all, mut rows, mut said) = (true, Vec::new(), Vec::new());
    let mut names = generators::configured(&settings);
    names.extend(settings.vision.as_ref().map(|_| "vision"));
    for name in names {
        let answer = presence(name, &settings).await;
        let used = if name == settings.generator { "used" } else { "" };
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
