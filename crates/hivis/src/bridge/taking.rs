//! The second reading of an import: new pictures go into the home, and what FiftyOne says is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use hivis_store::{Ledger, NewDataset, NewPicture, ObjectId, Outcome};
use hivis_types::Label;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::compare::Known;
use super::fiftyone;
use super::found::{Found, from_hex};
use super::import::{MAX_NAME, read};
use super::kept::Keeping;
use crate::cli::BridgeFormat;
use crate::failure::Hinted;

/// New pictures that get into the ledger together, and groups that wait for it.
const GROUP: usize = 64;
const WAITING: usize = 2;

/// What the second reading wants.
pub(super) struct Taking {
    pub(super) format: BridgeFormat,
    pub(super) folder: PathBuf,
    pub(super) new: BTreeMap<ObjectId, Label>,
    pub(super) samples: BTreeMap<ObjectId, Known>,
    pub(super) keeping: Option<Keeping>,
}

/// Reads again: new pictures become a data set of their own, whose name it gives; what FiftyOne says is kept.
pub(super) async fn take_new(ledger: &Ledger, taking: Taking, now: Timestamp) -> Result<Option<String>> {
    let stem = taking.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem: String = stem.chars().filter(|c| !c.is_control()).take(MAX_NAME / 2).collect();
    let name = format!("{stem}-{}", now.strftime("%Y%m%d-%H%M%S"));
    let source = taking.folder.display().to_string();
    let any = !taking.new.is_empty();
    if !any && taking.keeping.is_none() {
        return Ok(None);
    }
    let import = if any {
        let new = NewDataset { name: name.clone(), source, revision: None };
        Some(ledger.begin_import(&new, now).await?)
    } else {
        None
    };
    let (send, mut groups) = mpsc::channel(WAITING);
    let reader = tokio::task::spawn_blocking(move || taking.read(&send));
    let mut refused = Vec::new();
    while let (Some(group), Some(import)) = (groups.recv().await, &import) {
        for (picture, outcome) in group.iter().zip(ledger.import(import, &group).await?) {
            if let Outcome::Refused(why) = outcome {
                refused.push(format!("{}: {why}", picture.name.escape_debug()));
            }
        }
    }
    let keeping = reader.await.context("reading the folder panicked")??;
    if let Some(import) = &import {
        ledger.end_import(import, Timestamp::now()).await?;
    }
    if let Some((keeping, folder)) = keeping {
        fiftyone::keep(keeping, &folder)?;
    }
    if let Some(first) = refused.first() {
        let hint = "all others are imported; take these out of the folder and import it again";
        return Err(Hinted::new(format!("{} new pictures were refused: {first}", refused.len()), hint).into());
    }
    Ok(any.then_some(name))
}

impl Taking {
    fn read(mut self, send: &mpsc::Sender<Vec<NewPicture>>) -> Result<Option<(Keeping, PathBuf)>> {
        let mut group = Vec::new();
        let (format, folder) = (self.format, self.folder.clone());
        read(format, &folder, &mut |found| {
            if let Some(picture) = self.one(found)? {
                group.push(picture);
            }
            if group.len() >= GROUP {
                send.blocking_send(std::mem::take(&mut group)).ok().context("the ledger stopped")?;
            }
            Ok(())
        })?;
        if !group.is_empty() {
            send.blocking_send(group).ok().context("the ledger stopped")?;
        }
        Ok(self.keeping.map(|keeping| (keeping, folder)))
    }

    fn one(&mut self, found: Found) -> Result<Option<NewPicture>> {
        if found.odd.is_some() {
            return Ok(None);
        }
        let id = match &found.said {
            // Without a new picture to take, only what is said is of use: its claim was checked before.
            Some(_) if self.new.is_empty() => {
                found.claimed.as_deref().and_then(from_hex).map_or_else(|| found.id(), |id| Ok(Some(id)))?
            }
            _ => found.id()?.or_else(|| found.claimed.as_deref().and_then(from_hex)),
        };
        let Some(id) = id else { return Ok(None) };
        let label = self.new.remove(&id);
        let mut slices = found.slices.clone();
        if let (Some(said), Some(keeping)) = (&found.said, &mut self.keeping) {
            let said = match self.samples.get(&id) {
                Some(known) => fiftyone::against(id, said, &known.slices),
                None if label.is_some() => {
                    let (own, said) = fiftyone::own_slices(id, said);
                    slices = own;
                    said
                }
                None => fiftyone::against(id, said, &[]),
            };
            keeping.keep(id, &said)?;
        }
        let (Some(label), Some(bytes)) = (label, found.load()?) else { return Ok(None) };
        let bytes = bytes.to_vec();
        if ObjectId::of(&bytes) != id {
            let hint = "nobody should write to the folder meanwhile; the same command goes on";
            return Err(Hinted::new(format!("{} changed while it was read", found.name.escape_debug()), hint).into());
        }
        let scene = found.scene.clone().unwrap_or_else(|| found.name.clone());
        Ok(Some(NewPicture { bytes, label, origin: found.origin, scene, slices, name: found.name }))
    }
}
