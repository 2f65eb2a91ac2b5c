//! Look-alikes: things as loud as roadwork that are none.

use std::f32::consts::PI;

use hivis_types::Label;

use crate::Confuser;
use crate::compose::{Stage, Strip, palette};
use crate::dice::Dice;
use crate::raster::Rgb;
use crate::street::CarPark;
use crate::world::{Body, Face, FenceKind, Heavy, Pose, Thing};

/// Places look-alikes: several in a clear scene, few in a roadwork scene. Cones only where `objects_allowed`.
pub(crate) fn build(stage: &mut Stage<'_>, label: Label, objects_allowed: bool) {
    let count = match label {
        Label::Clear => stage.dice.weighted(&[(0, 0.06), (1, 0.12), (2, 0.24), (3, 0.28), (4, 0.2), (5, 0.1)]),
        Label::Roadwork => stage.dice.weighted(&[(0, 0.45), (1, 0.35), (2, 0.2)]),
    };
    if label == Label::Clear && count > 0 && objects_allowed && stage.dice.chance(0.34) {
        if stage.dice.chance(0.6) {
            sports_event(stage);
        } else {
            car_park_cones(stage);
        }
    }
    for _ in 0..count {
        let kind = stage.dice.weighted(&[
            (Confuser::OrangeCar, 0.2),
            (Confuser::ParkedTruck, 0.17),
            (Confuser::TrafficSign, 0.14),
            (Confuser::Hydrant, 0.07),
            (Confuser::OrangePedestrian, 0.14),
            (Confuser::Advertising, 0.15),
            (Confuser::StripedFence, 0.13),
        ]);
        match kind {
            Confuser::OrangeCar => orange_car(stage),
            Confuser::ParkedTruck => parked_truck(stage),
            Confuser::TrafficSign => traffic_signs(stage),
            Confuser::Hydrant => hydrant(stage),
            Confuser::OrangePedestrian => pedestrians(stage),
            Confuser::Advertising => advertising(stage),
            _ => striped_fence(stage),
        }
        stage.tag(kind);
    }
}

/// A place at the kerb that nothing else has taken.
fn kerb(stage: &mut Stage<'_>, out: f32, near: f32, far: f32) -> Option<(f32, f32, f32)> {
    for _ in 0..6 {
        let side = stage.dice.sign();
        let (s, z) = (side * (stage.street.half + out), stage.dice.range(near, far));
        if stage.free(s, z) && !stage.crossed(z, 1.0) {
            stage.busy.push(Strip { s: (s - 1.0, s + 1.0), z: (z - 3.0, z + 3.0) });
            return Some((side, s, z));
        }
    }
    None
}

fn orange_car(stage: &mut Stage<'_>) {
    let paint = palette::loud(stage.dice);
    let body = stage.dice.pick(&[Body::Sedan, Body::Hatchback, Body::Suv, Body::Van]);
    let lit = stage.night;
    if stage.dice.chance(0.5) {
        if let Some((side, s, z)) = kerb(stage, -1.1, 6.0, 22.0) {
            let turn = if side > 0.0 { 0.0 } else { PI };
            stage.put(Thing::Car { paint, body, lit: false }, s, z, turn);
        }
    } else {
        let toward = stage.dice.chance(0.6);
        let s = stage.street.lane * if toward { -0.5 } else { 0.5 };
        let z = stage.dice.range(if toward { 7.0 } else { 10.0 }, 26.0);
        if stage.free(s, z) {
            stage.busy.push(Strip { s: (s - 1.2, s + 1.2), z: (z - 6.0, z + 6.0) });
            stage.put(Thing::Car { paint, body, lit }, s, z, if toward { PI } else { 0.0 });
        }
    }
}

