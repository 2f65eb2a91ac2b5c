//! How a scene is looked at, and what comes of it.

use hivis_types::Picture;
use serde::{Deserialize, Serialize};

use crate::Cover;

/// Which renderer style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// A car's camera: sensor noise, vignette, motion blur. Plays the validator's real half.
    Camera,
    /// Another palette, painted textures, softer shading, wobbling edges. Plays the synthetic half.
    Generated,
}

/// One look at a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// Which of the scene's cameras: each stands a little elsewhere and has noise of its own.
    pub camera: u32,
    /// The renderer's style.
    pub style: Style,
}

impl View {
    /// A square picture from the first camera in camera style.
    pub fn square(side: u32) -> Self {
        Self { width: side, height: side, camera: 0, style: Style::Camera }
    }
}

/// A picture and what covers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The picture.
    pub picture: Picture,
    /// What covers each patch of it.
    pub cover: Cover,
}
