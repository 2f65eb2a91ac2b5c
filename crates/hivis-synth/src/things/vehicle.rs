//! Cars, trucks, buses, tractors.

use crate::Stuff;
use crate::brush::Brush;
use crate::camera::V3;
use crate::raster::{Rgb, mix, scale};
use crate::world::{Body, Heavy};

const TYRE: Rgb = [0.06, 0.06, 0.065];
const GLASS: Rgb = [0.16, 0.2, 0.25];
const TAIL: Rgb = [0.85, 0.08, 0.07];
const HEAD: Rgb = [1.0, 0.97, 0.85];

/// A passenger car whose front points along its frame.
pub(crate) fn car(brush: &mut Brush<'_>, paint: Rgb, body: Body, lit: bool) {
    let (half, waist, roof, long, back, front) = match body {
        Body::Sedan => (0.9, 0.88, 1.42, 2.25, -1.75, 0.95),
        Body::Hatchback => (0.87, 0.92, 1.48, 2.0, -1.9, 0.95),
        Body::Suv => (0.95, 1.05, 1.75, 2.3, -2.2, 1.0),
        Body::Van => (0.98, 1.15, 2.1, 2.5, -2.45, 1.6),
    };
    brush.shadow(half + 0.1, long);
    brush.block(Stuff::Car, TYRE, [-half + 0.05, 0.0, -long + 0.25], [half - 0.05, 0.5, long - 0.25]);
    brush.block(Stuff::Car, paint, [-half, 0.3, -long], [half, waist, long]);
    wheels(brush, Stuff::Car, half, &[(-long + 0.85, 0.33), (long - 0.85, 0.33)]);
    cabin(brush, paint, [half, waist, back], [half - 0.18, roof, front]);
    lamps(brush, half, waist, long, lit);
}

/// Glass between the waist and the roof, leaning inwards, and the roof.
fn cabin(brush: &mut Brush<'_>, paint: Rgb, low: V3, high: V3) {
    let ([x0, y0, back], [x1, y1, front]) = (low, high);
    let (top_back, top_front) = (back + 0.35, front - 0.65);
    let eye = brush.eye();
    let pillar = scale(paint, 0.75);
    let glass = mix(GLASS, brush.light.sky_low, 0.18);
    for side in [-1.0_f32, 1.0] {
        if eye[0] * side > x0 {
            let (a, b) = (side * x0, side * x1);
            let shade = brush.side_shade(side);
            brush.face(
                Stuff::Car,
                pillar,
                shade,
                &[[a, y0, back], [b, y1, top_back], [b, y1, top_front], [a, y0, front]],
            );
            let (c, d) = (mix1(a, b, 0.15), mix1(a, b, 0.85));
            let (l, h) = (mix1(y0, y1, 0.15), mix1(y0, y1, 0.88));
            let middle = f32::midpoint(back, front);
            for (from, to) in [(top_back - 0.1, middle - 0.06), (middle + 0.06, top_front + 0.1)] {
                brush.face(Stuff::Car, glass, shade, &[[c, l, from], [d, h, from], [d, h, to], [c, l, to]]);
            }
        }
    }
    if eye[2] < top_back {
        brush.face(Stuff::Car, paint, 0.8, &[[-x0, y0, back], [-x1, y1, top_back], [x1, y1, top_back], [x0, y0, back]]);
        let inset = 0.13;
        brush.face(
            Stuff::Car,
            glass,
            0.9,
            &[
                [-x0 + inset, y0 + 0.05, back],
                [-x1 + inset, y1 - 0.06, top_back],
                [x1 - inset, y1 - 0.06, top_back],
                [x0 - inset, y0 + 0.05, back],
            ],
        );
    }
    if eye[2] > top_front {
        brush.face(
            Stuff::Car,
            glass,
            1.0,
            &[[-x0, y0, front], [-x1, y1, top_front], [x1, y1, top_front], [x0, y0, front]],
        );
    }
    let rim = [[-x1, y1, top_back], [x1, y1, top_back], [x1, y1, top_front], [-x1, y1, top_front]];
    if eye[1] > y1 {
        brush.face(Stuff::Car, paint, 1.1, &rim);
    }
    brush.block(Stuff::Car, paint, [-x1, y1 - 0.07, top_back], [x1, y1, top_front]);
}

