//! The text of a `/metrics` page as numbers.

use std::collections::BTreeMap;

/// A series' labels, without its name.
pub type Labels = BTreeMap<String, String>;

/// One number of a scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric's name: `hivis_axon_requests_total`, `hivis_axon_answer_seconds_bucket`.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its value; may be infinite or no number.
    pub value: f64,
}

/// One scrape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(pub Vec<Sample>);

/// The text is no metrics.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} of the metrics: {why}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Samples {
    /// Reads Prometheus' text format 0.0.4 or OpenMetrics 1.0. Comments, timestamps and exemplars are passed over.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut samples = Vec::new();
        for (line, content) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
            if !content.is_empty() && !content.starts_with('#') {
                samples.push(sample(content).map_err(|why| ParseError { line, why })?);
            }
        }
        Ok(Self(samples))
    }

    /// The values of a metric, each with its labels.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| sample.name == name)
    }
}

fn sample(line: &str) -> Result<Sample, &'static str> {
    let end = line.find(|c: char| c == '{' || c.is_whitespace()).ok_or("a name without a value")?;
    let (name, rest) = line.split_at(end);
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':') {
        return Err("no name of a metric");
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let value = rest.split_whitespace().next().ok_or("a name without a value")?;
    let value = value.parse().map_err(|_| "a value that is no number")?;
    Ok(Sample { name: name.to_owned(), labels, value })
}

/// What stands between the braces, and what comes after them.
fn labels(mut rest: &str) -> Result<(Labels, &str), &'static str> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = rest.split_once("=\"").ok_or("a label without a value")?;
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next().ok_or("a label whose value has no end")? {
                (at, '"') => break at,
                (_, '\\') => match chars.next().ok_or("a label whose value has no end")?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (_, other) => value.push(other),
            }
        };
        labels.insert(name.trim().to_owned(), value);
        rest = &after[end + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let text = "# HELP a_total x\n# TYPE a counter\na_total{why=\"a \\\"b\\\" \\\\ c\\n\",x=\"}\"} 3\n\nb 1e-3 1700000000\n\
                    c_bucket{le=\"+Inf\"} 4 # {id=\"7\"} 0.5\nd NaN\ne +Inf\n# EOF\n";
        let Samples(found) = Samples::parse(text).expect("valid");
        let label = |name: &str| found[0].labels[name].as_str();
        assert_eq!((label("why"), label("x"), found[0].value), ("a \"b\" \\ c\n", "}", 3.0));
        assert_eq!((found[1].value, found[2].labels["le"].as_str(), found[2].value), (0.001, "+Inf", 4.0));
        assert!(found[3].value.is_nan() && found[4].value.is_infinite());
    }

    #[test]
    fn what_is_no_metric_is_refused_with_its_line() {
        for (text, line) in [("a", 1), ("a 1\nb{x=\"1} 2", 2), ("a x", 1), ("<html> 1", 1), ("{} 1", 1), ("a{b} 1", 1)]
        {
            assert_eq!(Samples::parse(text).expect_err(text).line, line, "{text}");
        }
    }
}
