//! The ordinary street: houses, trees, lamps, cars, people.

use std::f32::consts::PI;

use crate::compose::{Stage, palette};
use crate::light::Lamps;
use crate::street::Beside;
use crate::world::{Body, Growth, Heavy, Pose, Thing};

/// Fills the street with what any street has.
pub(crate) fn build(stage: &mut Stage<'_>) {
    houses(stage);
    green(stage);
    parked(stage);
    driving(stage);
    walkers(stage);
    if stage.street.walk == 0.0 && stage.dice.chance(0.5) {
        rails(stage);
    }
    if let Some((from, _)) = stage.street.crossing
        && stage.dice.chance(0.7)
    {
        let state = stage.dice.count(0, 2) as u8;
        let arm = -stage.dice.range(1.5, 4.0);
        let s = stage.street.half + 0.7;
        stage.put(Thing::TrafficLight { state, arm }, s, from - 1.0, 0.0);
        stage.put(Thing::TrafficLight { state, arm: -arm * 0.2 }, -s, from - 1.0, 0.0);
    }
}

fn houses(stage: &mut Stage<'_>) {
    let city = stage.street.beside == Beside::Paved;
    let density = if city { 0.92 } else { stage.dice.range(0.1, 0.6) };
    let tall = if city { stage.dice.range(7.0, 26.0) } else { stage.dice.range(4.0, 9.0) };
    for side in [-1.0, 1.0] {
        let mut z = stage.dice.range(-2.0, 6.0);
        while z < 150.0 {
            let half = (stage.dice.range(4.0, 8.0), stage.dice.range(4.0, 9.0));
            let gap = if city && stage.dice.chance(0.7) { 0.3 } else { stage.dice.range(2.0, 9.0) };
            let middle = z + half.1;
            let back = if city { stage.dice.range(0.2, 2.5) } else { stage.dice.range(4.0, 14.0) };
            let parked = stage.street.car_park.is_some_and(|p| p.side == side && middle - half.1 < p.to);
            let back = if parked { back + 24.0 } else { back };
            if stage.dice.chance(density.into()) && !stage.crossed(middle, half.1) {
                let height = (tall * stage.dice.range(0.6, 1.4)).max(3.8);
                let wall = palette::wall(stage.dice);
                let tone = stage.dice.range(0.12, 0.3);
                let awning = (city && stage.dice.chance(0.22)).then(|| {
                    let cloth =
                        if stage.dice.chance(0.5) { palette::loud(stage.dice) } else { palette::clothes(stage.dice) };
                    [cloth, palette::white(stage.dice)]
                });
                let seed = stage.dice.bits() as u32;
                let glass = [tone, tone + 0.03, tone + 0.07];
                let s = side * (stage.street.half + stage.street.walk + back + half.0);
                stage.put(Thing::Building { half, height, wall, glass, awning, seed }, s, middle, 0.0);
            }
            z += 2.0 * half.1 + gap;
        }
    }
}

fn green(stage: &mut Stage<'_>) {
    let city = stage.street.beside == Beside::Paved;
    let growth = stage.dice.weighted(&[(Growth::Round, 0.55), (Growth::Conifer, 0.2), (Growth::Bare, 0.25)]);
    let crown = palette::leaves(stage.dice);
    for side in [-1.0, 1.0] {
        let density = if city { stage.dice.range(0.0, 0.55) } else { stage.dice.range(0.3, 0.95) };
        let mut z = stage.dice.range(5.0, 12.0);
        while z < 110.0 {
            let out =
                if city { stage.street.walk.max(1.0) * 0.5 } else { stage.street.walk + stage.dice.range(1.5, 12.0) };
            let s = side * (stage.street.half + out);
            if stage.dice.chance(density.into()) && stage.free(s, z) && !stage.crossed(z, 2.0) {
                let bush = stage.dice.chance(0.2);
                let height = if bush { stage.dice.range(0.8, 1.6) } else { stage.dice.range(4.5, 10.0) };
                let growth = if bush { Growth::Bush } else { growth };
                let crown = if stage.dice.chance(0.7) { crown } else { palette::leaves(stage.dice) };
                let seed = stage.dice.bits() as u32;
                stage.put(Thing::Tree { height, crown, growth, seed }, s, z, 0.0);
            }
            z += stage.dice.range(4.0, 11.0) * (1.0 + z / 60.0);
        }
    }
}

