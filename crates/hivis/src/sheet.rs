//! Contact sheets of pictures of the home.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_examiner::{Captioned, contact_sheet};
use hivis_store::{Home, Md5, ObjectId};
use hivis_types::Picture;

/// A sheet has at most so many pictures; more would be a file that nothing opens.
const MOST: usize = 200;

/// Writes the pictures in their order with what stands below each; gives how many. One that cannot be read is a grey cell
/// with the reason, so that the sheet has the same order as the list.
pub(crate) async fn write(home: &Home, pictures: Vec<(ObjectId, Md5, String)>, file: &Path) -> Result<usize> {
    let (objects, file) = (home.objects().clone(), file.to_owned());
    let work = move || {
        let cell = |(id, md5, caption): (ObjectId, Md5, String)| {
            let bytes = objects.get(id, md5).map_err(|error| error.to_string());
            let limits = hivis_image::DecodeLimits::default();
            let read = bytes.and_then(|bytes| hivis_image::decode(&bytes, &limits).map_err(|error| error.to_string()));
            match read {
                Ok(decoded) => Captioned { picture: decoded.picture, caption },
                Err(why) => {
                    Captioned { picture: Picture::filled(224, 224, [96; 3]), caption: format!("not read\n{why}") }
                }
            }
        };
        let cells: Vec<Captioned> = pictures.into_iter().take(MOST).map(cell).collect();
        let beside = file.with_extension("partial");
        fs_err::write(&beside, hivis_image::encode_png(&contact_sheet(&cells)))?;
        fs_err::rename(&beside, &file)?;
        Ok(cells.len())
    };
    tokio::task::spawn_blocking(work).await.context("the contact sheet panicked")?
}
