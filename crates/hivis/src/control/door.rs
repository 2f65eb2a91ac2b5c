//! Who comes in to the control room: the accounts of the home, under `[console]`.

use anyhow::Result;
use hivis_console::{Door, DoorSettings};
use hivis_store::Home;

use crate::config::ConsoleSettings;
use crate::entropy;

/// The door of a home's page.
pub(crate) fn door(home: &Home, settings: &ConsoleSettings) -> Result<Door> {
    let ConsoleSettings { idle, lifetime, hosts, proxies, open_metrics } = settings.clone();
    let folder = home.path().to_owned();
    Ok(Door::new(DoorSettings { folder, idle, lifetime, proxies, hosts, open_metrics, entropy: entropy::fill })?)
}
