//! Labelled pictures for a training: a folder, the home's labelled records, or procedural scenes.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_examiner::pictures::{Choice, Skipped};
use hivis_examiner::{Library, LibraryPicture, Pictures};
use hivis_store::Home;
use hivis_train::scenes::Scenes;
use hivis_train::split::{Member, Part, Placed, Proof};
use hivis_train::training::{Row, Source};
use hivis_types::{LabelSource, Picture};

use crate::failure::Hinted;
use crate::parts::Parted;
use crate::pictures;
use crate::run_file::Order;

/// The slice of pictures of versions and samples that came out of records.
const MINED: &str = "from:record";

/// Where the pictures of a training come from.
pub(crate) struct TrainSet {
    rows: Vec<Row>,
    parted: Parted,
    from: From,
    /// What was passed over when the source was opened.
    pub(crate) skipped: Vec<Skipped>,
}

enum From {
    Libraries(Vec<Library>),
    Scenes(Scenes),
}

impl TrainSet {
    /// The pictures of an order, planned into parts: of one source, or of several with commas between them.
    pub(crate) async fn open(home: &Home, order: &Order) -> Result<Self> {
        let mut libraries = Vec::new();
        for name in order.pictures.split(',').map(str::trim) {
            match pictures::library(name, || Ok(home.clone())).await? {
                Some(library) => libraries.push((library, name == "home")),
                None if order.pictures != name => {
                    let hint = "train on scenes alone, or on folders, `data` and `home` together";
                    return Err(Hinted::new("scenes and other pictures are no one training set", hint).into());
                }
                None => {}
            }
        }
        let (home, order) = (home.clone(), order.clone());
        let work = move || {
            if libraries.is_empty() {
                return Self::scenes(&home, Scenes::new(order.count, order.seed), &order);
            }
            Self::libraries(&home, libraries, &order)
        };
        tokio::task::spawn_blocking(work).await.context("opening the pictures panicked")?
    }

    /// Each library with whether it is mined: whether its pictures come out of the home's records.
    fn libraries(home: &Home, libraries: Vec<(Library, bool)>, order: &Order) -> Result<Self> {
        let together: Vec<&Library> = libraries.iter().map(|(library, _)| library).collect();
        let parted = Parted::new(home, &together, order.settings.split_seed)?;
        let pictures =
            libraries.iter().flat_map(|(library, mined)| library.pictures().iter().map(move |p| (p, *mined)));
        let row = |((picture, mined), (member, placed)): ((&LibraryPicture, bool), (&Member, &Placed))| Row {
            key: member.key.clone(),
            name: picture.name.clone(),
            label: picture.label,
            origin: picture.origin,
            mined: mined || picture.slices.iter().any(|slice| slice == MINED),
            scene: placed.scene.clone(),
            slices: picture.slices.clone(),
        };
        let rows = pictures.zip(parted.members.iter().zip(&parted.plan.rows)).map(row).collect();
        let mut skipped: Vec<Skipped> = together.iter().flat_map(|library| library.skipped().to_vec()).collect();
        let unreadable =
            |(&at, why): (&usize, &String)| Skipped { name: parted.members[at].name.clone(), why: why.clone() };
        skipped.extend(parted.unreadable.iter().map(unreadable));
        let libraries = libraries.into_iter().map(|(library, _)| library).collect();
        Ok(Self { rows, parted, from: From::Libraries(libraries), skipped })
    }

    fn scenes(home: &Home, scenes: Scenes, order: &Order) -> Result<Self> {
        let member = |row: &Row| Member {
            key: row.key.clone(),
            trusted: LabelSource::Dataset,
            source: "scenes".to_owned(),
            name: row.name.clone(),
            scene: Some(row.scene.clone()),
            label: row.label,
            origin: row.origin,
            hash: None,
        };
        let members = scenes.rows().iter().map(member).collect();
        let parted = Parted::planned(home, members, order.settings.split_seed)?;
        Ok(Self { rows: scenes.rows().to_vec(), parted, from: From::Scenes(scenes), skipped: Vec::new() })
    }

    /// Writes the split with its proof to `folder`.
    pub(crate) fn keep_split(&self, home: &Home, folder: &Path) -> Result<Proof> {
        self.parted.keep(home, folder)
    }
}

impl Source for TrainSet {
    fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn part(&self, row: usize, _: u64) -> Option<Part> {
        self.parted.part(row)
    }

    fn picture(&self, row: usize) -> Result<Picture, String> {
        match &self.from {
            From::Libraries(libraries) => {
                let mut at = row;
                for library in libraries {
                    if at < library.pictures().len() {
                        let sample = library.fetch(Choice(at as u64));
                        return sample.map(|sample| sample.picture).map_err(|error| error.to_string());
                    }
                    at -= library.pictures().len();
                }
                Err(format!("there is no picture {row}"))
            }
            From::Scenes(scenes) => scenes.picture(row),
        }
    }
}