fn parked_truck(stage: &mut Stage<'_>) {
    let dice = &mut *stage.dice;
    let kind = dice.pick(&[Heavy::Box, Heavy::Bus, Heavy::Dump, Heavy::Tractor, Heavy::Flatbed]);
    let (cab, load) = (palette::loud(dice), palette::loud(dice));
    let cab = if dice.chance(0.5) || kind == Heavy::Tractor { cab } else { palette::white(dice) };
    let beacon = dice.chance(0.4);
    if let Some((side, s, z)) = kerb(stage, -1.0, 9.0, 26.0) {
        let turn = if side > 0.0 { 0.0 } else { PI };
        stage.busy.push(Strip { s: (s - 1.6, s + 1.6), z: (z - 8.0, z + 8.0) });
        stage.put(Thing::Truck { cab, load, kind, beacon }, s, z, turn);
    }
}

fn traffic_signs(stage: &mut Stage<'_>) {
    for _ in 0..stage.dice.count(1, 3) {
        let dice = &mut *stage.dice;
        let face = dice.pick(&[
            Face::Diamond,
            Face::Diamond,
            Face::Triangle,
            Face::Round,
            Face::Octagon,
            Face::Square,
            Face::Board,
        ]);
        let colour = match face {
            Face::Diamond => palette::yellow(dice),
            Face::Triangle | Face::Round => palette::white(dice),
            Face::Octagon => palette::red(dice),
            Face::Square => [0.12, 0.3, 0.65],
            Face::Board => dice.pick(&[[0.1, 0.42, 0.25], [0.12, 0.3, 0.65], [0.45, 0.27, 0.12]]),
        };
        let (size, foot) = (dice.range(0.4, 0.7), dice.range(1.5, 2.3));
        let out = dice.range(0.4, 1.3);
        if let Some((_, s, z)) = kerb(stage, out, 5.5, 20.0) {
            stage.put(Thing::TrafficSign { face, colour, size, foot }, s, z, 0.0);
        }
    }
}

fn hydrant(stage: &mut Stage<'_>) {
    let colour = palette::loud(stage.dice);
    if let Some((_, s, z)) = kerb(stage, 0.6, 5.0, 12.0) {
        stage.put(Thing::Hydrant { colour }, s, z, 0.0);
    }
}

fn pedestrians(stage: &mut Stage<'_>) {
    for _ in 0..stage.dice.count(1, 3) {
        let jacket = palette::loud(stage.dice);
        let trousers = palette::clothes(stage.dice);
        let (height, out) = (stage.dice.range(1.6, 1.9), stage.dice.range(0.3, 1.8));
        let pose = stage.dice.pick(&[Pose::Walks, Pose::Stands]);
        if let Some((_, s, z)) = kerb(stage, out, 5.5, 18.0) {
            stage.put(Thing::Person { jacket, trousers, height, pose, bib: false }, s, z, 0.0);
        }
    }
}

fn pair(dice: &mut Dice) -> [Rgb; 2] {
    let first = palette::loud(dice);
    let second = if dice.chance(0.7) { palette::white(dice) } else { palette::clothes(dice) };
    if dice.chance(0.75) { [first, second] } else { [second, first] }
}

fn advertising(stage: &mut Stage<'_>) {
    let dice = &mut *stage.dice;
    let colours = pair(dice);
    let stripes = dice.chance(0.35);
    let small = dice.chance(0.5);
    let (size, foot) = if small {
        ((dice.range(0.5, 1.1), dice.range(0.8, 1.5)), dice.range(0.1, 1.0))
    } else {
        ((dice.range(1.5, 2.8), dice.range(1.4, 2.6)), dice.range(1.5, 3.0))
    };
    let out = if small { dice.range(0.5, 1.5) } else { dice.range(2.5, 5.0) };
    if let Some((_, s, z)) = kerb(stage, out, 6.0, 20.0) {
        stage.put(Thing::Billboard { colours, size, foot, stripes }, s, z, 0.0);
    }
}

