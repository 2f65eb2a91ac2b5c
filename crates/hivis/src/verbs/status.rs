//! `hivis status`: one line, and an exit code for scripts.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use hivis_http::Reach;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cli::{Global, ServeArgs};
use crate::home;

/// 0 when a challenge that comes now would be judged, else 1.
pub(crate) async fn run(global: &Global) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let server = home.server()?;
    let ledger = home.ledger().await?;
    let totals = ledger.totals().await?;
    let hour = ledger.summary(Timestamp::now().checked_sub(SignedDuration::from_hours(1))?).await?;
    let ready = if server.is_some() { readyz(&settings.serve.page.to_string()).await } else { None };
    let up = ready.as_ref().is_some_and(|r| r["ready"] == true);
    let state = match (&server, &ready) {
        (None, _) => "no server runs on this home".to_owned(),
        (Some(_), Some(_)) if up => "answering".to_owned(),
        (Some(_), Some(ready)) => {
            let why: Vec<&str> =
                ready["not_ready"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("not ready: {}", why.join("; "))
        }
        (Some(pid), None) => format!(
            "a server runs{}, but its page on {} does not answer",
            pid.map_or_else(String::new, |p| format!(" (process {p})")),
            settings.serve.page
        ),
    };
    if global.json {
        let release = home.releases().current()?;
        println!(
            "{}",
            json!({ "answering": up, "state": state, "release": release, "last_hour": hour, "totals": totals })
        );
    } else {
        let last = totals.last.map_or_else(|| "never".to_owned(), |t| t.strftime("%m-%d %H:%M:%S UTC").to_string());
        let list = ready.as_ref().and_then(|ready| metagraph_age(ready, Timestamp::now())).unwrap_or_default();
        println!(
            "{state}{list}; {} challenges in the last hour, {} answered; last one {last}",
            hour.records, hour.answered
        );
    }
    Ok(if up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How old the list of validators is, where the chain gave it.
fn metagraph_age(ready: &Value, now: Timestamp) -> Option<String> {
    let read: Timestamp = ready["axon"]["roster"]["read"].as_str()?.parse().ok()?;
    let validators = ready["axon"]["roster"]["validators"].as_u64()?;
    Some(format!("; {validators} validators, read {} min ago", now.duration_since(read).as_mins()))
}

/// What the running server says of itself.
pub(crate) async fn readyz(page: &str) -> Option<Value> {
    let client = hivis_http::client(Reach::Here).timeout(Duration::from_secs(2)).build().ok()?;
    client.get(format!("http://{page}/readyz")).send().await.ok()?.json().await.ok()
}
