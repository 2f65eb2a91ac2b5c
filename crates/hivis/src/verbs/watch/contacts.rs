//! Who is told, from `[notify]` to what Alertmanager is given.

use hivis_watch::export::Contacts;

use crate::config::NotifySettings;

/// What of `[notify]` Alertmanager can do as well. Secrets are read here, and go into a file of its owner only.
pub(super) fn contacts(_notify: &NotifySettings) -> Contacts {
    Contacts::default()
}