fn striped_fence(stage: &mut Stage<'_>) {
    let dice = &mut *stage.dice;
    let colours = if dice.chance(0.6) {
        [palette::red(dice), palette::white(dice)]
    } else {
        [palette::orange(dice), palette::white(dice)]
    };
    if dice.count(0, 2) == 0 {
        let out = dice.range(1.8, 3.2);
        if let Some((_, s, z)) = kerb(stage, out, 7.0, 16.0) {
            stage.put(Thing::Fence { kind: FenceKind::Arm, colours, length: 3.2, along: false }, s, z, 0.0);
        }
        return;
    }
    let (step, count, side) = (dice.range(1.4, 2.4), dice.count(5, 10), dice.sign());
    let (s, from) = (side * (stage.street.half + 0.35), dice.range(5.0, 9.0));
    for i in 0..count {
        let z = from + step * i as f32;
        if stage.free(s, z) && !stage.crossed(z, 0.5) {
            stage.put(Thing::Fence { kind: FenceKind::Bollard, colours, length: 0.2, along: true }, s, z, 0.0);
        }
    }
}

/// A fun run: cones or fences along the kerb, runners, an arch.
fn sports_event(stage: &mut Stage<'_>) {
    stage.tag(Confuser::SportsEvent);
    let side = stage.dice.sign();
    let from = stage.dice.range(5.0, 9.0);
    let edge = side * (stage.street.half - stage.dice.range(0.2, 2.6));
    let colour = palette::orange(stage.dice);
    let (height, bands) = (stage.dice.range(0.5, 0.95), stage.dice.count(0, 2) as u8);
    let step = stage.dice.range(2.0, 3.6);
    for i in 0..stage.dice.count(4, 9) {
        stage.put(Thing::Cone { height, colour, tube: false, bands }, edge, from + step * i as f32, 0.0);
    }
    if stage.dice.chance(0.7) {
        let steel = [0.6, 0.62, 0.65];
        for i in 0..stage.dice.count(3, 7) {
            let z = from + 2.3 * i as f32;
            let fence = Thing::Fence { kind: FenceKind::Crowd, colours: [steel, steel], length: 2.2, along: true };
            stage.put(fence, side * (stage.street.half + 0.3), z, 0.0);
        }
    }
    if stage.dice.chance(0.7) {
        let colour = palette::loud(stage.dice);
        let (z, half) = (from + stage.dice.range(6.0, 18.0), stage.street.half + 0.5);
        stage.put(Thing::Arch { colour, half }, 0.0, z, 0.0);
    }
    for _ in 0..stage.dice.count(3, 7) {
        let jacket = if stage.dice.chance(0.6) { palette::loud(stage.dice) } else { palette::clothes(stage.dice) };
        let trousers = palette::clothes(stage.dice);
        let (height, z) = (stage.dice.range(1.6, 1.9), from + stage.dice.range(0.5, 14.0));
        let s = edge + side * stage.dice.range(-1.6, 1.6);
        stage.put(Thing::Person { jacket, trousers, height, pose: Pose::Runs, bib: true }, s, z, 0.0);
    }
    let (a, b) = ((edge - 3.0).min(edge + 3.0), edge.abs() + 4.0);
    stage.busy.push(Strip { s: (a, b), z: (from - 3.0, from + 24.0) });
}

/// Cones between parked cars beside the road.
fn car_park_cones(stage: &mut Stage<'_>) {
    stage.tag(Confuser::CarParkCones);
    let park = stage.street.car_park.unwrap_or(CarPark { side: stage.dice.sign(), from: 4.0, to: 40.0 });
    stage.street.car_park = Some(park);
    let start = stage.street.half + stage.street.walk;
    let colour = palette::orange(stage.dice);
    let height = stage.dice.range(0.5, 0.9);
    let bands = stage.dice.count(0, 2) as u8;
    let (out, step) = (stage.dice.range(0.8, 2.5), stage.dice.range(1.4, 2.6));
    for i in 0..stage.dice.count(5, 10) {
        let z = park.from + 3.0 + step * i as f32;
        stage.put(Thing::Cone { height, colour, tube: false, bands }, park.side * (start + out), z, 0.0);
    }
    for i in 0..stage.dice.count(2, 5) {
        let paint = if stage.dice.chance(0.35) { palette::loud(stage.dice) } else { palette::car(stage.dice) };
        let body = stage.dice.pick(&[Body::Sedan, Body::Hatchback, Body::Suv]);
        let z = park.from + 6.0 + 5.2 * i as f32;
        stage.put(Thing::Car { paint, body, lit: false }, park.side * (start + out + 4.5), z, PI / 2.0);
    }
}
