//! Which square of a picture a challenge shows.

use hivis_types::Picture;
use rand::Rng;

/// A square box of a picture, in pixels; it may reach outside, where pictures are black.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CropBox {
    /// Row of the upper edge.
    pub top: i32,
    /// Column of the left edge.
    pub left: i32,
    /// Length of each side; 0 counts as 1.
    pub side: u32,
}

impl CropBox {
    /// The centre square of level 0: offset `(size - side) / 2`, ties to even.
    pub fn centre(width: u32, height: u32) -> Self {
        let side = width.min(height);
        let offset = |size: u32| (f64::from(size - side) / 2.0).round_ties_even() as i32;
        Self { top: offset(height), left: offset(width), side }
    }

    /// Draws the square of levels 1 to 3: an even share 0.2 to 1 of the area, at most ten tries until it fits.
    ///
    /// After ten failures the centre square, its offset rounded down here.
    pub fn draw<R: Rng>(width: u32, height: u32, rng: &mut R) -> Self {
        let area = f64::from(width) * f64::from(height);
        for _ in 0..10 {
            let side = (rng.random_range(0.2..=1.0) * area).sqrt().round_ties_even() as u32;
            if (1..=width.min(height)).contains(&side) {
                let top = rng.random_range(0..=height - side) as i32;
                let left = rng.random_range(0..=width - side) as i32;
                return Self { top, left, side };
            }
        }
        let side = width.min(height);
        Self { top: ((height - side) / 2) as i32, left: ((width - side) / 2) as i32, side }
    }

    /// Moves a drawn box so that it keeps a mask point, width and height exchanged as in the reference.
    ///
    /// Dead today, because the generator never writes a point; kept so that the day it does is a one-line change.
    #[must_use]
    pub fn keep_point(self, (x, y): (i32, i32), (width, height): (u32, u32)) -> Self {
        let (side, swapped_width, swapped_height) = (self.side as i32, height as i32, width as i32);
        let along = |offset: i32, point: i32, size: i32| match point {
            _ if point < offset => (point - 10).max(0),
            _ if point > offset + side => (size - side).min(point - side + 10),
            _ => offset,
        };
        Self { left: along(self.left, x, swapped_width), top: along(self.top, y, swapped_height), side: self.side }
    }

    /// Copies a box that lies inside the picture.
    pub(super) fn cut(self, picture: &Picture) -> Picture {
        let (stride, from) = (3 * picture.width() as usize, 3 * self.left as usize);
        let rows = picture.rgb().chunks_exact(stride).skip(self.top as usize).take(self.side as usize);
        let rgb = rows.flat_map(|row| &row[from..from + 3 * self.side as usize]).copied().collect();
        Picture::new(self.side, self.side, rgb).expect("a square inside: this is a bug")
    }
}
