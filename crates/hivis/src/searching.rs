//! The pictures of the home with their features, to search among.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use hivis_curate::mine::{TwinSettings, twins};
use hivis_curate::vectors::{Matrix, nearest, outliers};
use hivis_store::{Home, Ledger, Md5, ObjectId, PictureHere, PictureName};
use hivis_types::Picture;
use rayon::prelude::*;
use serde::Serialize;

use crate::config::Settings;
use crate::embedded::Embedder;
use crate::failure::Hinted;
use crate::meter::Meter;
use crate::{home, swap};

/// Features computed between two steps of the bar; what is done is kept when the search is cut off.
const STEP: usize = 256;
/// Neighbours by which a picture is strange.
const STRANGE: usize = 10;
/// Pictures whose hash is not known yet and that are read for it, at most: some minutes of decoding.
const HASHED: usize = 20_000;
/// The fewest characters by which a picture's SHA-256 is meant.
const DIGITS: usize = 8;

/// A picture that was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Found {
    /// Its identity.
    pub(crate) sha256: ObjectId,
    #[serde(skip)]
    pub(crate) md5: Md5,
    /// What the search is ordered by: a cosine distance, or a probability.
    pub(crate) value: f32,
    /// What it is called, and its label.
    #[serde(flatten)]
    pub(crate) name: PictureName,
}

/// Pictures that are one picture.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Group {
    /// The first is the one that came first; `value` is the distance to it.
    pub(crate) pictures: Vec<Found>,
}

/// All pictures of the home that have features.
pub(crate) struct Searchable {
    ledger: Ledger,
    embedder: Embedder,
    pictures: Vec<PictureHere>,
    features: Matrix,
}

impl Searchable {
    /// Reads what is kept, and computes what is missing unless only `kept` ones are wanted.
    pub(crate) async fn open(home: &Home, settings: &Settings, kept: bool) -> Result<Self> {
        let ledger = home.ledger().await?;
        let embedder = Embedder::open(home, settings, None).await?;
        let here = ledger.pictures_here().await?;
        if !kept {
            let all: Vec<(ObjectId, Md5)> = here.iter().map(|picture| (picture.id, picture.md5)).collect();
            let meter = Meter::things("pictures have features");
            meter.total(all.len() as u64);
            for some in all.chunks(STEP) {
                embedder.features(some).await?;
                meter.add(some.len() as u64);
            }
            meter.end();
        }
        let (ids, rows) = embedder.all().await?;
        let work = move || {
            let row: HashMap<ObjectId, usize> = ids.into_iter().enumerate().map(|(row, id)| (id, row)).collect();
            // What is kept of pictures that retention took is no more of use.
            let pictures: Vec<PictureHere> = here.into_iter().filter(|here| row.contains_key(&here.id)).collect();
            let data = pictures.iter().flat_map(|picture| rows.row(row[&picture.id])).copied().collect();
            Ok::<_, anyhow::Error>((pictures, Matrix::new(rows.width().max(1), data)?))
        };
        let (pictures, features) = tokio::task::spawn_blocking(work).await.context("reading features panicked")??;
        if pictures.is_empty() {
            let hint = "pictures come with challenges (`hivis serve`), `hivis import dataset` or `hivis pull dataset`";
            return Err(Hinted::new(format!("no picture of {} has features", home.path().display()), hint).into());
        }
        Ok(Self { ledger, embedder, pictures, features })
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.pictures.len()
    }

    /// The nearest to these features, nearest first, without the picture itself.
    pub(crate) async fn like(&self, features: Vec<f32>, but: Option<ObjectId>, limit: usize) -> Result<Vec<Found>> {
        let rows = self.features.clone();
        let hits = tokio::task::spawn_blocking(move || nearest(&rows, &features, limit + 1)).await;
        let hits = hits.context("the search panicked")?;
        let found = hits.into_iter().map(|hit| (hit.row, hit.distance));
        let found = found.filter(|(row, _)| Some(self.pictures[*row].id) != but).take(limit).collect();
        self.named(found).await
    }

    /// Those whose neighbours are furthest, the strangest first.
    pub(crate) async fn outliers(&self, limit: usize) -> Result<Vec<Found>> {
        let rows = self.features.clone();
        let far = tokio::task::spawn_blocking(move || outliers(&rows, STRANGE)).await.context("the search panicked")?;
        let mut found: Vec<(usize, f32)> = far.into_iter().enumerate().collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(limit);
        self.named(found).await
    }

    /// The nearest to 0.5 by the current release, and how many pictures it has not judged. At most `judge` of those it
    /// has not judged are judged now, the newest first.
    pub(crate) async fn boundary(&self, home: &Home, judge: usize, limit: usize) -> Result<(Vec<Found>, usize)> {
        let current = home.releases().current()?;
        let mut said: HashMap<ObjectId, f32> = HashMap::new();
        let ids: Vec<ObjectId> = self.pictures.iter().map(|picture| picture.id).collect();
        for record in self.ledger.judged_of(&ids).await? {
            if Some(&record.release) == current.as_ref() {
                said.insert(record.sha256, record.probability);
            }
        }
        let mut unheard: Vec<&PictureHere> = self.pictures.iter().filter(|p| !said.contains_key(&p.id)).collect();
        unheard.sort_by_key(|picture| std::cmp::Reverse(picture.record));
        let left = unheard.len().saturating_sub(judge);
        let asked: Vec<(ObjectId, Md5)> = unheard.into_iter().take(judge).map(|p| (p.id, p.md5)).collect();
        for some in asked.chunks(STEP) {
            let scores = self.embedder.judge(some).await?;
            let heard = some.iter().zip(scores).filter_map(|((id, _), scores)| Some((*id, scores?.probability)));
            said.extend(heard);
        }
        let rows = self.pictures.iter().enumerate();
        let mut found: Vec<(usize, f32)> = rows.filter_map(|(row, p)| Some((row, *said.get(&p.id)?))).collect();
        found.sort_by(|a, b| (a.1 - 0.5).abs().total_cmp(&(b.1 - 0.5).abs()).then(a.0.cmp(&b.0)));
        found.truncate(limit);
        Ok((self.named(found).await?, left))
    }

