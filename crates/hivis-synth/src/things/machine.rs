//! What digs and what warns: excavators, trenches, heaps, arrow boards.

use crate::Stuff;
use crate::brush::Brush;
use crate::raster::{Rgb, scale};
use crate::things::hash;

const DARK: Rgb = [0.1, 0.1, 0.11];
const AMBER: Rgb = [1.0, 0.68, 0.12];

/// An excavator from the side: `facing` -1 or 1, `reach` 0..=1 how far the arm is stretched, `size` 1 for 20 tonnes.
pub(crate) fn excavator(brush: &mut Brush<'_>, colour: Rgb, facing: f32, reach: f32, size: f32) {
    brush.shadow(2.2 * size, 1.4 * size);
    let put = |brush: &mut Brush<'_>, colour: Rgb, points: &[(f32, f32)]| {
        let turned: Vec<(f32, f32)> = points.iter().map(|&(x, y)| (x * facing * size, y * size)).collect();
        brush.card(Stuff::Excavator, colour, &turned);
    };
    let limb = |brush: &mut Brush<'_>, colour: Rgb, [a, b]: [(f32, f32); 2], [wa, wb]: [f32; 2]| {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let long = (dx * dx + dy * dy).sqrt().max(0.01);
        let (nx, ny) = (-dy / long, dx / long);
        put(
            brush,
            colour,
            &[
                (a.0 + nx * wa, a.1 + ny * wa),
                (b.0 + nx * wb, b.1 + ny * wb),
                (b.0 - nx * wb, b.1 - ny * wb),
                (a.0 - nx * wa, a.1 - ny * wa),
            ],
        );
    };
    // Tracks.
    put(
        brush,
        DARK,
        &[(-1.9, 0.25), (-1.6, 0.0), (1.6, 0.0), (1.9, 0.25), (1.9, 0.65), (1.6, 0.85), (-1.6, 0.85), (-1.9, 0.65)],
    );
    for i in 0..4 {
        let x = -1.35 + 0.9 * i as f32;
        put(
            brush,
            [0.3, 0.3, 0.31],
            &[(x - 0.2, 0.25), (x, 0.1), (x + 0.2, 0.25), (x + 0.2, 0.5), (x, 0.65), (x - 0.2, 0.5)],
        );
    }
    // The arm: boom, stick, bucket; from the house outwards.
    let elbow = (2.6 + 0.9 * reach, 4.1 - 0.5 * reach);
    let wrist = (3.5 + 1.6 * reach, 1.7 + 0.3 * reach);
    limb(brush, colour, [(0.9, 1.5), elbow], [0.34, 0.26]);
    limb(brush, scale(colour, 0.88), [elbow, wrist], [0.26, 0.17]);
    limb(brush, [0.75; 3], [(1.3, 1.9), (2.2 + 0.6 * reach, 3.2 - 0.3 * reach)], [0.07, 0.07]);
    put(
        brush,
        [0.22, 0.22, 0.23],
        &[
            (wrist.0 - 0.15, wrist.1 + 0.15),
            (wrist.0 + 0.3, wrist.1),
            (wrist.0 + 0.2, wrist.1 - 0.9),
            (wrist.0 - 0.75, wrist.1 - 1.0),
            (wrist.0 - 0.5, wrist.1 - 0.3),
        ],
    );
    // House, counterweight, cab.
    put(brush, colour, &[(-1.7, 0.95), (-1.75, 1.9), (0.3, 2.0), (1.2, 1.6), (1.2, 0.95)]);
    put(brush, scale(colour, 0.6), &[(-2.1, 0.95), (-2.15, 1.8), (-1.5, 1.9), (-1.5, 0.95)]);
    put(brush, colour, &[(-0.2, 1.0), (-0.2, 2.85), (0.9, 2.85), (1.15, 1.7), (1.15, 1.0)]);
    put(brush, [0.17, 0.21, 0.26], &[(-0.05, 1.75), (-0.05, 2.7), (0.8, 2.7), (1.0, 1.75)]);
    put(brush, DARK, &[(-1.5, 1.15), (-1.5, 1.35), (-0.6, 1.35), (-0.6, 1.15)]);
    brush.spot(Stuff::Excavator, AMBER, (0.2 * facing * size, 2.95 * size), 0.1);
}

