//! Labelled pictures for a training: a folder, the home's labelled records, or procedural scenes.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_examiner::pictures::{Choice, Skipped};
use hivis_examiner::{Library, LibraryPicture, PictureBytes, Pictures};
use hivis_store::Home;
use hivis_train::scenes::Scenes;
use hivis_train::training::{Row, Source};
use hivis_types::Picture;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::failure::Hinted;
use crate::recorded;
use crate::run_file::Order;

/// Where the pictures of a training come from.
pub(crate) struct TrainSet {
    from: From,
    /// What was passed over when the source was opened.
    pub(crate) skipped: Vec<Skipped>,
}

enum From {
    Library(Box<Library>, Vec<Row>),
    Scenes(Scenes),
}

impl TrainSet {
    /// The pictures of an order: `scenes`, `home`, or a folder in one of the layouts that exams read.
    pub(crate) async fn open(home: &Home, order: &Order) -> Result<Self> {
        let recorded = if order.pictures == "home" { Some(recorded::labelled(home).await?) } else { None };
        let (name, count, seed) = (order.pictures.clone(), order.count, order.seed);
        let work = move || match (recorded, name.as_str()) {
            (Some(library), _) => Self::library(library, true),
            (None, "scenes") => Ok(Self { from: From::Scenes(Scenes::new(count, seed)), skipped: Vec::new() }),
            (None, folder) => Self::folder(Path::new(folder)),
        };
        tokio::task::spawn_blocking(work).await.context("opening the pictures panicked")?
    }

    fn folder(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            let hint = "`scenes`, `home`, or a folder with subfolders `roadwork` and `none`";
            return Err(Hinted::new(format!("there is no folder {}", folder.display()), hint).into());
        }
        Self::library(Library::from_folder(folder)?, false)
            .with_context(|| format!("{} cannot be read", folder.display()))
    }

    /// `mined` pictures come out of the home's records.
    fn library(library: Library, mined: bool) -> Result<Self> {
        let row = |picture: &LibraryPicture| {
            let digest = match &picture.bytes {
                PictureBytes::Memory(bytes) => Sha256::digest(bytes),
                PictureBytes::File(path) => {
                    let mut hash = Sha256::new();
                    std::io::copy(&mut fs_err::File::open(path)?, &mut hash)?;
                    hash.finalize()
                }
            };
            Ok(Row {
                key: hex::encode(digest),
                label: picture.label,
                origin: picture.origin,
                mined,
                scene: picture.scene.clone(),
                slices: picture.slices.clone(),
            })
        };
        let rows = library.pictures().par_iter().map(row).collect::<Result<Vec<_>>>()?;
        let skipped = library.skipped().to_vec();
        Ok(Self { from: From::Library(Box::new(library), rows), skipped })
    }
}

impl Source for TrainSet {
    fn rows(&self) -> &[Row] {
        match &self.from {
            From::Library(_, rows) => rows,
            From::Scenes(scenes) => scenes.rows(),
        }
    }

    fn picture(&self, row: usize) -> Result<Picture, String> {
        match &self.from {
            From::Library(library, _) => {
                library.fetch(Choice(row as u64)).map(|sample| sample.picture).map_err(|error| error.to_string())
            }
            From::Scenes(scenes) => scenes.picture(row),
        }
    }
}
