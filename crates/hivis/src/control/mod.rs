//! What the control room shows and does, answered from one home: a file a page.

mod alerts;
mod challenge;
mod data;
mod desk;
mod door;
mod drift;
mod now;
mod releases;
mod system;

use std::sync::Arc;

use hivis_console::Sources;
use hivis_store::{Home, Ledger};

use crate::config::Settings;
use challenge::HomeChallenge;
use desk::ReviewDesk;
pub(crate) use door::door;
use now::HomeNow;
use drift::RankAndDrift;

/// Every source of the pages.
pub(crate) fn sources(home: &Home, ledger: &Ledger, settings: &Settings) -> Sources {
    Sources {
        desk: Some(Arc::new(ReviewDesk::new(home, ledger, &settings.review))),
        alerts: Some(Arc::new(alerts::Alerts::new(ledger))),
        now: Some(Arc::new(HomeNow::new(home, ledger, settings))),
        challenge: Some(Arc::new(HomeChallenge::new(home, ledger, settings))),
        drift: Some(Arc::new(RankAndDrift::new(home, ledger, settings))),
        ..Sources::default()
    }
}
