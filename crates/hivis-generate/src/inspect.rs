//! The look at each picture that a generator gives.

use std::time::Duration;

use hivis_image::{DecodeLimits, decode};

use crate::Refusal;

/// Generators give PNG files of a few megabytes, with their workflow inside.
const LIMITS: DecodeLimits = DecodeLimits { bytes: 32 << 20, pixels: 4096 * 4096, time: Duration::from_secs(20) };
/// A colour value up to this is black; encoders do not keep zeros.
const BLACK: u8 = 8;
/// One value in so many may be brighter.
const SPECKS: usize = 1000;

/// Whether the bytes are a whole picture of `width` x `height` pixels that shows something.
pub fn inspect(bytes: &[u8], (width, height): (u32, u32)) -> Result<(), Refusal> {
    let decoded = decode(bytes, &LIMITS).map_err(|error| Refusal::NotAPicture(error.to_string()))?;
    if let Some(note) = decoded.notes.iter().find(|note| matches!(note.as_str(), "truncated" | "damaged")) {
        return Err(Refusal::Broken(note.clone()));
    }
    let picture = &decoded.picture;
    let found = (picture.width(), picture.height());
    if found != (width, height) {
        return Err(Refusal::WrongSize { wanted: (width, height), found });
    }
    let bright = picture.rgb().iter().filter(|value| **value > BLACK).count();
    if bright * SPECKS <= picture.rgb().len() {
        return Err(Refusal::SafetyFilter);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hivis_image::{Picture, encode_jpeg, encode_png};

    use super::*;

    #[test]
    fn what_is_no_use_is_told_by_its_reason() {
        let street = encode_png(&Picture::filled(64, 48, [90, 100, 110]));
        assert_eq!(inspect(&street, (64, 48)), Ok(()));
        let reason = |bytes: &[u8]| inspect(bytes, (64, 48)).expect_err("no use").reason();
        assert_eq!(reason(b"<html>busy</html>"), "not a picture");
        assert_eq!(reason(&[]), "not a picture");
        assert_eq!(reason(&encode_png(&Picture::filled(48, 64, [90, 100, 110]))), "wrong size");
        for black in [[0, 0, 0], [3, 1, 4]] {
            assert_eq!(reason(&encode_png(&Picture::filled(64, 48, black))), "safety filter");
            assert_eq!(reason(&encode_jpeg(&Picture::filled(64, 48, black))), "safety filter");
        }
        // A night street is dark and no black picture.
        let mut night = Picture::filled(64, 48, [2, 2, 4]);
        for at in (0..night.rgb().len()).step_by(200) {
            night.rgb_mut()[at] = 120;
        }
        assert_eq!(inspect(&encode_png(&night), (64, 48)), Ok(()));
        let mut rgb = vec![0; 64 * 48 * 3];
        rgb.iter_mut().enumerate().for_each(|(i, value)| *value = (i * 37 % 251) as u8);
        let whole = encode_jpeg(&Picture::new(64, 48, rgb).expect("a picture"));
        assert_eq!(reason(&whole[..whole.len() * 4 / 5]), "damaged");
    }
}
