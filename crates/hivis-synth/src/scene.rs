//! A scene: seed, label, tags and the world behind them.

use hivis_types::{Label, Picture};

use crate::backdrop::{Backdrop, tile};
use crate::brush::Brush;
use crate::camera::{Camera, Rig};
use crate::dice::Dice;
use crate::light::Light;
use crate::raster::Canvas;
use crate::street::{Beside, Middle, Street};
use crate::{CameraAngle, Cover, Mix, Rendered, Stuff, Tags, TimeOfDay, View, Weather};

/// Samples a pixel, along each side.
const OVERSAMPLING: usize = 2;

/// One street scene. It has no size: any [`View`] of it can be rendered.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What it was drawn from; with the [`Mix`] it is the scene's whole identity.
    pub seed: u64,
    /// Whether there is roadwork on or beside the road.
    pub label: Label,
    /// What it holds.
    pub tags: Tags,
}

/// Draws the scene of a seed. The same seed and mix give the same scene, always.
pub fn scene(seed: u64, mix: &Mix) -> Scene {
    let mut dice = Dice::new(seed, 0);
    let label = if dice.chance(mix.label_share()) { Label::Roadwork } else { Label::Clear };
    let equipment = if label == Label::Roadwork { vec![Stuff::Cone] } else { Vec::new() };
    let tags = Tags {
        weather: Weather::Clear,
        time: TimeOfDay::Day,
        angle: CameraAngle::Ahead,
        equipment,
        confusers: Vec::new(),
    };
    Scene { seed, label, tags }
}

impl Scene {
    /// Draws one view of the scene.
    pub fn render(&self, view: &View) -> Rendered {
        let mut dice = Dice::new(self.seed, 1);
        let (width, height) = (view.width.max(1) as usize, view.height.max(1) as usize);
        let street = Street {
            half: 6.6,
            lane: 3.3,
            heading: 0.0,
            curve: dice.range(-0.01, 0.01),
            walk: 2.0,
            beside: Beside::Grass,
            middle: Middle::Dashed,
            edge_lines: false,
            crossing: None,
            zebra: None,
            car_park: None,
            asphalt: [0.35, 0.35, 0.37],
            paving: [0.6, 0.58, 0.55],
            grass: [0.3, 0.45, 0.2],
            wear: 0.1,
        };
        let light = Light {
            sky_top: [0.3, 0.5, 0.85],
            sky_low: [0.75, 0.85, 0.95],
            cloud: [1.0; 3],
            cloudiness: 0.5,
            fog: [0.75, 0.8, 0.88],
            density: 0.002,
            ambient: [1.0; 3],
            sun: 0.6,
            sun_side: 1.0,
            night: 0.0,
            wet: 0.0,
            snow: 0.0,
            lamps: None,
            beam: 1.6,
        };
        let rig = Rig {
            at: [1.6, 1.4, 0.0],
            yaw: 0.0,
            pitch: -0.03,
            roll: 0.0,
            focal: 0.9,
            mirrored: false,
        };
        let mut canvas = Canvas::new(width * OVERSAMPLING, height * OVERSAMPLING);
        let camera = Camera::new(&rig, canvas.width, canvas.height);
        let tile = tile(self.seed);
        Backdrop { street: &street, light: &light, tile: &tile, grain: 0.5 }.paint(&mut canvas, &camera);
        let mut brush = Brush::new(&mut canvas, &camera, &street, &light);
        for i in (0..6).rev() {
            let z = 12.0 + 14.0 * i as f32;
            for side in [-1.0, 1.0] {
                brush.stand(side * 16.0, z, 0.0);
                brush.block(Stuff::Building, [0.6, 0.5, 0.45], [-4.0, 0.0, -6.0], [4.0, dice.range(5.0, 14.0), 6.0]);
            }
        }
        for i in (0..4).rev() {
            brush.stand(-1.6, 10.0 + 11.0 * i as f32, 0.0);
            brush.shadow(1.0, 2.2);
            brush.block(Stuff::Car, [dice.range(0.1, 0.9), 0.2, 0.2], [-0.9, 0.25, -2.1], [0.9, 1.4, 2.1]);
        }
        if self.label == Label::Roadwork {
            for i in (0..6).rev() {
                brush.stand(2.6, 7.0 + 3.0 * i as f32, 0.0);
                brush.card(Stuff::Cone, [1.0, 0.4, 0.05], &[(-0.22, 0.0), (0.0, 0.8), (0.22, 0.0)]);
            }
        }
        finish(&canvas, width, height)
    }
}

/// Averages samples to pixels and keeps the classes.
fn finish(canvas: &Canvas, width: usize, height: usize) -> Rendered {
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let mut sums = [0_u32; 3];
            for dy in 0..OVERSAMPLING {
                let at = (y * OVERSAMPLING + dy) * canvas.width + x * OVERSAMPLING;
                for sample in &canvas.samples[at..at + OVERSAMPLING] {
                    for (sum, &channel) in sums.iter_mut().zip(sample) {
                        *sum += u32::from(channel);
                    }
                }
            }
            rgb.extend(sums.map(|sum| (sum / (OVERSAMPLING * OVERSAMPLING) as u32) as u8));
        }
    }
    let ids = canvas.samples.iter().map(|sample| sample[3]).collect();
    let picture = Picture::new(width as u32, height as u32, rgb).expect("one colour a pixel: this is a bug");
    Rendered { picture, cover: Cover::new(width, height, OVERSAMPLING, ids) }
}
