//! What stands where: composes a world from a seed, a label and conditions.

mod air;
mod confusers;
mod palette;
mod pieces;
mod traffic;
mod zone;

use hivis_types::Label;

use crate::camera::Rig;
use crate::dice::Dice;
use crate::street::{Beside, CarPark, Middle, Street};
use crate::world::{Placed, Thing, World};
use crate::{CameraAngle, Confuser, Mix, Slice, Stuff, Tags, TimeOfDay, Weather};

/// Things gathered while a scene is composed.
pub(crate) struct Stage<'a> {
    pub(crate) dice: &'a mut Dice,
    pub(crate) street: Street,
    pub(crate) placed: Vec<Placed>,
    pub(crate) equipment: Vec<Stuff>,
    pub(crate) confusers: Vec<Confuser>,
    pub(crate) night: bool,
    /// Where work is: side and range, so that traffic keeps away.
    pub(crate) busy: Vec<Strip>,
}

/// A strip of ground that is taken, metres.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strip {
    pub(crate) s: (f32, f32),
    pub(crate) z: (f32, f32),
}

impl Stage<'_> {
    /// Puts a thing on its place.
    pub(crate) fn put(&mut self, thing: Thing, s: f32, z: f32, turn: f32) {
        self.placed.push(Placed { thing, s, z, turn });
    }

    /// Whether nothing was planned for this place.
    pub(crate) fn free(&self, s: f32, z: f32) -> bool {
        let inside = |strip: &Strip| s > strip.s.0 && s < strip.s.1 && z > strip.z.0 && z < strip.z.1;
        !self.busy.iter().any(inside)
    }

    /// Whether a side street crosses here.
    pub(crate) fn crossed(&self, z: f32, margin: f32) -> bool {
        self.street.crossing.is_some_and(|(from, to)| z > from - margin && z < to + margin)
    }

    fn tag(&mut self, confuser: Confuser) {
        if !self.confusers.contains(&confuser) {
            self.confusers.push(confuser);
        }
    }

    fn equip(&mut self, stuff: Stuff) {
        if !self.equipment.contains(&stuff) {
            self.equipment.push(stuff);
        }
    }
}

/// Weather and time for a label under a mix; withheld slices never come.
fn conditions(dice: &mut Dice, label: Label, mix: &Mix) -> (Weather, TimeOfDay) {
    let work = label == Label::Roadwork;
    let night = match mix.asked_for() {
        Some(Slice::NightRoadwork) => 1.0,
        _ if work && mix.withholds(Slice::NightRoadwork) => 0.0,
        _ => 0.26,
    };
    let time = if dice.chance(night) {
        TimeOfDay::Night
    } else if dice.chance(0.15) {
        TimeOfDay::Dusk
    } else {
        TimeOfDay::Day
    };
    let rain = match mix.asked_for() {
        Some(Slice::RainRoadwork) => 1.0,
        _ if work && mix.withholds(Slice::RainRoadwork) => 0.0,
        _ => 0.18,
    };
    let weather = if dice.chance(rain) {
        Weather::Rain
    } else {
        dice.weighted(&[(Weather::Clear, 0.42), (Weather::Overcast, 0.3), (Weather::Fog, 0.13), (Weather::Snow, 0.15)])
    };
    (weather, time)
}

/// Composes the world of a scene. `attempt` counts tries whose work zone could not be seen.
pub(crate) fn world(seed: u64, attempt: u64, label: Label, mix: &Mix) -> (World, Tags) {
    // The conditions do not change with the attempt, so that tries do not shift the shares of slices.
    let (weather, time) = conditions(&mut Dice::new(seed, 1), label, mix);
    let dice = &mut Dice::new(seed, 16 + attempt);
    let street = street(dice);
    let night = time == TimeOfDay::Night;
    let mut stage = Stage {
        dice,
        street,
        placed: Vec::with_capacity(96),
        equipment: Vec::new(),
        confusers: Vec::new(),
        night,
        busy: Vec::new(),
    };
    let look = if label == Label::Roadwork { zone::build(&mut stage, mix) } else { stage.dice.sign() };
    let no_cones =
        night && mix.withholds(Slice::NightRoadwork) || weather == Weather::Rain && mix.withholds(Slice::RainRoadwork);
    confusers::build(&mut stage, label, !no_cones);
    traffic::build(&mut stage);
    let (rig, angle) = rig(stage.dice, &stage.street, look);
    let lamps = traffic::lamps(&mut stage);
    let mut light = air::light(stage.dice, weather, time);
    light.lamps = lamps;
    light.beam = rig.at[0];
    let hood = (angle != CameraAngle::High && stage.dice.chance(0.35)).then(|| palette::car(stage.dice));
    let rain = if weather == Weather::Rain { stage.dice.range(0.4, 1.0) } else { 0.0 };
    let flakes = if weather == Weather::Snow { stage.dice.range(0.2, 1.0) } else { 0.0 };
    stage.equipment.sort_unstable();
    stage.confusers.sort_unstable();
    let tags = Tags { weather, time, angle, equipment: stage.equipment, confusers: stage.confusers };
    let mut world = World { street: stage.street, light, rig, hood, rain, flakes, placed: stage.placed };
    world.order();
    (world, tags)
}

