//! Signs of work, ordinary signs, traffic lights, advertising.

use crate::Stuff;
use crate::brush::Brush;
use crate::raster::{Rgb, scale};
use crate::world::Face;

const BLACK: Rgb = [0.05, 0.05, 0.05];
const WHITE: Rgb = [0.95, 0.95, 0.94];
const RED: Rgb = [0.82, 0.09, 0.1];
const POST: Rgb = [0.5, 0.52, 0.55];

fn pole(brush: &mut Brush<'_>, height: f32) {
    brush.card(Stuff::Pole, POST, &[(-0.04, 0.0), (-0.04, height), (0.04, height), (0.04, 0.0)]);
}

/// Points of a shape of unit half size around the origin.
fn outline(face: Face) -> Vec<(f32, f32)> {
    let round = |count: usize, first: f32| -> Vec<(f32, f32)> {
        let angle = |i: usize| (first + i as f32 / count as f32) * std::f32::consts::TAU;
        (0..count).map(|i| (angle(i).cos(), angle(i).sin())).collect()
    };
    match face {
        Face::Diamond => vec![(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)],
        Face::Triangle => vec![(-1.0, -0.8), (1.0, -0.8), (0.0, 0.95)],
        Face::Board => vec![(-1.25, -0.75), (1.25, -0.75), (1.25, 0.75), (-1.25, 0.75)],
        Face::Square => vec![(-0.75, -1.0), (0.75, -1.0), (0.75, 1.0), (-0.75, 1.0)],
        Face::Round => round(14, 0.0),
        Face::Octagon => round(8, 1.0 / 16.0),
    }
}

fn panel(brush: &mut Brush<'_>, stuff: Stuff, colour: Rgb, (middle, size): (f32, f32), shape: &[(f32, f32)]) {
    let points: Vec<(f32, f32)> = shape.iter().map(|&(x, y)| (x * size, middle + y * size)).collect();
    brush.card(stuff, colour, &points);
}

/// A sign that announces work: `size` is half its width, `foot` the height of its lower edge.
pub(crate) fn work_sign(brush: &mut Brush<'_>, face: Face, colour: Rgb, size: f32, foot: f32) {
    let middle = foot + size;
    brush.shadow(0.35, 0.2);
    for side in [-0.35, 0.35] {
        brush.card(
            Stuff::WorkSign,
            POST,
            &[(side - 0.03, 0.0), (side * 0.4 - 0.03, middle), (side * 0.4 + 0.03, middle), (side + 0.03, 0.0)],
        );
    }
    let shape = outline(face);
    let border = if face == Face::Triangle { RED } else { BLACK };
    panel(brush, Stuff::WorkSign, border, (middle, size * 1.06), &shape);
    panel(brush, Stuff::WorkSign, colour, (middle, size * if face == Face::Triangle { 0.74 } else { 0.94 }), &shape);
    let mark =
        |brush: &mut Brush<'_>, points: &[(f32, f32)]| panel(brush, Stuff::WorkSign, BLACK, (middle, size), points);
    if face == Face::Board {
        for (y, half) in [(0.35, 1.0), (0.0, 0.75), (-0.35, 0.9)] {
            mark(brush, &[(-half, y - 0.1), (-half, y + 0.1), (half, y + 0.1), (half, y - 0.1)]);
        }
    } else {
        // A bent figure with a shovel before a heap.
        mark(brush, &[(-0.08, 0.28), (0.02, 0.4), (0.12, 0.3), (0.02, 0.2)]);
        mark(brush, &[(-0.3, -0.45), (-0.2, -0.1), (-0.05, 0.22), (0.1, 0.12), (-0.02, -0.12), (-0.05, -0.45)]);
        mark(brush, &[(0.02, 0.1), (0.3, -0.35), (0.36, -0.3), (0.1, 0.14)]);
        mark(brush, &[(0.12, -0.48), (0.34, -0.22), (0.55, -0.48)]);
    }
}

/// An ordinary sign on a pole.
pub(crate) fn traffic_sign(brush: &mut Brush<'_>, face: Face, colour: Rgb, size: f32, foot: f32) {
    let middle = foot + size;
    pole(brush, foot + size);
    let shape = outline(face);
    let stuff = Stuff::TrafficSign;
    match face {
        Face::Triangle | Face::Round => {
            panel(brush, stuff, RED, (middle, size), &shape);
            panel(brush, stuff, colour, (middle, size * 0.74), &shape);
            panel(brush, stuff, BLACK, (middle, size), &[(-0.1, -0.4), (-0.1, 0.3), (0.1, 0.3), (0.1, -0.4)]);
        }
        Face::Octagon => {
            panel(brush, stuff, WHITE, (middle, size), &shape);
            panel(brush, stuff, RED, (middle, size * 0.92), &shape);
            panel(brush, stuff, WHITE, (middle, size), &[(-0.65, -0.15), (-0.65, 0.15), (0.65, 0.15), (0.65, -0.15)]);
        }
        Face::Diamond => {
            panel(brush, stuff, BLACK, (middle, size), &shape);
            panel(brush, stuff, colour, (middle, size * 0.92), &shape);
            panel(
                brush,
                stuff,
                BLACK,
                (middle, size),
                &[(-0.08, -0.45), (-0.08, 0.15), (-0.3, 0.1), (0.0, 0.5), (0.3, 0.1), (0.08, 0.15), (0.08, -0.45)],
            );
        }
        Face::Board | Face::Square => {
            panel(brush, stuff, WHITE, (middle, size), &shape);
            panel(brush, stuff, colour, (middle, size * 0.92), &shape);
            for y in [0.35, -0.2] {
                panel(
                    brush,
                    stuff,
                    WHITE,
                    (middle, size),
                    &[(-0.5, y - 0.12), (-0.5, y + 0.12), (0.5, y + 0.12), (0.5, y - 0.12)],
                );
            }
        }
    }
}

