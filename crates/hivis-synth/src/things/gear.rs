//! Small gear at the kerb: cones, barriers, fences, hydrants.

use crate::Stuff;
use crate::brush::Brush;
use crate::raster::{Rgb, scale};
use crate::world::{BarrierKind, FenceKind};

const WHITE: Rgb = [0.94, 0.94, 0.92];
const STEEL: Rgb = [0.55, 0.57, 0.6];

/// A traffic cone, or a slim tube; with white bands.
pub(crate) fn cone(brush: &mut Brush<'_>, height: f32, colour: Rgb, tube: bool, bands: u8) {
    let (foot, tip) = if tube { (0.09 * height, 0.08 * height) } else { (0.2 * height, 0.035 * height) };
    let base = 0.3 * height;
    brush.shadow(base, base);
    let rubber = if tube { [0.09, 0.09, 0.1] } else { scale(colour, 0.72) };
    brush.block(Stuff::Cone, rubber, [-base, 0.0, -base], [base, 0.06 * height, base]);
    let half = |y: f32| foot + (tip - foot) * y;
    let strip = |from: f32, to: f32| {
        [(-half(from), from * height), (-half(to), to * height), (half(to), to * height), (half(from), from * height)]
    };
    brush.card(Stuff::Cone, colour, &strip(0.05, 1.0));
    // The side away from the sun.
    let dark = -brush.light.sun_side;
    brush.card(
        Stuff::Cone,
        scale(colour, 0.78),
        &[
            (dark * half(0.05), 0.05 * height),
            (dark * half(1.0), height),
            (dark * half(1.0) * 0.3, height),
            (dark * half(0.05) * 0.35, 0.05 * height),
        ],
    );
    if bands > 0 {
        brush.card(Stuff::Cone, WHITE, &strip(0.52, 0.74));
    }
    if bands > 1 {
        brush.card(Stuff::Cone, WHITE, &strip(0.26, 0.4));
    }
}

/// A barrier across the road, or along it.
pub(crate) fn barrier(brush: &mut Brush<'_>, kind: BarrierKind, colours: [Rgb; 2], length: f32, along: bool) {
    let half = length / 2.0;
    match kind {
        BarrierKind::Planks => {
            brush.shadow(if along { 0.3 } else { half }, if along { half } else { 0.3 });
            for end in [-0.9, 0.9] {
                let at = end * half;
                post(brush, Stuff::Barrier, if along { (0.0, at) } else { (at, 0.0) }, 1.05);
            }
            for (low, high) in [(0.75, 1.05), (0.3, 0.55)] {
                striped(brush, Stuff::Barrier, colours, &Plank { half, low, high, along });
            }
        }
        BarrierKind::Wall => {
            brush.shadow(if along { 0.35 } else { half }, if along { half } else { 0.35 });
            let pieces = (length / 1.1).round().max(1.0) as usize;
            let order = |i: usize| if brush_sees_start(brush, along) { pieces - 1 - i } else { i };
            let order: Vec<usize> = (0..pieces).map(order).collect();
            for i in order {
                let (from, to) =
                    (-half + length * i as f32 / pieces as f32, -half + length * (i + 1) as f32 / pieces as f32);
                let colour = colours[i % 2];
                for (width, low, high) in [(0.3, 0.0, 0.3), (0.14, 0.3, 0.9)] {
                    let (a, b) = if along {
                        ([-width, low, from], [width, high, to])
                    } else {
                        ([from, low, -width], [to, high, width])
                    };
                    brush.block(Stuff::Barrier, colour, a, b);
                }
            }
        }
        BarrierKind::Drum => {
            brush.shadow(0.35, 0.35);
            let strip = |low: f32, high: f32| [(-0.3, low), (-0.28, high), (0.28, high), (0.3, low)];
            brush.card(Stuff::Barrier, [0.08; 3], &[(-0.4, 0.0), (-0.4, 0.08), (0.4, 0.08), (0.4, 0.0)]);
            for (i, low) in [0.08, 0.3, 0.52, 0.74].into_iter().enumerate() {
                brush.card(Stuff::Barrier, colours[i % 2], &strip(low, low + 0.23));
            }
            let dark = -brush.light.sun_side;
            brush.card(
                Stuff::Barrier,
                scale(colours[0], 0.6),
                &[(dark * 0.3, 0.08), (dark * 0.28, 0.97), (dark * 0.2, 0.97), (dark * 0.2, 0.08)],
            );
        }
    }
}

