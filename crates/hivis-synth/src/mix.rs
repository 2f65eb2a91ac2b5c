//! What scenes are drawn from: the share of labels, and slices withheld or asked for.

use serde::{Deserialize, Serialize};

use crate::{Stuff, Tags, TimeOfDay, Weather};

/// A part of the world that pretraining never sees, so that labels of it are worth something later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slice {
    /// Roadwork objects at night.
    NightRoadwork,
    /// Roadwork objects in rain.
    RainRoadwork,
    /// Work zones with an excavator.
    Excavator,
    /// Work zones with an arrow board.
    ArrowBoard,
}

impl Slice {
    /// All slices.
    pub const ALL: [Self; 4] = [Self::NightRoadwork, Self::RainRoadwork, Self::Excavator, Self::ArrowBoard];

    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NightRoadwork => "night-roadwork",
            Self::RainRoadwork => "rain-roadwork",
            Self::Excavator => "excavator",
            Self::ArrowBoard => "arrow-board",
        }
    }

    /// Whether a scene with these tags belongs to the slice. Cones outside a work zone count as roadwork objects.
    pub fn holds(self, tags: &Tags) -> bool {
        let objects = !tags.equipment.is_empty() || tags.confusers.iter().any(|c| c.has_roadwork_objects());
        match self {
            Self::NightRoadwork => tags.time == TimeOfDay::Night && objects,
            Self::RainRoadwork => tags.weather == Weather::Rain && objects,
            Self::Excavator => tags.equipment.contains(&Stuff::Excavator),
            Self::ArrowBoard => tags.equipment.contains(&Stuff::ArrowBoard),
        }
    }
}

/// What to draw scenes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix {
    label_share: f64,
    withheld: Vec<Slice>,
    only: Option<Slice>,
}

impl Default for Mix {
    /// Everything, half of it roadwork.
    fn default() -> Self {
        Self { label_share: 0.5, withheld: Vec::new(), only: None }
    }
}

impl Mix {
    /// What the embedded backbone and the shipped head are trained on: no roadwork objects at night or in rain, no
    /// excavators and no arrow boards. Clear streets at night and in rain are there.
    pub fn pretraining() -> Self {
        Slice::ALL.into_iter().fold(Self::default(), Self::without)
    }

    /// This mix without a slice.
    #[must_use]
    pub fn without(mut self, slice: Slice) -> Self {
        if !self.withheld.contains(&slice) {
            self.withheld.push(slice);
        }
        self
    }

    /// Roadwork scenes of one slice, and clear scenes to tell them from: at night or in rain too when the slice is one
    /// of these, of every kind for a machine's slice.
    pub fn only(slice: Slice) -> Self {
        Self { only: Some(slice), ..Self::default() }
    }

    /// This mix with another share of roadwork scenes, clamped to 0..=1.
    #[must_use]
    pub fn with_label_share(mut self, share: f64) -> Self {
        self.label_share = share.clamp(0.0, 1.0);
        self
    }

    /// The share of roadwork scenes.
    pub fn label_share(&self) -> f64 {
        self.label_share
    }

    /// Whether the slice never comes.
    pub fn withholds(&self, slice: Slice) -> bool {
        self.withheld.contains(&slice)
    }

    /// The slice asked for, when only one is.
    pub fn asked_for(&self) -> Option<Slice> {
        self.only
    }
}
