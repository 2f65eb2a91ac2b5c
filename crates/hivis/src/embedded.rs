//! Features of the home's pictures: what mining, search and the gate compare.
//!
//! A space is what the features of a backbone with a pooling are comparable in. No name in a release says for sure which
//! backbone and pooling stand behind it (releases are imported, files are renamed), so its features of one fixed picture,
//! the canary, decide: two releases that agree on them share a space. `HOME/cache/embeddings/SPACE/` holds the features
//! and `releases`, the names of the releases that were found to be of this space: what these have served is taken from the
//! ledger instead of computed.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result};
use hivis_curate::vectors::Matrix;
use hivis_engine::Engine;
use hivis_image::DecodeLimits;
use hivis_store::{Embeddings, Home, Ledger, Manifest, Md5, ObjectId, Objects};
use hivis_types::{Picture, Precision, ReleaseId, Scores};
use rayon::prelude::*;

use crate::config::Settings;
use crate::failure::Hinted;
use crate::{backbone, home, swap};

/// Pictures that are in memory at once; their features are kept before the next are read.
const CHUNK: usize = 128;
/// How far two releases of one space may differ on the canary, as a share of the largest feature: engines agree to 1e-4.
const SAME: f32 = 1e-3;
/// The file that lists the releases of a space.
const RELEASES: &str = "releases";

/// A release that computes features, and where they are kept.
pub struct Embedder {
    space: String,
    releases: Vec<ReleaseId>,
    ledger: Ledger,
    inner: Arc<Inner>,
}

struct Inner {
    engine: Arc<dyn Engine>,
    objects: Objects,
    batch: usize,
    kept: Mutex<Embeddings>,
}

impl Embedder {
    /// Brings up `release`, or the current one.
    pub async fn open(home: &Home, settings: &Settings, release: Option<&ReleaseId>) -> Result<Self> {
        let (at, id) = (home.clone(), release.cloned());
        let load = move || match id {
            Some(id) => home::load_release(&at, &id).map(Some),
            None => home::current_release(&at),
        };
        let release = tokio::task::spawn_blocking(load).await.context("reading the release panicked")??;
        let Some(release) = release else {
            let hint = "`hivis import model` or `hivis train` makes one, `hivis release promote` points at it";
            return Err(Hinted::new("no release is current, so nothing computes features", hint).into());
        };
        let manifest = release.manifest.clone();
        let loaded = swap::bring_up(release, &settings.model).await?;
        let (folder, precision) = (home.cache().join("embeddings"), settings.model.precision);
        let engine = Arc::clone(&loaded.engine);
        let find = move || {
            let anchor = anchor(&*engine)?;
            let space = Space::find(&folder, &manifest, precision, anchor)?;
            let releases = space.join(&manifest.id)?;
            let kept = Embeddings::open(&space.folder, &space.anchor)?;
            if kept.damaged() > 0 {
                tracing::warn!(space = space.name, rows = kept.damaged(), "damaged features are computed again");
            }
            Ok::<_, anyhow::Error>((space.name, releases, kept))
        };
        let found = tokio::task::spawn_blocking(find).await.context("looking for the space panicked")?;
        let (space, releases, kept) = found.context("the kept features cannot be used")?;
        let inner = Inner {
            engine: loaded.engine,
            objects: home.objects().clone(),
            batch: settings.model.batch,
            kept: Mutex::new(kept),
        };
        Ok(Self { space, releases, ledger: home.ledger().await?, inner: Arc::new(inner) })
    }

    /// Names the backbone and its pooling: features of one space compare.
    pub fn space(&self) -> &str {
        &self.space
    }

    /// The features of these pictures: kept ones, else what was served, else computed and kept. `None` where a picture
    /// is gone, damaged or cannot be decoded.
    pub async fn features(&self, pictures: &[(ObjectId, Md5)]) -> Result<Vec<Option<Vec<f32>>>> {
        let asked = pictures.to_vec();
        let missing = self.aside(move |inner| inner.missing(&asked)).await?;
        let ids: Vec<ObjectId> = missing.iter().map(|(id, _)| *id).collect();
        let precision = self.inner.engine.card().precision;
        let served = self.ledger.served_features(&ids, &self.releases, precision).await?;
        let asked = pictures.to_vec();
        let work = move |inner: &Inner| {
            inner.keep(served)?;
            for some in inner.missing(&missing)?.chunks(CHUNK) {
                inner.judge(some)?;
            }
            let kept = inner.kept();
            Ok(asked.iter().map(|(id, _)| kept.get(*id).map(<[f32]>::to_vec)).collect())
        };
        self.aside(work).await
    }

