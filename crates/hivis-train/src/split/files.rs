//! A split on disk: `split.json`, the proof, and `split.csv`, a line for each row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Part;
use super::plan::{Held, Member, Placed, Plan};
use super::proof::Proof;
use crate::TrainError;

/// Columns of `split.csv`. `part` is empty for a row that is in none, and `out` says why; `held` is what the next plan has to
/// respect. Pictures that are gone stand at the end, with nothing but what they held.
const COLUMNS: [&str; 6] = ["key", "name", "scene", "part", "out", "held"];

/// Where a split was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The proof.
    pub proof: PathBuf,
    /// The rows.
    pub rows: PathBuf,
}

/// Writes both files into `folder`, rows in the order of keys, byte for byte the same on any machine.
pub fn write(folder: &Path, rows: &[Member], plan: &Plan, proof: &Proof) -> Result<Files, TrainError> {
    let files = Files { proof: folder.join("split.json"), rows: folder.join("split.csv") };
    let mut json = serde_json::to_vec_pretty(proof).expect("a proof is JSON: this is a bug");
    json.push(b'\n');
    std::fs::write(&files.proof, json).map_err(TrainError::file(&files.proof))?;
    let mut order: Vec<(&Member, &Placed)> = rows.iter().zip(&plan.rows).collect();
    order.sort_by_key(|(row, _)| *row);
    let written = || -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_path(&files.rows)?;
        writer.write_record(COLUMNS)?;
        for (row, placed) in order {
            let place = placed.place.map_or_else(|out| ["", out.as_str()], |part| [part.as_str(), ""]);
            let held = plan.held.get(&row.key).map_or("", |part| part.as_str());
            writer.write_record([&row.key, &row.name, &placed.scene, place[0], place[1], held])?;
        }
        let there: BTreeSet<&str> = rows.iter().map(|row| &*row.key).collect();
        for (key, part) in plan.held.iter().filter(|(key, _)| !there.contains(&***key)) {
            writer.write_record([key, "", "", "", "", part.as_str()])?;
        }
        Ok(writer.flush()?)
    };
    written().map_err(|error| TrainError::file(&files.rows)(error.into()))?;
    Ok(files)
}

/// What an earlier `split.csv` holds, for the next plan of the same seed.
pub fn read_held(path: &Path) -> Result<Held, TrainError> {
    let wrong = |why: String| TrainError::Content { what: path.display().to_string(), why };
    let mut reader = csv::Reader::from_path(path).map_err(|error| TrainError::file(path)(error.into()))?;
    let header = reader.headers().map_err(|error| wrong(error.to_string()))?;
    if *header != COLUMNS[..] {
        return Err(wrong(format!("its columns are not {}", COLUMNS.join(", "))));
    }
    let mut held = Held::new();
    for line in reader.records() {
        let line = line.map_err(|error| wrong(error.to_string()))?;
        let (key, name) = (&line[0], &line[5]);
        if name.is_empty() {
            continue;
        }
        let part = Part::ALL.into_iter().find(|part| part.as_str() == name);
        let part = part.ok_or_else(|| wrong(format!("`{name}` is no part")))?;
        if held.insert(key.to_owned(), part).is_some_and(|before| before != part) {
            return Err(wrong(format!("picture {key} is in two parts")));
        }
    }
    Ok(held)
}
