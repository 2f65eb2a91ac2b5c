//! Strangers' bytes to a picture, under limits.
//!
//! The header is read first, and pixels are refused before anything is allocated for them. A file that ends early is
//! judged when at least half of its pixels were decoded (and, of a JPEG in several scans, enough whole scans): the
//! buffer starts out as a filler grey, so what the decoder never reached can be counted.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use hivis_types::Picture;
use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageResult, Limits, RgbImage};

mod jpeg;
mod webp;

/// What pixels hold that no decoder reached; the JPEG decoder fills the missing rows of a cut-off file with it too.
const FILLER: u8 = 128;

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

    /// The format by the first bytes.
    fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
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
    /// What was odd, for the person who looks: "truncated", "damaged", "CMYK", "16 bit", "alpha dropped", "1 x 1", and so on.
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
    guarded(bytes, limits, false)
}

/// Decodes a user's picture for import: as [`decode()`], then turned as its EXIF orientation says.
pub fn decode_upright(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    guarded(bytes, limits, true)
}

/// Keeps a panic of a format's parser from taking the worker with it: bytes of strangers caused it.
fn guarded(bytes: &[u8], limits: &DecodeLimits, upright: bool) -> Result<Decoded, DecodeError> {
    if bytes.len() > limits.bytes {
        return Err(DecodeError::TooManyBytes { bytes: bytes.len(), limit: limits.bytes });
    }
    catch_unwind(AssertUnwindSafe(|| read(bytes, limits, upright)))
        .unwrap_or_else(|_| Err(DecodeError::TooBroken { reason: "its decoder panicked".to_owned() }))
}

fn read(bytes: &[u8], limits: &DecodeLimits, upright: bool) -> Result<Decoded, DecodeError> {
    let started = Instant::now();
    let in_time = || {
        let late = started.elapsed() > limits.time;
        if late { Err(DecodeError::TooSlow { limit: limits.time }) } else { Ok(()) }
    };
    let Some(media) = Media::sniff(bytes) else {
        return Err(DecodeError::NotAPicture { reason: "it starts as no JPEG, PNG or WebP does".to_owned() });
    };
    let mut opened = Opened::new(bytes, media, limits)
        .map_err(|error| DecodeError::NotAPicture { reason: short(&error.to_string()) })?;
    let (width, height) = opened.decoder.dimensions();
    for (width, height) in [Some((width, height)), opened.claim].into_iter().flatten() {
        if u64::from(width) * u64::from(height) > limits.pixels {
            return Err(DecodeError::TooManyPixels { width, height, limit: limits.pixels });
        }
    }
    let orientation = if upright { opened.decoder.orientation().ok() } else { None };
    let colour = opened.decoder.color_type();
    let size = usize::try_from(opened.decoder.total_bytes()).unwrap_or(usize::MAX);
    in_time()?;

    let mut raw = vec![FILLER; size];
    let outcome = opened.decoder.read_image_boxed(&mut raw);
    in_time()?;

    // The PNG decoder swaps the bytes of 16-bit samples at the very end, so not in a file that ends early.
    let high = usize::from(cfg!(target_endian = "little") && outcome.is_ok());
    let rgb = to_rgb(raw, colour, high);
    let mut notes = opened.notes;
    let whole = outcome.is_ok() && opened.jpeg.is_none_or(|jpeg| jpeg.ended);
    if !whole {
        let missing = rgb.chunks_exact(3).filter(|pixel| **pixel == [FILLER; 3]).count();
        if 2 * missing > rgb.len() / 3 || opened.jpeg.is_some_and(|jpeg| !jpeg.enough_scans()) {
            let reason =
                outcome.err().map_or_else(|| "it ends too early".to_owned(), |error| short(&error.to_string()));
            return Err(DecodeError::TooBroken { reason });
        }
        let ends_early = matches!(outcome, Ok(()) | Err(ImageError::IoError(_)));
        notes.push(if ends_early { "truncated" } else { "damaged" }.to_owned());
    }
    note_colour(&mut notes, colour);
    if (width, height) == (1, 1) {
        notes.push("1 x 1".to_owned());
    }
    let picture = Picture::new(width, height, rgb)
        .map_err(|error| DecodeError::NotAPicture { reason: error.to_string() })
        .map(|picture| turned(picture, orientation))?;
    in_time()?;
    Ok(Decoded { picture, media, notes })
}

