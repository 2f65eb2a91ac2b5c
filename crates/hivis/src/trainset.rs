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

use crate::parts::Parted;
use crate::pictures;
use crate::run_file::Order;

/// Where the pictures of a training come from.
pub(crate) struct TrainSet {
    rows: Vec<Row>,
    parted: Parted,
    from: From,
    /// What was passed over when the source was opened.
    pub(crate) skipped: Vec<Skipped>,
}

enum From {
    Library(Box<Library>),
    Scenes(Scenes),
}

impl TrainSet {
    /// The pictures of an order, planned into parts.
    pub(crate) async fn open(home: &Home, order: &Order) -> Result<Self> {
        let library = pictures::library(&order.pictures, || Ok(home.clone())).await?;
        let (home, order) = (home.clone(), order.clone());
        let work = move || match library {
            Some(library) => Self::library(&home, library, &order, order.pictures == "home"),
            None => Self::scenes(&home, Scenes::new(order.count, order.seed), &order),
        };
        tokio::task::spawn_blocking(work).await.context("opening the pictures panicked")?
    }

    /// `mined` pictures come out of the home's records.
    fn library(home: &Home, library: Library, order: &Order, mined: bool) -> Result<Self> {
        let parted = Parted::new(home, &library, order.settings.split_seed)?;
        let rows = library.pictures().iter().zip(parted.members.iter().zip(&parted.plan.rows));
        let row = |(picture, (member, placed)): (&LibraryPicture, (&Member, &Placed))| Row {
            key: member.key.clone(),
            name: picture.name.clone(),
            label: picture.label,
            origin: picture.origin,
            mined,
            scene: placed.scene.clone(),
            slices: picture.slices.clone(),
        };
        let rows = rows.map(row).collect();
        let mut skipped = library.skipped().to_vec();
        let unreadable =
            |(&at, why): (&usize, &String)| Skipped { name: parted.members[at].name.clone(), why: why.clone() };
        skipped.extend(parted.unreadable.iter().map(unreadable));
        Ok(Self { rows, parted, from: From::Library(Box::new(library)), skipped })
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
            From::Library(library) => {
                library.fetch(Choice(row as u64)).map(|sample| sample.picture).map_err(|error| error.to_string())
            }
            From::Scenes(scenes) => scenes.picture(row),
        }
    }
}
