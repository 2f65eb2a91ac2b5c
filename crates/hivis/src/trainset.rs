//! Labelled pictures for a training: a folder, or procedural scenes.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_examiner::pictures::{Choice, Skipped};
use hivis_examiner::{Library, PictureBytes, Pictures};
use hivis_synth::{Mix, Style, View, scene};
use hivis_train::training::{Row, Source};
use hivis_types::{Origin, Picture};
use sha2::{Digest, Sha256};

use crate::failure::Hinted;

/// Size of rendered scenes, as the embedded backbone saw them.
const SCENE: (u32, u32) = (320, 240);

/// Where the pictures of a training come from.
pub(crate) struct TrainSet {
    rows: Vec<Row>,
    from: From,
    /// What was passed over when the source was opened.
    pub(crate) skipped: Vec<Skipped>,
}

enum From {
    Folder(Box<Library>),
    Scenes(Mix),
}

impl TrainSet {
    /// `scenes`, or a folder in one of the layouts that exams read.
    pub(crate) fn open(name: &str, count: u32, seed: u64) -> Result<Self> {
        if name == "scenes" { Ok(Self::scenes(count, seed)) } else { Self::folder(Path::new(name)) }
    }

    fn folder(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            let hint = "`scenes`, or a folder with subfolders `roadwork` and `none`";
            return Err(Hinted::new(format!("there is no folder {}", folder.display()), hint).into());
        }
        let library = Library::from_folder(folder)?;
        let row = |picture: &hivis_examiner::LibraryPicture| {
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
                mined: false,
                scene: picture.scene.clone(),
                slices: picture.slices.clone(),
            })
        };
        let rows = library.pictures().iter().map(row).collect::<Result<Vec<_>>>();
        let rows = rows.with_context(|| format!("{} cannot be read", folder.display()))?;
        let skipped = library.skipped().to_vec();
        Ok(Self { rows, from: From::Folder(Box::new(library)), skipped })
    }

    /// Scenes with seeds of their own: an exam's scenes are drawn from 62 random bits and never meet these.
    fn scenes(count: u32, seed: u64) -> Self {
        let mix = Mix::default();
        let row = |n: u32| {
            let number = seed << 32 | u64::from(n);
            let street = scene(number, &mix);
            Row {
                key: format!("scene-{number:016x}"),
                label: street.label,
                origin: if n.is_multiple_of(2) { Origin::Real } else { Origin::Synthetic },
                mined: false,
                scene: format!("{number:016x}"),
                slices: street.tags.iter().collect(),
            }
        };
        Self { rows: (0..count).map(row).collect(), from: From::Scenes(mix), skipped: Vec::new() }
    }
}

impl Source for TrainSet {
    fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn picture(&self, row: usize) -> Result<Picture, String> {
        match &self.from {
            From::Folder(library) => {
                library.fetch(Choice(row as u64)).map(|sample| sample.picture).map_err(|error| error.to_string())
            }
            From::Scenes(mix) => {
                let of = &self.rows[row];
                let number = u64::from_str_radix(&of.scene, 16).map_err(|error| error.to_string())?;
                let style = if of.origin == Origin::Real { Style::Camera } else { Style::Generated };
                let view = View { width: SCENE.0, height: SCENE.1, camera: 0, style };
                Ok(scene(number, mix).render(&view).picture)
            }
        }
    }
}
