//! What the control room shows and does, answered from one home: a file a page.

mod alerts;
mod challenge;
mod data;
mod desk;
mod drift;
mod now;
mod releases;
mod system;

use std::sync::Arc;

use hivis_console::Sources;
use hivis_store::{Home, Ledger};

use crate::config::Settings;
use desk::ReviewDesk;
use drift::RankAndDrift;

/// Every source of the pages.
pub(crate) fn sources(home: &Home, ledger: &Ledger, settings: &Settings) -> Sources {
    Sources {
        desk: Some(Arc::new(ReviewDesk::new(home, ledger, &settings.review))),
        drift: Some(Arc::new(RankAndDrift::new(home, ledger, settings))),
        ..Sources::default()
    }
}
