//! A sentence with a value in it, the same from us and from Prometheus' templates.

use crate::Labels;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Four digits and an SI prefix: `1.5k`.
    Plain,
    /// A share as percent: `12.5%`.
    Share,
    /// Seconds as days, hours, minutes: `2h 5m 0s`.
    Seconds,
    /// Bytes with binary prefixes: `1.5Gi`, the unit follows in the text.
    Bytes,
}

/// A text with `{value}` and names of labels in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The text.
    pub text: &'static str,
    /// How its value is written.
    pub shape: Shape,
}

impl Summary {
    /// The sentence for one series.
    pub fn text(&self, value: f64, labels: &Labels) -> String {
        self.filled(|name| match name {
            "value" => self.shape.text(value),
            label => labels.get(label).cloned().unwrap_or_default(),
        })
    }

    /// The sentence as a Prometheus template.
    pub fn template(&self) -> String {
        self.filled(|name| match name {
            "value" => format!("{{{{ $value | {} }}}}", self.shape.function()),
            label => format!("{{{{ $labels.{label} }}}}"),
        })
    }

    fn filled(&self, with: impl Fn(&str) -> String) -> String {
        let mut filled = String::new();
        let mut rest = self.text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(before);
            filled.push_str(&with(name));
            rest = after;
        }
        filled + rest
    }
}

impl Shape {
    fn function(self) -> &'static str {
        match self {
            Self::Plain => "humanize",
            Self::Share => "humanizePercentage",
            Self::Seconds => "humanizeDuration",
            Self::Bytes => "humanize1024",
        }
    }

    /// The value as Prometheus 2.42 writes it (`template/template.go`).
    pub fn text(self, value: f64) -> String {
        if !value.is_finite() || value == 0.0 {
            let suffix = match self {
                Self::Share => "%",
                Self::Seconds if value == 0.0 => "s",
                _ => "",
            };
            return four(value) + suffix;
        }
        match self {
            Self::Plain => prefixed(value, 1000.0, &["k", "M", "G", "T", "P", "E", "Z", "Y"]),
            Self::Share => four(value * 100.0) + "%",
            Self::Bytes if value.abs() <= 1.0 => four(value),
            Self::Bytes => prefixed(value, 1024.0, &["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]),
            Self::Seconds if value.abs() >= 1.0 => duration(value),
            Self::Seconds => prefixed(value, 1000.0, &[]) + "s",
        }
    }
}

fn prefixed(mut value: f64, step: f64, large: &[&str]) -> String {
    let mut prefix = "";
    if value.abs() >= 1.0 {
        for name in large {
            if value.abs() < step {
                break;
            }
            prefix = name;
            value /= step;
        }
    } else {
        for name in ["m", "u", "n", "p", "f", "a", "z", "y"] {
            if value.abs() >= 1.0 {
                break;
            }
            prefix = name;
            value *= step;
        }
    }
    four(value) + prefix
}

fn duration(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let whole = value as i64;
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", four(value)),
        (0, 0, _) => format!("{sign}{minutes}m {seconds}s"),
        (0, _, _) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}

/// C's and Go's `%.4g`.
fn four(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:.3e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    if (-4..4).contains(&exponent) {
        return trimmed(&format!("{value:.*}", (3 - exponent) as usize));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trimmed(digits), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_prometheus_writes_them() {
        for (shape, value, text) in [
            (Shape::Plain, 0.0, "0"),
            (Shape::Plain, 1.5, "1.5"),
            (Shape::Plain, 12_345.0, "12.35k"),
            (Shape::Plain, 0.00123, "1.23m"),
            (Shape::Plain, f64::INFINITY, "+Inf"),
            (Shape::Plain, -2000.0, "-2k"),
            (Shape::Share, 0.12345, "12.35%"),
            (Shape::Share, 123.0, "1.23e+04%"),
            (Shape::Share, 0.0, "0%"),
            (Shape::Seconds, 0.0, "0s"),
            (Shape::Seconds, 0.08, "80ms"),
            (Shape::Seconds, 5.25, "5.25s"),
            (Shape::Seconds, 7503.0, "2h 5m 3s"),
            (Shape::Seconds, -90_061.0, "-1d 1h 1m 1s"),
            (Shape::Bytes, 1536.0, "1.5ki"),
            (Shape::Bytes, 0.5, "0.5"),
        ] {
            assert_eq!(shape.text(value), text, "{shape:?} {value}");
        }
    }

    #[test]
    fn a_summary_names_value_and_labels() {
        let summary = Summary { text: "{kind} is {value}", shape: Shape::Share };
        let labels = Labels::from([("kind".to_owned(), "input".to_owned())]);
        assert_eq!(summary.text(0.5, &labels), "input is 50%");
        assert_eq!(summary.template(), "{{ $labels.kind }} is {{ $value | humanizePercentage }}");
    }
}
