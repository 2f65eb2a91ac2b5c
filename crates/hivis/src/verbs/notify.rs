//! `hivis notify`: do messages arrive, and what became of them.

use std::process::ExitCode;

use anyhow::Result;
use hivis_notify::Message;
use hivis_store::{ChannelState, Ledger};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{Global, NotifyVerb, ServeArgs};
use crate::config::NotifySettings;
use crate::failure::{self, Hinted};
use crate::table::table;
use crate::{home, telling};

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &NotifyVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?.notify;
    let ledger = home.ledger().await?;
    match verb {
        NotifyVerb::Test { channel } => test(global, &ledger, &settings, channel.as_deref()).await,
        NotifyVerb::List { limit } => list(global, &ledger, &settings, *limit).await,
    }
}

fn none() -> anyhow::Error {
    let hint = "add one to hivis.toml: [notify.channels.ops], kind = \"discord\", url = \"env:OPS_HOOK\"";
    Hinted::new("no channel is configured: nobody would be told", hint).into()
}

async fn test(global: &Global, ledger: &Ledger, settings: &NotifySettings, only: Option<&str>) -> Result<ExitCode> {
    if settings.channels.is_empty() {
        return Err(none());
    }
    let names: Vec<&str> = settings.channels.iter().map(|channel| channel.name.as_str()).collect();
    if let Some(unknown) = only.filter(|only| !names.contains(only)) {
        let hint = format!("one of: {}", names.join(", "));
        return Err(Hinted::new(format!("there is no channel {unknown}"), hint).into());
    }
    ledger.writable()?;
    let (teller, broken) = telling::teller(ledger, settings);
    let mut said = Vec::new();
    for name in names.into_iter().filter(|name| only.is_none_or(|only| only == *name)) {
        let (ok, text) = match broken.iter().find(|(broken, _)| broken == name) {
            Some((_, error)) => (false, failure::text(error).trim_end().to_owned()),
            None => match teller.test(name, Timestamp::now()).await? {
                Some(Ok(receipt)) => {
                    let id = receipt.provider_id.map(|id| format!("; its id is {id}")).unwrap_or_default();
                    (true, format!("arrived{id}"))
                }
                Some(Err(error)) => (false, error.to_string()),
                None => (false, "it is configured no more".to_owned()),
            },
        };
        if !global.json {
            println!("{name}: {text}");
        }
        said.push(json!({ "channel": name, "arrived": ok, "said": text }));
    }
    let all = said.iter().all(|one| one["arrived"] == true);
    if global.json {
        println!("{}", json!({ "channels": said }));
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn list(global: &Global, ledger: &Ledger, settings: &NotifySettings, limit: u32) -> Result<ExitCode> {
    let known = ledger.channels().await?;
    let waiting = ledger.waiting_counts().await?;
    let messages = ledger.messages(None, limit).await?;
    let waits = |name: &str| waiting.iter().find(|(channel, _)| channel == name).map_or(0, |(_, n)| *n);
    let state = |name: &str| known.iter().find(|channel| channel.name == name);
    if global.json {
        let channels: Vec<_> = settings
            .channels
            .iter()
            .map(|channel| json!({ "name": channel.name, "health": state(&channel.name), "waiting": waits(&channel.name) }))
            .collect();
        println!("{}", json!({ "channels": channels, "messages": messages }));
        return Ok(ExitCode::SUCCESS);
    }
    if settings.channels.is_empty() {
        return Err(none());
    }
    let rows: Vec<Vec<String>> = settings
        .channels
        .iter()
        .map(|channel| {
            let health = state(&channel.name);
            let word = health.map_or("not tried", |health| health.state.as_str());
            let error =
                health.filter(|health| health.state != ChannelState::Up).and_then(|health| health.error.clone());
            vec![channel.name.clone(), word.to_owned(), waits(&channel.name).to_string(), error.unwrap_or_default()]
        })
        .collect();
    print!("{}", table(&["channel", "state", "waiting", "error"], &rows));
    if messages.is_empty() {
        println!("\nno message yet; `hivis notify test` sends one");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |message: &hivis_store::OutboxMessage| {
        let body: Option<Message> = serde_json::from_str(&message.body).ok();
        let counts = body.map_or_else(String::new, |body| format!("{} / {}", body.firing.len(), body.over.len()));
        vec![
            message.id.to_string(),
            message.channel.clone(),
            message.made.strftime("%m-%d %H:%M:%S").to_string(),
            message.group.clone(),
            counts,
            message.attempts.to_string(),
            message.state.as_str().to_owned(),
            message.error.clone().or_else(|| message.provider_id.clone()).unwrap_or_default(),
        ]
    };
    let headings = ["message", "channel", "made (UTC)", "group", "hold / over", "tries", "state", "said"];
    print!("\n{}", table(&headings, &messages.iter().map(row).collect::<Vec<_>>()));
    Ok(ExitCode::SUCCESS)
}
