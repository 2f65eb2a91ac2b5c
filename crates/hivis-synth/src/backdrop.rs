//! Sky and ground: every sample that no object covers, painted by following its ray.

use crate::camera::Camera;
use crate::light::Light;
use crate::raster::{Canvas, Rgb, byte, mix, scale};
use crate::street::{Beside, Middle, Street};
use crate::texture::{Tile, floor, fraction};
use crate::{Stuff, dice::Dice};

/// Beyond this the ground is a line on the horizon, metres.
const FAR: f32 = 320.0;

/// What the rays need to know.
pub(crate) struct Backdrop<'a> {
    pub(crate) street: &'a Street,
    pub(crate) light: &'a Light,
    pub(crate) tile: &'a Tile,
    /// How strong the ground's texture is.
    pub(crate) grain: f32,
}

impl Backdrop<'_> {
    /// Paints every sample.
    pub(crate) fn paint(&self, canvas: &mut Canvas, camera: &Camera) {
        let width = canvas.width;
        for (y, row) in canvas.samples.chunks_exact_mut(width).enumerate() {
            let (mut ray, step) = camera.row(y);
            let mut sky = None;
            for (x, sample) in row.iter_mut().enumerate() {
                let ahead = ray[2].max(0.05);
                if ray[1] > -camera.at[1] / FAR * ahead {
                    // The sky is smooth: every second sample is enough.
                    *sample = match sky {
                        Some(colour) if x % 2 == 1 => colour,
                        _ => *sky.insert(self.sky(ray)),
                    };
                } else {
                    let reach = -camera.at[1] / ray[1];
                    *sample = self.ground(camera.at[0] + ray[0] * reach, camera.at[2] + ray[2] * reach);
                }
                for (r, s) in ray.iter_mut().zip(step) {
                    *r += s;
                }
            }
        }
    }

    fn sky(&self, ray: [f32; 3]) -> [u8; 4] {
        let light = self.light;
        let height = (ray[1] * 2.2).clamp(0.0, 1.0);
        let mut colour = mix(light.sky_low, light.sky_top, height * (2.0 - height));
        if light.cloudiness > 0.0 && ray[1] > 0.0 {
            let lift = 1.0 / (ray[1] + 0.12);
            let (u, v) = (ray[0] * lift * 9.0, lift * 9.0);
            let thick = self.tile.smooth(u, v) * 0.65 + self.tile.smooth(u * 2.7, v * 2.7) * 0.35;
            let share = ((thick - 1.0 + light.cloudiness) * 3.0).clamp(0.0, 1.0) * (ray[1] * 9.0).min(1.0);
            colour = mix(colour, scale(light.cloud, 0.8 + 0.25 * thick), share * 0.85);
        }
        [byte(colour[0]), byte(colour[1]), byte(colour[2]), sky_id()]
    }

    fn ground(&self, x: f32, z: f32) -> [u8; 4] {
        let street = self.street;
        let s = x - street.bend(z);
        let (stuff, base) = self.material(s, z);
        let near = 1.0 / (1.0 + z * 0.05);
        let coarse = self.tile.near(s * 1.7, z * 0.6) - 0.5;
        let fine = self.tile.near(s * 11.0, z * 7.0) - 0.5;
        let mut rough = self.grain * (0.35 * coarse + 0.45 * fine * near);
        if stuff == Stuff::Grass {
            rough *= 2.0;
        }
        let mut colour = scale(base, 1.0 + rough);
        if self.light.snow > 0.0 {
            let rut = if stuff == Stuff::Road { 0.35 + 0.5 * self.tile.near(s * 5.0, z * 0.15) } else { 0.95 };
            colour = mix(colour, [0.9, 0.92, 0.96], self.light.snow * rut);
        }
        let mut falling = self.light.falling(s, z);
        if self.light.wet > 0.0 && stuff != Stuff::Grass {
            // A wet street is darker, and mirrors the low sky the flatter one looks at it.
            falling = scale(falling, 1.0 - 0.35 * self.light.wet);
            let puddle = self.light.wet * (0.25 + 0.5 * self.tile.near(s * 0.9, z * 0.35)) * (z / (z + 9.0));
            let lit = [colour[0] * falling[0], colour[1] * falling[1], colour[2] * falling[2]];
            colour = mix(mix(lit, self.light.sky_low, puddle), self.light.fog, self.light.hidden(z));
        } else {
            colour = self.light.through(colour, falling, z);
        }
        [byte(colour[0]), byte(colour[1]), byte(colour[2]), stuff as u8]
    }

    /// What the ground is made of at a place.
    fn material(&self, s: f32, z: f32) -> (Stuff, Rgb) {
        let street = self.street;
        let side = s.abs();
        if let Some((from, to)) = street.crossing
            && z > from
            && z < to
        {
            return (Stuff::Road, street.asphalt);
        }
        if side < street.half {
            return match self.paint_at(s, z) {
                Some(paint) if self.tile.near(s * 6.0, z * 6.0) > street.wear => (Stuff::Marking, paint),
                _ => (Stuff::Road, street.asphalt),
            };
        }
        let off = side - street.half;
        if let Some(park) = street.car_park
            && s * park.side > 0.0
            && z > park.from
            && z < park.to
            && off > street.walk
            && off < street.walk + 24.0
        {
            let line = fraction(z / 2.6) < 0.05 && fraction((off - street.walk) / 10.0) < 0.5;
            return if line { (Stuff::Marking, [0.85; 3]) } else { (Stuff::Road, scale(street.asphalt, 1.12)) };
        }
        if off < street.walk {
            let joint = off < 0.18 || fraction(z / 1.5) < 0.04;
            return (Stuff::Sidewalk, scale(street.paving, if joint { 0.78 } else { 1.0 }));
        }
        match street.beside {
            Beside::Paved => (Stuff::Sidewalk, scale(street.paving, 0.9)),
            Beside::Grass => (Stuff::Grass, street.grass),
        }
    }

    /// The paint on the road at a place, if there is any.
    fn paint_at(&self, s: f32, z: f32) -> Option<Rgb> {
        const WHITE: Rgb = [0.88, 0.88, 0.86];
        const YELLOW: Rgb = [0.9, 0.7, 0.15];
        let street = self.street;
        let side = s.abs();
        if let Some(zebra) = street.zebra
            && z > zebra
            && z < zebra + 3.2
        {
            return (fraction(s / 1.1) < 0.5).then_some(WHITE);
        }
        if street.edge_lines && side > street.half - 0.42 && side < street.half - 0.27 {
            return Some(WHITE);
        }
        match street.middle {
            Middle::DoubleYellow if side > 0.07 && side < 0.2 => return Some(YELLOW),
            Middle::Solid if side < 0.08 => return Some(WHITE),
            Middle::Dashed if side < 0.08 && fraction(z / 7.0) < 0.5 => return Some(WHITE),
            _ => {}
        }
        let lane = side / street.lane;
        let nearest = floor(lane + 0.5);
        let edge = (lane - nearest).abs() * street.lane;
        let between = nearest >= 1.0 && nearest * street.lane < street.half - 0.6;
        (between && edge < 0.07 && fraction(z / 9.0) < 0.4).then_some(WHITE)
    }
}

fn sky_id() -> u8 {
    Stuff::Sky as u8
}

/// A tile of its own for each scene.
pub(crate) fn tile(seed: u64) -> Tile {
    Tile::new(&mut Dice::new(seed, 77))
}
