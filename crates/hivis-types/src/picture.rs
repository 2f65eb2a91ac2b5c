//! A decoded picture.

/// An 8-bit RGB picture, rows from the top, three bytes a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

/// Why bytes are no picture.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PictureError {
    /// The buffer's length is not `3 * width * height`, or a side is zero.
    #[error("{bytes} bytes are no {width} x {height} RGB picture")]
    Shape {
        /// Width asked for, in pixels.
        width: u32,
        /// Height asked for, in pixels.
        height: u32,
        /// Bytes given.
        bytes: usize,
    },
}

impl Picture {
    /// Wraps `rgb` (length `3 * width * height`, both sides at least 1).
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, PictureError> {
        let wanted = (width as usize).checked_mul(height as usize).and_then(|n| n.checked_mul(3));
        if width == 0 || height == 0 || wanted != Some(rgb.len()) {
            return Err(PictureError::Shape { width, height, bytes: rgb.len() });
        }
        Ok(Self { width, height, rgb })
    }

    /// A picture of one colour. Sides of zero become one.
    pub fn filled(width: u32, height: u32, colour: [u8; 3]) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let rgb = colour.repeat(width as usize * height as usize);
        Self { width, height, rgb }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes, `[height, width, 3]`.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The bytes, to write into; the length cannot change.
    pub fn rgb_mut(&mut self) -> &mut [u8] {
        &mut self.rgb
    }

    /// Takes the bytes out.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// The colour at column `x`, row `y`; panics outside the picture.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        assert!(x < self.width && y < self.height, "({x}, {y}) is outside {} x {}", self.width, self.height);
        let at = 3 * (y as usize * self.width as usize + x as usize);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} x {})", self.width, self.height)
    }
}
