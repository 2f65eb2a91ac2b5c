//! `hivis alerts`: what holds, and saying that one knows.

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Ack, Acknowledged, Ledger, NewAudit, StoredAlert};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::cli::{AckArgs, AlertsVerb, Global};
use crate::failure::Hinted;
use crate::home;
use crate::table::table;

/// Alerts that hold, at most: rules are few.
const OPEN: u32 = 1_000;

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &AlertsVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    let ledger = home.ledger().await?;
    match verb {
        AlertsVerb::List { limit } => list(global, &ledger, *limit).await?,
        AlertsVerb::Ack(args) => {
            let at = Timestamp::now();
            let until = args.hours.map(|hours| at + SignedDuration::from_hours(i64::from(hours)));
            let AckArgs { alert, note, .. } = args;
            let done = ledger.acknowledge(*alert, &Ack { by: me(), at, note: note.clone(), until }).await?;
            told(global, &ledger, (*alert, "alert.ack"), done).await?;
        }
        AlertsVerb::Unack { alert } => {
            let done = ledger.unacknowledge(*alert).await?;
            told(global, &ledger, (*alert, "alert.unack"), done).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The account's name on this computer.
fn me() -> String {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "local".to_owned())
}

async fn told(global: &Global, ledger: &Ledger, (id, action): (i64, &str), done: Acknowledged) -> Result<()> {
    let hint = "`hivis alerts list` shows what holds";
    let alert = match done {
        Acknowledged::Done(alert) => *alert,
        Acknowledged::NotFound => return Err(Hinted::new(format!("there is no alert {id}"), hint).into()),
        Acknowledged::Over(alert) => {
            return Err(Hinted::new(format!("alert {id} ({}) is over already", alert.rule), hint).into());
        }
    };
    let audit = NewAudit {
        at: Timestamp::now(),
        who: me(),
        role: "operator".to_owned(),
        source: "command line".to_owned(),
        action: action.to_owned(),
        target: format!("{id} {}", alert.key),
        outcome: "done".to_owned(),
    };
    ledger.note_audit(&audit).await?;
    if global.json {
        println!("{}", serde_json::to_string(&alert)?);
        return Ok(());
    }
    match alert.ack.as_ref().map(|ack| ack.until) {
        Some(Some(until)) => println!("{}: acknowledged until {}", alert.rule, until.strftime("%Y-%m-%d %H:%M UTC")),
        Some(None) => println!("{}: acknowledged until it is over", alert.rule),
        None => println!("{}: not acknowledged; it is told again", alert.rule),
    }
    Ok(())
}

async fn list(global: &Global, ledger: &Ledger, limit: u32) -> Result<()> {
    let open = ledger.alerts(true, None, OPEN).await?;
    let over = ledger.alerts(false, None, limit).await?;
    if global.json {
        println!("{}", json!({ "open": open, "over": over }));
        return Ok(());
    }
    if open.is_empty() {
        println!("nothing holds");
    } else {
        print!("{}", table(&["alert", "severity", "rule", "since (UTC)", "acknowledged", "summary"], &rows(&open)));
    }
    if !over.is_empty() {
        println!("\nover:");
        print!("{}", table(&["alert", "severity", "rule", "since (UTC)", "until (UTC)", "summary"], &rows(&over)));
    }
    Ok(())
}

fn rows(alerts: &[StoredAlert]) -> Vec<Vec<String>> {
    let time = |at: Timestamp| at.strftime("%m-%d %H:%M").to_string();
    let now = Timestamp::now();
    let ack = |alert: &StoredAlert| {
        let holds = alert.is_acknowledged(now);
        alert.ack.as_ref().filter(|_| holds).map_or_else(|| "-".to_owned(), |ack| format!("by {}", ack.by))
    };
    alerts
        .iter()
        .map(|alert| {
            vec![
                alert.id.to_string(),
                alert.severity.as_str().to_owned(),
                alert.rule.clone(),
                time(alert.since),
                alert.resolved.map_or_else(|| ack(alert), time),
                alert.summary.clone(),
            ]
        })
        .collect()
}
