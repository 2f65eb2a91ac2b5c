//! Work zones: what makes a scene roadwork.

use crate::compose::pieces::{board, crew, dig, excavator, front, people, row, sign, taper, truck};
use crate::compose::{Stage, Strip, palette};
use crate::raster::Rgb;
use crate::world::BarrierKind;
use crate::{Mix, Slice};

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
pub(super) struct Zone {
    /// -1 left, 1 right.
    pub(super) side: f32,
    /// Edges of the closed strip, right of the middle line: towards traffic, and away from it.
    pub(super) inner: f32,
    pub(super) outer: f32,
    pub(super) from: f32,
    pub(super) long: f32,
    pub(super) cone: Cone,
    pub(super) stripes: [Rgb; 2],
    pub(super) machine: Rgb,
}

#[derive(Clone, Copy)]
pub(super) struct Cone {
    pub(super) height: f32,
    pub(super) colour: Rgb,
    pub(super) tube: bool,
    pub(super) bands: u8,
}

impl Zone {
    pub(super) fn middle(&self) -> f32 {
        f32::midpoint(self.inner, self.outer)
    }

    pub(super) fn width(&self) -> f32 {
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
    let from = stage.dice.range(4.5, 8.5);
    let zone = zone(stage, side, from);
    fill(stage, &zone, kind, mix);
    if stage.dice.chance(0.75) {
        // Mostly across the road, and then beside the first: a crop of either half of the picture shows work.
        let across = stage.dice.chance(0.7);
        let side = if across { -side } else { side };
        let from = if across {
            stage.dice.range(5.0, 11.0)
        } else {
            zone.from + zone.long * 0.7 + stage.dice.range(2.0, 10.0)
        };
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
    let cone = Cone { height: dice.range(0.75, 1.2), colour, tube: dice.chance(0.18), bands: dice.count(1, 2) as u8 };
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
