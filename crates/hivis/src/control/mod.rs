//! What the control room shows and does, answered from one home: a file a page.

mod alerts;
mod challenge;
mod data;
mod desk;
mod now;
mod releases;
mod system;

use std::sync::Arc;

use hivis_console::Sources;
use hivis_store::{Home, Ledger};

use crate::config::Settings;
use data::HomeData;
use desk::ReviewDesk;

/// Every source of the pages.
pub(crate) fn sources(home: &Home, ledger: &Ledger, settings: &Settings) -> Sources {
    Sources {
        desk: Some(Arc::new(ReviewDesk::new(home, ledger, &settings.review))),
        data: Some(Arc::new(HomeData::new(home, ledger, &settings.review))),
        ..Sources::default()
    }
}
