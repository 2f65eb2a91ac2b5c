//! The configuration as a person may see it: every key, its value, who gave it. No secret is in it.

use hivis_chain::printable;
use toml::Value;

use super::Settings;
use super::keys::keys;
use super::origins::Origin;
use super::usual::usual;

/// What stands for a value that is not shown.
const HIDDEN: &str = "(hidden)";
/// Names of keys whose value is a secret, or says where one lies.
const SECRETS: [&str; 7] = ["password", "api_key", "token", "secret", "webhook", "credential", "private"];

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownKey {
    /// `section.key`
    pub key: String,
    /// Its value, in TOML's words; empty where it has none.
    pub value: String,
    /// Who gave it.
    pub origin: Origin,
    /// The file, the variable, the flag; empty for what is built in.
    pub place: String,
    /// Whether it is a secret: then the value says where it lies, or nothing.
    pub secret: bool,
}

/// Every key with what holds for this process.
pub fn shown(settings: &Settings) -> Vec<ShownKey> {
    let usual = usual(settings);
    let row = |key: String| {
        let secret = is_secret(&key);
        let Some(given) = settings.origins.of(&key) else {
            let value = usual.get(key.as_str()).cloned().unwrap_or_default();
            return ShownKey { key, value, origin: Origin::Default, place: String::new(), secret };
        };
        let value = if secret { reference(&given.value) } else { plain(&key, &given.value) };
        ShownKey { key, value, origin: given.origin, place: given.place.clone(), secret }
    };
    keys().into_iter().map(row).collect()
}

/// `dates.token` holds names and days of tokens, not tokens.
fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    key != "dates.token" && SECRETS.iter().any(|word| name.contains(word))
}

/// Where a secret lies. What is no reference may be the secret itself, by mistake.
fn reference(value: &Value) -> String {
    match value {
        Value::String(text) if is_reference(text) => quoted(text),
        Value::Array(list) if list.iter().all(|v| v.as_str().is_some_and(is_reference)) => value.to_string(),
        _ => HIDDEN.to_owned(),
    }
}

fn is_reference(text: &str) -> bool {
    matches!(text.split_once(':'), Some(("env" | "file", place)) if !place.is_empty())
}

/// A value as TOML writes it, without what may be secret in an address or on a command line.
fn plain(key: &str, value: &Value) -> String {
    match value {
        Value::String(text) if text.contains("://") => {
            let urls: Vec<String> = text.split(',').map(|url| printable(url.trim())).collect();
            quoted(&urls.join(","))
        }
        // Its words may carry a key.
        Value::Array(words) if key.ends_with(".command") && words.len() > 1 => {
            let program = words.first().and_then(Value::as_str).unwrap_or_default();
            format!("[{}, {} words {HIDDEN}]", quoted(program), words.len() - 1)
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(|value| plain(key, value)).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) => {
            let fields = table.iter().map(|(name, value)| {
                let shown = if is_secret(name) { reference(value) } else { plain(name, value) };
                format!("{name} = {shown}")
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::ServeArgs;
    use crate::config::load;

    fn settings(text: &str, environment: &[(&str, &str)], flags: &ServeArgs) -> Settings {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("hivis.toml");
        std::fs::write(&file, text).expect("a file");
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let raw = load(&file, environment).expect("it loads");
        Settings::resolve(&raw, flags, Path::new("/home")).expect("it resolves")
    }

    fn row(rows: &[ShownKey], key: &str) -> (String, Origin, String) {
        let row = rows.iter().find(|row| row.key == key).expect(key);
        (row.value.clone(), row.origin, row.place.clone())
    }

    #[test]
    fn each_source_wins_over_those_before_it_and_is_named() {
        let text = "[serve]\nconnections = 7\ndeadline_s = 4.5\npage = \"127.0.0.1:1\"\n[model]\nbatch = 3\n";
        let flags = ServeArgs { page: Some("127.0.0.1:3".parse().expect("an address")), ..ServeArgs::default() };
        let rows = shown(&settings(
            text,
            &[("HIVIS_SERVE_CONNECTIONS", "9"), ("HIVIS_SERVE_PAGE", "127.0.0.1:2"), ("HIVIS_HOME", "/x")],
            &flags,
        ));
        let (value, origin, place) = row(&rows, "serve.deadline_s");
        assert_eq!((value.as_str(), origin), ("4.5", Origin::File));
        assert!(place.ends_with("hivis.toml"), "{place}");
        let environment = ("9".to_owned(), Origin::Environment, "HIVIS_SERVE_CONNECTIONS".to_owned());
        assert_eq!(row(&rows, "serve.connections"), environment);
        assert_eq!(row(&rows, "serve.page"), ("\"127.0.0.1:3\"".to_owned(), Origin::Flag, "--page".to_owned()));
        assert_eq!(row(&rows, "model.batch").0, "3");
        assert_eq!(row(&rows, "records.keep_days"), ("30".to_owned(), Origin::Default, String::new()));
    }

    #[test]
    fn a_secret_is_never_shown_and_a_reference_says_where_it_lies() {
        let text = r#"
            [chain]
            endpoints = ["wss://user:hunter2@node.example/v1/hunter2?key=hunter2"]
            [versions]
            remote = "s3://key:hunter2@bucket/path"
            [synth.vision]
            url = "https://hunter2@vision.example/hunter2"
            model = "m"
            api_key = "env:VISION_KEY"
            [synth.cosmos]
            command = ["cosmos", "--key", "hunter2"]
            api_key = "file:keys/cosmos"
        "#;
        let settings = settings(text, &[], &ServeArgs::default());
        let rows = shown(&settings);
        let all = format!("{rows:?} {:?}", settings.origins);
        assert!(!all.contains("hunter2"), "{all}");
        assert_eq!(row(&rows, "synth.vision.api_key").0, "\"env:VISION_KEY\"");
        assert_eq!(row(&rows, "synth.cosmos.api_key").0, "\"file:keys/cosmos\"");
        assert_eq!(row(&rows, "chain.endpoints").0, "[\"wss://node.example\"]");
        assert!(is_secret("notify.telegram.bot_token") && !is_secret("dates.token"));
        assert_eq!(reference(&Value::String("hunter2".to_owned())), HIDDEN);
    }
}