fn street(dice: &mut Dice) -> Street {
    let lane = dice.range(3.0, 3.6);
    let lanes = dice.weighted(&[(1.0, 0.5), (2.0, 0.4), (3.0, 0.1)]);
    let city = dice.chance(0.55);
    let walk = if city || dice.chance(0.5) { dice.range(1.6, 3.2) } else { 0.0 };
    let asphalt_tone = dice.range(0.24, 0.46);
    let tint = dice.range(-0.02, 0.02);
    let paving_tone = dice.range(0.45, 0.68);
    let crossing = dice.chance(0.25).then(|| {
        let from = dice.range(18.0, 45.0);
        (from, from + dice.range(6.0, 9.0))
    });
    let zebra = dice.chance(0.2).then(|| crossing.map_or_else(|| dice.range(9.0, 28.0), |(from, _)| from - 4.5));
    let car_park = dice.chance(0.14).then(|| CarPark { side: dice.sign(), from: 4.0, to: dice.range(28.0, 50.0) });
    let grass = dice.pick(&[[0.27, 0.42, 0.16], [0.35, 0.45, 0.2], [0.45, 0.44, 0.24], [0.22, 0.36, 0.18]]);
    Street {
        half: lane * lanes + dice.range(0.2, 1.4),
        lane,
        heading: dice.range(-0.04, 0.04),
        curve: if dice.chance(0.45) { dice.range(-0.0025, 0.0025) } else { dice.range(-0.009, 0.009) },
        walk,
        beside: if city { Beside::Paved } else { Beside::Grass },
        middle: dice.weighted(&[
            (Middle::Dashed, 0.4),
            (Middle::DoubleYellow, 0.3),
            (Middle::Solid, 0.15),
            (Middle::None, 0.15),
        ]),
        edge_lines: dice.chance(if walk > 0.0 { 0.25 } else { 0.8 }),
        crossing,
        zebra,
        car_park,
        asphalt: [asphalt_tone + tint, asphalt_tone, asphalt_tone - tint],
        paving: [paving_tone + 0.03, paving_tone, paving_tone - 0.03],
        grass,
        wear: dice.range(0.0, 0.35),
    }
}

/// Where the camera sits; `look` is the side that a camera turned sideways turns to.
fn rig(dice: &mut Dice, street: &Street, look: f32) -> (Rig, CameraAngle) {
    let angle = dice.weighted(&[
        (CameraAngle::Ahead, 0.6),
        (CameraAngle::Sideways, 0.15),
        (CameraAngle::High, 0.13),
        (CameraAngle::Tilted, 0.12),
    ]);
    let lane = if street.half > 2.0 * street.lane && dice.chance(0.5) { 1.5 } else { 0.5 };
    let mut rig = Rig {
        at: [street.lane * lane + dice.range(-0.4, 0.4), dice.range(1.2, 1.7), 0.0],
        yaw: street.heading + street.curve * 10.0 + dice.range(-0.07, 0.07),
        pitch: dice.range(-0.09, 0.03),
        roll: dice.range(-0.025, 0.025),
        focal: dice.range(0.85, 1.3),
        mirrored: dice.chance(0.5),
    };
    match angle {
        CameraAngle::Ahead => {}
        CameraAngle::Sideways => rig.yaw += look * dice.range(0.2, 0.42),
        CameraAngle::High => {
            rig.at[1] = dice.range(2.3, 3.6);
            rig.pitch = dice.range(-0.24, -0.1);
        }
        CameraAngle::Tilted => rig.roll = dice.sign() * dice.range(0.1, 0.24),
    }
    (rig, angle)
}
