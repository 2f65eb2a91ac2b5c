//! Pictures to JPEG and PNG.

use std::borrow::Cow;

use hivis_types::Picture;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _};
use jpeg_encoder::{ChromaSubsamplingMethod, Encoder, ImageBuffer, JpegColorType, SamplingFactor};

/// The longest side that libjpeg, and so a validator, can write.
const LONGEST: u32 = 65_500;

/// JPEG as Pillow writes it by default: quality 75, 4:2:0, baseline, standard Huffman tables.
///
/// Colours and chroma means are libjpeg's fixed point. Sides over 65,500 pixels, which JPEG cannot hold, are squeezed.
pub fn encode_jpeg(picture: &Picture) -> Vec<u8> {
    let (width, height) = (picture.width().min(LONGEST), picture.height().min(LONGEST));
    let fitting = if (width, height) == (picture.width(), picture.height()) {
        Cow::Borrowed(picture)
    } else {
        Cow::Owned(crate::resize_bilinear(picture, width, height))
    };
    let mut bytes = Vec::with_capacity(16 << 10);
    let mut encoder = Encoder::new(&mut bytes, 75);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.encode_image(Source(&fitting)).expect("memory takes every byte: this is a bug");
    bytes
}

/// Lossless PNG, 8-bit RGB.
pub fn encode_png(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(picture.rgb(), picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .expect("memory takes every byte: this is a bug");
    bytes
}

/// A picture as the encoder asks for it: rows of `YCbCr`.
struct Source<'a>(&'a Picture);

impl ImageBuffer for Source<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.0.width() as u16
    }

    fn height(&self) -> u16 {
        self.0.height() as u16
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let stride = 3 * self.0.width() as usize;
        let row = &self.0.rgb()[stride * usize::from(y)..][..stride];
        let [luma, blue, red, _] = buffers;
        // libjpeg's 16-bit fixed point (jccolor.c): luma rounds halves up, chroma down.
        let pixels = || row.chunks_exact(3).map(|p| (i32::from(p[0]), i32::from(p[1]), i32::from(p[2])));
        luma.extend(pixels().map(|(r, g, b)| ((19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16) as u8));
        blue.extend(pixels().map(|(r, g, b)| ((32768 * b - 11059 * r - 21709 * g + 0x80_7fff) >> 16) as u8));
        red.extend(pixels().map(|(r, g, b)| ((32768 * r - 27439 * g - 5329 * b + 0x80_7fff) >> 16) as u8));
    }
}
