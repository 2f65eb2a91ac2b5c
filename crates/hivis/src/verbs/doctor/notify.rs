//! The channels of `[notify]`: can they be made, and do they take messages? Nothing is sent for it.

use hivis_store::{ChannelHealth, ChannelState, Home};

use super::Finding;
use crate::config::NotifySettings;
use crate::telling;

/// One finding a channel; none where none is configured.
pub(super) async fn check(home: &Home, settings: &NotifySettings) -> Vec<Finding> {
    // Without a ledger, which is a finding of its own, there is nothing to tell either.
    let Ok(ledger) = home.ledger().await else { return Vec::new() };
    let (_, broken) = telling::teller(&ledger, settings);
    let known = ledger.channels().await.unwrap_or_default();
    let finding = |name: &String| match broken.iter().find(|(of, _)| of == name) {
        Some((_, error)) => Finding::failed("notify", error, format!("edit [notify.channels.{name}] in hivis.toml")),
        None => health(name, known.iter().find(|health| health.name == *name)),
    };
    settings.channels.iter().map(|channel| finding(&channel.name)).collect()
}

fn health(name: &str, known: Option<&ChannelHealth>) -> Finding {
    let mend = format!("hivis notify test --channel {name}");
    let Some(health) = known else {
        return Finding::note("notify", format!("{name} has taken no message yet"), mend);
    };
    let error = health.error.as_deref().unwrap_or("no reason known");
    match health.state {
        ChannelState::Down => Finding::bad("notify", format!("{name} is down: {error}"), mend),
        ChannelState::Gone => Finding::bad("notify", format!("{name} is gone: {error}"), mend),
        ChannelState::Up => Finding::good("notify", format!("{name} takes messages")),
    }
}
