//! Pictures of procedural streets: fresh seeds, so no scene was ever seen. Camera style plays the validator's real half,
//! the generated style its synthetic half.

use hivis_synth::{Mix, Style, View, scene};
use hivis_types::{Label, Origin};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Choice, Pictures, Sample, Wanted};
use crate::ExaminerError;

/// The choice's number is the scene's seed in 62 bits, then the label, then the style.
const SEED_BITS: u32 = 62;

/// A street world without end.
#[derive(Clone, Debug)]
pub struct Scenes {
    mix: Mix,
    width: u32,
    height: u32,
}

impl Scenes {
    /// Scenes of `mix`, 480 x 360 pixels: about what the real half looks like after the validator's crops, and quick.
    /// The mix's share of labels does not matter, the validator's coin decides.
    pub fn new(mix: Mix) -> Self {
        Self { mix, width: 480, height: 360 }
    }

    /// Pictures of another size, before augmentation.
    #[must_use]
    pub fn sized(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width.max(1), height.max(1));
        self
    }
}

impl Pictures for Scenes {
    fn describe(&self) -> String {
        "procedural scenes, fresh seeds".to_owned()
    }

    fn choose(&mut self, wanted: Wanted, rng: &mut ChaCha8Rng) -> Result<Choice, ExaminerError> {
        let seed = rng.random::<u64>() >> (u64::BITS - SEED_BITS);
        let synthetic = u64::from(wanted.origin == Origin::Synthetic);
        Ok(Choice(seed << 2 | u64::from(wanted.label.as_u8()) << 1 | synthetic))
    }

    fn fetch(&self, choice: Choice) -> Result<Sample, ExaminerError> {
        let (seed, roadwork, synthetic) = (choice.0 >> 2, choice.0 & 2 != 0, choice.0 & 1 != 0);
        let mix = self.mix.clone().with_label_share(if roadwork { 1.0 } else { 0.0 });
        let street = scene(seed, &mix);
        let (style, origin) =
            if synthetic { (Style::Generated, Origin::Synthetic) } else { (Style::Camera, Origin::Real) };
        let view = View { width: self.width, height: self.height, camera: 0, style };
        let wanted = if roadwork { Label::Roadwork } else { Label::Clear };
        if street.label != wanted {
            return Err(ExaminerError::Picture {
                name: format!("scene {seed}"),
                why: "the mix gave another label than was asked of it".to_owned(),
            });
        }
        Ok(Sample {
            picture: street.render(&view).picture,
            label: street.label,
            origin,
            scene: format!("{seed:016x}"),
            slices: street.tags.iter().collect(),
            name: format!("scene {seed}"),
            trained_on: false,
        })
    }
}
