//! A repository into a folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::download::Source;
use crate::path::below;
use crate::{Hub, HubError, HubFile, Repo, RepoKind};

/// Files loaded side by side: many small pictures would otherwise wait for the line's delay one by one.
const SIDE_BY_SIDE: usize = 4;

/// What to load.
#[derive(Clone, Debug)]
pub struct Wish {
    /// From where.
    pub repo: Repo,
    /// A branch, a tag or a commit.
    pub revision: String,
}

/// What a pull may cost.
#[derive(Clone, Copy, Debug)]
pub struct PullLimits {
    /// Bytes of one file.
    pub file: u64,
    /// Files of a repository.
    pub files: usize,
    /// Bytes that may be written.
    pub free: u64,
}

impl Default for PullLimits {
    /// 64 GiB a file (the largest DINOv3 has 27 GB), 500,000 files, any number of bytes.
    fn default() -> Self {
        Self { file: 64 << 30, files: 500_000, free: u64::MAX }
    }
}

/// What happens meanwhile.
#[derive(Clone, Debug)]
pub enum Event {
    /// It is known what there is to do.
    Listed {
        /// The commit.
        commit: String,
        /// Files wanted.
        files: usize,
        /// Bytes that are not here in whole files.
        bytes: u64,
    },
    /// So many bytes more are here.
    Bytes(u64),
    /// A file is whole.
    Done {
        /// Its name.
        name: String,
    },
    /// Trouble; we ask again after a pause.
    Waiting {
        /// What the trouble is.
        why: String,
        /// How long.
        wait: Duration,
    },
}

/// A repository that is here.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// Its files.
    pub folder: PathBuf,
    /// Which state they are.
    pub commit: String,
    /// How many there are.
    pub files: usize,
    /// How many of them were loaded now.
    pub loaded: usize,
    /// Their bytes, all together.
    pub bytes: u64,
}

/// Loads what hivis reads of a repository into `into/{models,datasets}/owner--name/COMMIT/`.
///
/// Of a model these are the files of the folder's first level that a backbone is read from, of a data set tables and
/// pictures at any depth, and of both the licence and the card. What is there already is not loaded again.
pub async fn pull(
    hub: &Hub,
    wish: &Wish,
    into: &Path,
    limits: &PullLimits,
    told: &(dyn Fn(Event) + Sync),
) -> Result<Pulled, HubError> {
    let repo = &wish.repo;
    let listing = hub.list(repo, &wish.revision, limits.files, told).await?;
    let files: Vec<HubFile> = listing.files.into_iter().filter(|f| wanted(repo.kind(), &f.name)).collect();
    check(hub, repo, &files, limits)?;
    let place = into.join(repo.folder());
    fs::create_dir_all(&place)?;
    let lock = fs::File::create(place.join(".lock"))?;
    if lock.file().try_lock().is_err() {
        return Err(HubError::Running { folder: place });
    }
    let folder = place.join(&listing.commit);
    let bytes = files.iter().map(|file| file.size).sum();
    let mut missing = Vec::new();
    for file in &files {
        let path = below(&folder, &file.name)?;
        if !fs::metadata(&path).is_ok_and(|there| there.is_file() && there.len() == file.size) {
            missing.push((file, path));
        }
    }
    let needed = missing.iter().map(|(file, _)| file.size).sum();
    if needed > limits.free {
        return Err(HubError::NoRoom { needed, free: limits.free });
    }
    told(Event::Listed { commit: listing.commit.clone(), files: files.len(), bytes: needed });
    let source = Source { hub, repo, commit: &listing.commit };
    let load = async |(file, path): &(&HubFile, PathBuf)| {
        source.load(file, path, told).await?;
        told(Event::Done { name: file.name.clone() });
        Ok::<(), HubError>(())
    };
    stream::iter(&missing).map(load).buffer_unordered(SIDE_BY_SIDE).try_collect::<()>().await?;
    fs::create_dir_all(&folder)?;
    Ok(Pulled { folder, commit: listing.commit, files: files.len(), loaded: missing.len(), bytes })
}

fn check(hub: &Hub, repo: &Repo, files: &[HubFile], limits: &PullLimits) -> Result<(), HubError> {
    if let Some(file) = files.iter().find(|file| file.size > limits.file) {
        let limit = format!("{} bytes a file", limits.file);
        return Err(HubError::Limit { what: format!("{} has {} bytes", file.name, file.size), limit });
    }
    let useful = |file: &HubFile| match repo.kind() {
        RepoKind::Model => ending(&file.name) == "safetensors",
        RepoKind::Dataset => !is_paper(&file.name),
    };
    if files.iter().any(useful) {
        return Ok(());
    }
    let (missing, hint) = match repo.kind() {
        RepoKind::Model => ("no *.safetensors", "hivis reads models that are saved as safetensors only"),
        RepoKind::Dataset => (
            "no parquet, CSV, JSON lines or pictures",
            "the Hub turns many data sets into parquet: try --revision refs/convert/parquet",
        ),
    };
    Err(HubError::Nothing { page: hub.page(repo), missing, hint })
}

/// What hivis reads, and what a person should.
fn wanted(kind: RepoKind, name: &str) -> bool {
    let first_level = !name.contains('/');
    let kind_of_file = match kind {
        RepoKind::Model => {
            first_level
                && (matches!(name, "config.json" | "preprocessor_config.json")
                    || ending(name) == "safetensors"
                    || name.ends_with(".safetensors.index.json"))
        }
        RepoKind::Dataset => {
            matches!(ending(name).as_str(), "parquet" | "csv" | "jsonl" | "jpg" | "jpeg" | "png" | "webp")
        }
    };
    kind_of_file || (first_level && is_paper(name))
}

fn is_paper(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["readme", "license", "licence"].iter().any(|paper| name.starts_with(paper)) && !name.ends_with(".parquet")
}

fn ending(name: &str) -> String {
    Path::new(name).extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{RepoKind, wanted};

    #[test]
    fn only_what_hivis_reads() {
        let model = |name| wanted(RepoKind::Model, name);
        for name in ["config.json", "model.safetensors", "model-00001-of-00003.safetensors", "LICENSE.md", "README.md"]
        {
            assert!(model(name), "{name}");
        }
        assert!(model("model.safetensors.index.json"));
        for name in ["pytorch_model.bin", "onnx/model.safetensors", "modeling.py", ".gitattributes", "a.parquet"] {
            assert!(!model(name), "{name}");
        }
        let dataset = |name| wanted(RepoKind::Dataset, name);
        for name in ["data/train-00000-of-00002.parquet", "train/roadwork/1.JPG", "metadata.csv", "README.md"] {
            assert!(dataset(name), "{name}");
        }
        for name in ["roadwork.py", "data.zip", "sub/README.md", "model.safetensors"] {
            assert!(!dataset(name), "{name}");
        }
    }
}
