//! Light and air: how bright a colour is at a place, and how much of it fog leaves.

use crate::raster::{Rgb, mix};
use crate::texture::fraction;

/// Street lamps along the road.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lamps {
    /// Metres between two of them.
    pub(crate) spacing: f32,
    /// Distance of the first.
    pub(crate) first: f32,
    /// How far right of the middle line they shine.
    pub(crate) s: f32,
}

/// The light of a scene.
#[derive(Clone, Debug)]
pub(crate) struct Light {
    pub(crate) sky_top: Rgb,
    pub(crate) sky_low: Rgb,
    pub(crate) cloud: Rgb,
    /// 0..=1: how much of the sky clouds cover.
    pub(crate) cloudiness: f32,
    pub(crate) fog: Rgb,
    /// Optical depth a metre.
    pub(crate) density: f32,
    /// What falls on an upright surface that faces the camera.
    pub(crate) ambient: Rgb,
    /// How much brighter what faces the sun is.
    pub(crate) sun: f32,
    /// Which side the sun is on: -1 left, 1 right.
    pub(crate) sun_side: f32,
    /// 0 by day, 1 at night.
    pub(crate) night: f32,
    /// 0..=1: how much the street reflects.
    pub(crate) wet: f32,
    /// 0..=1: how white the ground is.
    pub(crate) snow: f32,
    pub(crate) lamps: Option<Lamps>,
    /// The lane that the head lamps shine down, right of the middle line.
    pub(crate) beam: f32,
}

const HEAD_LAMP: Rgb = [1.05, 1.0, 0.88];
const STREET_LAMP: Rgb = [1.0, 0.78, 0.46];

impl Light {
    /// The light that falls at `s` metres right of the road's middle and `z` metres ahead.
    pub(crate) fn falling(&self, s: f32, z: f32) -> Rgb {
        let mut light = self.ambient;
        if self.night > 0.0 {
            let off = (s - self.beam) / (2.2 + 0.16 * z);
            let along = z / 20.0;
            let beam = self.night * 1.0 / ((1.0 + off * off * off * off) * (1.0 + along * along));
            let pool = self.lamps.map_or(0.0, |lamps| {
                let step = (z - lamps.first) / lamps.spacing;
                let (dz, ds) = ((fraction(step + 0.5) - 0.5) * lamps.spacing, s - lamps.s);
                self.night * 0.75 / (1.0 + (dz * dz + ds * ds) / 22.0)
            });
            for channel in 0..3 {
                light[channel] += beam * HEAD_LAMP[channel] + pool * STREET_LAMP[channel];
            }
        }
        light
    }

    /// How much of what lies `z` metres away the air hides, 0..=1.
    pub(crate) fn hidden(&self, z: f32) -> f32 {
        let x = self.density * z.max(0.0);
        1.0 - 1.0 / (1.0 + x + 0.48 * x * x + 0.235 * x * x * x)
    }

    /// A surface colour under light and behind air.
    pub(crate) fn through(&self, colour: Rgb, falling: Rgb, z: f32) -> Rgb {
        let lit = [colour[0] * falling[0], colour[1] * falling[1], colour[2] * falling[2]];
        mix(lit, self.fog, self.hidden(z))
    }
}