/// A trench: a dark hole with a torn edge.
pub(crate) fn trench(brush: &mut Brush<'_>, (half_x, half_z): (f32, f32), earth: Rgb) {
    let ring = |grow: f32, seed: u32| -> Vec<[f32; 3]> {
        (0..14)
            .map(|i| {
                let (sin, cos) = (i as f32 * std::f32::consts::TAU / 14.0).sin_cos();
                let wobble = 0.85 + 0.3 * hash(seed, i);
                // A rounded rectangle: the ellipse pushed outwards at its corners.
                let square = 1.0 / cos.abs().max(sin.abs()).max(0.75);
                [cos * square * half_x * grow * wobble, 0.0, sin * square * half_z * grow * wobble]
            })
            .collect()
    };
    let seed = (half_x * 1000.0) as u32;
    brush.face(Stuff::Trench, earth, 1.0, &ring(1.15, seed));
    brush.face(Stuff::Trench, scale(earth, 0.45), 1.0, &ring(0.85, seed));
    let deep: Vec<[f32; 3]> = ring(0.7, seed).into_iter().map(|[x, y, z]| [x, y, z - 0.15 * half_z]).collect();
    brush.face(Stuff::Trench, scale(earth, 0.22), 1.0, &deep);
}

/// A heap of earth or gravel.
pub(crate) fn heap(brush: &mut Brush<'_>, radius: f32, height: f32, earth: Rgb) {
    let seed = (radius * 1000.0) as u32;
    brush.shadow(radius * 1.1, radius * 0.7);
    let bump = |x: f32, i: u32| (x * radius, height * (1.0 - x * x) * (0.8 + 0.35 * hash(seed, i)));
    let ridge: Vec<(f32, f32)> = (0..11).map(|i| bump(-1.0 + 0.2 * i as f32, i)).collect();
    brush.card(Stuff::Trench, earth, &ridge);
    let dark = -brush.light.sun_side;
    let shade: Vec<(f32, f32)> = (0..6).map(|i| bump(dark * (0.15 + 0.17 * i as f32), 30 + i)).collect();
    let mut shade: Vec<(f32, f32)> = shade.into_iter().map(|(x, y)| (x, y * 0.85)).collect();
    shade.push((dark * 0.3 * radius, 0.0));
    brush.card(Stuff::Trench, scale(earth, 0.72), &shade);
    for i in 0..6 {
        let x = radius * (hash(seed, 50 + i) * 1.4 - 0.7);
        let y = height * 0.5 * hash(seed, 60 + i);
        brush.card(Stuff::Trench, scale(earth, 1.25), &[(x - 0.1, y), (x, y + 0.12), (x + 0.12, y)]);
    }
}

/// A trailer with a board of lamps that form an arrow; `points` -1 left, 1 right.
pub(crate) fn arrow_board(brush: &mut Brush<'_>, points: f32, lit: bool) {
    brush.shadow(1.0, 0.8);
    for x in [-0.7, 0.7] {
        brush.disc(Stuff::ArrowBoard, DARK, (x, 0.3), (0.12, 0.3));
    }
    brush.card(Stuff::ArrowBoard, [0.85, 0.5, 0.08], &[(-0.85, 0.35), (-0.85, 0.75), (0.85, 0.75), (0.85, 0.35)]);
    brush.card(Stuff::ArrowBoard, [0.4; 3], &[(-0.08, 0.7), (-0.08, 1.5), (0.08, 1.5), (0.08, 0.7)]);
    brush.card(Stuff::ArrowBoard, [0.9, 0.55, 0.1], &[(-1.28, 1.37), (-1.28, 2.83), (1.28, 2.83), (1.28, 1.37)]);
    brush.card(Stuff::ArrowBoard, [0.06, 0.06, 0.06], &[(-1.2, 1.45), (-1.2, 2.75), (1.2, 2.75), (1.2, 1.45)]);
    let lamps: [(f32, f32); 11] = [
        (-0.95, 0.0),
        (-0.6, 0.0),
        (-0.25, 0.0),
        (0.1, 0.0),
        (0.45, 0.0),
        (0.95, 0.0),
        (0.72, 0.22),
        (0.72, -0.22),
        (0.48, 0.44),
        (0.48, -0.44),
        (0.75, 0.0),
    ];
    for (x, y) in lamps {
        let at = (x * points, 2.1 + y);
        let colour = if lit { AMBER } else { [0.5, 0.36, 0.12] };
        brush.disc(Stuff::ArrowBoard, colour, at, (0.12, 0.12));
        if lit {
            brush.spot(Stuff::ArrowBoard, AMBER, at, 0.1);
        }
    }
}
