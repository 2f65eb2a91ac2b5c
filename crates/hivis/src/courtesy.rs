//! Long work makes way for the server that runs on the same home: an answer never waits for an import or a training.

use hivis_store::Home;

use crate::cli::{Cli, Global, NightVerb, Verb};
use crate::home;

/// The least that the scheduler gives; an idle processor is still used whole.
const NICEST: i32 = 19;

/// Lowers this process's priority for good when its verb is long work and a server runs on its home, and always for the
/// night. To be called before the first thread, because threads inherit it. Who starts a server later is not helped.
pub(crate) fn heed(cli: &Cli) {
    let aside = match &cli.verb {
        Verb::Night(NightVerb::Watch { .. } | NightVerb::Run(_)) => true,
        #[cfg(feature = "train")]
        Verb::Train(_) | Verb::Ensemble(_) | Verb::Features(_) => is_served(&cli.global),
        Verb::Import(_)
        | Verb::Pull(_)
        | Verb::Data(_)
        | Verb::Quantise(_)
        | Verb::Mine(_)
        | Verb::Search(_)
        | Verb::Synth(_)
        | Verb::Drift(_)
        | Verb::Gate(_) => is_served(&cli.global),
        _ => false,
    };
    if aside && let Err(error) = rustix::process::nice(NICEST) {
        // No reason to stop: a system that does not allow even that schedules as it likes.
        tracing::warn!(%error, "the priority of this work cannot be lowered");
    }
}

fn is_served(global: &Global) -> bool {
    let home = home::path(global).ok().and_then(|path| Home::open(&path).ok());
    home.is_some_and(|home| matches!(home.server(), Ok(Some(_))))
}
