//! Procedural street scenes: a seed becomes a street with or without roadwork, in any size, weather and style.
//!
//! [`scene`] draws what stands where (metres, no pixels) from a [`Mix`]; [`Scene::render`] looks at it through a
//! [`View`] and gives a picture and a map of what covers each part of it. Everything is a pure function of the seed.
//! This room never judges its own pictures: the label is what was built, not what a model thinks of it.
//!
//! Inside: `compose` decides what stands where, `world` holds it, `things` knows how each kind looks, `brush`, `camera`
//! and `raster` bring it onto a canvas, `backdrop` paints ground and sky, `weather` and `lens` finish the picture.
//!
//! ```
//! use hivis_synth::{Mix, View, scene};
//! let street = scene(7, &Mix::default());
//! let seen = street.render(&View::square(112));
//! assert_eq!(seen.picture.width(), 112);
//! let patches = seen.cover.patches(16);
//! assert_eq!((patches.grid_w, patches.grid_h), (7, 7));
//! ```

mod backdrop;
mod brush;
mod camera;
mod compose;
mod cover;
mod dice;
mod lens;
mod light;
mod mix;
mod raster;
mod scene;
mod street;
mod stuff;
mod tags;
mod texture;
mod things;
mod view;
mod weather;
mod world;

pub use cover::{Cover, Patches};
pub use mix::{Mix, Slice};
pub use scene::{Scene, scene};
pub use stuff::Stuff;
pub use tags::{CameraAngle, Confuser, Tags, TimeOfDay, Weather};
pub use view::{Rendered, Style, View};
