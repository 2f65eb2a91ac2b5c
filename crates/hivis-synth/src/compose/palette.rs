//! Colours of things, so that both labels draw from the same pots.

use crate::dice::Dice;
use crate::raster::{Rgb, scale};

const CARS: [Rgb; 10] = [
    [0.86, 0.86, 0.85],
    [0.08, 0.08, 0.09],
    [0.55, 0.57, 0.6],
    [0.3, 0.32, 0.35],
    [0.12, 0.2, 0.42],
    [0.5, 0.09, 0.1],
    [0.16, 0.28, 0.22],
    [0.62, 0.58, 0.5],
    [0.2, 0.35, 0.55],
    [0.36, 0.25, 0.2],
];

/// An ordinary car's paint.
pub(crate) fn car(dice: &mut Dice) -> Rgb {
    scale(dice.pick(&CARS), dice.range(0.85, 1.12))
}

/// The oranges of cones, vests, cars and advertising.
pub(crate) fn orange(dice: &mut Dice) -> Rgb {
    [dice.range(0.88, 1.0), dice.range(0.3, 0.48), dice.range(0.02, 0.12)]
}

/// The yellows of machines, buses, vests and cars.
pub(crate) fn yellow(dice: &mut Dice) -> Rgb {
    [dice.range(0.88, 0.98), dice.range(0.64, 0.78), dice.range(0.05, 0.18)]
}

/// The yellow-green of vests and sports shirts.
pub(crate) fn lime(dice: &mut Dice) -> Rgb {
    [dice.range(0.72, 0.85), dice.range(0.88, 0.97), dice.range(0.1, 0.25)]
}

/// A signal red.
pub(crate) fn red(dice: &mut Dice) -> Rgb {
    [dice.range(0.74, 0.88), dice.range(0.07, 0.16), dice.range(0.07, 0.14)]
}

/// Any loud colour, as roadwork and its look-alikes wear.
pub(crate) fn loud(dice: &mut Dice) -> Rgb {
    match dice.count(0, 9) {
        0..=4 => orange(dice),
        5..=6 => yellow(dice),
        7..=8 => red(dice),
        _ => lime(dice),
    }
}

/// An almost white.
pub(crate) fn white(dice: &mut Dice) -> Rgb {
    let tone = dice.range(0.86, 0.97);
    [tone, tone, tone - 0.02]
}

/// A wall of a house.
pub(crate) fn wall(dice: &mut Dice) -> Rgb {
    let base = dice.pick(&[
        [0.62, 0.42, 0.34],
        [0.7, 0.64, 0.54],
        [0.55, 0.55, 0.56],
        [0.78, 0.74, 0.66],
        [0.5, 0.36, 0.3],
        [0.4, 0.44, 0.5],
        [0.72, 0.6, 0.42],
        [0.82, 0.8, 0.77],
        [0.56, 0.5, 0.44],
    ]);
    scale(base, dice.range(0.75, 1.1))
}

/// A crown of leaves.
pub(crate) fn leaves(dice: &mut Dice) -> Rgb {
    let base = dice.pick(&[
        [0.2, 0.38, 0.14],
        [0.28, 0.44, 0.17],
        [0.15, 0.3, 0.15],
        [0.36, 0.45, 0.18],
        [0.62, 0.42, 0.14],
        [0.22, 0.36, 0.22],
    ]);
    scale(base, dice.range(0.75, 1.15))
}

/// Earth, gravel, torn asphalt.
pub(crate) fn earth(dice: &mut Dice) -> Rgb {
    let base = dice.pick(&[[0.42, 0.3, 0.2], [0.5, 0.4, 0.28], [0.38, 0.34, 0.3], [0.34, 0.24, 0.17]]);
    scale(base, dice.range(0.85, 1.15))
}

/// What ordinary people wear.
pub(crate) fn clothes(dice: &mut Dice) -> Rgb {
    let base = dice.pick(&[
        [0.12, 0.13, 0.17],
        [0.3, 0.32, 0.36],
        [0.2, 0.28, 0.45],
        [0.5, 0.46, 0.4],
        [0.35, 0.14, 0.17],
        [0.75, 0.74, 0.72],
        [0.2, 0.34, 0.28],
    ]);
    scale(base, dice.range(0.8, 1.15))
}
