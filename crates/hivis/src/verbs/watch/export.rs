//! `hivis watch export`: files for Prometheus, Alertmanager and Grafana, and the runbooks.

use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_watch::{export, rules, runbook};
use jiff::Timestamp;
use serde_json::json;

use super::contacts::contacts;
use crate::cli::{Global, WatchExportArgs};
use crate::config::Settings;

/// Writes every file, each whole or not at all.
pub(super) fn run(global: &Global, settings: &Settings, args: &WatchExportArgs) -> Result<ExitCode> {
    let thresholds = settings.thresholds();
    let rules = rules(&thresholds);
    let watch = &settings.watch;
    let targets = watch.targets.clone().unwrap_or_else(|| vec![settings.serve.page.to_string()]);
    let told = contacts(&settings.notify, Timestamp::now())?;
    let mut files = vec![
        ("hivis-rules.yml".to_owned(), export::rules_file(&rules, &settings.runbooks())),
        ("prometheus.yml".to_owned(), export::scrape_file(&targets, &watch.alertmanager)),
        ("alertmanager.yml".to_owned(), export::alertmanager(&told.contacts, &rules)),
    ];
    for dashboard in export::dashboards(&thresholds) {
        let text = serde_json::to_string_pretty(&dashboard.json())? + "\n";
        files.push((format!("dashboards/{}.json", dashboard.uid), text));
    }
    files.extend(runbook::ALL.iter().map(|(name, text)| (format!("runbooks/{name}.md"), (*text).to_owned())));
    for (name, text) in &files {
        write(&args.to.join(name), text).with_context(|| format!("{name} cannot be written"))?;
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    if global.json {
        let left_out: BTreeMap<_, _> = told.left_out.into_iter().collect();
        println!("{}", json!({ "folder": args.to, "files": names, "rules": rules.len(), "left_out": left_out }));
    } else {
        let dashboards = names.iter().filter(|name| name.starts_with("dashboards/")).count();
        println!(
            "{}: {} rules, {dashboards} dashboards, {} runbooks, prometheus.yml, alertmanager.yml",
            args.to.display(),
            rules.len(),
            runbook::ALL.len()
        );
        for (name, why) in &told.left_out {
            eprintln!("note: Alertmanager does not tell [notify.channels.{name}]: {why}; `hivis serve` does");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Beside it first, then in its place; for its owner only, since one of them may hold secrets.
fn write(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().context("a file lies in a folder: this is a bug")?;
    fs::create_dir_all(folder)?;
    let beside = file.with_extension("partial");
    if beside.exists() {
        fs::remove_file(&beside)?;
    }
    let secret = file.file_name().is_some_and(|name| name == "alertmanager.yml");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(if secret { 0o600 } else { 0o644 });
    let mut open = options.open(&beside)?;
    std::io::Write::write_all(&mut open, text.as_bytes())?;
    Ok(fs::rename(&beside, file)?)
}
