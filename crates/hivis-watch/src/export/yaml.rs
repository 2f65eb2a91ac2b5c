//! YAML as we write it: blocks, and every text in double quotes that could be read as anything else.

use std::fmt::Write as _;

/// A value of a document; maps keep their order.
pub(crate) enum Yaml {
    Text(String),
    Bool(bool),
    List(Vec<Yaml>),
    Map(Vec<(&'static str, Yaml)>),
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A list of texts.
pub(crate) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Yaml {
    Yaml::List(texts.into_iter().map(|text| text.as_ref().into()).collect())
}

impl Yaml {
    /// The document, after `comment` (without `#`, may have several lines).
    pub(crate) fn document(&self, comment: &str) -> String {
        let mut out = String::new();
        for line in comment.lines() {
            let _ = writeln!(out, "# {line}");
        }
        self.write(&mut out, 0);
        out
    }

    /// Its lines at this depth; a scalar is one line.
    fn write(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Map(entries) => {
                for (key, value) in entries {
                    let _ = write!(out, "{indent}{key}:");
                    value.nested(out, depth);
                }
            }
            Self::List(items) => {
                for item in items {
                    // The first key of a map stands behind the dash, the others below it.
                    let mut lines = String::new();
                    item.write(&mut lines, depth + 1);
                    let _ = write!(out, "{indent}- {}", lines.trim_start_matches(' '));
                }
            }
            scalar => {
                let _ = writeln!(out, "{indent}{}", scalar.scalar());
            }
        }
    }

    /// What stands behind a key.
    fn nested(&self, out: &mut String, depth: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                out.push('\n');
                self.write(out, depth + 1);
            }
            Self::List(items) if !items.is_empty() => {
                out.push('\n');
                self.write(out, depth + 1);
            }
            Self::Map(_) => out.push_str(" {}\n"),
            Self::List(_) => out.push_str(" []\n"),
            scalar => {
                let _ = writeln!(out, " {}", scalar.scalar());
            }
        }
    }

    fn scalar(&self) -> String {
        match self {
            Self::Bool(truth) => truth.to_string(),
            Self::Text(text) if plain(text) => text.clone(),
            // JSON's strings are YAML's double-quoted ones.
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::List(_) | Self::Map(_) => unreachable!("a list is no scalar: this is a bug"),
        }
    }
}

/// Whether nobody reads the text as something else.
fn plain(text: &str) -> bool {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/'))
        && !words.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_quotes() {
        let document = Yaml::Map(vec![
            ("a", "no".into()),
            (
                "b",
                Yaml::List(vec![
                    Yaml::Map(vec![("x", "1".into()), ("y", Yaml::List(Vec::new()))]),
                    Yaml::Map(vec![("z", Yaml::Map(vec![("deep", Yaml::Bool(true))]))]),
                    "plain".into(),
                    "q\"u: #\n".into(),
                ]),
            ),
            ("c", Yaml::Bool(false)),
        ]);
        let expect = "# two\n# lines\na: \"no\"\nb:\n  - x: \"1\"\n    y: []\n  - z:\n      deep: true\n  - plain\n  - \"q\\\"u: #\\n\"\nc: false\n";
        assert_eq!(document.document("two\nlines"), expect);
    }
}