/// A decoder that has read its header, and what else the header said.
struct Opened<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    /// The largest frame claimed besides the canvas.
    claim: Option<(u32, u32)>,
    /// The markers, of a JPEG.
    jpeg: Option<jpeg::Skeleton>,
    notes: Vec<String>,
}

impl<'a> Opened<'a> {
    fn new(bytes: &'a [u8], media: Media, limits: &DecodeLimits) -> ImageResult<Self> {
        let mut notes = Vec::new();
        let mut note = |wanted: bool, text: &str| {
            if wanted {
                notes.push(text.to_owned());
            }
        };
        let (mut claim, mut jpeg) = (None, None);
        let decoder: Box<dyn ImageDecoder + 'a> = match media {
            Media::Jpeg => {
                let skeleton = jpeg::Skeleton::read(bytes);
                note(skeleton.components == 4, "CMYK");
                jpeg = Some(skeleton);
                Box::new(JpegDecoder::new(Cursor::new(bytes))?)
            }
            Media::Png => {
                let mut memory = Limits::no_limits();
                memory.max_alloc = Some(png_memory(bytes, limits.pixels));
                let decoder = PngDecoder::with_limits(Cursor::new(bytes), memory)?;
                note(bytes.get(25) == Some(&3), "palette");
                note(decoder.is_apng()?, "animated");
                Box::new(decoder)
            }
            Media::Webp => {
                claim = webp::largest_frame(bytes);
                let decoder = WebPDecoder::new(Cursor::new(bytes))?;
                note(decoder.has_animation(), "animated");
                Box::new(decoder)
            }
        };
        Ok(Self { decoder, claim, jpeg, notes })
    }
}

/// What a PNG may take, bytes: 8 a pixel is the most that pixels need, and `png` counts other chunks up to three times
/// (a buffer that doubles, and a text that is read out of it). Colour profiles are compressed as well: one that would
/// take what then is left, and 1 MiB, is not looked at.
fn png_memory(bytes: &[u8], pixels: u64) -> u64 {
    let side = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
    let claimed = u64::from(side(16)) * u64::from(side(20));
    claimed.min(pixels).saturating_mul(8) + 3 * bytes.len() as u64 + (1 << 20)
}

/// Any of the decoders' layouts to RGB. Of 16-bit samples the byte at `high` stays, as in Pillow.
fn to_rgb(raw: Vec<u8>, colour: ColorType, high: usize) -> Vec<u8> {
    let step = usize::from(colour.bytes_per_pixel());
    let sample = step / usize::from(colour.channel_count());
    if colour == ColorType::Rgb8 {
        return raw;
    }
    let at = if sample == 2 { high } else { 0 };
    let (green, blue) = if colour.has_color() { (at + sample, at + 2 * sample) } else { (at, at) };
    raw.chunks_exact(step).flat_map(|pixel| [pixel[at], pixel[green], pixel[blue]]).collect()
}

fn note_colour(notes: &mut Vec<String>, colour: ColorType) {
    let wide = colour.bytes_per_pixel() > colour.channel_count();
    for (wanted, text) in [(!colour.has_color(), "grey"), (wide, "16 bit"), (colour.has_alpha(), "alpha dropped")] {
        if wanted {
            notes.push(text.to_owned());
        }
    }
}

fn turned(picture: Picture, orientation: Option<Orientation>) -> Picture {
    let Some(orientation) = orientation.filter(|&o| o != Orientation::NoTransforms) else {
        return picture;
    };
    let (width, height) = (picture.width(), picture.height());
    let image = RgbImage::from_raw(width, height, picture.into_rgb()).expect("same size: this is a bug");
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(orientation);
    let image = image.into_rgb8();
    Picture::new(image.width(), image.height(), image.into_raw()).expect("same pixels: this is a bug")
}

/// A decoder's own words, cut so that a stranger cannot fill the log.
fn short(text: &str) -> String {
    text.chars().take(160).collect()
}