/// Whether the eye is nearer to the first end than to the last.
fn brush_sees_start(brush: &Brush<'_>, along: bool) -> bool {
    let eye = brush.eye();
    if along { eye[2] < 0.0 } else { eye[0] < 0.0 }
}

struct Plank {
    half: f32,
    low: f32,
    high: f32,
    along: bool,
}

/// A plank with slanted stripes.
fn striped(brush: &mut Brush<'_>, stuff: Stuff, colours: [Rgb; 2], plank: &Plank) {
    let Plank { half, low, high, along } = *plank;
    let place = |t: f32, y: f32| if along { [0.0, y, t] } else { [t, y, 0.0] };
    brush.face(stuff, colours[1], 0.95, &[place(-half, low), place(-half, high), place(half, high), place(half, low)]);
    let slant = (high - low) * 0.8;
    let step = 0.5;
    let count = (2.0 * half / step) as usize;
    for i in 0..count {
        let t = -half + step * i as f32;
        let edge = |t: f32| t.clamp(-half, half);
        brush.face(
            stuff,
            colours[0],
            0.95,
            &[
                place(edge(t), low),
                place(edge(t + slant), high),
                place(edge(t + slant + 0.27), high),
                place(edge(t + 0.27), low),
            ],
        );
    }
}

fn post(brush: &mut Brush<'_>, stuff: Stuff, (x, z): (f32, f32), height: f32) {
    brush.block(stuff, STEEL, [x - 0.04, 0.0, z - 0.04], [x + 0.04, height, z + 0.04]);
}

/// Fences that have nothing to do with work.
pub(crate) fn fence(brush: &mut Brush<'_>, kind: FenceKind, colours: [Rgb; 2], length: f32, along: bool) {
    let half = length / 2.0;
    match kind {
        FenceKind::Crowd => {
            let place = |t: f32, y: f32| if along { [0.0, y, t] } else { [t, y, 0.0] };
            let bar = |brush: &mut Brush<'_>, a: (f32, f32), b: (f32, f32)| {
                brush.face(
                    Stuff::Fence,
                    colours[0],
                    0.9,
                    &[place(a.0, a.1), place(a.0, b.1), place(b.0, b.1), place(b.0, a.1)],
                );
            };
            bar(brush, (-half, 1.02), (half, 1.1));
            bar(brush, (-half, 0.18), (half, 0.24));
            let bars = if brush.size() > 12.0 { 11 } else { 5 };
            for i in 0..=bars {
                let t = -half + length * i as f32 / bars as f32;
                bar(brush, (t - 0.02, 0.05), (t + 0.02, 1.05));
            }
        }
        FenceKind::Rail => {
            post(brush, Stuff::Fence, (0.0, 0.0), 0.7);
            brush.block(Stuff::Fence, colours[0], [-0.06, 0.45, -half], [0.06, 0.75, half]);
        }
        FenceKind::Bollard => {
            brush.shadow(0.12, 0.12);
            for i in 0..4 {
                let low = 0.24 * i as f32;
                brush.card(
                    Stuff::Fence,
                    colours[i % 2],
                    &[(-0.08, low), (-0.08, low + 0.24), (0.08, low + 0.24), (0.08, low)],
                );
            }
        }
        FenceKind::Arm => {
            brush.block(Stuff::Fence, [0.7; 3], [-half - 0.25, 0.0, -0.2], [-half + 0.1, 1.15, 0.2]);
            striped(brush, Stuff::Fence, colours, &Plank { half, low: 0.88, high: 1.04, along: false });
        }
    }
}

/// A fire hydrant.
pub(crate) fn hydrant(brush: &mut Brush<'_>, colour: Rgb) {
    brush.shadow(0.2, 0.2);
    brush.card(Stuff::Hydrant, colour, &[(-0.15, 0.0), (-0.13, 0.55), (0.13, 0.55), (0.15, 0.0)]);
    brush.card(Stuff::Hydrant, scale(colour, 0.85), &[(-0.24, 0.34), (-0.24, 0.48), (0.24, 0.48), (0.24, 0.34)]);
    brush.disc(Stuff::Hydrant, scale(colour, 1.05), (0.0, 0.58), (0.15, 0.15));
    brush.card(Stuff::Hydrant, scale(colour, 0.7), &[(-0.2, 0.0), (-0.2, 0.07), (0.2, 0.07), (0.2, 0.0)]);
}