fn mix1(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// Dark discs on the sides; distance along the vehicle and radius of each.
fn wheels(brush: &mut Brush<'_>, stuff: Stuff, half: f32, at: &[(f32, f32)]) {
    let eye = brush.eye();
    let side = if eye[0] > half {
        half + 0.01
    } else if eye[0] < -half {
        -half - 0.01
    } else {
        return;
    };
    for &(z, radius) in at {
        for (share, colour) in [(1.0, TYRE), (0.55, [0.45, 0.46, 0.48])] {
            let rim: [V3; 10] = std::array::from_fn(|i| {
                let (sin, cos) = (i as f32 * std::f32::consts::TAU / 10.0).sin_cos();
                [side, radius + radius * share * sin, z + radius * share * cos]
            });
            brush.face(stuff, colour, 0.9, &rim);
        }
    }
}

fn lamps(brush: &mut Brush<'_>, half: f32, waist: f32, long: f32, lit: bool) {
    let eye = brush.eye();
    let (low, high) = (waist - 0.28, waist - 0.08);
    if eye[2] < -long {
        let z = -long - 0.01;
        for side in [-1.0, 1.0] {
            let (a, b) = (side * (half - 0.3), side * (half - 0.03));
            brush.face(Stuff::Car, TAIL, 1.0, &[[a, low, z], [a, high, z], [b, high, z], [b, low, z]]);
            if lit {
                brush.lamp(Stuff::Car, [1.0, 0.12, 0.08], [f32::midpoint(a, b), f32::midpoint(low, high), z], 0.09);
            }
        }
        brush.face(
            Stuff::Car,
            [0.8, 0.8, 0.75],
            0.9,
            &[[-0.25, 0.45, z], [-0.25, 0.58, z], [0.25, 0.58, z], [0.25, 0.45, z]],
        );
    } else if eye[2] > long {
        let z = long + 0.01;
        brush.face(Stuff::Car, TYRE, 1.0, &[[-0.5, 0.4, z], [-0.5, 0.62, z], [0.5, 0.62, z], [0.5, 0.4, z]]);
        for side in [-1.0, 1.0] {
            let (a, b) = (side * (half - 0.35), side * (half - 0.05));
            brush.face(Stuff::Car, [0.85; 3], 1.0, &[[a, low, z], [a, high, z], [b, high, z], [b, low, z]]);
            if lit {
                brush.lamp(Stuff::Car, HEAD, [f32::midpoint(a, b), f32::midpoint(low, high), z], 0.12);
            }
        }
    }
}

/// A truck, bus or tractor whose front points along its frame. Colours: cab, load.
pub(crate) fn truck(brush: &mut Brush<'_>, [cab, load]: [Rgb; 2], kind: Heavy, beacon: bool) {
    if kind == Heavy::Tractor {
        return tractor(brush, cab, beacon);
    }
    let half = 1.22;
    let long = if kind == Heavy::Bus { 5.4 } else { 3.8 };
    brush.shadow(half + 0.15, long);
    brush.block(Stuff::Truck, TYRE, [-half + 0.1, 0.0, -long + 0.4], [half - 0.1, 0.8, long - 0.3]);
    let away = brush.eye()[2] < 0.0;
    // The far end first.
    let ends: [bool; 2] = if away { [true, false] } else { [false, true] };
    for is_cab in ends {
        if is_cab && kind != Heavy::Bus {
            let top = if kind == Heavy::Box { 2.5 } else { 2.6 };
            brush.block(Stuff::Truck, cab, [-half + 0.05, 0.5, long - 1.9], [half - 0.05, top, long]);
            side_glass(brush, half - 0.04, [1.5, top - 0.25], [long - 1.5, long - 0.3]);
            end_glass(brush, half - 0.15, [1.45, top - 0.2], long + 0.01);
        } else if !is_cab {
            match kind {
                Heavy::Box => brush.block(Stuff::Truck, load, [-half, 0.8, -long], [half, 3.2, long - 2.0]),
                Heavy::Bus => {
                    brush.block(Stuff::Truck, load, [-half, 0.35, -long], [half, 3.0, long]);
                    for i in 0..6 {
                        let z = -long + 0.5 + 1.75 * i as f32;
                        side_glass(brush, half + 0.01, [1.5, 2.5], [z, z + 1.4]);
                    }
                    end_glass(brush, half - 0.1, [1.3, 2.6], long + 0.01);
                    end_glass(brush, half - 0.2, [1.6, 2.5], -long - 0.01);
                }
                Heavy::Dump => {
                    brush.block(Stuff::Truck, load, [-half, 1.0, -long], [half, 2.3, long - 2.0]);
                    brush.block(Stuff::Truck, scale(load, 0.75), [-half, 0.8, -long], [half, 1.05, long - 2.0]);
                }
                Heavy::Flatbed | Heavy::Tractor => {
                    brush.block(Stuff::Truck, load, [-half, 0.85, -long], [half, 1.1, long - 1.95]);
                }
            }
        }
    }
    wheels(brush, Stuff::Truck, half, &[(-long + 1.2, 0.5), (long - 1.0, 0.5)]);
    if away {
        let z = -long - 0.02;
        for side in [-1.0, 1.0] {
            let (a, b) = (side * 0.75, side * 1.1);
            brush.face(Stuff::Truck, TAIL, 1.0, &[[a, 0.85, z], [a, 1.05, z], [b, 1.05, z], [b, 0.85, z]]);
            brush.lamp(Stuff::Truck, [1.0, 0.12, 0.08], [f32::midpoint(a, b), 0.95, z], 0.07);
        }
    } else {
        for side in [-0.9, 0.9] {
            brush.lamp(Stuff::Truck, HEAD, [side, 0.95, long + 0.02], 0.12);
        }
    }
    if beacon {
        brush.lamp(Stuff::Truck, [1.0, 0.62, 0.1], [0.0, 2.75, long - 1.0], 0.14);
    }
}

fn side_glass(brush: &mut Brush<'_>, half: f32, [low, high]: [f32; 2], [from, to]: [f32; 2]) {
    let eye = brush.eye()[0];
    if eye.abs() > half {
        let x = half * eye.signum();
        let shade = brush.side_shade(eye.signum());
        brush.face(Stuff::Truck, GLASS, shade, &[[x, low, from], [x, high, from], [x, high, to], [x, low, to]]);
    }
}

fn end_glass(brush: &mut Brush<'_>, half: f32, [low, high]: [f32; 2], z: f32) {
    if (brush.eye()[2] - z) * z > 0.0 {
        brush.face(Stuff::Truck, GLASS, 0.95, &[[-half, low, z], [-half, high, z], [half, high, z], [half, low, z]]);
    }
}

/// A farm tractor or small loader: big rear wheels, a cab on top.
fn tractor(brush: &mut Brush<'_>, paint: Rgb, beacon: bool) {
    brush.shadow(1.2, 2.2);
    brush.block(Stuff::Truck, TYRE, [-1.0, 0.0, -1.6], [1.0, 0.9, 1.6]);
    brush.block(Stuff::Truck, paint, [-0.5, 0.8, -0.2], [0.5, 1.6, 1.9]);
    brush.block(Stuff::Truck, GLASS, [-0.75, 1.2, -1.5], [0.75, 2.5, 0.1]);
    brush.block(Stuff::Truck, paint, [-0.8, 2.45, -1.55], [0.8, 2.65, 0.15]);
    wheels(brush, Stuff::Truck, 1.02, &[(-0.9, 0.8), (1.4, 0.5)]);
    if brush.eye()[2] < -1.6 {
        for side in [-1.0_f32, 1.0] {
            let (a, b) = (side * 0.6, side * 1.1);
            brush.face(Stuff::Truck, TYRE, 1.0, &[[a, 0.0, -1.7], [a, 1.6, -1.7], [b, 1.6, -1.7], [b, 0.0, -1.7]]);
        }
    }
    if beacon {
        brush.lamp(Stuff::Truck, [1.0, 0.62, 0.1], [0.5, 2.75, -0.5], 0.12);
    }
}
