//! `hivis watch check`: one judgement of a running server.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use hivis_http::{Address, Reach};
use hivis_types::Alert;
use hivis_watch::{History, Judge, Rule, Samples, rules};
use jiff::Timestamp;
use reqwest::redirect::Policy;
use serde_json::json;

use crate::cli::{Global, WatchCheckArgs};
use crate::config::Settings;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// At most so much of an answer is read: thousands of times what we write.
const BYTES: usize = 16 << 20;

/// Looks every few seconds, judges at the end; 1 when something fires.
pub(super) async fn run(global: &Global, settings: &Settings, args: &WatchCheckArgs) -> Result<ExitCode> {
    let page = args.page.clone().unwrap_or_else(|| settings.serve.page.to_string());
    let address = format!("http://{page}/metrics");
    // How long something must hold is the business of whoever watches all the time.
    let now_rules =
        rules(&settings.thresholds()).into_iter().map(|rule| Rule { hold: Duration::ZERO, ..rule }).collect();
    let own = || format!("http://{page}/runbooks");
    let mut judge = Judge::new(now_rules, &settings.watch.runbooks.clone().unwrap_or_else(own));
    let mut history = History::of(judge.rules());
    let reach = Address::parse(&address).map_or(Reach::Far, |address| address.reach());
    // A page behind a proxy may have moved to https.
    let client = hivis_http::client(reach).redirect(Policy::default()).timeout(PATIENCE).build()?;
    let end = tokio::time::Instant::now() + Duration::from_secs(args.seconds.into());
    let alerts = loop {
        let now = Timestamp::now();
        let trouble = match look(&client, &address).await {
            Ok(samples) => {
                history.push(now, &samples);
                None
            }
            Err(error) => {
                history.push_failed(now);
                Some(error)
            }
        };
        if trouble.is_some() || tokio::time::Instant::now() >= end {
            if let Some(error) = trouble {
                eprintln!("note: {address} does not answer with metrics: {error:#}");
            }
            break judge.evaluate(&history, Timestamp::now());
        }
        let pause = Duration::from_secs(15).min(end.saturating_duration_since(tokio::time::Instant::now()));
        tokio::time::sleep(pause).await;
    };
    if global.json {
        println!("{}", json!({ "page": page, "rules": judge.rules().len(), "firing": alerts }));
    } else {
        print!("{}", said(&alerts, judge.rules().len()));
    }
    Ok(if alerts.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(client: &reqwest::Client, address: &str) -> Result<Samples> {
    let mut answer = client.get(address).send().await?.error_for_status()?;
    let mut text = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        text.extend_from_slice(&chunk);
        anyhow::ensure!(text.len() <= BYTES, "the answer is longer than {BYTES} bytes");
    }
    Ok(Samples::parse(&String::from_utf8(text)?)?)
}

fn said(alerts: &[Alert], rules: usize) -> String {
    if alerts.is_empty() {
        return format!("none of {rules} rules fires\n");
    }
    let width = alerts.iter().map(|alert| alert.rule.len()).max().unwrap_or(0);
    let line = |alert: &Alert| {
        format!("{:<8}  {:<width$}  {}  {}\n", alert.severity.as_str(), alert.rule, alert.summary, alert.runbook)
    };
    alerts.iter().map(line).collect::<Vec<_>>().concat()
}
