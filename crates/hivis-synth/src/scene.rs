//! A scene: seed, label, tags and the world behind them.

use hivis_types::Label;

use crate::backdrop::{Backdrop, tile};
use crate::brush::{Brush, Glow};
use crate::camera::{Camera, Rig};
use crate::dice::Dice;
use crate::lens::Lens;
use crate::raster::Canvas;
use crate::texture::Tile;
use crate::world::{Thing, World};
use crate::{Cover, Mix, Rendered, Slice, Stuff, Style, Tags, TimeOfDay, View, compose, things, weather};

/// Samples a pixel, along each side.
const OVERSAMPLING: usize = 2;

/// Roadwork covers at least this share of the first camera's picture, square or 4:3.
const VISIBLE: f32 = 0.015;

/// And at least this share of its left and of its right three fifths: the validator's crops are about that wide.
const VISIBLE_IN_CROP: f32 = 0.01;

/// Worlds tried until the work zone can be seen.
const ATTEMPTS: u64 = 24;

/// One street scene. It has no size: any [`View`] of it can be rendered.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What it was drawn from; with the [`Mix`] it is the scene's whole identity.
    pub seed: u64,
    /// Whether there is roadwork on or beside the road.
    pub label: Label,
    /// What it holds. Equipment that no picture of the first camera shows is not listed.
    pub tags: Tags,
    world: World,
}

/// Draws the scene of a seed. The same seed and mix give the same scene, always.
///
/// A roadwork scene whose zone could hardly be seen is composed anew from the same seed; its label, weather and time of
/// day stay, so the shares of the mix are exact draws.
///
/// The same seed under two mixes gives streets that resemble each other: for scenes that must be unseen, take other seeds.
pub fn scene(seed: u64, mix: &Mix) -> Scene {
    let work = Dice::new(seed, 0).chance(mix.label_share());
    let label = if work { Label::Roadwork } else { Label::Clear };
    let tile = tile(seed);
    let mut attempt = 0;
    loop {
        let (world, mut tags) = compose::world(seed, attempt, label, mix);
        let scene = |tags| Scene { seed, label, tags, world: world.clone() };
        if !work {
            return scene(tags);
        }
        let (square, wide) = (probe(&world, &tile, 64, 64), probe(&world, &tile, 72, 54));
        let machine = match mix.asked_for() {
            Some(Slice::Excavator) => Some(Stuff::Excavator),
            Some(Slice::ArrowBoard) => Some(Stuff::ArrowBoard),
            _ => None,
        };
        // A slice's machine stands alone, on one side.
        let seen = |cover: &Cover| {
            if let Some(stuff) = machine {
                return cover.shares()[stuff as usize] >= VISIBLE;
            }
            let sides = [cover.roadwork_between(0.0, 0.6), cover.roadwork_between(0.4, 1.0)];
            cover.roadwork() >= VISIBLE && sides.into_iter().all(|share| share >= VISIBLE_IN_CROP)
        };
        attempt += 1;
        if (seen(&square) && seen(&wide)) || attempt == ATTEMPTS {
            let shares = (square.shares(), wide.shares());
            tags.equipment.retain(|&stuff| shares.0[stuff as usize].max(shares.1[stuff as usize]) > 0.0008);
            return scene(tags);
        }
    }
}

/// What covers a small picture of the first camera, one sample a pixel.
fn probe(world: &World, tile: &Tile, width: usize, height: usize) -> Cover {
    let mut canvas = Canvas::new(width, height);
    paint(world, &world.rig, tile, Style::Camera, &mut canvas);
    if world.hood.is_some() {
        weather::draw(&mut canvas, world, &mut Dice::new(0, 2)); // drops and flakes hide nothing
    }
    Cover::new(width, height, 1, canvas.samples.iter().map(|sample| sample[3]).collect())
}

/// Paints ground, sky and things; gives what glows.
fn paint(world: &World, rig: &Rig, tile: &Tile, style: Style, canvas: &mut Canvas) -> Vec<Glow> {
    let camera = Camera::new(rig, canvas.width, canvas.height);
    let (grain, soft) = match style {
        Style::Camera => (0.5, 0.0),
        Style::Generated => (0.28, 0.13),
    };
    Backdrop { street: &world.street, light: &world.light, tile, grain }.paint(canvas, &camera);
    let mut brush = Brush::new(canvas, &camera, &world.street, &world.light);
    brush.soft = soft;
    if world.light.wet > 0.3 {
        brush.reflect = true;
        for placed in world.placed.iter().filter(|placed| !matches!(placed.thing, Thing::Trench { .. })) {
            things::draw(&mut brush, placed);
        }
        brush.reflect = false;
    }
    for placed in &world.placed {
        things::draw(&mut brush, placed);
    }
    brush.glows
}

impl Scene {
    /// Draws one view of the scene.
    pub fn render(&self, view: &View) -> Rendered {
        let (width, height) = (view.width.max(1) as usize, view.height.max(1) as usize);
        let style = match view.style {
            Style::Camera => 0,
            Style::Generated => 1,
        };
        let mut dice = Dice::new(self.seed, 1_000_000 + 2 * u64::from(view.camera) + style);
        let lens = Lens::draw(&mut dice, view.style, self.tags.time == TimeOfDay::Night);
        let rig = self.rig(view.camera);
        let tile = tile(self.seed ^ style);
        let mut canvas = Canvas::new(width * OVERSAMPLING, height * OVERSAMPLING);
        let glows = paint(&self.world, &rig, &tile, view.style, &mut canvas);
        weather::draw(&mut canvas, &self.world, &mut dice);
        lens.develop(canvas, OVERSAMPLING, &glows, &tile)
    }

    /// The mount of one of the scene's cameras: the first as composed, the others a step away.
    fn rig(&self, camera: u32) -> Rig {
        let mut rig = self.world.rig;
        if camera > 0 {
            let mut dice = Dice::new(self.seed, 500_000 + u64::from(camera));
            rig.at[0] += dice.range(-0.4, 0.4);
            rig.at[1] += dice.range(-0.12, 0.15);
            rig.at[2] += dice.range(-0.8, 0.8);
            rig.yaw += dice.range(-0.04, 0.04);
            rig.pitch += dice.range(-0.025, 0.025);
            rig.roll += dice.range(-0.02, 0.02);
        }
        rig
    }
}