/// Street lamps, and the light that they give.
pub(crate) fn lamps(stage: &mut Stage<'_>) -> Option<Lamps> {
    if !stage.dice.chance(0.75) {
        return None;
    }
    let side = stage.dice.sign();
    let (spacing, first, height) =
        (stage.dice.range(18.0, 32.0), stage.dice.range(6.0, 20.0), stage.dice.range(6.0, 9.0));
    let s = side * (stage.street.half + 0.6);
    for i in 0..4 {
        let z = first + spacing * i as f32;
        if !stage.crossed(z, 0.5) {
            stage.put(Thing::Lamp { height, arm: -side * 1.8 }, s, z, 0.0);
        }
    }
    Some(Lamps { spacing, first, s: s - side * 1.8 })
}

fn a_car(stage: &mut Stage<'_>, lit: bool) -> Thing {
    let paint = if stage.dice.chance(0.06) { palette::loud(stage.dice) } else { palette::car(stage.dice) };
    if stage.dice.chance(0.1) {
        let load = if stage.dice.chance(0.2) { palette::loud(stage.dice) } else { palette::white(stage.dice) };
        let kind = stage.dice.pick(&[Heavy::Box, Heavy::Bus, Heavy::Box, Heavy::Dump]);
        return Thing::Truck { cab: paint, load, kind, beacon: false };
    }
    let body =
        stage.dice.weighted(&[(Body::Sedan, 0.35), (Body::Hatchback, 0.28), (Body::Suv, 0.27), (Body::Van, 0.1)]);
    Thing::Car { paint, body, lit }
}

fn parked(stage: &mut Stage<'_>) {
    for side in [-1.0, 1.0] {
        let density = if stage.street.walk > 0.0 { stage.dice.range(0.0, 0.7) } else { 0.0 };
        let mut z = stage.dice.range(6.0, 12.0);
        while z < 80.0 {
            let s = side * (stage.street.half - 1.0);
            let own_lane = side > 0.0 && stage.street.half < 1.6 * stage.street.lane;
            if stage.dice.chance(density.into()) && !own_lane && stage.free(s, z) && !stage.crossed(z, 4.0) {
                let car = a_car(stage, false);
                stage.put(car, s, z, if side > 0.0 { 0.0 } else { PI });
            }
            z += stage.dice.range(5.8, 8.0);
        }
    }
}

fn driving(stage: &mut Stage<'_>) {
    let lit = stage.night || stage.dice.chance(0.3);
    let lanes = (stage.street.half / stage.street.lane).floor().max(1.0) as usize;
    for lane in 0..lanes.min(2) {
        let s = stage.street.lane * (lane as f32 + 0.5);
        for (side, turn) in [(1.0, 0.0), (-1.0, PI)] {
            let mut z = stage.dice.range(if side > 0.0 { 13.0 } else { 8.0 }, 45.0);
            while z < 110.0 {
                if stage.dice.chance(0.6) && stage.free(side * s, z) {
                    let car = a_car(stage, lit);
                    stage.put(car, side * s, z, turn);
                }
                z += stage.dice.range(9.0, 40.0);
            }
        }
    }
}

fn walkers(stage: &mut Stage<'_>) {
    if stage.street.walk == 0.0 {
        return;
    }
    for _ in 0..stage.dice.count(0, 5) {
        let (jacket, trousers) = (palette::clothes(stage.dice), palette::clothes(stage.dice));
        let side = stage.dice.sign();
        let s = side * (stage.street.half + stage.dice.range(0.4, stage.street.walk));
        let z = stage.dice.range(7.0, 45.0);
        let (height, pose) = (stage.dice.range(1.5, 1.9), stage.dice.pick(&[Pose::Walks, Pose::Walks, Pose::Stands]));
        if stage.free(s, z) {
            stage.put(Thing::Person { jacket, trousers, height, pose, bib: false }, s, z, 0.0);
        }
    }
}

fn rails(stage: &mut Stage<'_>) {
    let side = stage.dice.sign();
    let s = side * (stage.street.half + 0.6);
    let steel = [0.62, 0.64, 0.66];
    for i in 0..14 {
        let z = 4.0 + 4.0 * i as f32;
        if stage.free(s, z) && !stage.crossed(z, 2.0) {
            let kind = crate::world::FenceKind::Rail;
            stage.put(Thing::Fence { kind, colours: [steel, steel], length: 4.0, along: true }, s, z, 0.0);
        }
    }
}
