//! `card.md` of a release: a model card as Hugging Face reads it, written from the manifest and measured figures.

use anyhow::{Context, Result};
use askama::Template;
use hivis_store::Manifest;
use hivis_train::measure::Measures;
use hivis_types::ReleaseId;

/// The file's name in the release.
pub(crate) const FILE: &str = "card.md";

/// What Hugging Face knows by name of what we meet; anything else is `other` with its own name.
const LICENCES: [&str; 6] = ["mit", "apache-2.0", "bsd-3-clause", "cc-by-4.0", "cc-by-nc-4.0", "unknown"];

/// Another form of a release's head, compared with it.
pub(crate) struct Derived<'a> {
    /// The release that it was made of.
    pub(crate) parent: &'a ReleaseId,
    /// What was done.
    pub(crate) how: &'a str,
    /// Pictures that both judged.
    pub(crate) pictures: usize,
    /// How many changed side.
    pub(crate) changed: usize,
    /// Largest difference of a probability.
    pub(crate) largest: f32,
}

struct Licence {
    known: Vec<String>,
    /// As JSON text, which is YAML too.
    own: Option<String>,
}

#[derive(Template)]
#[template(path = "card.md")]
struct Card<'a> {
    manifest: &'a Manifest,
    version: String,
    made: String,
    hivis: &'static str,
    source: String,
    terms: String,
    licence: Licence,
    tiny: bool,
    figures: Option<&'a Measures>,
    derived: Option<&'a Derived<'a>>,
}

/// The card's text. `figures` are those on the tuning scenes; `derived` is for a release made of another one.
pub(crate) fn text(manifest: &Manifest, figures: Option<&Measures>, derived: Option<&Derived<'_>>) -> Result<String> {
    let card = Card {
        manifest,
        version: manifest.version.map_or_else(|| "unknown".to_owned(), |version| version.to_string()),
        made: manifest.created.strftime("%Y-%m-%d %H:%M").to_string(),
        hivis: env!("CARGO_PKG_VERSION"),
        source: line(&manifest.source),
        terms: line(if manifest.licence.is_empty() { "unknown" } else { &manifest.licence }),
        licence: licence(&manifest.licence),
        tiny: manifest.backbone.as_deref() == Some("hivis-tiny"),
        figures,
        derived,
    };
    let mut text = card.render().context("the card cannot be written")?;
    text.push('\n');
    Ok(text)
}

/// SPDX names joined by OR, when Hugging Face knows all of them.
fn licence(text: &str) -> Licence {
    let text = if text.is_empty() || text.starts_with("unknown") { "unknown" } else { text };
    let names: Vec<String> = text.split(" OR ").map(|name| name.trim().to_lowercase()).collect();
    let known = known(&names);
    let own = (!known).then(|| serde_json::Value::from(text).to_string());
    Licence { known: if known { names } else { Vec::new() }, own }
}

/// Whether Hugging Face knows all of these licences by name.
pub(crate) fn known(names: &[String]) -> bool {
    names.iter().all(|name| LICENCES.contains(&name.as_str()))
}

/// A stranger's text on one line.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_named_as_hugging_face_names_them() {
        let of = |text: &str| {
            let licence = licence(text);
            (licence.known, licence.own)
        };
        assert_eq!(of("MIT OR Apache-2.0"), (vec!["mit".to_owned(), "apache-2.0".to_owned()], None));
        assert_eq!(of("unknown: see the model's own card"), (vec!["unknown".to_owned()], None));
        assert_eq!(of(""), (vec!["unknown".to_owned()], None));
        assert_eq!(of("DINOv3 \"License\""), (Vec::new(), Some(r#""DINOv3 \"License\"""#.to_owned())));
    }

    #[test]
    fn a_trained_release_tells_its_figures_with_their_number() {
        let manifest = r#"
            id = "head-int8"
            version = "1.2.1"
            created = "2026-11-26T10:00:00Z"
            source = "line one\nline two"
            kind = "dinov3"
            backbone = "hivis-tiny"
            features = 192
            licence = "DINOv3 License"
            files = {}
            [input]
            width = 224
            height = 200
            [training]
            run = "head"
            data = "0123abcd"
            split_seed = 7
            pictures = 1234
            below_floor = "accuracy 0.7 is below 0.8"
        "#;
        let manifest: Manifest = toml::from_str(manifest).expect("a manifest");
        let figures = hivis_train::measure::measure(&[0.9, 0.2, 0.6, 0.1], &[true, false, false, false]);
        let parent = ReleaseId::new("head").expect("an id");
        let how = "weights in 7 of 8 bits";
        let derived = Derived { parent: &parent, how, pictures: 500, changed: 2, largest: 0.0625 };
        let card = text(&manifest, figures.as_ref(), Some(&derived)).expect("a card");
        for wanted in [
            "license: other\nlicense_name: \"DINOv3 License\"\n",
            "- type: accuracy\n      value: 0.7500\n",
            "- type: roc_auc\n      value: 1.0000\n---\n",
            "Version 1.2.1",
            "- weights: line one line two\n",
            "u8 [n, 200, 224, 3]",
            "on 1234 pictures (run `head`, data `0123abcd`)",
            "Derived from release `head`: weights in 7 of 8 bits. On 500 pictures 2 changed side",
            "On 4 challenges of the tuning scenes (1 with roadwork)",
            "| accuracy | 0.7500 |",
            "Below a floor that was on: accuracy 0.7 is below 0.8.",
            "claim nothing about real streets",
        ] {
            assert!(card.contains(wanted), "{wanted} is not in\n{card}");
        }
        assert!(!card.contains("\n\n\n"), "{card}");
    }
}
