//! Glare: the sun in the lens, with bloom, rays and ghosts.

use hivis_types::Picture;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::coarse::Coarse;
use super::tone::{Rgb, each, heading, ramp, unit};

/// Places that are tried for the sun; the one most like sky is taken.
const TRIES: usize = 12;

/// A plan for glare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glare {
    /// How blinding, 0 to 1.
    pub strength: f32,
    /// Radius of the disc, in units of the picture.
    pub radius: f32,
    /// Seed of the sun's place, rays and ghosts.
    pub seed: u64,
}

impl Glare {
    pub(super) fn draw<R: Rng>(strength: f32, rng: &mut R) -> Self {
        Self { strength, radius: rng.random_range(0.012..0.028), seed: rng.random() }
    }

    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let (s, unit) = (self.strength, unit(picture));
        let per = 1.0 / unit;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let (x0, y0) = place(picture, &mut rng);
        let turn = rng.random_range(-0.3..0.3_f32);
        // Three lines through the sun, 60 degrees apart: tangents of half of 0, 60 and 120 degrees.
        let rays = [0.0, 0.577_350_3, 1.732_050_8].map(|third| heading((turn + third) / (1.0 - turn * third)));
        let centre = (picture.width() as f32 / 2.0, picture.height() as f32 / 2.0);
        let ghosts = ghosts((x0, y0), centre, &mut rng);
        each(picture, |x, y, rgb| {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let (dx, dy) = ((px - x0) * per, (py - y0) * per);
            let square = dx * dx + dy * dy;
            let disc = 1.0 - ramp(self.radius * 0.85, self.radius * 1.15, square.sqrt());
            let bloom = 0.8 / (1.0 + square / 0.0025) + 0.38 / (1.0 + square / 0.09) + 0.06;
            let mut shine = bloom;
            for (cos, sin) in rays {
                let (along, aside) = (dx * cos + dy * sin, dy * cos - dx * sin);
                let thin = 0.003 + 0.02 * along.abs();
                shine += 0.3 / ((1.0 + aside * aside / (thin * thin)) * (1.0 + along * along / 0.02));
            }
            let mut flare = [1.0, 0.95, 0.84].map(|warm| warm * shine);
            for ghost in &ghosts {
                ghost.add_to(&mut flare, (px, py), per);
            }
            // The camera closes a little, then light lies over light and never gets past white.
            std::array::from_fn(|c| {
                let over = (s * flare[c]).clamp(0.0, 0.97).max(s * disc);
                1.0 - (1.0 - rgb[c] * (1.0 - 0.18 * s)) * (1.0 - over)
            })
        })
    }
}

/// A place in the upper part, where the picture has most blue: a sun stands in the sky, not before a house or a yellow sign.
fn place(picture: &Picture, rng: &mut ChaCha8Rng) -> (f32, f32) {
    let coarse = Coarse::new(picture, |_, _, rgb| rgb);
    let mut best = (f32::NEG_INFINITY, (0.0, 0.0));
    for _ in 0..TRIES {
        let x = rng.random_range(0.08..0.92) * picture.width() as f32;
        let y = rng.random_range(0.04..0.36) * picture.height() as f32;
        let bright = coarse.at(x, y)[2];
        if bright > best.0 {
            best = (bright, (x, y));
        }
    }
    best.1
}

/// A reflection between lenses.
struct Ghost {
    at: (f32, f32),
    radius: f32,
    colour: Rgb,
}

/// Ghosts stand on the line from the light through the middle of the picture.
fn ghosts(sun: (f32, f32), centre: (f32, f32), rng: &mut ChaCha8Rng) -> [Ghost; 5] {
    [0.45, 0.8, 1.25, 1.6, 2.0_f32].map(|way| {
        let way = way + rng.random_range(-0.1..0.1);
        let hue = rng.random_range(0.0..1.0_f32);
        let bright = rng.random_range(0.07..0.16);
        Ghost {
            at: (sun.0 + (centre.0 - sun.0) * way, sun.1 + (centre.1 - sun.1) * way),
            radius: rng.random_range(0.012..0.06),
            colour: [bright * (0.4 + 0.6 * hue), bright * 0.8, bright * (1.0 - 0.6 * hue)],
        }
    })
}

impl Ghost {
    fn add_to(&self, flare: &mut Rgb, (x, y): (f32, f32), per: f32) {
        let (dx, dy) = ((x - self.at.0) * per, (y - self.at.1) * per);
        let square = (dx * dx + dy * dy) / (self.radius * self.radius);
        if square < 1.0 {
            // Brighter at the rim, which is soft.
            let share = (0.5 + 0.5 * square) * (1.0 - ramp(0.8, 1.0, square));
            for (value, colour) in flare.iter_mut().zip(self.colour) {
                *value += colour * share;
            }
        }
    }
}
