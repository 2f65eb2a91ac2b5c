//! `hivis doctor`: what is missing, and the command that mends it. With `--deploy` it looks at the machine too.
//!
//! A check is a function that gives findings; those of one subject lie in one file. A check never fails: what it cannot
//! look at is a finding as well.

mod clock;
mod disk;
mod driver;
mod firewall;
mod funds;
mod home;
mod keys;
mod limits;
mod machine;
mod modes;
mod notify;
mod ports;
mod ssh;

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::Home;
use serde_json::json;

use self::machine::Machine;
use crate::cli::{DoctorArgs, Global, ServeArgs};
use crate::config::Settings;
use crate::failure;

/// How a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    /// Worth knowing; nobody can say from here whether it is good.
    Note,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug)]
pub(crate) struct Finding {
    what: &'static str,
    state: State,
    text: String,
    mend: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub(crate) fn good(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, state: State::Good, text: text.into(), mend: None }
    }

    /// It may be: `look` says how to find out.
    pub(crate) fn note(what: &'static str, text: impl Into<String>, look: impl Into<String>) -> Self {
        Self { what, state: State::Note, text: text.into(), mend: Some(look.into()) }
    }

    /// It is not: `mend` is a command, or what to change.
    pub(crate) fn bad(what: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, state: State::Bad, text: text.into(), mend: Some(mend.into()) }
    }

    /// It could not be looked at.
    pub(crate) fn failed(what: &'static str, error: &anyhow::Error, mend: impl Into<String>) -> Self {
        let said = failure::text(error);
        let causes = said.lines().filter(|line| !line.starts_with("hint: "));
        let plain = |line: &str| line.trim().trim_start_matches("error: ").trim_start_matches("because: ").to_owned();
        Self::bad(what, causes.map(plain).collect::<Vec<_>>().join(": "), mend)
    }
}

/// What the checks of a machine look at.
struct Deployment<'a> {
    machine: &'a Machine,
    home: &'a Home,
    settings: &'a Settings,
}

/// 0 when nothing is missing, else 1.
pub(crate) async fn run(global: &Global, args: &DoctorArgs) -> Result<ExitCode> {
    let findings = look(global, args).await?;
    let good = findings.iter().all(|f| f.state != State::Bad);
    if global.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| {
                let state = word(f.state).trim().to_lowercase();
                json!({ "what": f.what, "good": f.state != State::Bad, "state": state, "text": f.text, "mend": f.mend })
            })
            .collect();
        println!("{}", json!({ "good": good, "findings": list }));
    } else {
        for finding in &findings {
            println!("{}  {:<14} {}", word(finding.state), finding.what, finding.text);
            if let Some(mend) = &finding.mend {
                println!("                     -> {mend}");
            }
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is not as it should be, but for what `later` looks after; the machine too where `deploy` says so.
pub(crate) async fn concerns(global: &Global, deploy: bool, later: &[&str]) -> Result<Vec<String>> {
    let findings = look(global, &DoctorArgs { deploy, root: None }).await?;
    let told = |f: &Finding| f.state != State::Good && !later.contains(&f.what);
    let text = |f: &Finding| {
        let mend = f.mend.as_ref().map_or_else(String::new, |mend| format!(" -> {mend}"));
        format!("{}: {}{mend}", f.what, f.text)
    };
    Ok(findings.iter().filter(|f| told(f)).map(text).collect())
}

fn word(state: State) -> &'static str {
    match state {
        State::Good => "ok  ",
        State::Note => "NOTE",
        State::Bad => "MEND",
    }
}

async fn look(global: &Global, args: &DoctorArgs) -> Result<Vec<Finding>> {
    let path = crate::home::path(global)?;
    let home = match crate::home::open(global) {
        Ok(home) => home,
        Err(error) => {
            return Ok(vec![Finding::failed("home", &error, format!("hivis --home {} serve", path.display()))]);
        }
    };
    let mut findings = vec![Finding::good("home", home.path().display().to_string())];
    let settings = match crate::home::settings(&home, &ServeArgs::default()) {
        Ok(settings) => settings,
        Err(error) => {
            findings.push(Finding::failed("configuration", &error, format!("edit {}", home.config_file().display())));
            return Ok(findings);
        }
    };
    findings.extend(home::check(&home, &settings).await);
    findings.extend(notify::check(&home, &settings.notify).await);
    if args.deploy {
        let machine = args.root.as_deref().map_or_else(Machine::this, Machine::below);
        findings.extend(deployment(&Deployment { machine: &machine, home: &home, settings: &settings }).await);
        findings.extend(funds::check(&settings).await);
    }
    Ok(findings)
}

/// Everything about the machine, what validators meet first.
async fn deployment(of: &Deployment<'_>) -> Vec<Finding> {
    let mut findings = ports::check(of);
    findings.extend(firewall::check(of).await);
    findings.push(ssh::check(of.machine).await);
    findings.extend(modes::check(of));
    findings.push(clock::check(of.machine).await);
    findings.push(disk::check(of));
    findings.extend(limits::check(of));
    findings.extend(driver::check(of).await);
    findings
}
