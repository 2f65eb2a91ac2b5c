//! People: those at work on the road, and everyone else.

use crate::Stuff;
use crate::brush::Brush;
use crate::raster::{Rgb, scale};
use crate::things::sign::paddle;
use crate::world::Pose;

/// One figure; lengths in shares of its height of about 1.75 m.
pub(crate) struct Figure {
    pub(crate) top: Rgb,
    pub(crate) legs: Rgb,
    pub(crate) height: f32,
    pub(crate) pose: Pose,
}

const SILVER: Rgb = [0.92, 0.93, 0.9];
const SKIN: [Rgb; 3] = [[0.85, 0.66, 0.54], [0.6, 0.42, 0.3], [0.36, 0.24, 0.17]];
const HAIR: Rgb = [0.16, 0.11, 0.08];

fn skin(figure: &Figure) -> Rgb {
    SKIN[(figure.height * 1000.0) as usize % SKIN.len()]
}

/// A person at work: striped vest, helmet, perhaps a shovel or a paddle.
pub(crate) fn worker(brush: &mut Brush<'_>, figure: &Figure, helmet: Rgb) {
    body(brush, Stuff::Worker, figure);
    let h = figure.height;
    let lean = if figure.pose == Pose::Digs { 0.16 * h } else { 0.0 };
    let band = |y: f32, half: f32| {
        let shift = lean * (y - 0.48) / 0.34;
        [
            (shift - half * h, y * h),
            (shift - half * h, (y + 0.035) * h),
            (shift + half * h, (y + 0.035) * h),
            (shift + half * h, y * h),
        ]
    };
    brush.card(Stuff::Worker, SILVER, &band(0.56, 0.12));
    brush.card(Stuff::Worker, SILVER, &band(0.66, 0.125));
    for side in [-0.07, 0.07] {
        let x = side * h + lean * 0.8;
        brush.card(
            Stuff::Worker,
            SILVER,
            &[
                (x - 0.015 * h, 0.69 * h),
                (x - 0.015 * h, 0.81 * h),
                (x + 0.015 * h, 0.81 * h),
                (x + 0.015 * h, 0.69 * h),
            ],
        );
    }
    let head = (lean * 1.2, 0.93 * h);
    brush.card(
        Stuff::Worker,
        helmet,
        &[
            (head.0 - 0.085 * h, head.1),
            (head.0 - 0.065 * h, head.1 + 0.06 * h),
            (head.0, head.1 + 0.085 * h),
            (head.0 + 0.065 * h, head.1 + 0.06 * h),
            (head.0 + 0.085 * h, head.1),
        ],
    );
    match figure.pose {
        Pose::Digs => {
            let wood = [0.5, 0.36, 0.2];
            brush.card(
                Stuff::Worker,
                wood,
                &[(0.12 * h, 0.62 * h), (0.15 * h, 0.64 * h), (0.44 * h, 0.1 * h), (0.41 * h, 0.08 * h)],
            );
            brush.card(
                Stuff::Worker,
                [0.4; 3],
                &[(0.38 * h, 0.14 * h), (0.46 * h, 0.14 * h), (0.5 * h, 0.0), (0.42 * h, 0.0)],
            );
        }
        Pose::HoldsPaddle => paddle(brush, (0.27 * h, 0.35 * h), h),
        Pose::Stands | Pose::Walks | Pose::Runs => {}
    }
}

/// Anyone else; `bib` pins a number to the chest.
pub(crate) fn person(brush: &mut Brush<'_>, figure: &Figure, bib: bool) {
    body(brush, Stuff::Person, figure);
    let h = figure.height;
    brush.card(
        Stuff::Person,
        HAIR,
        &[(-0.065 * h, 0.92 * h), (-0.06 * h, 0.98 * h), (0.0, 1.01 * h), (0.06 * h, 0.98 * h), (0.065 * h, 0.92 * h)],
    );
    if bib {
        brush.card(
            Stuff::Person,
            [0.95; 3],
            &[(-0.06 * h, 0.6 * h), (-0.06 * h, 0.7 * h), (0.06 * h, 0.7 * h), (0.06 * h, 0.6 * h)],
        );
    }
}

fn body(brush: &mut Brush<'_>, stuff: Stuff, figure: &Figure) {
    let h = figure.height;
    brush.shadow(0.3, 0.25);
    let (stride, lean) = match figure.pose {
        Pose::Runs => (0.17, 0.05 * h),
        Pose::Walks => (0.09, 0.0),
        Pose::Digs => (0.08, 0.16 * h),
        Pose::Stands | Pose::HoldsPaddle => (0.04, 0.0),
    };
    let legs = if figure.pose == Pose::Runs { skin(figure) } else { figure.legs };
    for side in [-1.0, 1.0] {
        let foot = side * stride * h;
        brush.card(
            stuff,
            legs,
            &[
                (foot - 0.045 * h, 0.0),
                (side * 0.05 * h - 0.055 * h, 0.5 * h),
                (side * 0.05 * h + 0.055 * h, 0.5 * h),
                (foot + 0.045 * h, 0.0),
            ],
        );
        brush.card(
            stuff,
            [0.1, 0.09, 0.08],
            &[(foot - 0.05 * h, 0.0), (foot - 0.05 * h, 0.04 * h), (foot + 0.07 * h, 0.04 * h), (foot + 0.07 * h, 0.0)],
        );
    }
    if figure.pose == Pose::Runs {
        brush.card(
            stuff,
            figure.legs,
            &[(-0.12 * h, 0.36 * h), (-0.1 * h, 0.5 * h), (0.1 * h, 0.5 * h), (0.12 * h, 0.36 * h)],
        );
    }
    let sleeve = scale(figure.top, 0.8);
    let swing = if figure.pose == Pose::Digs { 0.26 * h } else { stride * 0.9 * h };
    for side in [-1.0_f32, 1.0] {
        let shoulder = side * 0.13 * h + lean;
        let hand = if figure.pose == Pose::Digs { swing } else { side * 0.17 * h + side * swing * 0.6 };
        brush.card(
            stuff,
            sleeve,
            &[
                (shoulder - 0.035 * h, 0.81 * h),
                (shoulder + 0.035 * h, 0.81 * h),
                (hand + 0.03 * h, 0.46 * h),
                (hand - 0.03 * h, 0.46 * h),
            ],
        );
    }
    brush.card(
        stuff,
        figure.top,
        &[
            (-0.115 * h, 0.46 * h),
            (-0.13 * h + lean, 0.8 * h),
            (-0.06 * h + lean, 0.84 * h),
            (0.06 * h + lean, 0.84 * h),
            (0.13 * h + lean, 0.8 * h),
            (0.115 * h, 0.46 * h),
        ],
    );
    brush.disc(stuff, skin(figure), (lean * 1.2, 0.91 * h), (0.058 * h, 0.075 * h));
}
