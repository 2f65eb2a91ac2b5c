//! Strangers' bytes to a picture, under limits.

use std::time::Duration;

use hivis_types::Picture;

/// What a stranger's picture may cost us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Most bytes that are looked at.
    pub bytes: usize,
    /// Most pixels, read from the header before anything is allocated for them.
    pub pixels: u64,
    /// Longest time; checked between the stages of a decode, so one stage can run over it.
    pub time: Duration,
}

impl Default for DecodeLimits {
    /// 8 MiB, 4096 x 4096 pixels, 2 seconds.
    fn default() -> Self {
        Self { bytes: 8 << 20, pixels: 4096 * 4096, time: Duration::from_secs(2) }
    }
}

/// The formats that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// Baseline or progressive JPEG.
    Jpeg,
    /// PNG of any colour type.
    Png,
    /// Lossy or lossless WebP; of an animation the first frame.
    Webp,
}

impl Media {
    /// The media type, such as `image/jpeg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// A picture and what was odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The pixels.
    pub picture: Picture,
    /// The format they came in.
    pub media: Media,
    /// What was odd, for the person who looks: "truncated", "CMYK", "16 bit", "alpha dropped", "1 x 1", and so on.
    pub notes: Vec<String>,
}

/// Why bytes were not judged.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Longer than the limit; nothing was read.
    #[error("{bytes} bytes are over the limit of {limit}")]
    TooManyBytes {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The header claims more pixels than allowed; nothing was decoded.
    #[error("{width} x {height} pixels are over the limit of {limit}")]
    TooManyPixels {
        /// Width in the header.
        width: u32,
        /// Height in the header.
        height: u32,
        /// Pixels allowed.
        limit: u64,
    },
    /// No header of a format that we read.
    #[error("not a picture: {reason}")]
    NotAPicture {
        /// What was missing.
        reason: String,
    },
    /// A picture once, but less than half of it can be read.
    #[error("too broken to judge: {reason}")]
    TooBroken {
        /// What was missing.
        reason: String,
    },
    /// Decoding took longer than allowed.
    #[error("decoding took longer than {} ms", limit.as_millis())]
    TooSlow {
        /// Time allowed.
        limit: Duration,
    },
}

/// Decodes as the validator's Pillow would: EXIF orientation is ignored, alpha is dropped without blending.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let _ = (bytes, limits);
    todo!()
}

/// Decodes a user's picture for import: as [`decode()`], then turned as its EXIF orientation says.
pub fn decode_upright(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let _ = (bytes, limits);
    todo!()
}
