//! A picture as it goes over the wire: JPEG in standard base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hivis_types::Picture;

/// The text of a challenge's `image` field: JPEG as Pillow writes it by default, standard base64 with padding.
pub fn base64_jpeg(picture: &Picture) -> String {
    STANDARD.encode(crate::encode_jpeg(picture))
}

/// The bytes behind an `image` field, or `None` when it is not standard base64 with padding.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
