//! Perceptual hashes: pictures that look alike differ in few bits.

use std::fmt;
use std::str::FromStr;

use hivis_types::Picture;

use crate::quality::grey;
use crate::resize_bilinear;

/// 64-bit difference hash: the picture shrunk to 9 x 8 in grey, one bit for each step to the right that gets brighter.
///
/// Rows from the top, the first bit is the highest. Pictures that look alike differ in few bits.
pub fn difference_hash(picture: &Picture) -> u64 {
    let small = grey(&resize_bilinear(picture, 9, 8));
    let steps = small.chunks_exact(9).flat_map(|row| row.windows(2)).map(|pair| u64::from(pair[1] > pair[0]));
    steps.fold(0, |hash, bit| hash << 1 | bit)
}

/// Side of the picture that [`fine_hash`] looks at.
const SIDE: usize = 32;
/// Frequencies along each side that it keeps.
const WAVES: usize = 16;

/// 256-bit hash of a picture's shapes: shrunk to 32 x 32 in grey, the sign of each of the 16 x 16 lowest coefficients of
/// its discrete cosine transform, in integers, so that it is the same on any machine. Brightness, contrast, size and
/// compression hardly matter; a mirror image is another picture.
///
/// Measured by `cargo run -p hivis-train --no-default-features --example nearness` on 3,000 procedural scenes of 320 x
/// 240, which resemble each other more than photographs do. Of its 4,498,500 pairs of different scenes the nearest is 69
/// bits apart, 12 are within 80, 233 within 88; of their [`difference_hash`]es four pairs
/// differ in 4 of 64 bits, and JPEG of quality 90 alone moves one by up to 8. Distance of a changed picture from itself (500 scenes; 99% at most, most):
/// JPEG of quality 50 8, 10; half the size and JPEG 8, 13; brightness x 1.2 17, 35; 1% cut off each side 24, 27; 2% cut off
/// 39, 47; 3% cut off 59, 63. A step aside with the camera is another picture (median 69).
pub fn fine_hash(picture: &Picture) -> FineHash {
    let small = grey(&resize_bilinear(picture, SIDE as u32, SIDE as u32));
    let waves = waves();
    let mut across = [[0_i64; WAVES]; SIDE];
    for (row, sums) in small.chunks_exact(SIDE).zip(&mut across) {
        for (sum, wave) in sums.iter_mut().zip(&waves) {
            *sum = row.iter().zip(wave).map(|(&grey, &height)| i64::from(grey) * height).sum();
        }
    }
    let mut hash = [0; 4];
    for (down, wave) in waves.iter().enumerate() {
        for along in 0..WAVES {
            let sum: i64 = across.iter().zip(wave).map(|(sums, &height)| sums[along] * height).sum();
            let bit = WAVES * down + along;
            hash[bit / 64] |= u64::from(sum > 0) << (bit % 64);
        }
    }
    FineHash(hash)
}

/// The cosines of the transform times 4,096, rounded.
fn waves() -> [[i64; SIDE]; WAVES] {
    std::array::from_fn(|wave| {
        std::array::from_fn(|at| {
            let angle = std::f64::consts::PI * wave as f64 * (at as f64 + 0.5) / SIDE as f64;
            (4096.0 * angle.cos()).round() as i64
        })
    })
}

/// 256 bits that say what a picture looks like; see [`fine_hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FineHash(pub [u64; 4]);

impl FineHash {
    /// Bits in which two hashes differ, 0 to 256.
    #[inline]
    pub fn distance(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for FineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a picture's hash has 64 hexadecimal digits")]
pub struct NotAHash;

impl FromStr for FineHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAHash);
        }
        let mut words = [0; 4];
        for (word, digits) in words.iter_mut().zip([0, 16, 32, 48]) {
            *word = u64::from_str_radix(&text[digits..digits + 16], 16).map_err(|_| NotAHash)?;
        }
        Ok(Self(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares of 16 pixels, each of another grey.
    fn squares(bright: f64) -> Picture {
        let rgb = (0..240_u32).flat_map(|y| {
            (0..320_u32).flat_map(move |x| {
                let mixed = (x / 16 * 31 + y / 16 * 17 + 1).wrapping_mul(0x9e37_79b9);
                [(f64::from(mixed >> 24) * 0.7 * bright) as u8; 3]
            })
        });
        Picture::new(320, 240, rgb.collect()).unwrap()
    }

    #[test]
    fn size_and_brightness_hardly_matter_and_a_mirror_image_does() {
        let picture = squares(1.0);
        let hash = fine_hash(&picture);
        let sizes = [resize_bilinear(&picture, 160, 120), resize_bilinear(&picture, 224, 224), squares(1.4)];
        for other in sizes {
            let distance = hash.distance(&fine_hash(&other));
            assert!(distance <= 10, "{distance}");
        }
        let mirrored =
            (0..240).flat_map(|y| (0..320).rev().map(move |x| (x, y))).flat_map(|(x, y)| picture.pixel(x, y));
        let mirrored = Picture::new(320, 240, mirrored.collect()).unwrap();
        // The signs of all waves that are odd across turn: half of them.
        let distance = hash.distance(&fine_hash(&mirrored));
        assert!((118..=138).contains(&distance), "{distance}");
    }

    #[test]
    fn signs_are_those_of_the_transform_in_floating_point() {
        let rgb =
            (0..32_u32).flat_map(|y| (0..32).flat_map(move |x| [((x * 37 + y * 101 + x * y * 13) % 256) as u8; 3]));
        let hash = fine_hash(&Picture::new(32, 32, rgb.collect()).unwrap());
        // Computed with NumPy.
        assert_eq!(hash.to_string(), "5c55d58caaaacc636051840cceaac4f331c14ed41c4a5523bd9d36057c2e75eb");
    }

    #[test]
    fn a_flat_picture_has_no_shapes() {
        assert_eq!(fine_hash(&Picture::filled(50, 40, [0; 3])), FineHash([0; 4]));
        assert_eq!(fine_hash(&Picture::filled(50, 40, [200, 10, 90])), FineHash([1, 0, 0, 0]), "only the mean");
    }

    #[test]
    fn a_hash_is_written_and_read() {
        let hash = FineHash([1, u64::MAX, 0, 0xabc]);
        let text = "0000000000000001ffffffffffffffff00000000000000000000000000000abc";
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse(), Ok(hash));
        for bad in ["", "12", &text[1..], &text.replace("abc", "abx"), &format!("+{}", &text[1..])] {
            assert_eq!(bad.parse::<FineHash>(), Err(NotAHash), "{bad}");
        }
    }
}
