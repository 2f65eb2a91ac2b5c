//! Lens dirt: a dusty film, blurred patches of mud, specks, and drops that show the street upside down.

use hivis_types::Picture;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::coarse::Coarse;
use super::field::Field;
use super::tone::{Rgb, bytes, colour, each, mix, ramp, unit};

/// A plan for lens dirt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LensDirt {
    /// How dirty, 0 to 1.
    pub strength: f32,
    /// Seed of where everything lies.
    pub seed: u64,
}

/// One kind of dirt: how many at strength 1, radii in units of the picture, opacities.
struct Kind {
    count: f32,
    radius: (f32, f32),
    opacity: (f32, f32),
    drop: bool,
}

/// Mud, specks and drops: together less than a sixth of the picture at strength 1, most of it half transparent.
const KINDS: [Kind; 3] = [
    Kind { count: 9.0, radius: (0.03, 0.095), opacity: (0.3, 0.55), drop: false },
    Kind { count: 45.0, radius: (0.002, 0.008), opacity: (0.25, 0.6), drop: false },
    Kind { count: 16.0, radius: (0.01, 0.034), opacity: (0.75, 0.95), drop: true },
];

impl LensDirt {
    pub(super) fn draw<R: Rng>(strength: f32, rng: &mut R) -> Self {
        Self { strength, seed: rng.random() }
    }

    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let unit = unit(picture);
        let field = Field(self.seed);
        let pitch = 4.0 / unit;
        let film = 0.22 * self.strength;
        let mut made = each(picture, |x, y, rgb| {
            let share = film * ramp(0.3, 0.8, field.patches(x as f32 * pitch, y as f32 * pitch));
            mix(rgb, [0.56, 0.53, 0.48], share)
        });
        let blurred = Coarse::new(picture, |_, _, rgb| rgb).blurred(0.012 * unit);
        for (n, kind) in (0_u64..).zip(KINDS) {
            // A generator for each kind, so that more of one moves no other.
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(n));
            let mut left = kind.count * self.strength;
            while left > 0.0 {
                let x = rng.random_range(0.0..1.0) * picture.width() as f32;
                let y = rng.random_range(0.0..1.0) * picture.height() as f32;
                let radius = unit * rng.random_range(kind.radius.0..kind.radius.1);
                let opacity = rng.random_range(kind.opacity.0..kind.opacity.1);
                let shade = rng.random_range(0.6..1.1_f32);
                let spot = Spot { x, y, radius, opacity: opacity * left.min(1.0) };
                if kind.drop {
                    spot.paint(&mut made, (0.75, &field), |dx, dy| wet(&blurred, &spot, (dx, dy)));
                } else {
                    let mud = [0.36, 0.31, 0.25].map(|value| value * shade);
                    spot.paint(&mut made, (0.2, &field), |_, _| mud);
                }
                left -= 1.0;
            }
        }
        made
    }
}

/// What a drop shows: a small street upside down, as any ball of water does, darker at its upper rim.
fn wet(street: &Coarse, spot: &Spot, (dx, dy): (f32, f32)) -> Rgb {
    let (x, y) = (spot.x - 2.5 * dx * spot.radius, spot.y - 2.5 * dy * spot.radius);
    let rim = dx * dx + dy * dy;
    let shade = 1.0 + 0.14 * dy - 0.3 * rim * rim * (0.6 - 0.4 * dy);
    let glint = 0.35 * (1.0 - ramp(0.0, 0.06, (dx + 0.35) * (dx + 0.35) + (dy + 0.4) * (dy + 0.4)));
    street.at(x, y).map(|value| value * shade + glint)
}

/// A round patch in pixels.
struct Spot {
    x: f32,
    y: f32,
    radius: f32,
    opacity: f32,
}

impl Spot {
    /// Lays `show(dx, dy)`, offsets in radii, over the picture.
    ///
    /// From `firm` radii on the patch fades to nothing at its rim, which the field bends.
    fn paint(&self, picture: &mut Picture, (firm, field): (f32, &Field), show: impl Fn(f32, f32) -> Rgb) {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let clip = |at: f32, size: usize| at.clamp(0.0, size as f32) as usize;
        let per = 1.0 / self.radius;
        let columns = clip(self.x - self.radius, width)..clip(self.x + self.radius + 1.0, width);
        for row in clip(self.y - self.radius, height)..clip(self.y + self.radius + 1.0, height) {
            let dy = (row as f32 + 0.5 - self.y) * per;
            for column in columns.clone() {
                let dx = (column as f32 + 0.5 - self.x) * per;
                let from_middle = (dx * dx + dy * dy).sqrt();
                if from_middle >= 1.0 {
                    continue;
                }
                let bent = from_middle * (1.0 + 0.5 * field.patches(self.x + 1.7 * dx, self.y + 1.7 * dy));
                let share = self.opacity * (1.0 - ramp(firm, 1.0, bent));
                let pixel = &mut picture.rgb_mut()[3 * (row * width + column)..][..3];
                let painted = bytes(mix(colour(pixel), show(dx, dy), share));
                pixel.copy_from_slice(&painted);
            }
        }
    }
}
