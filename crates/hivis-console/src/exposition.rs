//! Metrics as text: Prometheus 0.0.4, or OpenMetrics 1.0 for who asks for it.
//!
//! The recorder's own text has neither units nor `# EOF`, names counters' families with `_total`, and writes what is
//! infinite and the edges of buckets as Rust does. Here it is read as families, and written anew with what
//! `hivis_types::metric` says of each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hivis_types::metric::{self, Kind};

/// One of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Prometheus,
    OpenMetrics,
}

impl Format {
    /// What an `Accept` header asks for: OpenMetrics where it is named, and not less wanted than plain text.
    pub(crate) fn asked(accept: &str) -> Self {
        let wanted = |media: &str| {
            let items = accept.split(',').filter_map(|item| {
                let mut parts = item.split(';').map(str::trim);
                (parts.next()?.eq_ignore_ascii_case(media)).then_some(())?;
                let weight = parts.find_map(|part| part.strip_prefix("q="));
                Some(weight.map_or(1.0, |weight| weight.parse::<f64>().unwrap_or(0.0)))
            });
            items.fold(0.0, f64::max)
        };
        let open = wanted("application/openmetrics-text");
        if open > 0.0 && open >= wanted("text/plain") { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// The content type of the answer.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The recorder's text in this format; families and their series in the order of their names.
    pub(crate) fn render(self, recorded: &str) -> String {
        let mut out = String::with_capacity(recorded.len() * 2);
        for (name, family) in families(recorded) {
            self.family(&mut out, name, &family);
        }
        if self == Self::OpenMetrics {
            out.push_str("# EOF\n");
        }
        out
    }

    fn family(self, out: &mut String, name: &str, family: &Family<'_>) {
        let described = metric::described(name);
        let kind = described.map_or(family.kind, |described| match described.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        });
        let open = self == Self::OpenMetrics;
        let head = if open && kind == "counter" { name.strip_suffix("_total").unwrap_or(name) } else { name };
        if let Some(described) = described {
            let _ = writeln!(out, "# HELP {head} {}", described.help.replace('\\', "\\\\"));
        }
        let _ = writeln!(out, "# TYPE {head} {kind}");
        if let Some(described) = described.filter(|described| open && !described.unit.is_empty()) {
            let _ = writeln!(out, "# UNIT {head} {}", described.unit);
        }
        for (series, value) in &family.lines {
            if open && kind == "counter" && !name.ends_with("_total") {
                // A counter without the suffix is none in OpenMetrics; only names of others' come here.
                let _ = writeln!(out, "{} {}", series.replacen(name, &format!("{name}_total"), 1), number(value));
            } else {
                let _ = writeln!(out, "{} {}", edge(series), number(value));
            }
        }
    }
}

/// A family as the recorder wrote it.
struct Family<'a> {
    kind: &'a str,
    /// What stands before the value, and the value.
    lines: Vec<(&'a str, &'a str)>,
}

/// The recorder writes each family after its `# TYPE`; series are sorted, buckets keep their order.
fn families(recorded: &str) -> BTreeMap<&str, Family<'_>> {
    let mut families: BTreeMap<&str, Family<'_>> = BTreeMap::new();
    let mut current = None;
    for line in recorded.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            current = Some(families.entry(name).or_insert(Family { kind, lines: Vec::new() }));
        } else if !line.starts_with('#')
            && let Some(parts) = line.rsplit_once(' ')
            && let Some(family) = &mut current
        {
            family.lines.push(parts);
        }
    }
    for family in families.values_mut().filter(|family| family.kind != "histogram") {
        family.lines.sort_unstable();
    }
    families
}

/// A value as both formats know it.
fn number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value) if value == f64::INFINITY => "+Inf".to_owned(),
        Ok(value) if value == f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => text.to_owned(),
    }
}

/// A bucket's edge is a float in OpenMetrics: `le="1.0"`. Prometheus reads both alike.
fn edge(series: &str) -> std::borrow::Cow<'_, str> {
    // The recorder writes it last.
    let Some((before, edge)) = series.strip_suffix("\"}").and_then(|rest| rest.rsplit_once("le=\"")) else {
        return series.into();
    };
    let whole = !edge.is_empty() && edge.bytes().all(|b| b.is_ascii_digit());
    if whole && before.ends_with(['{', ',']) { format!("{before}le=\"{edge}.0\"}}").into() } else { series.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_openmetrics_gets_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, format) in [
            ("", Format::Prometheus),
            ("*/*", Format::Prometheus),
            ("text/plain", Format::Prometheus),
            ("application/openmetrics-text; version=1.0.0", Format::OpenMetrics),
            (prometheus, Format::OpenMetrics),
            ("application/openmetrics-text;q=0.1,text/plain", Format::Prometheus),
            ("application/openmetrics-text;q=0", Format::Prometheus),
            ("application/openmetrics-text;q=x, text/html", Format::Prometheus),
        ] {
            assert_eq!(Format::asked(accept), format, "{accept}");
        }
    }

    #[test]
    fn families_are_written_anew() {
        let recorded = "# TYPE hivis_axon_requests_total counter\nhivis_axon_requests_total{status=\"503\"} 1\n\
                        hivis_axon_requests_total{status=\"200\"} 2\n\n# TYPE hivis_home_full_in_seconds gauge\n\
                        hivis_home_full_in_seconds inf\n\n# TYPE hivis_engine_batch_pictures histogram\n\
                        hivis_engine_batch_pictures_bucket{a=\"le=\",le=\"1\"} 1\nhivis_engine_batch_pictures_bucket{le=\"2.5\"} 1\n\
                        hivis_engine_batch_pictures_bucket{le=\"+Inf\"} 1\nhivis_engine_batch_pictures_sum 1\nhivis_engine_batch_pictures_count 1\n\
                        # TYPE process_cpu_seconds_total gauge\nprocess_cpu_seconds_total 0.5\n";
        let open = Format::OpenMetrics.render(recorded);
        let expect = "# HELP hivis_axon_requests Requests by status (HTTP status) and protocol.\n# TYPE hivis_axon_requests counter\n\
                      hivis_axon_requests_total{status=\"200\"} 2\nhivis_axon_requests_total{status=\"503\"} 1\n";
        assert!(open.contains(expect), "{open}");
        assert!(
            open.contains("# UNIT hivis_home_full_in_seconds seconds\nhivis_home_full_in_seconds +Inf\n"),
            "{open}"
        );
        assert!(open.contains("_bucket{a=\"le=\",le=\"1.0\"} 1\n"), "{open}");
        assert!(
            open.contains("_bucket{le=\"2.5\"} 1\n") && open.ends_with("process_cpu_seconds_total 0.5\n# EOF\n"),
            "{open}"
        );
        let plain = Format::Prometheus.render(recorded);
        assert!(plain.contains("# TYPE process_cpu_seconds_total counter\n"), "{plain}");
        assert!(!plain.contains("UNIT") && !plain.contains("EOF"), "{plain}");
    }
}
