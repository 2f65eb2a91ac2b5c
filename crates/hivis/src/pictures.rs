//! Where labelled pictures come from, by the word of `--pictures`.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_examiner::Library;
use hivis_store::Home;

use crate::failure::Hinted;
use crate::imported::{self, Which};
use crate::{recorded, sampled, versioned};

/// The pictures of `home` (labelled records), `data` or `data:NAME` (imported ones), `samples` (all that the home could
/// train on), `version:NAME` or `version:latest`, or a folder; none for `scenes`, which have no end. `home` opens the home where one is needed.
pub(crate) async fn library(name: &str, home: impl FnOnce() -> Result<Home>) -> Result<Option<Library>> {
    if name == "scenes" {
        return Ok(None);
    }
    if name == "home" {
        return recorded::labelled(&home()?).await.map(Some);
    }
    if let Some(which) = Which::named(name) {
        return imported::library(&home()?, which).await.map(Some);
    }
    if name == "samples" {
        return sampled::library(&home()?).await.map(Some);
    }
    if let Some(version) = versioned::named(name) {
        return versioned::library(&home()?, version).await.map(Some);
    }
    let folder = Path::new(name);
    if !folder.is_dir() {
        let hint = "`scenes`, `home`, `data`, `data:NAME`, `samples`, `version:NAME`, or a folder with subfolders `roadwork` and `none`";
        return Err(Hinted::new(format!("there is no folder {name}"), hint).into());
    }
    Library::from_folder(folder).map(Some).with_context(|| format!("{name} cannot be read"))
}
