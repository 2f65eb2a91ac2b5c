//! Measures of pictures: equal to OpenCV's and NumPy's, and right on pictures made for them.

use hivis_image::quality::{Spectrum, grey, quality, spectrum};
use hivis_image::{DecodeLimits, Picture, decode, encode_jpeg};
use hivis_testbed::golden::fixtures;
use serde::Deserialize;

use crate::corpus;
use crate::golden::parse;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

/// Written by `tests/peer/quality.py`.
#[derive(Deserialize)]
struct Case {
    name: String,
    laplacian: f64,
    outside: f64,
    one_colour: f64,
    grid_db: f64,
    grid_period: f64,
    repeat: f64,
}

#[test]
fn figures_equal_opencv_and_numpy() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let fixture: Fixture = parse(&folder, "quality.json");
    assert!(fixture.cases.len() >= 7, "the fixture was cut");
    for case in fixture.cases {
        let picture = corpus::picture(&fixtures().join("challenge/inputs").join(&case.name));
        let found = quality(&picture);
        let near = |ours: f64, theirs: f64, within: f64| (ours - theirs).abs() <= within * theirs.abs().max(1e-12);
        assert!(near(found.laplacian, case.laplacian, 1e-6), "{}: {} {}", case.name, found.laplacian, case.laplacian);
        assert!(near(found.outside, case.outside, 1e-12), "{}: {} {}", case.name, found.outside, case.outside);
        assert!(near(found.one_colour, case.one_colour, 1e-12), "{}: {}", case.name, found.one_colour);
        let found = found.spectrum.expect("64 pixels a side");
        // Single precision on both sides.
        assert!((found.grid.db - case.grid_db).abs() < 0.01, "{}: {} {}", case.name, found.grid.db, case.grid_db);
        assert!(near(found.grid.period, case.grid_period, 1e-6), "{}: {:?}", case.name, found.grid);
        assert!(near(found.repeat.strength, case.repeat, 1e-3), "{}: {:?} {}", case.name, found.repeat, case.repeat);
    }
}

/// Hills of noise with detail at every scale, as photographs have.
fn street(seed: u32) -> Picture {
    let (width, height) = (512_u32, 384_u32);
    let mut light = vec![0.0_f64; (width * height) as usize];
    for octave in 1..8 {
        let cell = 1_u32 << octave;
        for (at, light) in light.iter_mut().enumerate() {
            let (x, y) = (at as u32 % width, at as u32 / width);
            let corner = |dx: u32, dy: u32| {
                let mut mixed = (x / cell + dx).wrapping_mul(0x9e37_79b9) ^ (y / cell + dy).wrapping_mul(0x85eb_ca6b);
                mixed = (mixed ^ seed.wrapping_mul(0xc2b2_ae35) ^ octave).wrapping_mul(0x27d4_eb2f);
                mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
                f64::from((mixed ^ (mixed >> 12)) >> 8) / f64::from(1_u32 << 24) - 0.5
            };
            let (u, v) = (f64::from(x % cell) / f64::from(cell), f64::from(y % cell) / f64::from(cell));
            let across = |dy: u32| corner(0, dy) * (1.0 - u) + corner(1, dy) * u;
            *light += 0.6 * f64::from(cell) * (across(0) * (1.0 - v) + across(1) * v);
        }
    }
    let rgb = light.iter().flat_map(|light| [(120.0 + light).clamp(0.0, 255.0) as u8; 3]);
    Picture::new(width, height, rgb.collect()).expect("a picture")
}

/// Each pixel's values as a function of its place and what they were, through JPEG of quality 75.
fn seen(picture: &Picture, change: impl Fn(u32, u32, f64) -> f64) -> Spectrum {
    let mut changed = picture.clone();
    let width = picture.width();
    for (at, pixel) in changed.rgb_mut().chunks_exact_mut(3).enumerate() {
        let (x, y) = (at as u32 % width, at as u32 / width);
        for value in pixel {
            *value = change(x, y, f64::from(*value)).clamp(0.0, 255.0).round() as u8;
        }
    }
    let decoded = decode(&encode_jpeg(&changed), &DecodeLimits::default()).expect("we made it").picture;
    spectrum(&grey(&decoded), decoded.width(), decoded.height()).expect("large enough")
}

#[test]
fn grids_are_found_and_jpeg_is_none() {
    for seed in 0..4 {
        let street = street(seed);
        let plain = seen(&street, |_, _, value| value);
        assert!(plain.grid.db < 12.0 && plain.repeat.strength < 10.0, "{seed}: {plain:?}");
        for period in [8, 16] {
            let checker = |x: u32, y: u32| if (2 * x / period + 2 * y / period).is_multiple_of(2) { 6.0 } else { -6.0 };
            let found = seen(&street, |x, y, value| value + checker(x, y)).grid;
            assert!(found.db > 14.0, "{seed}: a checkerboard of {period}: {found:?}");
            // The strongest line is the basic wave or one of its harmonics.
            let basic = f64::from(period) / 2.0_f64.sqrt();
            let whole = basic / found.period;
            assert!(whole > 0.9 && (whole - whole.round()).abs() < 0.3, "{seed}: {period}: {found:?}");
            let upsampled =
                |x: u32, y: u32| if x.is_multiple_of(period) || y.is_multiple_of(period) { 12.0 } else { 0.0 };
            let found = seen(&street, |x, y, value| value + upsampled(x, y)).grid;
            assert!(found.db > 14.0, "{seed}: a grid of {period}: {found:?}");
        }
    }
}

#[test]
fn a_tiled_watermark_is_found_and_a_row_of_equal_things_is_none() {
    // A ring and a bar, each 96 x 64 pixels.
    let mark = |x: u32, y: u32| {
        let (u, v) = (f64::from(x % 96) - 40.0, f64::from(y % 64) - 30.0);
        let ring = (u.hypot(v) - 20.0).abs() < 2.0;
        let bar = (u * 0.3 - v).abs() < 2.0 && u.abs() < 34.0;
        if ring || bar { 0.35 } else { 0.0 }
    };
    for seed in 0..4 {
        let street = street(seed);
        let found = seen(&street, |x, y, value| value + (255.0 - value) * mark(x, y)).repeat;
        let [right, down] = found.step.map(i32::abs);
        assert!(found.strength > 12.0, "{seed}: {found:?}");
        assert!((right % 96).min(96 - right % 96) <= 2 && (down % 64).min(64 - down % 64) <= 2, "{seed}: {found:?}");
        // Four equal posts side by side.
        let post = |x: u32, y: u32| (160..240).contains(&y) && (64..448).contains(&x) && x % 96 < 20;
        let found = seen(&street, |x, y, value| if post(x, y) { 230.0 } else { value }).repeat;
        assert!(found.strength < 12.0, "{seed}: {found:?}");
    }
}

#[test]
fn odd_sizes_are_measured_or_passed_over() {
    for (width, height) in [(1, 1), (1, 900), (63, 200), (3, 2)] {
        let found = quality(&Picture::filled(width, height, [9, 9, 9]));
        assert_eq!((found.laplacian, found.outside, found.one_colour, found.spectrum), (0.0, 1.0, 1.0, None));
    }
    for (width, height) in [(64, 64), (65, 700), (513, 511), (1023, 600), (2000, 70)] {
        let found = quality(&Picture::filled(width, height, [100, 120, 90]));
        let spectrum = found.spectrum.expect("64 pixels a side");
        assert_eq!((found.outside, spectrum.grid.db, spectrum.repeat.strength), (0.0, 0.0, 0.0), "{width} x {height}");
    }
}