    /// Near-duplicates, the largest group first, and how many pictures have no hash.
    pub(crate) async fn duplicates(
        &self,
        home: &Home,
        settings: TwinSettings,
        limit: usize,
    ) -> Result<(Vec<Group>, usize)> {
        let (rows, pictures, objects) = (self.features.clone(), self.pictures.clone(), home.objects().clone());
        let work = move || {
            let read = |id, md5| {
                let bytes = objects.get(id, md5).ok()?;
                let decoded = hivis_image::decode(&bytes, &hivis_image::DecodeLimits::default()).ok()?;
                Some(hivis_image::difference_hash(&decoded.picture))
            };
            let unknown: Vec<usize> = (0..pictures.len()).filter(|&at| pictures[at].dhash.is_none()).collect();
            let mut hashes: Vec<Option<u64>> = pictures.iter().map(|picture| picture.dhash).collect();
            let computed: Vec<(usize, Option<u64>)> =
                unknown.into_par_iter().take(HASHED).map(|at| (at, read(pictures[at].id, pictures[at].md5))).collect();
            for (at, hash) in computed {
                hashes[at] = hash;
            }
            // Those of data sets first, then by the order of records.
            let mut order: Vec<usize> = (0..pictures.len()).collect();
            order.sort_by_key(|&at| (pictures[at].record, at));
            let stands = twins(&rows, &hashes, &order, settings)?;
            let mut groups: HashMap<usize, Vec<(usize, f32)>> = HashMap::new();
            for at in order {
                let distance = hivis_curate::mine::cosine_distance(rows.row(at), rows.row(stands[at]));
                groups.entry(stands[at]).or_default().push((at, if at == stands[at] { 0.0 } else { distance }));
            }
            let mut groups: Vec<Vec<(usize, f32)>> = groups.into_values().filter(|group| group.len() > 1).collect();
            groups.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].0.cmp(&b[0].0)));
            groups.truncate(limit);
            Ok::<_, anyhow::Error>((groups, hashes.iter().filter(|hash| hash.is_none()).count()))
        };
        let (groups, without) = tokio::task::spawn_blocking(work).await.context("the search panicked")??;
        let mut found = Vec::with_capacity(groups.len());
        for group in groups {
            found.push(Group { pictures: self.named(group).await? });
        }
        Ok((found, without))
    }

    async fn named(&self, found: Vec<(usize, f32)>) -> Result<Vec<Found>> {
        let ids: Vec<ObjectId> = found.iter().map(|(row, _)| self.pictures[*row].id).collect();
        let mut names = self.ledger.picture_names(&ids).await?;
        let of = |(row, value): (usize, f32)| {
            let picture = self.pictures[row];
            let name = names.remove(&picture.id).unwrap_or_default();
            Found { sha256: picture.id, md5: picture.md5, value, name }
        };
        Ok(found.into_iter().map(of).collect())
    }

    /// The features of what the user named, and which picture of the home it is.
    pub(crate) async fn meant(
        &self,
        home: &Home,
        settings: &Settings,
        what: &str,
    ) -> Result<(Vec<f32>, Option<ObjectId>)> {
        let file = Path::new(what);
        if file.is_file() {
            let bytes = fs_err::read(file)?;
            let features = of_file(home, settings, &bytes).await;
            let features = features.with_context(|| format!("{what} cannot be searched by"))?;
            return Ok((features, Some(ObjectId::of(&bytes))));
        }
        let (id, md5) = self.picture(what).await?;
        let features = self.embedder.features(&[(id, md5)]).await?.pop().flatten();
        let features = features.with_context(|| format!("the picture {id} cannot be read"))?;
        Ok((features, Some(id)))
    }

    /// A record's picture, or one by its SHA-256.
    async fn picture(&self, what: &str) -> Result<(ObjectId, Md5)> {
        if what.len() >= DIGITS
            && let Some(found) = self.ledger.picture_beginning(what).await?
        {
            return Ok(found);
        }
        let hint = "give a file, a record's id (`hivis records list`), or eight or more characters of a SHA-256";
        let story = self.ledger.story(what).await;
        let story = story.map_err(|error| {
            anyhow::Error::new(error).context(Hinted::new(format!("`{what}` is no picture here"), hint))
        })?;
        match story.stored.picture_state {
            hivis_store::PictureState::Stored { sha256, md5, .. } => Ok((sha256, md5)),
            state => {
                let message =
                    format!("the picture of record {} is not in the home: {}", story.stored.record.id, state.as_str());
                Err(Hinted::new(message, "only rows stay when retention takes a picture").into())
            }
        }
    }
}

/// The features of a picture that is not in the home, by the current release.
async fn of_file(home: &Home, settings: &Settings, bytes: &[u8]) -> Result<Vec<f32>> {
    let decoded = hivis_image::decode(bytes, &hivis_image::DecodeLimits::default())?;
    let release = home::current_release(home)?.context("no release is current")?;
    let engine = swap::bring_up(release, &settings.model).await?.engine;
    let work = move || {
        let (width, height) = engine.card().input;
        let picture: Picture = hivis_image::resize_bilinear(&decoded.picture, width, height);
        let scores = engine.run(&[&picture])?;
        scores.into_iter().next().map(|scores| scores.features).context("the engine gave no score")
    };
    tokio::task::spawn_blocking(work).await.context("the engine panicked")?
}
