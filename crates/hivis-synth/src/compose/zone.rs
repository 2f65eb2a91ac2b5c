//! Work zones: what makes a scene roadwork.

use std::f32::consts::PI;

use crate::compose::{Stage, Strip, palette};
use crate::raster::Rgb;
use crate::world::{BarrierKind, Face, Heavy, Pose, Thing};
use crate::{Mix, Slice, Stuff};

/// What a zone is mainly made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A lane closed with cones.
    Closure,
    /// A trench with barriers.
    Dig,
    /// A row of barriers.
    Barriers,
    /// People at work beside a truck.
    Crew,
    /// An excavator, hardly fenced.
    Machine,
    /// An arrow board, hardly fenced.
    Board,
}

/// A zone's ground and habits.
struct Zone {
    /// -1 left, 1 right.
    side: f32,
    /// Edges of the closed strip, right of the middle line: towards traffic, and away from it.
    inner: f32,
    outer: f32,
    from: f32,
    long: f32,
    cone: Cone,
    stripes: [Rgb; 2],
    machine: Rgb,
}

#[derive(Clone, Copy)]
struct Cone {
    height: f32,
    colour: Rgb,
    tube: bool,
    bands: u8,
}

impl Zone {
    fn middle(&self) -> f32 {
        f32::midpoint(self.inner, self.outer)
    }

    fn width(&self) -> f32 {
        (self.outer - self.inner).abs()
    }
}

/// Builds one or two zones; gives the side of the first.
pub(crate) fn build(stage: &mut Stage<'_>, mix: &Mix) -> f32 {
    let excavators = !mix.withholds(Slice::Excavator);
    let boards = !mix.withholds(Slice::ArrowBoard);
    let kind = match mix.asked_for() {
        Some(Slice::Excavator) => stage.dice.weighted(&[(Kind::Machine, 0.8), (Kind::Dig, 0.2)]),
        Some(Slice::ArrowBoard) => stage.dice.weighted(&[(Kind::Board, 0.8), (Kind::Closure, 0.2)]),
        _ => stage.dice.weighted(&[
            (Kind::Closure, 0.3),
            (Kind::Dig, 0.18),
            (Kind::Barriers, 0.2),
            (Kind::Crew, 0.16),
            (Kind::Machine, if excavators { 0.1 } else { 0.0 }),
            (Kind::Board, if boards { 0.08 } else { 0.0 }),
        ]),
    };
    let side = stage.dice.sign();
    let from = stage.dice.range(5.0, 11.0);
    let zone = zone(stage, side, from);
    fill(stage, &zone, kind, mix);
    if stage.dice.chance(0.45) {
        let side = if stage.dice.chance(0.6) { side } else { -side };
        let from = zone.from + zone.long * 0.7 + stage.dice.range(2.0, 10.0);
        let next = self::zone(stage, side, from);
        let kind = stage.dice.pick(&[Kind::Closure, Kind::Barriers, Kind::Crew, Kind::Dig]);
        // A machine that stands for a slice should not be given away by cones behind it.
        if !matches!(mix.asked_for(), Some(Slice::Excavator | Slice::ArrowBoard)) {
            fill(stage, &next, kind, mix);
        }
    }
    side
}

fn zone(stage: &mut Stage<'_>, side: f32, from: f32) -> Zone {
    let (half, walk, lane) = (stage.street.half, stage.street.walk, stage.street.lane);
    let dice = &mut *stage.dice;
    // On the own side the camera's lane stays open if the road has but one lane a direction: then work is at the edge.
    let deep = if side < 0.0 || half > 2.0 * lane { dice.range(1.6, lane) } else { dice.range(0.2, 1.2) };
    let out = dice.range(0.8, 2.2) + if walk > 0.0 { 0.5 * walk } else { 0.6 };
    let stripes = match dice.count(0, 2) {
        0 => [palette::red(dice), palette::white(dice)],
        1 => [palette::orange(dice), palette::white(dice)],
        _ => [palette::orange(dice), [0.62, 0.61, 0.58]],
    };
    let colour = if dice.chance(0.88) { palette::orange(dice) } else { palette::yellow(dice) };
    let cone = Cone { height: dice.range(0.65, 1.1), colour, tube: dice.chance(0.18), bands: dice.count(1, 2) as u8 };
    let machine = if dice.chance(0.65) { palette::yellow(dice) } else { palette::orange(dice) };
    let zone = Zone {
        side,
        inner: side * (half - deep),
        outer: side * (half + out),
        from,
        long: dice.range(12.0, 34.0),
        cone,
        stripes,
        machine,
    };
    let (a, b) = (zone.inner.min(zone.outer), zone.inner.max(zone.outer));
    stage.busy.push(Strip { s: (a - 1.2, b + 0.5), z: (zone.from - 4.0, zone.from + zone.long + 3.0) });
    zone
}

