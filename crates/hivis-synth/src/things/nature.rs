//! Trees and bushes.

use crate::Stuff;
use crate::brush::Brush;
use crate::raster::{Rgb, scale};
use crate::things::hash;
use crate::world::Growth;

const BARK: Rgb = [0.28, 0.21, 0.15];

/// A tree of this height.
pub(crate) fn tree(brush: &mut Brush<'_>, height: f32, crown: Rgb, growth: Growth, seed: u32) {
    let h = height;
    brush.shadow(0.25 * h, 0.2 * h);
    let trunk = 0.022 * h;
    match growth {
        Growth::Round => {
            brush.card(
                Stuff::Tree,
                BARK,
                &[(-trunk, 0.0), (-trunk * 0.7, 0.5 * h), (trunk * 0.7, 0.5 * h), (trunk, 0.0)],
            );
            let leafy = |brush: &mut Brush<'_>, i: u32, shade: f32, spread: f32| {
                let x = (hash(seed, i) - 0.5) * 0.4 * h * spread;
                let y = (0.52 + 0.32 * hash(seed, i + 20)) * h;
                let r = (0.12 + 0.08 * hash(seed, i + 40)) * h;
                brush.disc(Stuff::Tree, scale(crown, shade), (x, y), (r, r * 0.85));
            };
            for i in 0..4 {
                leafy(brush, i, 0.72, 1.0);
            }
            brush.disc(Stuff::Tree, scale(crown, 0.85), (0.0, 0.68 * h), (0.22 * h, 0.22 * h));
            for i in 4..8 {
                leafy(brush, i, 0.9 + 0.25 * hash(seed, i + 60), 0.8);
            }
        }
        Growth::Conifer => {
            brush.card(Stuff::Tree, BARK, &[(-trunk, 0.0), (-trunk, 0.2 * h), (trunk, 0.2 * h), (trunk, 0.0)]);
            for i in 0..4 {
                let low = (0.12 + 0.2 * i as f32) * h;
                let half = (0.2 - 0.042 * i as f32) * h;
                let shade = 0.75 + 0.12 * i as f32;
                brush.card(Stuff::Tree, scale(crown, shade), &[(-half, low), (0.0, low + 0.32 * h), (half, low)]);
            }
        }
        Growth::Bare => {
            brush.card(
                Stuff::Tree,
                BARK,
                &[(-trunk, 0.0), (-trunk * 0.4, 0.75 * h), (trunk * 0.4, 0.75 * h), (trunk, 0.0)],
            );
            for i in 0..9 {
                let from = (0.3 + 0.05 * i as f32) * h;
                let side = if i % 2 == 0 { 1.0 } else { -1.0 };
                let out = side * (0.12 + 0.16 * hash(seed, i)) * h;
                let up = from + (0.12 + 0.12 * hash(seed, i + 9)) * h;
                brush.card(Stuff::Tree, BARK, &[(0.0, from), (out, up), (out, up + 0.012 * h), (0.0, from + 0.03 * h)]);
            }
        }
        Growth::Bush => {
            for i in 0..4 {
                let x = (hash(seed, i) - 0.5) * 1.1 * h;
                let shade = 0.75 + 0.3 * hash(seed, i + 7);
                brush.disc(Stuff::Tree, scale(crown, shade), (x, 0.45 * h), (0.5 * h, 0.5 * h));
            }
        }
    }
}
