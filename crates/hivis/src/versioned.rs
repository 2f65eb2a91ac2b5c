//! The pictures of a version as a source of questions and of training rows.

use anyhow::{Context, Result};
use hivis_examiner::Library;
use hivis_store::{Home, Ledger, Sample, VersionPicture};
use rayon::prelude::*;

use crate::failure::Hinted;
use crate::versioning::line::Line;

/// The word before a version's name in `--pictures`.
const WORD: &str = "version:";

/// The version that a word of `--pictures` means: `version:NAME`, `version:latest`.
pub(crate) fn named(word: &str) -> Option<&str> {
    word.strip_prefix(WORD).filter(|name| !name.is_empty())
}

/// The words of `--pictures` with `latest` and numbers replaced by the names of the versions that they mean now, so that
/// what is written down means the same tomorrow.
#[cfg(feature = "train")]
pub(crate) async fn pinned(home: &Home, words: &str) -> Result<String> {
    let mut pinned = Vec::new();
    for word in words.split(',').map(str::trim) {
        pinned.push(match named(word) {
            Some(name) => format!("{WORD}{}", home.ledger().await?.version_named(name).await?.name),
            None => word.to_owned(),
        });
    }
    Ok(pinned.join(","))
}

/// The versions among the words, for a release's note.
#[cfg(feature = "train")]
pub(crate) fn versions(words: &str) -> Option<String> {
    let all: Vec<&str> = words.split(',').filter_map(|word| named(word.trim())).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The pictures of a version, each with its SHA-256 checked.
pub(crate) async fn library(home: &Home, name: &str) -> Result<Library> {
    let ledger = home.ledger().await?;
    let version = ledger.version_named(name).await?;
    let pictures = ledger.version_pictures(&version).await?;
    let objects = home.objects().clone();
    let work = move || {
        let picture = |picture: &VersionPicture| {
            objects.get(picture.id, picture.md5)?;
            Ok(Line::read(&picture.line)?.picture(&picture.path))
        };
        let read: Result<Vec<_>> = pictures.par_iter().map(picture).collect();
        let name = version.name;
        read.map(|pictures| Library::new(format!("version {name}"), pictures).upright()).map_err(|error| {
            let hint = "`hivis data fsck` names all that is wrong, and what mends it";
            error.context(Hinted::new(format!("version {name} is not whole"), hint))
        })
    };
    tokio::task::spawn_blocking(work).await.context("reading the version panicked")?
}

/// The pictures of a version as samples, as they were said to be when it was cut.
pub(crate) async fn samples(ledger: &Ledger, name: &str) -> Result<Vec<Sample>> {
    let version = ledger.version_named(name).await?;
    let pictures = ledger.version_pictures(&version).await?;
    pictures.iter().map(|picture| Line::read(&picture.line)?.sample(picture)).collect()
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn words_that_mean_versions() {
        assert_eq!(named("version:latest"), Some("latest"));
        assert_eq!(named("version:"), None);
        assert_eq!(named("./version"), None);
    }

    #[cfg(feature = "train")]
    #[test]
    fn a_release_names_the_versions_among_its_words() {
        let versions = super::versions("home, version:v1.0.0-20261126");
        assert_eq!(versions.as_deref(), Some("v1.0.0-20261126"));
        assert_eq!(super::versions("scenes"), None);
    }
}