    /// What the release says of these pictures; their features are kept. `None` as in [`Self::features`].
    pub async fn judge(&self, pictures: &[(ObjectId, Md5)]) -> Result<Vec<Option<Scores>>> {
        let pictures = pictures.to_vec();
        let work = move |inner: &Inner| {
            let mut scores = Vec::with_capacity(pictures.len());
            for some in pictures.chunks(CHUNK) {
                scores.extend(inner.judge(some)?);
            }
            Ok(scores)
        };
        self.aside(work).await
    }

    /// All that is kept of this space: whose row each is, and the rows.
    pub async fn all(&self) -> Result<(Vec<ObjectId>, Matrix)> {
        let read = |inner: &Inner| {
            let mut kept = inner.kept();
            kept.refresh()?;
            let rows = Matrix::new(kept.width(), kept.rows().to_vec()).context("kept features are no numbers")?;
            Ok((kept.ids().to_vec(), rows))
        };
        self.aside(read).await
    }

    /// Work that blocks, on a thread that may.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&Inner) -> Result<T> + Send + 'static) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner)).await.context("computing features panicked")?
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Embeddings> {
        self.kept.lock().expect("nobody panics while holding the features: this is a bug")
    }

    /// Which of these have no features yet, each once.
    fn missing(&self, pictures: &[(ObjectId, Md5)]) -> Result<Vec<(ObjectId, Md5)>> {
        let mut kept = self.kept();
        kept.refresh()?;
        let mut seen = BTreeSet::new();
        Ok(pictures.iter().copied().filter(|(id, _)| kept.get(*id).is_none() && seen.insert(*id)).collect())
    }

    /// Keeps features as far as they are of this space.
    fn keep(&self, rows: Vec<(ObjectId, Vec<f32>)>) -> Result<()> {
        let width = self.engine.card().features;
        let whole: HashMap<ObjectId, Vec<f32>> =
            rows.into_iter().filter(|(_, row)| row.len() == width && row.iter().all(|x| x.is_finite())).collect();
        let mut whole: Vec<(&ObjectId, &Vec<f32>)> = whole.iter().collect();
        whole.sort_unstable_by_key(|(id, _)| **id);
        if !whole.is_empty() {
            self.kept().append(whole.into_iter().map(|(id, row)| (*id, row.as_slice())))?;
        }
        Ok(())
    }

    /// Reads, judges and keeps.
    fn judge(&self, pictures: &[(ObjectId, Md5)]) -> Result<Vec<Option<Scores>>> {
        let read: Vec<Option<Picture>> = pictures.par_iter().map(|(id, md5)| self.read(*id, *md5)).collect();
        let readable: Vec<&Picture> = read.iter().flatten().collect();
        let mut scores = Vec::with_capacity(readable.len());
        for batch in readable.chunks(self.batch.max(1)) {
            scores.extend(self.engine.run(batch).context("the release does not judge")?);
        }
        let of_readable = pictures.iter().zip(&read).filter(|(_, picture)| picture.is_some());
        let rows = of_readable.zip(&scores).map(|(((id, _), _), scores)| (*id, scores.features.clone())).collect();
        self.keep(rows)?;
        let mut scores = scores.into_iter();
        Ok(read.iter().map(|picture| picture.as_ref().and_then(|_| scores.next())).collect())
    }

