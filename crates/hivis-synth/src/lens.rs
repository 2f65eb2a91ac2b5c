//! From samples to a picture: glow, blur, colour and noise of a lens, or the brushwork of a generator.

use hivis_types::Picture;

use crate::brush::Glow;
use crate::dice::Dice;
use crate::raster::{Canvas, byte};
use crate::texture::Tile;
use crate::{Cover, Rendered, Style};

/// How a view is developed.
#[derive(Clone, Debug)]
pub(crate) struct Lens {
    gain: [f32; 3],
    contrast: f32,
    saturation: f32,
    vignette: f32,
    /// Radius as a share of the picture's side.
    blur: f32,
    noise: f32,
    /// Strength of soft blotches of light.
    blotches: f32,
    /// How far edges wobble, as a share of the picture's side.
    wobble: f32,
    glow: f32,
    seed: u64,
}

impl Lens {
    /// Draws the lens of one view.
    pub(crate) fn draw(dice: &mut Dice, style: Style, night: bool) -> Self {
        let seed = dice.bits();
        let warm = dice.range(-0.06, 0.06);
        match style {
            Style::Camera => {
                let exposure = dice.range(0.84, 1.16);
                let grain = if night { 1.9 } else { 1.0 };
                Self {
                    gain: [exposure * (1.0 + warm), exposure, exposure * (1.0 - warm)],
                    contrast: dice.range(0.9, 1.1),
                    saturation: dice.range(0.78, 1.08),
                    vignette: if dice.chance(0.6) { dice.range(0.05, 0.4) } else { 0.0 },
                    blur: if dice.chance(0.3) { dice.range(0.001, 0.006) } else { 0.0 },
                    noise: grain * dice.range(0.006, 0.028),
                    blotches: 0.0,
                    wobble: 0.0,
                    glow: 0.8,
                    seed,
                }
            }
            Style::Generated => {
                let exposure = dice.range(0.92, 1.15);
                let cast = dice.range(-0.07, 0.07);
                Self {
                    gain: [exposure * (1.0 + 1.4 * warm), exposure * (1.0 + cast), exposure * (1.0 - 1.4 * warm)],
                    contrast: dice.range(1.05, 1.28),
                    saturation: dice.range(1.05, 1.4),
                    vignette: dice.range(0.0, 0.15),
                    blur: dice.range(0.0015, 0.004),
                    noise: 0.004,
                    blotches: dice.range(0.04, 0.12),
                    wobble: dice.range(0.002, 0.007),
                    glow: 1.15,
                    seed,
                }
            }
        }
    }

    /// Develops a canvas of `oversampling` by `oversampling` samples a pixel.
    pub(crate) fn develop(&self, mut canvas: Canvas, oversampling: usize, glows: &[Glow], tile: &Tile) -> Rendered {
        if self.wobble > 0.0 {
            self.bend_edges(&mut canvas, tile);
        }
        let (width, height) = (canvas.width / oversampling, canvas.height / oversampling);
        let mut light = average(&canvas, oversampling);
        for glow in glows {
            self.shine(&mut light, (width, height), glow, oversampling as f32);
        }
        let radius = self.blur * ((width * height) as f32).sqrt();
        if radius > 0.15 {
            soften(&mut light, (width, height), radius);
        }
        let picture = self.expose(&light, (width, height), tile);
        let ids = canvas.samples.iter().map(|sample| sample[3]).collect();
        Rendered { picture, cover: Cover::new(width, height, oversampling, ids) }
    }

    /// Moves samples a little along a smooth field, classes with them.
    fn bend_edges(&self, canvas: &mut Canvas, tile: &Tile) {
        let (width, height) = (canvas.width, canvas.height);
        let side = ((width * height) as f32).sqrt();
        let reach = 2.0 * self.wobble * side;
        let pitch = 26.0 / side;
        let from = canvas.samples.clone();
        // The field is smooth: one value for each little block of samples.
        let block = 4;
        for by in (0..height).step_by(block) {
            for bx in (0..width).step_by(block) {
                let (u, v) = (bx as f32 * pitch, by as f32 * pitch);
                let dx = ((tile.smooth(u, v) - 0.5) * reach).round() as isize;
                let dy = ((tile.smooth(u + 31.0, v + 17.0) - 0.5) * reach).round() as isize;
                for y in by..(by + block).min(height) {
                    let sy = y.saturating_add_signed(dy).min(height - 1);
                    for x in bx..(bx + block).min(width) {
                        let sx = x.saturating_add_signed(dx).min(width - 1);
                        canvas.samples[y * width + x] = from[sy * width + sx];
                    }
                }
            }
        }
    }

