//! `hivis config`: every key, its value, and who gave it.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{ConfigArgs, Global, ServeArgs};
use crate::config::{self, Origin, Settings, ShownKey};
use crate::failure::Hinted;
use crate::home;
use crate::table::table;

/// Prints what holds for the home that is named, whether it is there or not.
pub(crate) fn run(global: &Global, args: &ConfigArgs) -> Result<ExitCode> {
    let home = home::path(global)?;
    let raw = config::load(&home.join("hivis.toml"), std::env::vars())?;
    let settings = Settings::resolve(&raw, &ServeArgs::default(), &home)?;
    let all = config::shown(&settings);
    let wanted = |row: &ShownKey| match &args.section {
        Some(section) => row.key == *section || row.key.starts_with(&format!("{section}.")),
        None => !args.changed || row.origin != Origin::Default,
    };
    let rows: Vec<&ShownKey> = all.iter().filter(|row| wanted(row)).collect();
    if let (Some(section), true) = (&args.section, rows.is_empty()) {
        let mut sections: Vec<&str> = all.iter().filter_map(|row| row.key.split('.').next()).collect();
        sections.dedup();
        let hint = format!("one of: {}", sections.join(", "));
        return Err(Hinted::new(format!("there is no section or key `{section}`"), hint).into());
    }
    if global.json {
        let rows: Vec<Value> = rows.into_iter().map(one).collect();
        println!("{}", json!({ "file": home.join("hivis.toml"), "keys": rows }));
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        println!("nothing is written: everything is as built in (`hivis config` shows it)");
        return Ok(ExitCode::SUCCESS);
    }
    let cells = |row: &&ShownKey| {
        let from = if row.place.is_empty() { row.origin.as_str().to_owned() } else { row.place.clone() };
        vec![row.key.clone(), if row.value.is_empty() { "-".to_owned() } else { row.value.clone() }, from]
    };
    print!("{}", table(&["key", "value", "from"], &rows.iter().map(cells).collect::<Vec<_>>()));
    Ok(ExitCode::SUCCESS)
}

/// One key as JSON has it here and in the control room.
fn one(row: &ShownKey) -> Value {
    json!({ "key": row.key, "value": row.value, "origin": row.origin.as_str(), "place": row.place, "secret": row.secret })
}
