//! Imported pictures as a source of questions and of training rows.

use anyhow::Result;
use hivis_examiner::pictures::Skipped;
use hivis_examiner::{Library, LibraryPicture, PictureBytes};
use hivis_store::Home;

use crate::failure::Hinted;

/// Which imported pictures are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which<'a> {
    /// All of them.
    All,
    /// Those of this data set.
    Of(&'a str),
}

impl<'a> Which<'a> {
    /// `data` or `data:NAME`; `None` for any other word.
    pub(crate) fn named(word: &'a str) -> Option<Self> {
        match word.split_once(':') {
            Some(("data", name)) if !name.is_empty() => Some(Self::Of(name)),
            None if word == "data" => Some(Self::All),
            _ => None,
        }
    }
}

/// The imported pictures of one data set or of all, each once, with the label that counts. A picture that the most
/// trusted sources contradict each other on is left out and named among the skipped.
pub(crate) async fn library(home: &Home, which: Which<'_>) -> Result<Library> {
    let dataset = match which {
        Which::All => None,
        Which::Of(name) => Some(name),
    };
    let found = home.ledger().await?.imported(dataset).await?;
    if found.is_empty() {
        let hint = "`hivis import dataset FOLDER` or `hivis pull dataset OWNER/NAME` brings some";
        return Err(Hinted::new("no pictures are imported", hint).into());
    }
    let (mut pictures, mut skipped) = (Vec::with_capacity(found.len()), Vec::new());
    for picture in found {
        let name = format!("{}/{}", picture.dataset, picture.name);
        if picture.disputed {
            skipped.push(Skipped { name, why: "data sets disagree on it".to_owned() });
            continue;
        }
        pictures.push(LibraryPicture {
            bytes: PictureBytes::File(picture.path),
            label: picture.label,
            origin: picture.origin,
            scene: picture.scene,
            slices: picture.slices,
            name,
            trained_on: false,
        });
    }
    let name = dataset.map_or_else(|| "imported pictures".to_owned(), |name| format!("data set {name}"));
    Ok(Library::new(name, pictures).upright().with_skipped(skipped))
}

#[cfg(test)]
mod tests {
    use super::Which;

    #[test]
    fn words_that_mean_imported_pictures() {
        assert_eq!(Which::named("data"), Some(Which::All));
        assert_eq!(Which::named("data:a/b"), Some(Which::Of("a/b")));
        assert_eq!(Which::named("data:"), None);
        assert_eq!(Which::named("./data"), None);
    }
}
