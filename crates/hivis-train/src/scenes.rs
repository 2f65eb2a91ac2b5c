//! Procedural scenes as pictures to learn from.

use hivis_synth::{Mix, Style, View, scene};
use hivis_types::{Origin, Picture};

use crate::training::{Row, Source};

/// Size of a rendered scene, as the embedded backbone saw them.
const SIZE: (u32, u32) = (320, 240);

/// So many scenes, every other one in the style of a generator.
pub struct Scenes {
    mix: Mix,
    rows: Vec<Row>,
}

impl Scenes {
    /// Scenes with seeds of their own, `seed << 32` and on: an exam's scenes are drawn from 62 random bits and meet these
    /// once in billions.
    pub fn new(count: u32, seed: u64) -> Self {
        let mix = Mix::default();
        let row = |n: u32| {
            let number = seed << 32 | u64::from(n);
            let street = scene(number, &mix);
            Row {
                key: format!("scene-{number:016x}"),
                name: format!("scene {number}"),
                label: street.label,
                origin: if n.is_multiple_of(2) { Origin::Real } else { Origin::Synthetic },
                mined: false,
                scene: format!("{number:016x}"),
                slices: street.tags.iter().collect(),
            }
        };
        let rows = (0..count).map(row).collect();
        Self { mix, rows }
    }
}

impl Source for Scenes {
    fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn picture(&self, row: usize) -> Result<Picture, String> {
        let of = &self.rows[row];
        let number = u64::from_str_radix(&of.scene, 16).map_err(|error| error.to_string())?;
        let style = if of.origin == Origin::Real { Style::Camera } else { Style::Generated };
        let view = View { width: SIZE.0, height: SIZE.1, camera: 0, style };
        Ok(scene(number, &self.mix).render(&view).picture)
    }
}
