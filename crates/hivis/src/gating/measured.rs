//! What can be told from a picture's bytes alone.

use hivis_image::quality::{Quality, quality};
use hivis_image::{DecodeLimits, FineHash, decode_upright, fine_hash};
use hivis_store::{Md5, ObjectId, Objects};
use rayon::prelude::*;

/// Measures and hash of a picture; or why it cannot be read.
pub(crate) type Measured = Result<(Quality, FineHash), String>;

/// Measures a picture's bytes, under the limits for strangers' pictures.
pub(crate) fn measure(bytes: &[u8]) -> Measured {
    let decoded = decode_upright(bytes, &DecodeLimits::default()).map_err(|error| error.to_string())?;
    Ok((quality(&decoded.picture), fine_hash(&decoded.picture)))
}

/// Measures pictures of the home on all cores.
pub(super) fn measure_all(objects: &Objects, pictures: &[(ObjectId, Md5)]) -> Vec<Measured> {
    let one = |(id, md5): &(ObjectId, Md5)| measure(&objects.get(*id, *md5).map_err(|error| error.to_string())?);
    pictures.par_iter().map(one).collect()
}
