//! `metadata.csv` and `metadata.jsonl` as Hugging Face's imagefolder has them.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use hivis_types::{Label, Origin};

use super::folder::{Found, is_picture};
use super::library::{LibraryPicture, PictureBytes};
use crate::ExaminerError;

/// A row: column to text.
pub(super) type Row = BTreeMap<String, String>;
/// Rows with their line, from 1.
pub(super) type Parse = fn(&str) -> Result<Vec<(usize, Row)>, (usize, String)>;

/// Columns that say what a picture shows; the first one that is there counts.
pub(super) const LABELS: [&str; 5] = ["label", "labels", "class", "is_roadwork", "roadwork"];

/// Columns that name a picture's file; the first one that is there counts.
const FILES: [&str; 5] = ["file_name", "filename", "file", "path", "image"];

/// Columns that become slices, `column:value`.
pub(super) const SLICES: [&str; 6] = ["weather", "time", "time_of_day", "equipment", "confuser", "camera_angle"];

/// A class by its usual names, case aside.
pub(super) fn label(text: &str) -> Option<Label> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "roadwork" => Some(Label::Roadwork),
        "0" | "0.0" | "false" | "none" | "clear" | "no_roadwork" | "no-roadwork" => Some(Label::Clear),
        _ => None,
    }
}

/// An origin by its usual names, case aside.
pub(super) fn origin(text: &str) -> Option<Origin> {
    match text.trim().to_ascii_lowercase().as_str() {
        "real" | "camera" => Some(Origin::Real),
        "synthetic" | "generated" | "i2i" | "t2i" => Some(Origin::Synthetic),
        _ => None,
    }
}

pub(super) fn read(root: &Path, file: &Path, parse: Parse) -> Result<Found, ExaminerError> {
    let text = fs_err::read_to_string(file)?;
    let rows = parse(&text).map_err(|(line, what)| ExaminerError::Metadata { path: file.to_owned(), line, what })?;
    let mut found = Found::default();
    for (line, row) in rows {
        let here = format!("line {line}");
        let name = FILES.iter().find_map(|column| row.get(*column));
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            found.skip(here, "no file_name");
            continue;
        };
        match entry(root, name, &row) {
            Ok(picture) => found.pictures.push(picture),
            Err(why) => found.skip(name.clone(), why),
        }
    }
    Ok(found)
}

fn entry(root: &Path, name: &str, row: &Row) -> Result<LibraryPicture, String> {
    let path = Path::new(name);
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err("the path leaves the folder".to_owned());
    }
    let file = root.join(path);
    let described = described(name, row, PictureBytes::File(file.clone()))?;
    if !is_picture(&file) {
        return Err("not a .jpg, .jpeg, .png or .webp file".to_owned());
    }
    if !file.is_file() {
        return Err("there is no such file".to_owned());
    }
    Ok(described)
}

/// What the columns beside a picture say of it.
pub(super) fn described(name: &str, row: &Row, bytes: PictureBytes) -> Result<LibraryPicture, String> {
    let text = LABELS.iter().find_map(|column| row.get(*column)).map_or("", String::as_str);
    let label = label(text).ok_or_else(|| format!("label `{text}` is neither roadwork nor none"))?;
    let origin = match row.get("origin").filter(|text| !text.is_empty()) {
        Some(text) => origin(text).ok_or_else(|| format!("origin `{text}` is neither real nor synthetic"))?,
        None => Origin::Real,
    };
    let scene = row.get("scene").filter(|scene| !scene.is_empty()).cloned().unwrap_or_else(|| name.to_owned());
    let mut slices: Vec<String> = SLICES
        .iter()
        .filter_map(|column| row.get(*column).filter(|v| !v.is_empty()).map(|v| format!("{column}:{v}")))
        .collect();
    if let Some(tags) = row.get("slices") {
        slices.extend(tags.split(';').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned));
    }
    Ok(LibraryPicture { bytes, name: name.to_owned(), label, origin, scene, slices, trained_on: false })
}

/// One JSON object a line; numbers and booleans become their text, lists of texts are joined by `;`.
pub(super) fn json_lines(text: &str) -> Result<Vec<(usize, Row)>, (usize, String)> {
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).map_err(|e| (at + 1, e.to_string()))?;
        let row = object.into_iter().map(|(column, value)| (column, plain(&value))).collect();
        rows.push((at + 1, row));
    }
    Ok(rows)
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

/// Comma-separated with a header row, quotes as in RFC 4180.
pub(super) fn comma_separated(text: &str) -> Result<Vec<(usize, Row)>, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| (1, e.to_string()))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| (e.position().map_or(0, |p| p.line() as usize), e.to_string()))?;
        let line = record.position().map_or(0, |p| p.line() as usize);
        let row = header.iter().zip(record.iter()).map(|(c, v)| (c.to_owned(), v.to_owned())).collect();
        rows.push((line, row));
    }
    Ok(rows)
}