fn fill(stage: &mut Stage<'_>, zone: &Zone, kind: Kind, mix: &Mix) {
    let excavators = !mix.withholds(Slice::Excavator);
    let boards = !mix.withholds(Slice::ArrowBoard);
    match kind {
        Kind::Closure => {
            taper(stage, zone);
            sign(stage, zone, 0.75);
            crew(stage, zone, 2);
            if boards && stage.dice.chance(0.2) || mix.asked_for() == Some(Slice::ArrowBoard) {
                board(stage, zone);
            }
            if stage.dice.chance(0.3) {
                truck(stage, zone);
            }
        }
        Kind::Dig => {
            dig(stage, zone);
            let kind = if stage.dice.chance(0.6) { BarrierKind::Planks } else { BarrierKind::Wall };
            row(stage, zone, kind, 0.7);
            front(stage, zone);
            crew(stage, zone, 3);
            sign(stage, zone, 0.4);
            if excavators && stage.dice.chance(0.3) || mix.asked_for() == Some(Slice::Excavator) {
                excavator(stage, zone);
            }
        }
        Kind::Barriers => {
            let kind = stage.dice.pick(&[BarrierKind::Planks, BarrierKind::Wall, BarrierKind::Wall, BarrierKind::Drum]);
            row(stage, zone, kind, 1.0);
            if stage.dice.chance(0.6) {
                front(stage, zone);
            }
            sign(stage, zone, 0.6);
            if stage.dice.chance(0.4) {
                taper(stage, zone);
            }
            crew(stage, zone, 1);
        }
        Kind::Crew => {
            let size = stage.dice.count(2, 4);
            people(stage, zone, size);
            truck(stage, zone);
            if stage.dice.chance(0.7) {
                taper(stage, zone);
            }
            sign(stage, zone, 0.5);
            if stage.dice.chance(0.3) {
                dig(stage, zone);
            }
        }
        Kind::Machine => {
            excavator(stage, zone);
            if stage.dice.chance(0.5) {
                dig(stage, zone);
            }
            if stage.dice.chance(0.25) {
                taper(stage, zone);
            }
            if stage.dice.chance(0.3) {
                people(stage, zone, 1);
            }
        }
        Kind::Board => {
            board(stage, zone);
            if stage.dice.chance(0.35) {
                taper(stage, zone);
            }
            if stage.dice.chance(0.4) {
                truck(stage, zone);
            }
        }
    }
}

/// Cones that lead out of the lane and then along the strip's edge.
fn taper(stage: &mut Stage<'_>, zone: &Zone) {
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
fn row(stage: &mut Stage<'_>, zone: &Zone, kind: BarrierKind, share: f32) {
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
fn front(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::Barrier);
    let length = (zone.width() * 0.8).clamp(1.6, 3.2);
    stage.put(
        Thing::Barrier { kind: BarrierKind::Planks, colours: zone.stripes, length, along: false },
        zone.middle(),
        zone.from,
        0.0,
    );
}

fn sign(stage: &mut Stage<'_>, zone: &Zone, chance: f64) {
    if !stage.dice.chance(chance) {
        return;
    }
    stage.equip(Stuff::WorkSign);
    let dice = &mut *stage.dice;
    let face = dice.weighted(&[(Face::Diamond, 0.5), (Face::Triangle, 0.3), (Face::Board, 0.2)]);
    let colour = if face == Face::Triangle { palette::yellow(dice) } else { palette::orange(dice) };
    let (size, foot) = (dice.range(0.5, 0.75), dice.range(0.35, 1.3));
    let s = zone.side * (stage.street.half + dice.range(0.3, 1.2));
    let z = (zone.from - dice.range(-2.0, 2.0)).max(5.0);
    stage.put(Thing::WorkSign { face, colour, size, foot }, s, z, 0.0);
}

fn crew(stage: &mut Stage<'_>, zone: &Zone, most: usize) {
    let size = stage.dice.count(0, most);
    people(stage, zone, size);
}

fn people(stage: &mut Stage<'_>, zone: &Zone, size: usize) {
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

fn dig(stage: &mut Stage<'_>, zone: &Zone) {
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

fn excavator(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::Excavator);
    let dice = &mut *stage.dice;
    let size = dice.range(0.6, 1.0);
    let facing = if dice.chance(0.6) { -zone.side } else { zone.side };
    let (reach, away) = (dice.range(0.0, 1.0), dice.range(2.0, 9.0));
    let s = zone.middle() + zone.side * dice.range(0.0, 1.8);
    stage.put(Thing::Excavator { colour: zone.machine, facing, reach, size }, s, zone.from + away, 0.0);
}

fn board(stage: &mut Stage<'_>, zone: &Zone) {
    stage.equip(Stuff::ArrowBoard);
    let lit = stage.dice.chance(0.85);
    let z = zone.from + stage.dice.range(1.0, 8.0);
    let s = zone.inner + zone.side * stage.dice.range(1.2, 1.9);
    stage.put(Thing::ArrowBoard { points: -zone.side, lit }, s, z, 0.0);
}

fn truck(stage: &mut Stage<'_>, zone: &Zone) {
    let dice = &mut *stage.dice;
    let kind = dice.pick(&[Heavy::Dump, Heavy::Flatbed, Heavy::Box]);
    let (cab, load) = (palette::loud(dice), palette::loud(dice));
    let cab = if dice.chance(0.5) { cab } else { palette::white(dice) };
    let turn = if dice.chance(0.7) { 0.0 } else { PI };
    let z = zone.from + dice.range(9.0, 14.0);
    let s = zone.inner + zone.side * 1.6;
    stage.put(Thing::Truck { cab, load, kind, beacon: true }, s, z, turn);
}