/// A traffic light: 0 red, 1 amber, 2 green; its arm reaches this far over the road.
pub(crate) fn traffic_light(brush: &mut Brush<'_>, state: u8, arm: f32) {
    let height = 5.2;
    brush.card(Stuff::Pole, POST, &[(-0.08, 0.0), (-0.08, height), (0.08, height), (0.08, 0.0)]);
    brush.card(Stuff::Pole, POST, &[(0.0, height - 0.12), (0.0, height), (arm, height), (arm, height - 0.12)]);
    brush.card(
        Stuff::TrafficSign,
        [0.08, 0.09, 0.08],
        &[(arm - 0.2, height - 1.1), (arm - 0.2, height), (arm + 0.2, height), (arm + 0.2, height - 1.1)],
    );
    let colours = [[1.0, 0.12, 0.08], [1.0, 0.65, 0.08], [0.15, 0.95, 0.45]];
    for (i, colour) in colours.into_iter().enumerate() {
        let y = height - 0.2 - 0.34 * i as f32;
        let lit = i == state as usize;
        brush.disc(Stuff::TrafficSign, scale(colour, if lit { 1.0 } else { 0.2 }), (arm, y), (0.13, 0.13));
        if lit {
            brush.spot(Stuff::TrafficSign, colour, (arm, y), 0.13);
        }
    }
}

/// A hand-held stop paddle; `at` is its grip.
pub(crate) fn paddle(brush: &mut Brush<'_>, at: (f32, f32), height: f32) {
    brush.card(
        Stuff::Worker,
        POST,
        &[(at.0 - 0.02, at.1), (at.0 - 0.02, height * 1.05), (at.0 + 0.02, height * 1.05), (at.0 + 0.02, at.1)],
    );
    let points: Vec<(f32, f32)> =
        outline(Face::Octagon).iter().map(|&(x, y)| (at.0 + 0.25 * x, height * 1.12 + 0.25 * y)).collect();
    brush.card(Stuff::WorkSign, RED, &points);
}

/// Advertising: a panel on legs with big shapes, or stripes.
pub(crate) fn billboard(
    brush: &mut Brush<'_>,
    colours: [Rgb; 2],
    (half, height): (f32, f32),
    foot: f32,
    stripes: bool,
) {
    for side in [-0.7, 0.7] {
        let x = side * half;
        brush.card(
            Stuff::Pole,
            POST,
            &[(x - 0.07, 0.0), (x - 0.07, foot + 0.1), (x + 0.07, foot + 0.1), (x + 0.07, 0.0)],
        );
    }
    let (low, high) = (foot, foot + height);
    brush.card(Stuff::Billboard, colours[0], &[(-half, low), (-half, high), (half, high), (half, low)]);
    if stripes {
        let step = half / 3.0;
        for i in 0..3 {
            let x = -half + step * (0.5 + 2.0 * i as f32);
            brush.card(Stuff::Billboard, colours[1], &[(x, low), (x, high), (x + step, high), (x + step, low)]);
        }
    } else {
        brush.disc(Stuff::Billboard, colours[1], (-0.45 * half, f32::midpoint(low, high)), (0.3 * half, 0.35 * height));
        for (y, end) in [(0.7, 0.85), (0.5, 0.6), (0.3, 0.8)] {
            let y = low + y * height;
            brush.card(
                Stuff::Billboard,
                colours[1],
                &[
                    (0.0, y - 0.06 * height),
                    (0.0, y + 0.06 * height),
                    (end * half, y + 0.06 * height),
                    (end * half, y - 0.06 * height),
                ],
            );
        }
    }
}

/// An inflated arch over the road, as at the start of a run.
pub(crate) fn arch(brush: &mut Brush<'_>, colour: Rgb, half: f32) {
    for side in [-1.0, 1.0] {
        let (a, b) = (side * half, side * (half - 0.8));
        brush.card(Stuff::Billboard, colour, &[(a, 0.0), (a, 4.4), (b, 4.4), (b, 0.0)]);
    }
    brush.card(Stuff::Billboard, colour, &[(-half, 3.9), (-half + 0.8, 5.4), (half - 0.8, 5.4), (half, 3.9)]);
    let inner = 0.55 * half;
    brush.card(Stuff::Billboard, WHITE, &[(-inner, 4.3), (-inner, 5.0), (inner, 5.0), (inner, 4.3)]);
    for i in 0..5 {
        let x = inner * (-0.8 + 0.36 * i as f32);
        brush.card(
            Stuff::Billboard,
            scale(colour, 0.6),
            &[(x, 4.4), (x, 4.9), (x + 0.2 * inner, 4.9), (x + 0.2 * inner, 4.4)],
        );
    }
}
