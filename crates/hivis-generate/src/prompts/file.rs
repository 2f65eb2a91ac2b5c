//! Reading files of prompts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hivis_http::printable;
use hivis_types::Label;
use serde::Deserialize;

use super::{Prompt, PromptFile, Words};
use crate::GenerateError;

/// A file of prompts is some kilobytes.
const MOST_BYTES: u64 = 1 << 20;

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    version: u32,
    #[serde(default)]
    about: String,
    /// What no picture should show, where a prompt says nothing of its own.
    #[serde(default)]
    negative: String,
    prompt: Vec<RawPrompt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrompt {
    id: String,
    label: Label,
    #[serde(default)]
    slices: Vec<String>,
    text: String,
    negative: Option<String>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    plain: bool,
}

/// Name, text and path of each `NAME.toml` in a folder, by name.
pub(super) fn of(folder: &Path) -> Result<Vec<(String, String, PathBuf)>, GenerateError> {
    let failed = |source| GenerateError::File { path: folder.to_owned(), source };
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        let Some(name) = name.filter(|_| path.extension().is_some_and(|end| end == "toml")) else { continue };
        let file = |source| GenerateError::File { path: path.clone(), source };
        let bytes = fs_err::metadata(&path).map_err(file)?.len();
        if bytes > MOST_BYTES {
            let why = format!("{bytes} bytes are over the limit of {MOST_BYTES}");
            return Err(GenerateError::Prompts { place: path.display().to_string(), why });
        }
        let text = fs_err::read_to_string(&path).map_err(file)?;
        found.push((name, text, path));
    }
    found.sort();
    Ok(found)
}

/// Reads one file and tries every template in it.
pub(super) fn read(name: &str, text: &str, from: Option<PathBuf>) -> Result<PromptFile, GenerateError> {
    let place = from.as_ref().map_or_else(|| name.to_owned(), |path| path.display().to_string());
    let wrong = |why: String| GenerateError::Prompts { place: place.clone(), why };
    let raw: RawFile = toml::from_str(text).map_err(|error| wrong(printable(&error.to_string())))?;
    let mut ids = BTreeSet::new();
    let mut prompts = Vec::with_capacity(raw.prompt.len());
    for raw_prompt in raw.prompt {
        let id = &raw_prompt.id;
        let plain_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || !id.chars().all(plain_name) {
            return Err(wrong(format!("`{}` is no id: letters, digits, - and _", printable(id))));
        }
        if !ids.insert(id.clone()) {
            return Err(wrong(format!("two prompts are called `{id}`")));
        }
        if raw_prompt.text.trim().is_empty() {
            return Err(wrong(format!("the prompt `{id}` says nothing")));
        }
        let prompt = Prompt {
            id: format!("{name}/{id}"),
            label: raw_prompt.label,
            slices: raw_prompt.slices,
            text: raw_prompt.text,
            negative: raw_prompt.negative.unwrap_or_else(|| raw.negative.clone()),
            seed: raw_prompt.seed,
            plain: raw_prompt.plain,
        };
        for caption in ["", "a street"] {
            let said = prompt.render(&Words { slices: &prompt.slices, caption })?;
            if said.text.trim().is_empty() {
                return Err(wrong(format!("the prompt `{id}` says nothing")));
            }
        }
        prompts.push(prompt);
    }
    if prompts.is_empty() {
        return Err(wrong("it has no prompt".to_owned()));
    }
    Ok(PromptFile { name: name.to_owned(), version: raw.version, about: raw.about, prompts, from })
}
