//! The street: its course, width, paint and what lies beside it.

use crate::raster::Rgb;

/// What the land beside the road is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Paved up to the houses.
    Paved,
    /// Lawn or verge.
    Grass,
}

/// The paint between the two directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Middle {
    /// None: one direction, or a small street.
    None,
    /// White dashes.
    Dashed,
    /// Two yellow lines.
    DoubleYellow,
    /// One white line.
    Solid,
}

/// A car park beside the road.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CarPark {
    /// -1 left, 1 right.
    pub(crate) side: f32,
    pub(crate) from: f32,
    pub(crate) to: f32,
}

/// A street, in metres; `s` is right of its middle line, `z` ahead of the camera.
#[derive(Clone, Debug)]
pub(crate) struct Street {
    /// Half the width of the asphalt.
    pub(crate) half: f32,
    /// Width of one lane.
    pub(crate) lane: f32,
    /// Slope of the course at the camera, metres a metre.
    pub(crate) heading: f32,
    /// How the slope grows, per metre.
    pub(crate) curve: f32,
    /// Width of each pavement; 0 for none.
    pub(crate) walk: f32,
    pub(crate) beside: Beside,
    pub(crate) middle: Middle,
    pub(crate) edge_lines: bool,
    /// A side street that crosses between these distances.
    pub(crate) crossing: Option<(f32, f32)>,
    /// A zebra crossing begins here.
    pub(crate) zebra: Option<f32>,
    pub(crate) car_park: Option<CarPark>,
    pub(crate) asphalt: Rgb,
    pub(crate) paving: Rgb,
    pub(crate) grass: Rgb,
    /// 0..=1: how worn the paint is.
    pub(crate) wear: f32,
}

/// Past this distance a curve goes on as a straight line.
const BEND_END: f32 = 70.0;

impl Street {
    /// How far right the middle line is at a distance, metres.
    pub(crate) fn bend(&self, z: f32) -> f32 {
        let inside = z.clamp(0.0, BEND_END);
        self.heading * z + self.curve * (0.5 * inside * inside + BEND_END * (z - BEND_END).max(0.0))
    }

    /// The slope of the course at a distance.
    pub(crate) fn slope(&self, z: f32) -> f32 {
        self.heading + self.curve * z.clamp(0.0, BEND_END)
    }

    /// A place on the street as the camera's world knows it: `s` right of the middle, `y` up, `z` ahead.
    pub(crate) fn place(&self, s: f32, y: f32, z: f32) -> [f32; 3] {
        [s + self.bend(z), y, z]
    }
}