    fn shine(&self, light: &mut [[f32; 3]], (width, height): (usize, usize), glow: &Glow, samples: f32) {
        let (x0, y0, radius) = (glow.at.0 / samples, glow.at.1 / samples, glow.radius / samples * self.glow);
        // Lamps right before the lens would fill the picture.
        let radius = radius.min(0.16 * ((width * height) as f32).sqrt());
        let clip = |value: f32, end: usize| value.clamp(0.0, end as f32) as usize;
        let per = 1.0 / (radius * radius);
        for y in clip(y0 - radius, height)..clip(y0 + radius + 1.0, height) {
            for x in clip(x0 - radius, width)..clip(x0 + radius + 1.0, width) {
                let (dx, dy) = (x as f32 + 0.5 - x0, y as f32 + 0.5 - y0);
                let near = 1.0 - (dx * dx + dy * dy) * per;
                if near > 0.0 {
                    let share = near * near * near * 0.7 * self.glow;
                    let pixel = &mut light[y * width + x];
                    for (channel, add) in pixel.iter_mut().zip(glow.colour) {
                        *channel += add * share;
                    }
                }
            }
        }
    }

    fn expose(&self, light: &[[f32; 3]], (width, height): (usize, usize), tile: &Tile) -> Picture {
        let mut noise = Noise(self.seed | 1);
        let mut rgb = Vec::with_capacity(width * height * 3);
        let (half_w, half_h) = (width as f32 / 2.0, height as f32 / 2.0);
        let blotch = 9.0 / ((width * height) as f32).sqrt();
        for (y, row) in light.chunks_exact(width).enumerate() {
            let dy = (y as f32 + 0.5 - half_h) / half_h;
            for (x, pixel) in row.iter().enumerate() {
                let dx = (x as f32 + 0.5 - half_w) / half_w;
                let mut bright = 1.0 - self.vignette * 0.5 * (dx * dx + dy * dy);
                if self.blotches > 0.0 {
                    bright += self.blotches * (tile.smooth(x as f32 * blotch, y as f32 * blotch) - 0.5);
                }
                let grey = 0.3 * pixel[0] + 0.59 * pixel[1] + 0.11 * pixel[2];
                let grain = noise.next() * self.noise;
                for (channel, gain) in pixel.iter().zip(self.gain) {
                    let coloured = grey + (channel - grey) * self.saturation;
                    let exposed = (coloured * gain * bright - 0.45) * self.contrast + 0.45;
                    rgb.push(byte(exposed + grain + 0.6 * self.noise * noise.next()));
                }
            }
        }
        Picture::new(width as u32, height as u32, rgb).expect("one colour a pixel: this is a bug")
    }
}

/// Fast noise that is nearly normal with deviation 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        // Xorshift; four bytes added are close enough to a bell for grain.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bytes = (self.0 >> 24) as u32;
        let sum = (bytes & 255) + (bytes >> 8 & 255) + (bytes >> 16 & 255) + (bytes >> 24);
        (sum as f32 - 510.0) * (1.0 / 147.8)
    }
}

fn average(canvas: &Canvas, oversampling: usize) -> Vec<[f32; 3]> {
    let (width, height) = (canvas.width / oversampling, canvas.height / oversampling);
    let per = 1.0 / (255.0 * (oversampling * oversampling) as f32);
    let mut light = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let mut sums = [0_u32; 3];
            for dy in 0..oversampling {
                let at = (y * oversampling + dy) * canvas.width + x * oversampling;
                for sample in &canvas.samples[at..at + oversampling] {
                    for (sum, &channel) in sums.iter_mut().zip(sample) {
                        *sum += u32::from(channel);
                    }
                }
            }
            light.push(sums.map(|sum| sum as f32 * per));
        }
    }
    light
}

/// Blurs with a box of this radius in pixels, rows and then columns; a part of a pixel counts in part.
fn soften(light: &mut [[f32; 3]], (width, height): (usize, usize), radius: f32) {
    let whole = radius.floor() as usize;
    let part = radius - whole as f32;
    let per = 1.0 / (1.0 + 2.0 * radius);
    for across in [true, false] {
        let (lines, long, step, line_step) = if across { (height, width, 1, width) } else { (width, height, width, 1) };
        let from = light.to_vec();
        for line in 0..lines {
            let at = |i: usize| from[line * line_step + i.min(long - 1) * step];
            for i in 0..long {
                let mut sum = at(i);
                let mut add = |pixel: [f32; 3], weight: f32| {
                    for (channel, value) in sum.iter_mut().zip(pixel) {
                        *channel += weight * value;
                    }
                };
                for k in 1..=whole {
                    add(at(i.saturating_sub(k)), 1.0);
                    add(at(i + k), 1.0);
                }
                add(at(i.saturating_sub(whole + 1)), part);
                add(at(i + whole + 1), part);
                light[line * line_step + i * step] = sum.map(|channel| channel * per);
            }
        }
    }
}
