//! What pretraining looks at: views of scenes, and what covers each of their patches.
//!
//! A view is made as the validator makes it (rotation, crop, distortions, JPEG), with one difference: the map of what
//! is where goes through the same rotation and crop, so that the dense targets stay aligned. The roadwork label is
//! never looked at.

use hivis_image::augment::{self, CropBox, Draw};
use hivis_synth::{Mix, Stuff, Style, Tags, View};
use hivis_types::{Level, Picture};
use rand::Rng;

use crate::draws::{Purpose, stream};

/// Side of a challenge in pixels.
pub const SIDE: usize = 224;
/// In the map: outside the rendered picture.
const OUTSIDE: u8 = u8::MAX;
/// An object counts as fully present when it covers this share of the view; less counts in proportion.
const PRESENT: f32 = 0.002;
/// Weather and time of day, after the classes of the presence target.
const SETTINGS: usize = 12;
/// Length of the presence target.
pub const PRESENCE: usize = Stuff::COUNT + SETTINGS;

/// How scenes become views.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ViewSettings {
    /// Width of the rendered picture, in pixels.
    pub width: u32,
    /// Height of the rendered picture, in pixels.
    pub height: u32,
    /// Chance of a round through JPEG.
    pub jpeg_share: f64,
}

/// One view of a scene, 224 x 224, with its map.
pub struct Looked {
    /// The picture.
    pub picture: Picture,
    /// A [`Stuff`] for each pixel, or [`OUTSIDE`].
    map: Vec<u8>,
    tags: Tags,
}

/// Makes view `index` of a run with `seed`: the scene, its style, level, crop and distortions all follow from both.
pub fn look(seed: u64, index: u64, mix: &Mix, settings: &ViewSettings) -> Looked {
    let mut rng = stream(seed, Purpose::Views, 0, index);
    let scene = hivis_synth::scene(rng.random(), mix);
    let style = if rng.random_bool(0.5) { Style::Camera } else { Style::Generated };
    let view = View { width: settings.width, height: settings.height, camera: rng.random_range(0..4), style };
    let rendered = scene.render(&view);
    let draw = augment::draw(augment::draw_level(&mut rng), view.width, view.height, &mut rng);
    let geometry = Geometry::new(&draw, (view.width, view.height));
    let (mut picture, map) = geometry.apply(&rendered);
    if !draw.distortions.is_empty() {
        let whole = CropBox { top: 0, left: 0, side: SIDE as u32 };
        picture = augment::apply(&picture, &Draw { angle: 0.0, crop: whole, ..draw });
    }
    if rng.random_bool(settings.jpeg_share) {
        let bytes = hivis_image::encode_jpeg(&picture);
        if let Ok(decoded) = hivis_image::decode(&bytes, &crate::questions::own_limits()) {
            picture = decoded.picture;
        }
    }
    Looked { picture, map, tags: scene.tags }
}

/// Rotation about the centre, then a square crop, then scaling to 224.
struct Geometry {
    sin: f64,
    cos: f64,
    crop: CropBox,
    size: (f64, f64),
}

impl Geometry {
    fn new(draw: &Draw, (width, height): (u32, u32)) -> Self {
        let angle = if draw.level == Level::Zero { 0.0 } else { draw.angle.to_radians() };
        Self { sin: angle.sin(), cos: angle.cos(), crop: draw.crop, size: (f64::from(width), f64::from(height)) }
    }

    /// The source pixel of a place in the 224 x 224 view, `None` outside.
    fn source(&self, x: f64, y: f64) -> Option<(u32, u32)> {
        let scale = f64::from(self.crop.side) / SIDE as f64;
        let x = f64::from(self.crop.left) + x * scale - self.size.0 / 2.0;
        let y = f64::from(self.crop.top) + y * scale - self.size.1 / 2.0;
        let sx = x * self.cos - y * self.sin + self.size.0 / 2.0;
        let sy = x * self.sin + y * self.cos + self.size.1 / 2.0;
        let inside = sx >= 0.0 && sy >= 0.0 && sx < self.size.0 && sy < self.size.1;
        inside.then_some((sx as u32, sy as u32))
    }