    /// A picture as the engine takes it.
    fn read(&self, id: ObjectId, md5: Md5) -> Option<Picture> {
        let decoded = match self.objects.get(id, md5) {
            Ok(bytes) => hivis_image::decode(&bytes, &DecodeLimits::default()).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let (width, height) = self.engine.card().input;
        match decoded {
            Ok(decoded) => Some(hivis_image::resize_bilinear(&decoded.picture, width, height)),
            Err(why) => {
                tracing::debug!(picture = %id, why, "a picture is passed over");
                None
            }
        }
    }
}

/// The features of the picture by which spaces are told apart.
fn anchor(engine: &dyn Engine) -> Result<Vec<f32>> {
    let canary = hivis_engine::canary(engine.card().input);
    let scores = engine.run(&[&canary]).context("the release does not judge")?;
    let features = scores.into_iter().next().map(|scores| scores.features).unwrap_or_default();
    if features.is_empty() || features.iter().any(|x| !x.is_finite()) {
        let hint = "import or train a release whose graph has the output `features`";
        return Err(Hinted::new("the release gives no features", hint).into());
    }
    Ok(features)
}

/// Where features of one backbone and pooling lie.
struct Space {
    name: String,
    folder: PathBuf,
    anchor: Vec<f32>,
}

impl Space {
    /// The space among those in `folder` whose anchor agrees, or a new one. A space that cannot be read is passed over.
    fn find(folder: &Path, manifest: &Manifest, precision: Precision, anchor: Vec<f32>) -> Result<Self> {
        let called = backbone::stem(manifest.backbone.as_deref().unwrap_or(&manifest.kind));
        // Rounding of fewer bits differs from picture to picture: only fp32 stands for the backbone itself.
        let bits = if precision == Precision::Fp32 { String::new() } else { format!("-{}", precision.as_str()) };
        let end = format!("-{}{bits}", anchor.len());
        for name in names(folder)? {
            let of_these_bits = name.rsplit_once('.').is_some_and(|(name, _)| name.ends_with(&end));
            let at = folder.join(&name);
            if let (true, Ok(Some(there))) = (of_these_bits, Embeddings::anchor_of(&at))
                && agree(&there, &anchor)
            {
                return Ok(Self { name, folder: at, anchor: there });
            }
        }
        let bytes: Vec<u8> = anchor.iter().flat_map(|x| x.to_le_bytes()).collect();
        let name = format!("{called}{end}.{}", &ObjectId::of(&bytes).to_string()[..8]);
        Ok(Self { folder: folder.join(&name), name, anchor })
    }

    /// Notes that `release` is of this space; all that are.
    fn join(&self, release: &ReleaseId) -> Result<Vec<ReleaseId>> {
        let path = self.folder.join(RELEASES);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        let mut all: BTreeSet<ReleaseId> = text.lines().filter_map(|line| ReleaseId::new(line).ok()).collect();
        if all.insert(release.clone()) {
            fs_err::create_dir_all(&self.folder)?;
            let mut text = all.iter().map(ReleaseId::as_str).collect::<Vec<_>>().join("\n");
            text.push('\n');
            // Two that write at once: the one that is left out is found again when it is next opened.
            let beside = path.with_extension(format!("{}.partial", std::process::id()));
            fs_err::write(&beside, text)?;
            fs_err::rename(&beside, &path)?;
        }
        Ok(all.into_iter().collect())
    }
}

/// A space that a release was found to be of, as it lies on disk.
pub(crate) struct SpaceHere {
    /// Its name.
    pub(crate) name: String,
    /// Where its features lie.
    pub(crate) folder: PathBuf,
    /// The features of the canary in it.
    pub(crate) anchor: Vec<f32>,
    /// Every release that was found to be of it.
    pub(crate) releases: Vec<ReleaseId>,
}

/// The space in `folder` that lists `release` in that precision, without bringing anything up; `None` when none does yet.
pub(crate) fn space_here(folder: &Path, release: &ReleaseId, precision: Precision) -> Result<Option<SpaceHere>> {
    let reduced = |name: &str| [Precision::Bf16, Precision::Int8].into_iter().find(|p| name.ends_with(p.as_str()));
    for name in names(folder)? {
        let Some((called, _)) = name.rsplit_once('.') else { continue };
        let at = folder.join(&name);
        let Ok(text) = std::fs::read_to_string(at.join(RELEASES)) else { continue };
        let releases: Vec<ReleaseId> = text.lines().filter_map(|line| ReleaseId::new(line).ok()).collect();
        if reduced(called).unwrap_or(Precision::Fp32) == precision
            && releases.contains(release)
            && let Ok(Some(anchor)) = Embeddings::anchor_of(&at)
        {
            return Ok(Some(SpaceHere { name, folder: at, anchor, releases }));
        }
    }
    Ok(None)
}

/// The spaces there are, in order.
fn names(folder: &Path) -> Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Whether two releases see the canary alike.
fn agree(a: &[f32], b: &[f32]) -> bool {
    let largest = a.iter().chain(b).fold(0.0_f32, |largest, x| largest.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= SAME * largest)
}
