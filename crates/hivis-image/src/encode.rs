//! Pictures to JPEG and PNG.

use hivis_types::Picture;

/// JPEG as Pillow writes it by default: quality 75, 4:2:0, baseline, standard Huffman tables.
pub fn encode_jpeg(picture: &Picture) -> Vec<u8> {
    let _ = picture;
    todo!()
}

/// Lossless PNG, 8-bit RGB.
pub fn encode_png(picture: &Picture) -> Vec<u8> {
    let _ = picture;
    todo!()
}
