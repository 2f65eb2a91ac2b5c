//! The map as the page gets it: places and marks in one compact body, identities in another; made in the background.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hivis_console::{DataMap, MapPart};
use hivis_store::{Embeddings, Home, Ledger, ObjectId, PictureMarks};
use hivis_types::Label;
use serde::Serialize;

use super::places::{MOST, Places};

const MAGIC: &[u8; 8] = b"HIVISMAP";
const VERSION: u32 = 1;
/// A map that is younger than this is not looked at again.
const FRESH: Duration = Duration::from_secs(30);
/// Names of one kind of mark at most, as many as a byte tells apart.
const NAMES: usize = 250;

/// What the bytes of the marks mean.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Legend {
    /// The space of the features.
    space: String,
    labels: Vec<String>,
    sources: Vec<String>,
    reasons: Vec<String>,
    parts: Vec<String>,
}

/// A map that is made.
struct Made {
    tag: String,
    points: Arc<Vec<u8>>,
    ids: Arc<Vec<u8>>,
}

#[derive(Default)]
struct State {
    made: Option<Made>,
    looked: Option<Instant>,
    working: bool,
    /// Why the last try came to nothing.
    trouble: Option<String>,
}

/// Makes maps of one home, one at a time.
pub(super) struct Atlas {
    home: Home,
    ledger: Ledger,
    state: Arc<Mutex<State>>,
}

impl Atlas {
    pub(super) fn new(home: &Home, ledger: &Ledger) -> Self {
        Self { home: home.clone(), ledger: ledger.clone(), state: Arc::default() }
    }

    /// The map as it is; one that is not fresh is made anew meanwhile.
    pub(super) fn part(&self, part: MapPart) -> DataMap {
        self.look();
        let state = self.state.lock().expect("nobody panics while holding it: this is a bug");
        let Some(made) = &state.made else {
            let said = match (&state.trouble, state.working) {
                (_, true) => "The map is being made.",
                (Some(trouble), _) => trouble,
                (None, false) => "No picture has features yet: `hivis mine run` computes them.",
            };
            return DataMap { tag: String::new(), body: Arc::default(), working: state.working, said: said.to_owned() };
        };
        let body = match part {
            MapPart::Points => &made.points,
            MapPart::Ids => &made.ids,
        };
        DataMap { tag: made.tag.clone(), body: Arc::clone(body), working: state.working, said: String::new() }
    }

    /// Begins to make a map, unless one is fresh or being made.
    fn look(&self) {
        let mut state = self.state.lock().expect("nobody panics while holding it: this is a bug");
        if state.working || state.looked.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        state.working = true;
        drop(state);
        let (home, ledger, state) = (self.home.clone(), self.ledger.clone(), Arc::clone(&self.state));
        tokio::spawn(async move {
            let made = make(&home, &ledger).await;
            let mut state = state.lock().expect("nobody panics while holding it: this is a bug");
            state.working = false;
            state.looked = Some(Instant::now());
            match made {
                Ok(made) => {
                    state.trouble = None;
                    state.made = made;
                }
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "the map could not be made");
                    state.trouble = Some("The map could not be made; the log has the reason.".to_owned());
                }
            }
        });
    }
}

async fn make(home: &Home, ledger: &Ledger) -> Result<Option<Made>> {
    let at = home.clone();
    let work = move || {
        let Some(folder) = space(&at)? else { return Ok(None) };
        let places = Places::current(&folder, MOST)?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok::<_, anyhow::Error>(places.map(|places| (name, places)))
    };
    let found = tokio::task::spawn_blocking(work).await.context("computing the places panicked")??;
    let Some((space, places)) = found else { return Ok(None) };
    let marks = ledger.picture_marks(&places.ids).await?;
    let work = move || {
        let points = points(space, &places, &marks)?;
        let ids: Vec<u8> = places.ids.iter().flat_map(|id| id.0).collect();
        // Both bodies follow from these, and neither alone tells of a change of the other.
        let tag = ObjectId::of(&[&ObjectId::of(&points).0[..], &ObjectId::of(&ids).0[..]].concat()).to_string();
        Ok(Some(Made { tag: tag[..32].to_owned(), points: Arc::new(points), ids: Arc::new(ids) }))
    };
    tokio::task::spawn_blocking(work).await.context("drawing the map up panicked")?
}

