//! The embedded generator: scenes of `hivis-synth`, and pictures in other weather by `hivis-image`. Free, and the same
//! for the same order.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hivis_image::variation::{self, Variation};
use hivis_image::{DecodeLimits, Picture, decode, encode_jpeg, resize_bilinear};
use hivis_synth::{Mix, Scene, Slice, Style, View, scene};
use hivis_types::{Label, Usd};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::{Abilities, GenerateError, Generator, Made, MadePicture, Mode, Order, Parent, Presence, Refusal};

/// Scenes that are tried until one has all the tags; then the best of them is taken.
const TRIES: u32 = 96;

/// Draws scenes by slice tags such as `time:night`, `weather:fog`, `equipment:excavator`, `confuser:hydrant` or by the
/// names of [`Slice`]s; tags that it does not know are no wish. A parent whose label is the wanted one is varied in
/// weather, light or lens; of any other a fresh scene is drawn, because only a scene's label is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Procedural;

impl Generator for Procedural {
    fn name(&self) -> &'static str {
        "procedural"
    }

    fn abilities(&self) -> Abilities {
        Abilities { text_to_image: true, image_to_image: true, negative: false, builds_slices: true, most: 64 }
    }

    fn price(&self) -> Usd {
        Usd(0)
    }

    fn make<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Made, GenerateError>> {
        let order = order.clone();
        let drawing = tokio::task::spawn_blocking(move || all(&order));
        async { drawing.await.map_err(|_| GenerateError::Drawing) }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<Presence, GenerateError>> {
        let notes = vec!["built in; it makes no claim about real streets".to_owned()];
        async { Ok(Presence { model: Some(model("scenes")), notes }) }.boxed()
    }
}

fn model(what: &str) -> String {
    format!("hivis-{} {what}", env!("CARGO_PKG_VERSION"))
}

fn all(order: &Order) -> Made {
    let parent = order.parent.as_ref().filter(|parent| parent.label == Some(order.wanted));
    let pictures = (0..order.count).map(|i| {
        let seed = order.seed.wrapping_add(u64::from(i));
        match parent {
            Some(parent) => varied(order, parent, seed),
            None => Ok(drawn(order, seed)),
        }
    });
    Made { pictures: pictures.collect(), cost: Usd(0), paid: 0 }
}

/// A fresh scene.
fn drawn(order: &Order, seed: u64) -> MadePicture {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mix = mix(order);
    let known = ["weather:", "time:", "angle:", "equipment:", "confuser:"];
    let asks = |tag: &&String| {
        known.iter().any(|prefix| tag.starts_with(prefix))
            && !(order.wanted == Label::Clear && tag.starts_with("equipment:"))
    };
    let wanted: Vec<&String> = order.slices.iter().filter(asks).collect();
    let mut best: Option<(usize, Scene)> = None;
    for _ in 0..TRIES {
        let tried = scene(dice.next_u64(), &mix);
        let has = tried.tags.iter().filter(|tag| wanted.contains(&tag)).count();
        if best.as_ref().is_none_or(|(most, _)| has > *most) {
            best = Some((has, tried));
        }
        if best.as_ref().is_some_and(|(most, _)| *most == wanted.len()) {
            break;
        }
    }
    let (_, found) = best.expect("one was tried: this is a bug");
    let style = if dice.next_u32().is_multiple_of(2) { Style::Camera } else { Style::Generated };
    let view = View { width: order.width, height: order.height, camera: 0, style };
    let style = match style {
        Style::Camera => "camera",
        Style::Generated => "generated",
    };
    MadePicture {
        bytes: encode_jpeg(&found.render(&view).picture),
        seed,
        model: model(&format!("scenes, {style} style")),
        mode: Mode::Procedural,
        cost: Usd(0),
        slices: found.tags.iter().collect(),
        scene: Some(format!("procedural/{:016x}", found.seed)),
        varies: false,
    }
}

/// The mix that such scenes come from.
fn mix(order: &Order) -> Mix {
    let asked = |slice: &Slice| {
        let tag = match slice {
            Slice::NightRoadwork => "time:night",
            Slice::RainRoadwork => "weather:rain",
            Slice::Excavator => "equipment:excavator",
            Slice::ArrowBoard => "equipment:arrow-board",
        };
        order.slices.iter().any(|wish| wish == tag || wish == slice.as_str())
    };
    let mix = Slice::ALL.into_iter().find(asked).map_or_else(Mix::default, Mix::only);
    mix.with_label_share(f64::from(order.wanted.as_u8()))
}

/// The parent in other weather, light, or through another lens.
fn varied(order: &Order, parent: &Parent, seed: u64) -> Result<MadePicture, Refusal> {
    let limits = DecodeLimits { bytes: 32 << 20, ..DecodeLimits::default() };
    let decoded = decode(&parent.bytes, &limits).map_err(|error| Refusal::NotAPicture(error.to_string()))?;
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    // Half of them as the failing slices want it, the others of any kind.
    let fitting: Vec<Variation> =
        Variation::ALL.into_iter().filter(|v| v.slice().is_some_and(|s| order.slices.iter().any(|w| w == s))).collect();
    let from = if fitting.is_empty() || dice.next_u32().is_multiple_of(2) { &Variation::ALL[..] } else { &fitting };
    let variation = from[dice.next_u32() as usize % from.len()];
    let picture = variation::vary(&shrunk(decoded.picture, order), variation, parent.strength, dice.next_u64());
    Ok(MadePicture {
        bytes: encode_jpeg(&picture),
        seed,
        model: model(&format!("variation, {variation}")),
        mode: Mode::ImageToImage,
        cost: Usd(0),
        slices: variation.slice().map(str::to_owned).into_iter().collect(),
        scene: None,
        varies: true,
    })
}

/// At most the order's size, the shape kept: nothing is enlarged.
fn shrunk(picture: Picture, order: &Order) -> Picture {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let scale = (f64::from(order.width) / width).min(f64::from(order.height) / height);
    if scale >= 1.0 {
        return picture;
    }
    let side = |length: f64| (length * scale).round().max(1.0) as u32;
    resize_bilinear(&picture, side(width), side(height))
}
