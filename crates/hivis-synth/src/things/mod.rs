//! How things look: one function a kind of thing, each in metres in the thing's own frame.

mod gear;
mod machine;
mod nature;
mod person;
mod sign;
mod structure;
mod vehicle;

use crate::brush::Brush;
use crate::world::{Placed, Thing};

/// Draws one thing on its place.
pub(crate) fn draw(brush: &mut Brush<'_>, placed: &Placed) {
    brush.stand(placed.s, placed.z, placed.turn);
    if !brush.in_sight() {
        return;
    }
    match &placed.thing {
        Thing::Building { half, height, wall, glass, awning, seed } => {
            structure::building(
                brush,
                &structure::House {
                    half: *half,
                    height: *height,
                    wall: *wall,
                    glass: *glass,
                    awning: *awning,
                    seed: *seed,
                },
            );
        }
        Thing::Tree { height, crown, growth, seed } => nature::tree(brush, *height, *crown, *growth, *seed),
        Thing::Lamp { height, arm } => structure::street_lamp(brush, *height, *arm),
        Thing::Car { paint, body, lit } => vehicle::car(brush, *paint, *body, *lit),
        Thing::Truck { cab, load, kind, beacon } => vehicle::truck(brush, [*cab, *load], *kind, *beacon),
        Thing::Person { jacket, trousers, height, pose, bib } => {
            person::person(
                brush,
                &person::Figure { top: *jacket, legs: *trousers, height: *height, pose: *pose },
                *bib,
            );
        }
        Thing::Worker { vest, helmet, height, pose } => {
            let legs = [0.13, 0.15, 0.24];
            person::worker(brush, &person::Figure { top: *vest, legs, height: *height, pose: *pose }, *helmet);
        }
        Thing::Cone { height, colour, tube, bands } => gear::cone(brush, *height, *colour, *tube, *bands),
        Thing::Barrier { kind, colours, length, along } => gear::barrier(brush, *kind, *colours, *length, *along),
        Thing::WorkSign { face, colour, size, foot } => sign::work_sign(brush, *face, *colour, *size, *foot),
        Thing::TrafficSign { face, colour, size, foot } => sign::traffic_sign(brush, *face, *colour, *size, *foot),
        Thing::TrafficLight { state, arm } => sign::traffic_light(brush, *state, *arm),
        Thing::Hydrant { colour } => gear::hydrant(brush, *colour),
        Thing::Billboard { colours, size, foot, stripes } => sign::billboard(brush, *colours, *size, *foot, *stripes),
        Thing::Arch { colour, half } => sign::arch(brush, *colour, *half),
        Thing::Fence { kind, colours, length, along } => gear::fence(brush, *kind, *colours, *length, *along),
        Thing::Excavator { colour, facing, reach, size } => machine::excavator(brush, *colour, *facing, *reach, *size),
        Thing::Trench { half, earth } => machine::trench(brush, *half, *earth),
        Thing::Heap { radius, height, earth } => machine::heap(brush, *radius, *height, *earth),
        Thing::ArrowBoard { points, lit } => machine::arrow_board(brush, *points, *lit),
    }
}

/// A cheap draw in 0..=1 that depends on two numbers only: which window is lit, where a leaf hangs.
pub(crate) fn hash(seed: u32, index: u32) -> f32 {
    let mut x = seed.wrapping_mul(0x9E37_79B9) ^ index.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^= x >> 12;
    x = x.wrapping_mul(0x297A_2D39);
    x ^= x >> 15;
    x as f32 / u32::MAX as f32
}
