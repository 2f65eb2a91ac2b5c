//! Refused pictures with their reasons, in one picture.

use std::path::Path;

use anyhow::Result;
use hivis_examiner::{Captioned, contact_sheet};
use hivis_image::{DecodeLimits, decode_upright, encode_png};
use hivis_types::Picture;

/// A refused picture.
pub(crate) struct Refused {
    /// Its bytes, which may be no picture.
    pub(crate) bytes: Vec<u8>,
    /// What a person finds it by.
    pub(crate) name: String,
    /// Why, `kind: words` each.
    pub(crate) reasons: Vec<String>,
}

/// Draws them and writes the sheet; what is no picture is a black square.
pub(crate) fn write(path: &Path, refused: &[Refused]) -> Result<()> {
    let cell = |one: &Refused| {
        let decoded = decode_upright(&one.bytes, &DecodeLimits::default());
        let picture = decoded.map_or_else(|_| Picture::filled(224, 224, [0; 3]), |decoded| decoded.picture);
        let kinds: Vec<&str> = one.reasons.iter().filter_map(|reason| reason.split(':').next()).collect();
        Captioned { picture, caption: format!("{}\n{}", kinds.join(" "), one.name) }
    };
    let cells: Vec<Captioned> = refused.iter().map(cell).collect();
    Ok(fs_err::write(path, encode_png(&contact_sheet(&cells)))?)
}
