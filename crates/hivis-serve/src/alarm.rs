//! What someone must look at although the axon answers.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::Health;

/// When an alarm is raised.
#[derive(Clone, Copy, Debug)]
pub struct AlarmSettings {
    /// A metagraph older than this may miss new validators. Default 1 h: permits change once a tempo, 72 minutes.
    pub permits_age: Duration,
    /// No validator for so long, while the metagraph lists some, means that they cannot reach us. Default 30 min: each asks
    /// about once a minute.
    pub unvisited: Duration,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self { permits_age: Duration::from_hours(1), unvisited: Duration::from_mins(30) }
    }
}

/// Something is wrong that no single request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "alarm", rename_all = "kebab-case")]
pub enum Alarm {
    /// The list of validators is old; it stays in force.
    PermitsOld {
        /// Its age, seconds.
        age_s: u64,
    },
    /// Nobody whom the metagraph lists has been here for long.
    NoValidator {
        /// Seconds since the last one, or since the start.
        silent_s: u64,
        /// How many the metagraph lists.
        listed: usize,
    },
}

impl Alarm {
    /// Every name that [`Alarm::name`] gives.
    pub const NAMES: [&str; 2] = ["permits-old", "no-validator"];

    /// The metric's label.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PermitsOld { .. } => Self::NAMES[0],
            Self::NoValidator { .. } => Self::NAMES[1],
        }
    }
}

impl std::fmt::Display for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PermitsOld { age_s } => write!(
                f,
                "the metagraph was last read {} min ago; its validators are still let in, new ones are not: check [chain]",
                age_s / 60
            ),
            Self::NoValidator { silent_s, listed } => write!(
                f,
                "no validator for {} min, while the metagraph lists {listed} with permits: is the announced address right, \
                 and its port open?",
                silent_s / 60
            ),
        }
    }
}

/// The alarms that hold at `now`.
pub(crate) fn alarms(health: &Health, settings: &AlarmSettings, now: Timestamp) -> Vec<Alarm> {
    let Some(roster) = health.roster else { return Vec::new() };
    let since = |then: Timestamp| now.duration_since(then).unsigned_abs();
    let age = since(roster.read);
    let silent = since(health.last_validator.unwrap_or(health.since));
    let old = (age >= settings.permits_age).then_some(Alarm::PermitsOld { age_s: age.as_secs() });
    let listed = roster.validators;
    let alone = (listed > 0 && silent >= settings.unvisited)
        .then_some(Alarm::NoValidator { silent_s: silent.as_secs(), listed });
    old.into_iter().chain(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Roster;

    fn health(read: i64, last: Option<i64>, validators: usize) -> Health {
        let at = |s| Timestamp::from_second(s).expect("a time");
        Health {
            not_ready: Vec::new(),
            clock_offset_s: None,
            in_flight: 0,
            connections: 0,
            since: at(1000),
            last_verified: None,
            last_validator: last.map(at),
            release: None,
            permits: validators,
            roster: Some(Roster { block: 7, read: at(read), validators }),
        }
    }

    #[test]
    fn alarms_rise_at_their_limits_and_not_before() {
        let settings = AlarmSettings { permits_age: Duration::from_secs(100), unvisited: Duration::from_mins(1) };
        let at = |s, health: &Health| alarms(health, &settings, Timestamp::from_second(s).expect("a time"));
        let fresh = health(1000, None, 3);
        assert_eq!(at(1059, &fresh), []);
        assert_eq!(at(1060, &fresh), [Alarm::NoValidator { silent_s: 60, listed: 3 }]);
        let visited = health(1000, Some(1050), 3);
        assert_eq!(at(1099, &visited), []);
        assert_eq!(at(1100, &visited), [Alarm::PermitsOld { age_s: 100 }]);
        assert_eq!(at(1110, &visited).len(), 2);
        // Where the metagraph lists nobody, nobody is missed.
        assert_eq!(at(1099, &health(1000, None, 0)), []);
        assert_eq!(at(1_000_000, &Health { roster: None, ..fresh }), []);
    }
}
