//! Pillow's antialiased bilinear resize.

use hivis_types::Picture;

/// Resizes to `width` x `height` as Pillow does with `BILINEAR`: equal bit for bit. Sides of zero become one.
pub fn resize_bilinear(picture: &Picture, width: u32, height: u32) -> Picture {
    let _ = (picture, width, height);
    todo!()
}