    /// Four samples a pixel for the picture, one for the map.
    fn apply(&self, rendered: &hivis_synth::Rendered) -> (Picture, Vec<u8>) {
        let mut rgb = Vec::with_capacity(3 * SIDE * SIDE);
        let mut map = Vec::with_capacity(SIDE * SIDE);
        for y in 0..SIDE {
            for x in 0..SIDE {
                let (x, y) = (x as f64, y as f64);
                let mut sum = [0_u16; 3];
                for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                    if let Some((sx, sy)) = self.source(x + dx, y + dy) {
                        let colour = rendered.picture.pixel(sx, sy);
                        sum.iter_mut().zip(colour).for_each(|(sum, c)| *sum += u16::from(c));
                    }
                }
                rgb.extend(sum.map(|sum| ((sum + 2) / 4) as u8));
                map.push(self.source(x + 0.5, y + 0.5).map_or(OUTSIDE, |(sx, sy)| rendered.cover.at(sx, sy) as u8));
            }
        }
        (Picture::new(SIDE as u32, SIDE as u32, rgb).expect("three bytes a pixel: this is a bug"), map)
    }
}

/// Pictures of one size with their targets, ready for a step.
#[derive(Default)]
pub struct Batch {
    /// Pictures.
    pub count: usize,
    /// Patches along a side.
    pub grid: usize,
    /// `[count, grid * grid, 3 * 16 * 16]`, normalised.
    pub patches: Vec<f32>,
    /// `[count, grid * grid, Stuff::COUNT]`: the share of each class in each patch; what lies outside has no class.
    pub cover: Vec<f32>,
    /// `[count, PRESENCE]`: how much each class is there, then weather and time of day.
    pub presence: Vec<f32>,
}

/// Which part of a view a training picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it, at the batch's size (224, or 112 by halving).
    Whole,
    /// The 112 x 112 pixels whose upper left corner is at this column and row.
    Window(usize, usize),
}

impl Batch {
    /// An empty batch of pictures of `grid * 16` pixels a side; grid is 14 (whole views) or 7.
    pub fn new(grid: usize) -> Self {
        Self { grid, ..Self::default() }
    }

    /// Adds a part of a view.
    pub fn push(&mut self, looked: &Looked, part: Part) {
        let side = self.grid * 16;
        let (step, left, top) = match part {
            Part::Whole => (SIDE / side, 0, 0),
            Part::Window(left, top) => (1, left, top),
        };
        let rgb = looked.picture.rgb();
        let mut pixels = vec![0.0; 3 * side * side];
        let mut counts = vec![[0_u32; Stuff::COUNT]; self.grid * self.grid];
        for y in 0..side {
            for x in 0..side {
                let mut sum = [0_u32; 3];
                for dy in 0..step {
                    for dx in 0..step {
                        let at = (top + y * step + dy) * SIDE + left + x * step + dx;
                        for (sum, value) in sum.iter_mut().zip(&rgb[3 * at..]) {
                            *sum += u32::from(*value);
                        }
                        if let Some(count) = counts[(y / 16) * self.grid + x / 16].get_mut(usize::from(looked.map[at]))
                        {
                            *count += 1;
                        }
                    }
                }
                for (channel, sum) in sum.into_iter().enumerate() {
                    let value = sum as f32 / ((step * step) as f32 * 255.0);
                    pixels[(channel * side + y) * side + x] = (value - MEAN[channel]) / DEVIATION[channel];
                }
            }
        }
        crate::model::patches_of(&pixels, (side, side), 16, &mut self.patches);
        let each = (256 * step * step) as f32;
        self.cover.extend(counts.iter().flatten().map(|count| *count as f32 / each));
        let all = each * counts.len() as f32;
        for class in 0..Stuff::COUNT {
            let covered: u32 = counts.iter().map(|patch| patch[class]).sum();
            self.presence.push((covered as f32 / all / PRESENT).min(1.0));
        }
        let mut setting = [0.0; SETTINGS];
        setting[looked.tags.weather as usize % 8] = 1.0;
        setting[8 + looked.tags.time as usize % 4] = 1.0;
        self.presence.extend(setting);
        self.count += 1;
    }
}

/// Mean of the channels that DINOv3's pictures are normalised with (ImageNet's).
pub const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Their deviation.
pub const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
