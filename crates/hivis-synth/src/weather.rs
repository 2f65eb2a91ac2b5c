//! What falls before the lens, and the bonnet below it: drawn over everything else.

use crate::Stuff;
use crate::dice::Dice;
use crate::raster::{Canvas, Point, Rgb, mix, scale};
use crate::world::World;

/// Streaks of rain, flakes of snow, the bonnet.
pub(crate) fn draw(canvas: &mut Canvas, world: &World, dice: &mut Dice) {
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let side = (width * height).sqrt();
    let bright = mix(world.light.sky_low, [1.0; 3], 0.35);
    if world.rain > 0.0 {
        let slant = dice.range(-0.25, 0.25);
        for _ in 0..(190.0 * world.rain) as usize {
            let (x, y) = (dice.range(0.0, width), dice.range(-0.05, 1.0) * height);
            let long = side * dice.range(0.02, 0.07);
            let thick = (side * dice.range(0.001, 0.0028)).max(0.7);
            let streak = [(x, y), (x + thick, y), (x + thick + slant * long, y + long), (x + slant * long, y + long)];
            canvas.tint(&streak, bright, 0.2);
        }
        for _ in 0..(14.0 * world.rain) as usize {
            let middle = (dice.range(0.0, width), dice.range(0.0, height));
            let radius = side * dice.range(0.004, 0.014);
            canvas.tint(&ring(middle, radius), bright, 0.22);
        }
    }
    if world.flakes > 0.0 {
        let white = scale([0.97, 0.98, 1.0], 1.0 - 0.3 * world.light.night);
        for _ in 0..(260.0 * world.flakes) as usize {
            let middle = (dice.range(0.0, width), dice.range(0.0, height));
            let radius = (side * dice.range(0.0012, 0.005)).max(0.7);
            canvas.tint(&ring(middle, radius), white, 0.75);
        }
    }
    if let Some(paint) = world.hood {
        hood(canvas, paint, world);
    }
}

fn ring(middle: Point, radius: f32) -> [Point; 7] {
    std::array::from_fn(|i| {
        let (sin, cos) = (i as f32 * std::f32::consts::TAU / 7.0).sin_cos();
        (middle.0 + radius * cos, middle.1 + radius * sin)
    })
}

fn hood(canvas: &mut Canvas, paint: Rgb, world: &World) {
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let lit = [paint[0] * world.light.ambient[0], paint[1] * world.light.ambient[1], paint[2] * world.light.ambient[2]];
    let shape: [Point; 11] = std::array::from_fn(|i| match i {
        9 => (width, height),
        10 => (0.0, height),
        _ => {
            let x = i as f32 / 8.0;
            let arch = 1.0 - (2.0 * x - 1.0).powi(4);
            (x * width, height * (0.985 - 0.075 * arch))
        }
    });
    let shine = mix(lit, scale(world.light.sky_low, 0.8), 0.35);
    canvas.fill_gradient(&shape, [shine, scale(lit, 0.55)], Stuff::Hood);
}
