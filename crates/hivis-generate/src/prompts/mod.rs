//! Prompts: files of templates that ship, files of the user that take their place by name, and who picks them.

mod file;

use std::path::{Path, PathBuf};

use hivis_types::Label;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;

use crate::GenerateError;

/// What ships, by name.
const SHIPPED: [(&str, &str); 6] = [
    ("hard", include_str!("../../prompts/hard.toml")),
    ("weather", include_str!("../../prompts/weather.toml")),
    ("night", include_str!("../../prompts/night.toml")),
    ("equipment", include_str!("../../prompts/equipment.toml")),
    ("confusers", include_str!("../../prompts/confusers.toml")),
    ("adversarial", include_str!("../../prompts/adversarial.toml")),
];

/// A prompt of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prompt {
    /// `FILE/ID`.
    pub id: String,
    /// What its pictures should show.
    pub label: Label,
    /// The tags that its pictures should have.
    pub slices: Vec<String>,
    /// A minijinja template with `label`, `slices` and `caption`, unless it is plain.
    pub text: String,
    /// The same for what the pictures should not show.
    pub negative: String,
    /// Where its seeds begin.
    pub seed: u64,
    /// Taken to the letter, braces too.
    pub plain: bool,
}

/// A file of prompts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PromptFile {
    /// Its name.
    pub name: String,
    /// Raised with every change, so that pictures say which words made them.
    pub version: u32,
    /// What it is for.
    pub about: String,
    /// Its prompts.
    pub prompts: Vec<Prompt>,
    /// Where it lies; `None` for one that ships.
    pub from: Option<PathBuf>,
}

/// All files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompts {
    files: Vec<PromptFile>,
}

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The tags that fail.
    pub slices: &'a [String],
    /// What the picture to be varied shows, in words; empty when nobody said.
    pub caption: &'a str,
}

/// A prompt as a generator hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What the picture should show.
    pub text: String,
    /// What it should not show.
    pub negative: String,
}

impl Prompts {
    /// What ships.
    pub fn shipped() -> Self {
        let read = |(name, text): &(&str, &str)| file::read(name, text, None);
        let files = SHIPPED.iter().map(read).collect::<Result<_, _>>();
        Self { files: files.expect("a test reads them all: this is a bug") }
    }

    /// What ships, with each `NAME.toml` of a folder in the place of the file of that name or after all others. No folder
    /// is no error.
    pub fn load(folder: &Path) -> Result<Self, GenerateError> {
        let mut all = Self::shipped();
        for (name, text, path) in file::of(folder)? {
            let file = file::read(&name, &text, Some(path))?;
            match all.files.iter_mut().find(|old| old.name == file.name) {
                Some(old) => *old = file,
                None => all.files.push(file),
            }
        }
        Ok(all)
    }

    /// The files, shipped ones first.
    pub fn files(&self) -> &[PromptFile] {
        &self.files
    }

    /// A file by name.
    pub fn file(&self, name: &str) -> Option<&PromptFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Prompts for a label, those that fit most of the failing slices first; never none. `only` is one file. Without a
    /// wish of one file, `hard` and `adversarial` stay out: they have occasions of their own.
    pub fn pick(&self, label: Label, slices: &[String], only: Option<&str>) -> Vec<&Prompt> {
        let meant = |file: &&PromptFile| match only {
            Some(name) => file.name == name,
            None => !matches!(&*file.name, "hard" | "adversarial"),
        };
        let of = |label: Label| move |prompt: &&Prompt| prompt.label == label;
        let fits = |prompt: &&Prompt| prompt.slices.iter().filter(|tag| slices.contains(tag)).count();
        let mut found: Vec<&Prompt> =
            self.files.iter().filter(meant).flat_map(|file| &file.prompts).filter(of(label)).collect();
        if found.is_empty() {
            let hard = self.file("hard").map(|file| &*file.prompts).unwrap_or_default();
            found = hard.iter().filter(of(label)).collect();
        }
        let best = found.iter().map(fits).max().unwrap_or_default();
        if best > 0 {
            found.retain(|prompt| fits(prompt) > 0);
        }
        found.sort_by_key(|prompt| std::cmp::Reverse(fits(prompt)));
        found
    }
}

impl PromptFile {
    /// `night 1`
    pub fn stamp(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

impl Prompt {
    /// Fills the templates.
    pub fn render(&self, words: &Words<'_>) -> Result<Said, GenerateError> {
        if self.plain {
            return Ok(Said { text: self.text.clone(), negative: self.negative.clone() });
        }
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
        templates.set_syntax(syntax.expect("usual signs: this is a bug"));
        let label = match self.label {
            Label::Roadwork => "roadwork",
            Label::Clear => "clear",
        };
        let fill = |text: &str| {
            let words = context! { label, slices => words.slices.to_vec(), caption => words.caption };
            templates
                .render_str(text, words)
                .map_err(|error| GenerateError::Prompts { place: self.id.clone(), why: format!("{error:#}") })
        };
        Ok(Said { text: fill(&self.text)?, negative: fill(&self.negative)? })
    }
}

#[cfg(test)]
mod tests;
