//! `hivis synth prompts`

use std::process::ExitCode;

use anyhow::Result;
use hivis_generate::{PromptFile, Prompts};
use hivis_types::Label;
use serde_json::json;

use crate::cli::Global;
use crate::failure::Hinted;
use crate::synthesis::PROMPTS;
use crate::{home, table::table};

/// All files, or one with its templates.
pub(super) fn run(global: &Global, only: Option<&str>) -> Result<ExitCode> {
    let folder = home::path(global)?.join(PROMPTS);
    let prompts = Prompts::load(&folder)?;
    let Some(name) = only else {
        if global.json {
            println!("{}", json!({ "folder": folder, "files": prompts.files() }));
            return Ok(ExitCode::SUCCESS);
        }
        let row = |file: &PromptFile| {
            let of = |label| file.prompts.iter().filter(|prompt| prompt.label == label).count().to_string();
            let from = file.from.as_ref().map_or_else(|| "ships".to_owned(), |_| "yours".to_owned());
            vec![
                file.name.clone(),
                file.version.to_string(),
                of(Label::Roadwork),
                of(Label::Clear),
                from,
                file.about.clone(),
            ]
        };
        let rows: Vec<_> = prompts.files().iter().map(row).collect();
        print!("{}", table(&["file", "version", "roadwork", "clear", "", "what for"], &rows));
        println!("\nyours lie in {}; one takes the place of the file of its name", folder.display());
        return Ok(ExitCode::SUCCESS);
    };
    let file = prompts.file(name).ok_or_else(|| {
        let names: Vec<&str> = prompts.files().iter().map(|file| &*file.name).collect();
        Hinted::new(format!("no file of prompts is called `{name}`"), format!("one of: {}", names.join(", ")))
    })?;
    if global.json {
        println!("{}", serde_json::to_string(file)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}: {}", file.stamp(), file.about);
    for prompt in &file.prompts {
        let label = if prompt.label == Label::Roadwork { "roadwork" } else { "clear" };
        println!("\n{}  {label}  {}  seeds from {}", prompt.id, prompt.slices.join(" "), prompt.seed);
        println!("  {}\n  not: {}", prompt.text, prompt.negative);
    }
    Ok(ExitCode::SUCCESS)
}
