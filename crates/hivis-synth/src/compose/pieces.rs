//! The pieces of a work zone: cones, barriers, signs, people, holes, machines.

use std::f32::consts::PI;

use crate::Stuff;
use crate::compose::zone::{Cone, Zone};
use crate::compose::{Stage, palette};
use crate::world::{BarrierKind, Face, Heavy, Pose, Thing};

/// Cones that lead out of the lane and then along the strip's edge.
pub(super) fn taper(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::Cone);
    let step = stage.dice.range(1.7, 3.2);
    let lead = stage.dice.range(0.2, 0.5) * zone.long;
    let start = stage.dice.range(-1.0, 1.0);
    let Cone { height, colour, tube, bands } = zone.cone;
    let drums = stage.dice.chance(0.14);
    if drums {
        stage.equip(Stuff::Barrier);
    }
    let count = (zone.long / step) as usize;
    for i in 0..=count.clamp(4, 11) {
        let z = zone.from + start + step * i as f32;
        let share = ((z - zone.from) / lead).clamp(0.0, 1.0);
        let edge = zone.side * stage.street.half;
        let s = edge + (zone.inner - edge) * share + stage.dice.range(-0.12, 0.12);
        let turn = stage.dice.range(-0.5, 0.5);
        if drums && i % 2 == 0 {
            stage.put(
                Thing::Barrier { kind: BarrierKind::Drum, colours: [colour, [0.94; 3]], length: 0.6, along: true },
                s,
                z,
                0.0,
            );
        } else {
            stage.put(Thing::Cone { height, colour, tube, bands }, s, z, turn);
        }
    }
}

/// Barriers along the strip's inner edge.
pub(super) fn row(stage: &mut Stage<'_>, zone: &Zone, kind: BarrierKind, share: f32) {
    stage.equip(Stuff::Barrier);
    let length = match kind {
        BarrierKind::Planks => 2.0,
        BarrierKind::Wall => 2.2,
        BarrierKind::Drum => 0.6,
    };
    let step = match kind {
        BarrierKind::Planks => stage.dice.range(2.2, 3.4),
        BarrierKind::Wall => 2.2,
        BarrierKind::Drum => stage.dice.range(1.8, 3.0),
    };
    let count = ((zone.long * share / step) as usize).clamp(3, 9);
    for i in 0..count {
        let z = zone.from + 1.0 + step * i as f32;
        stage.put(Thing::Barrier { kind, colours: zone.stripes, length, along: true }, zone.inner, z, 0.0);
    }
}

/// A barrier across the strip where it begins.
pub(super) fn front(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::Barrier);
    let length = (zone.width() * 0.8).clamp(1.6, 3.2);
    stage.put(
        Thing::Barrier { kind: BarrierKind::Planks, colours: zone.stripes, length, along: false },
        zone.middle(),
        zone.from,
        0.0,
    );
}

pub(super) fn sign(stage: &mut Stage<'_>, zone: &Zone, chance: f64) {
    if !stage.dice.chance(chance) {
        return;
    }
    stage.equip(Stuff::WorkSign);
    let dice = &mut *stage.dice;
    let face = dice.weighted(&[(Face::Diamond, 0.5), (Face::Triangle, 0.3), (Face::Board, 0.2)]);
    let colour = if face == Face::Triangle { palette::yellow(dice) } else { palette::orange(dice) };
    let (size, foot) = (dice.range(0.6, 0.85), dice.range(0.35, 1.3));
    let s = zone.side * (stage.street.half + dice.range(0.3, 1.2));
    let z = (zone.from - dice.range(-2.0, 2.0)).max(5.0);
    stage.put(Thing::WorkSign { face, colour, size, foot }, s, z, 0.0);
}

pub(super) fn crew(stage: &mut Stage<'_>, zone: &Zone, most: usize) {
    let size = stage.dice.count(0, most);
    people(stage, zone, size);
}

pub(super) fn people(stage: &mut Stage<'_>, zone: &Zone, size: usize) {
    if size == 0 {
        return;
    }
    stage.equip(Stuff::Worker);
    for _ in 0..size {
        let dice = &mut *stage.dice;
        let vest = if dice.chance(0.55) { palette::orange(dice) } else { palette::lime(dice) };
        let helmet = match dice.count(0, 3) {
            0 => palette::yellow(dice),
            1 => palette::orange(dice),
            2 => [0.2, 0.35, 0.7],
            _ => palette::white(dice),
        };
        let pose =
            dice.weighted(&[(Pose::Stands, 0.35), (Pose::Walks, 0.25), (Pose::Digs, 0.28), (Pose::HoldsPaddle, 0.12)]);
        if pose == Pose::HoldsPaddle {
            stage.equip(Stuff::WorkSign);
        }
        let height = stage.dice.range(1.65, 1.92);
        let s = zone.inner + (zone.outer - zone.inner) * stage.dice.range(0.15, 0.95);
        let z = zone.from + stage.dice.range(0.5, (zone.long * 0.6).min(12.0));
        stage.put(Thing::Worker { vest, helmet, height, pose }, s, z, 0.0);
    }
}

pub(super) fn dig(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::Trench);
    let dice = &mut *stage.dice;
    let earth = palette::earth(dice);
    let half = (zone.width() * dice.range(0.2, 0.34), dice.range(2.0, 5.5));
    let z = zone.from + half.1 + dice.range(0.8, 2.5);
    if dice.chance(0.75) {
        let (radius, height) = (dice.range(0.9, 2.0), dice.range(0.6, 1.4));
        let (s, away) = (zone.outer - zone.side * dice.range(0.2, 0.8), dice.range(0.0, 7.0));
        stage.put(Thing::Heap { radius, height, earth }, s, zone.from + 1.5 + away, 0.0);
    }
    stage.put(Thing::Trench { half, earth }, zone.middle(), z, 0.0);
}

pub(super) fn excavator(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::Excavator);
    let dice = &mut *stage.dice;
    let size = dice.range(0.75, 1.1);
    let facing = if dice.chance(0.6) { -zone.side } else { zone.side };
    let (reach, away) = (dice.range(0.0, 1.0), dice.range(2.0, 9.0));
    let s = zone.middle() + zone.side * dice.range(0.0, 1.8);
    stage.put(Thing::Excavator { colour: zone.machine, facing, reach, size }, s, zone.from + away, 0.0);
}

pub(super) fn board(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::ArrowBoard);
    let lit = stage.dice.chance(0.85);
    let z = zone.from + stage.dice.range(1.0, 8.0);
    let s = zone.inner + zone.side * stage.dice.range(1.2, 1.9);
    stage.put(Thing::ArrowBoard { points: -zone.side, lit }, s, z, 0.0);
}

pub(super) fn truck(stage: &mut Stage<'_>, zone: &Zone) {
    let dice = &mut *stage.dice;
    let kind = dice.pick(&[Heavy::Dump, Heavy::Flatbed, Heavy::Box]);
    let (cab, load) = (palette::loud(dice), palette::loud(dice));
    let cab = if dice.chance(0.5) { cab } else { palette::white(dice) };
    let turn = if dice.chance(0.7) { 0.0 } else { PI };
    let z = zone.from + dice.range(9.0, 14.0);
    let s = zone.inner + zone.side * 1.6;
    stage.put(Thing::Truck { cab, load, kind, beacon: true }, s, z, turn);
}
