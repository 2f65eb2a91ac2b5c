//! What the control room shows and does, answered from one home: a file a page.

mod alerts;
mod challenge;
mod data;
mod desk;
mod door;
mod drift;
mod failed;
mod now;
pub(crate) mod releases;
pub(crate) mod system;

use std::sync::Arc;

use hivis_console::Sources;
use hivis_store::{Home, Ledger};

use crate::config::Settings;
use challenge::HomeChallenge;
use data::HomeData;
use desk::ReviewDesk;
pub(crate) use door::door;
use drift::RankAndDrift;
use now::HomeNow;
use releases::ReleaseRoom;
use releases::exams::Exams;
use system::SystemRoom;

/// Every source of the pages.
pub(crate) fn sources(home: &Home, ledger: &Ledger, settings: &Settings) -> Sources {
    let exams = Arc::new(Exams::new(home));
    Sources {
        desk: Some(Arc::new(ReviewDesk::new(home, ledger, &settings.review))),
        alerts: Some(Arc::new(alerts::Alerts::new(ledger))),
        now: Some(Arc::new(HomeNow::new(home, ledger, settings))),
        challenge: Some(Arc::new(HomeChallenge::new(home, ledger, settings))),
        drift: Some(Arc::new(RankAndDrift::new(home, ledger, settings))),
        releases: Some(Arc::new(ReleaseRoom::new(home, ledger, settings, Arc::clone(&exams)))),
        system: Some(Arc::new(SystemRoom::new(home, ledger, settings, exams))),
        data: Some(Arc::new(HomeData::new(home, ledger, &settings.review))),
    }
}
