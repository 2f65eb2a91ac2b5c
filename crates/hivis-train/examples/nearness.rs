//! Measures the hash that scenes are joined by, on procedural scenes: `nearness [SCENES]`.
//!
//! Prints how far changed copies of a picture are from it, and how near different scenes come to each other.

use anyhow::Context;
use hivis_image::{DecodeLimits, FineHash, decode, fine_hash, resize_bilinear};
use hivis_synth::{Mix, Style, View, scene};
use hivis_train::near::pairs;
use hivis_train::split::ALIKE;
use hivis_types::Picture;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use rayon::prelude::*;

/// So many of the scenes are changed and compared with themselves.
const CHANGED: u64 = 500;

type Change = fn(&Picture) -> Picture;

const CHANGES: [(&str, Change); 12] = [
    ("JPEG of quality 90", |p| jpeg(p, 90)),
    ("JPEG of quality 50", |p| jpeg(p, 50)),
    ("JPEG of quality 20", |p| jpeg(p, 20)),
    ("half the size, JPEG 75", |p| jpeg(&resize_bilinear(p, p.width() / 2, p.height() / 2), 75)),
    ("1.7 times the size", |p| resize_bilinear(p, p.width() * 17 / 10, p.height() * 17 / 10)),
    ("a square of 224", |p| resize_bilinear(p, 224, 224)),
    ("brightness x 1.2", |p| jpeg(&brighter(p, 1.2, 0.0), 75)),
    ("brightness + 25", |p| jpeg(&brighter(p, 1.0, 25.0), 75)),
    ("brightness x 0.7", |p| jpeg(&brighter(p, 0.7, 0.0), 75)),
    ("1% cut off each side", |p| cut(p, 0.01)),
    ("2% cut off each side", |p| cut(p, 0.02)),
    ("3% cut off each side", |p| cut(p, 0.03)),
];

fn main() -> anyhow::Result<()> {
    let scenes: u64 = std::env::args().nth(1).map_or(Ok(3000), |text| text.parse()).context("how many scenes?")?;
    let view = View { width: 320, height: 240, camera: 0, style: Style::Camera };
    let seen: Vec<(FineHash, Vec<u32>)> = (0..scenes)
        .into_par_iter()
        .map(|seed| {
            let scene = scene(seed, &Mix::default());
            let picture = scene.render(&view).picture;
            let hash = fine_hash(&picture);
            let mut changed = Vec::new();
            if seed < CHANGED {
                changed.extend(CHANGES.map(|(_, change)| fine_hash(&change(&picture))));
                for other in [View { camera: 1, ..view }, View { style: Style::Generated, ..view }] {
                    changed.push(fine_hash(&scene.render(&other).picture));
                }
            }
            (hash, changed.into_iter().map(|other| hash.distance(&other)).collect())
        })
        .collect();
    let names = CHANGES.map(|(name, _)| name).into_iter().chain(["another camera", "the generated twin"]);
    println!("{:24}  median  90%  99%  most  found within {ALIKE}", "changed by");
    for (change, name) in names.enumerate() {
        let mut distances: Vec<u32> = seen.iter().filter_map(|(_, changed)| changed.get(change).copied()).collect();
        distances.sort_unstable();
        let at = |share: f64| distances[((distances.len() - 1) as f64 * share) as usize];
        let found = distances.iter().filter(|&&distance| distance <= ALIKE).count() as f64 / distances.len() as f64;
        let figures = (at(0.5), at(0.9), at(0.99), at(1.0));
        println!(
            "{name:24}  {:6}  {:3}  {:3}  {:4}  {:.1}%",
            figures.0,
            figures.1,
            figures.2,
            figures.3,
            100.0 * found
        );
    }
    let hashes: Vec<FineHash> = seen.into_iter().map(|(hash, _)| hash).collect();
    let near = pairs(&hashes, 88);
    println!("pairs of different scenes, of {}:", hashes.len() * (hashes.len() - 1) / 2);
    for within in (40..=88).step_by(4).chain([ALIKE]) {
        println!("within {within}: {}", near.iter().filter(|pair| pair.distance <= within).count());
    }
    println!("the nearest: {:?}", near.first());
    Ok(())
}

fn jpeg(picture: &Picture, quality: u8) -> Picture {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(picture.rgb(), picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .expect("memory takes every byte: this is a bug");
    decode(&bytes, &DecodeLimits::default()).expect("we made it: this is a bug").picture
}

fn brighter(picture: &Picture, factor: f32, more: f32) -> Picture {
    let rgb = picture.rgb().iter().map(|&value| (f32::from(value) * factor + more).clamp(0.0, 255.0) as u8);
    Picture::new(picture.width(), picture.height(), rgb.collect()).expect("as many bytes: this is a bug")
}

fn cut(picture: &Picture, share: f32) -> Picture {
    let (left, top) = ((picture.width() as f32 * share) as u32, (picture.height() as f32 * share) as u32);
    let (right, bottom) = (picture.width() - left, picture.height() - top);
    let rgb = (top..bottom).flat_map(|y| (left..right).flat_map(move |x| picture.pixel(x, y)));
    Picture::new(right - left, bottom - top, rgb.collect()).expect("as many bytes: this is a bug")
}