/// The space of the release that serves; else the one with the most pictures.
fn space(home: &Home) -> Result<Option<PathBuf>> {
    let folder = home.cache().join("embeddings");
    if !folder.exists() {
        return Ok(None);
    }
    let current = home.releases().current()?.map(|release| release.to_string());
    let mut best: Option<((bool, u64), PathBuf)> = None;
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let rows = match Embeddings::count(&path) {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "a space of features is passed over");
                continue;
            }
        };
        let releases = std::fs::read_to_string(path.join("releases")).unwrap_or_default();
        let serves = current.as_ref().is_some_and(|current| releases.lines().any(|line| line == current));
        let better =
            best.as_ref().is_none_or(|(other, at)| (serves, rows) > *other || (serves, rows) == *other && path < *at);
        if rows > 0 && better {
            best = Some(((serves, rows), path));
        }
    }
    Ok(best.map(|(_, path)| path))
}

/// Names get numbers in the order of how often they come; what has no number is the first, `other`.
fn numbered(names: impl Iterator<Item = String>, none: &str) -> (Vec<String>, BTreeMap<String, u8>) {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(NAMES);
    let list: Vec<String> = std::iter::once(none.to_owned()).chain(counts.into_iter().map(|(name, _)| name)).collect();
    let numbers = list.iter().enumerate().skip(1).map(|(at, name)| (name.clone(), at as u8)).collect();
    (list, numbers)
}

/// Why a picture is hard, without its figures: `band:0.4-0.6` is `band`.
fn plain(reason: &str) -> String {
    reason.split(':').next().unwrap_or(reason).chars().take(40).collect()
}

fn points(space: String, places: &Places, marks: &[PictureMarks]) -> Result<Vec<u8>> {
    let (reasons, reason_of) = numbered(marks.iter().filter_map(|m| m.reason.as_deref().map(plain)), "not picked");
    let (parts, part_of) = numbered(marks.iter().filter_map(|m| m.part.clone()), "in no part");
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let legend = Legend {
        space,
        labels: words(&["no label", "no roadwork", "roadwork"]),
        sources: words(&["gone", "record", "dataset", "generated"]),
        reasons,
        parts,
    };
    let mut legend = serde_json::to_vec(&legend)?;
    legend.resize(legend.len().next_multiple_of(4), b' ');
    let mut bytes = MAGIC.to_vec();
    for number in [VERSION, places.at.len() as u32, legend.len() as u32] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&legend);
    // One scale for both axes: a distance is a distance in any direction.
    let ends = |axis: usize| {
        let values = places.at.iter().map(move |at| at[axis]);
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    };
    let span = [ends(0), ends(1)].into_iter().map(|(low, high)| high - low).fold(0.0, f32::max);
    for axis in 0..2 {
        let (low, high) = ends(axis);
        let middle = f32::midpoint(low, high);
        for at in &places.at {
            let share = if span > 0.0 { (at[axis] - middle) / span + 0.5 } else { 0.5 };
            bytes.extend_from_slice(&((share.clamp(0.0, 1.0) * f32::from(u16::MAX)).round() as u16).to_le_bytes());
        }
    }
    bytes.extend(marks.iter().map(|mark| match mark.label {
        None => 0,
        Some(Label::Clear) => 1,
        Some(Label::Roadwork) => 2,
    }));
    bytes.extend(marks.iter().map(|mark| match mark.from {
        None => 0,
        Some("record") => 1,
        Some("dataset") => 2,
        Some(_) => 3,
    }));
    bytes
        .extend(marks.iter().map(|m| m.reason.as_deref().and_then(|r| reason_of.get(&plain(r))).copied().unwrap_or(0)));
    bytes.extend(marks.iter().map(|m| m.part.as_ref().and_then(|p| part_of.get(p)).copied().unwrap_or(0)));
    Ok(bytes)
}
