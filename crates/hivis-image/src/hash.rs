//! A perceptual hash.

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
