//! A picture as another tool gives it back, whatever its layout.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use hivis_examiner::{LibraryPicture, PictureBytes};
use hivis_store::ObjectId;
use hivis_types::{Label, Origin};
use sha2::{Digest as _, Sha256};

use super::kept::Said;

/// Takes what a reader finds.
pub(super) type Take<'a> = dyn FnMut(Found) -> Result<()> + 'a;

/// One picture that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What a person finds it by.
    pub(super) name: String,
    /// Its bytes; none when its file is not there, or lies outside the folder.
    pub(super) bytes: Option<PictureBytes>,
    /// SHA-256 in hex, as the tool's table has it.
    pub(super) claimed: Option<String>,
    /// What it shows now; none when nothing is said, the text when it is none of our classes.
    pub(super) label: Result<Option<Label>, String>,
    /// What it showed when it was exported.
    pub(super) was: Option<Label>,
    /// When that was, Unix microseconds.
    pub(super) exported_us: Option<i64>,
    pub(super) origin: Origin,
    pub(super) scene: Option<String>,
    pub(super) slices: Vec<String>,
    /// What the home has no place for.
    pub(super) said: Option<Said>,
    /// Why it must not be taken: then the whole import is refused.
    pub(super) refused: Option<String>,
    /// Why it is passed over.
    pub(super) odd: Option<String>,
}

impl Found {
    /// A picture with that name whose file, if it has one, is known.
    pub(super) fn named(name: String, file: Option<PathBuf>) -> Self {
        Self {
            name,
            bytes: file.map(PictureBytes::File),
            claimed: None,
            label: Ok(None),
            was: None,
            exported_us: None,
            origin: Origin::Real,
            scene: None,
            slices: Vec::new(),
            said: None,
            refused: None,
            odd: None,
        }
    }

    /// A picture of a data set's layout.
    pub(super) fn of(picture: LibraryPicture) -> Self {
        let mut found = Self::named(picture.name, None);
        found.bytes = Some(picture.bytes);
        found.label = Ok(Some(picture.label));
        found.origin = picture.origin;
        found.scene = Some(picture.scene);
        found.slices = picture.slices;
        found
    }

    /// What is passed over.
    pub(super) fn odd(name: String, why: String) -> Self {
        let mut found = Self::named(name, None);
        found.odd = Some(why);
        found
    }

    /// What makes the import impossible.
    pub(super) fn refused(name: String, why: String) -> Self {
        let mut found = Self::named(name, None);
        found.refused = Some(why);
        found
    }

    /// Its bytes in memory.
    pub(super) fn load(&self) -> Result<Option<Arc<[u8]>>> {
        Ok(match &self.bytes {
            None => None,
            Some(PictureBytes::Memory(bytes)) => Some(bytes.clone()),
            Some(PictureBytes::File(path)) => Some(fs_err::read(path)?.into()),
        })
    }

    /// The identity of its bytes.
    pub(super) fn id(&self) -> Result<Option<ObjectId>> {
        match &self.bytes {
            None => Ok(None),
            Some(PictureBytes::Memory(bytes)) => Ok(Some(ObjectId::of(bytes))),
            Some(PictureBytes::File(path)) => id(path).map(Some),
        }
    }
}

/// The identity of a file's bytes.
pub(super) fn id(path: &Path) -> Result<ObjectId> {
    let mut hash = Sha256::new();
    std::io::copy(&mut fs_err::File::open(path)?, &mut hash)?;
    Ok(ObjectId(hash.finalize().into()))
}

/// A SHA-256 in hex; none for any other text.
pub(super) fn from_hex(text: &str) -> Option<ObjectId> {
    hex::decode(text).ok()?.try_into().ok().map(ObjectId)
}

/// `real` or `synthetic`.
pub(super) fn origin(text: &str) -> Option<Origin> {
    [Origin::Real, Origin::Synthetic].into_iter().find(|origin| origin.as_str() == text)
}

/// The file of that relative path, when it is there and, links followed, in the folder.
pub(super) fn inside(root: &Path, file: &str) -> Result<Option<PathBuf>> {
    let path = root.join(file);
    if !path.is_file() {
        return Ok(None);
    }
    let (real, root) = (fs_err::canonicalize(&path)?, fs_err::canonicalize(root)?);
    Ok(real.starts_with(root).then_some(path))
}
