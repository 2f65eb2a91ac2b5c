//! The axon's health in words: its own snapshot, and what `/metrics` says.

use hivis_types::metric;
use jiff::Timestamp;

use super::view::{Fact, HealthView};
use crate::Panel;

/// What the axon says of itself now.
pub(super) fn health(panel: &Panel) -> HealthView {
    let (health, now, text) = (panel.axon.health(), Timestamp::now(), panel.metrics.render());
    let mut troubles: Vec<String> = health.not_ready.iter().map(|reason| reason.as_str().to_owned()).collect();
    troubles.extend(panel.axon.alarms(now).iter().map(ToString::to_string));
    let fact = |name: &str, text: String| Fact { name: name.to_owned(), text };
    let ago = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| age(now, at));
    let count = |name: &str| gauge(&text, name).map_or_else(|| "–".to_owned(), |value| format!("{value:.0}"));
    let facts = vec![
        fact("up since", health.since.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        fact("last verified challenge", ago(health.last_verified)),
        fact("last listed validator", ago(health.last_validator)),
        fact("callers that may ask", health.permits.to_string()),
        fact("list of validators read", ago(health.roster.map(|roster| roster.read))),
        fact("clock offset", health.clock_offset_s.map_or_else(|| "–".to_owned(), |s| format!("{s:+.2} s"))),
        fact("answers under way", health.in_flight.to_string()),
        fact("open connections", health.connections.to_string()),
        fact("records waiting for the disk", count(metric::RECORDS_QUEUED)),
        fact("records dropped", count(metric::RECORDS_DROPPED)),
        fact("connections refused", count(metric::CONNECTIONS_REFUSED)),
    ];
    HealthView { ready: health.is_ready(), troubles, facts }
}

/// The sum over all labels of a gauge or a counter in the text of `/metrics`; `None` when it has not been told yet.
fn gauge(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        // A longer name that begins the same is another metric.
        rest.starts_with(['{', ' ']).then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
    });
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::gauge;

    #[test]
    fn labels_are_summed_and_longer_names_are_others() {
        let text = "# TYPE a gauge\na{b=\"c d\"} 2\na{b=\"e\"} 3\na_total 9\nb 1.5\n";
        assert_eq!((gauge(text, "a"), gauge(text, "b"), gauge(text, "c")), (Some(5.0), Some(1.5), None));
    }
}
