//! What variations do to pictures, and what they leave.

use hivis_image::quality::grey;
use hivis_image::variation::{self, Fog, MotionBlur, Plan, Rain, Rotation, Variation, vary};
use hivis_image::{DecodeLimits, Picture, decode, resize_bilinear};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// A road with cones, a barrier and a sign.
fn road() -> Picture {
    let bytes = hivis_testbed::golden::fixtures().join("challenge/inputs/road640.png");
    decode(&std::fs::read(bytes).expect("a fixture"), &DecodeLimits::default()).expect("a PNG").picture
}

/// Bytes that follow from their place: gradients, edges and some texture.
fn pattern(width: u32, height: u32) -> Picture {
    let mut picture = Picture::filled(width, height, [0; 3]);
    for (i, pixel) in (0_u32..).zip(picture.rgb_mut().chunks_exact_mut(3)) {
        let (x, y) = (i % width, i / width);
        let texture = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 7 & 15;
        let block = if (x / 9 + y / 7) % 3 == 0 { 90 } else { 20 };
        let value = |slope: u32| (block + texture + slope % 130) as u8;
        pixel.copy_from_slice(&[value(x), value(y), value(x + y)]);
    }
    picture
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, n) = values.into_iter().fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / n
}

fn mean_grey(picture: &Picture) -> f64 {
    mean(grey(picture).into_iter().map(f64::from))
}

fn difference(a: &Picture, b: &Picture) -> f64 {
    mean(a.rgb().iter().zip(b.rgb()).map(|(a, b)| f64::from(a.abs_diff(*b))))
}

/// FNV-1a, 64 bits.
fn fingerprint(picture: &Picture) -> u64 {
    picture
        .rgb()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn the_same_plan_gives_the_same_bytes_everywhere() {
    let made =
        Variation::ALL.map(|v| (v.as_str(), format!("{:016x}", fingerprint(&vary(&pattern(97, 61), v, 0.7, 5)))));
    let pinned = [
        ("rain", "ec2315bb470305c9"),
        ("fog", "75610d16ac2ccc9e"),
        ("snow", "0c86cdaa3c958d83"),
        ("night", "e70fc37b01130df8"),
        ("glare", "c7208dd4bfc35cbe"),
        ("motion-blur", "d74bbf5f2008bf35"),
        ("rotation", "0697c05e4af2304b"),
        ("lens-dirt", "9373ad4e139c4c63"),
    ];
    assert_eq!(made, pinned.map(|(name, hash)| (name, hash.to_owned())));
}

#[test]
fn names_come_back() {
    for variation in Variation::ALL {
        assert_eq!(variation.as_str().parse(), Ok(variation));
    }
    let error = "hail".parse::<Variation>().expect_err("no variation");
    assert!(error.to_string().starts_with("`hail` is no variation"), "{error}");
}

#[test]
fn no_strength_changes_nothing() {
    let road = resize_bilinear(&road(), 320, 240);
    for variation in Variation::ALL {
        for strength in [0.0, -3.0, f32::NAN] {
            assert_eq!(difference(&vary(&road, variation, strength, 1), &road), 0.0, "{variation} at {strength}");
        }
        let little = difference(&vary(&road, variation, 0.01, 1), &road);
        assert!(little < 2.5, "{variation} at 0.01 moves bytes by {little}");
        assert_eq!(vary(&road, variation, 9.0, 1), vary(&road, variation, 1.0, 1), "{variation} is cut to 1");
    }
}

#[test]
fn more_strength_changes_more() {
    let road = resize_bilinear(&road(), 320, 240);
    for variation in Variation::ALL {
        for seed in 0..4 {
            let changes = [0.0, 0.3, 0.6, 1.0].map(|s| difference(&vary(&road, variation, s, seed), &road));
            assert!(
                changes.is_sorted_by(|a, b| a * 1.05 < *b || a + 0.01 < *b),
                "{variation}, seed {seed}: {changes:?}"
            );
            assert!(changes[3] > 1.0, "{variation}, seed {seed}: {changes:?}");
        }
    }
}

#[test]
fn seeds_differ() {
    let road = resize_bilinear(&road(), 320, 240);
    for variation in Variation::ALL {
        assert_ne!(vary(&road, variation, 0.8, 1), vary(&road, variation, 0.8, 2), "{variation}");
    }
}

#[test]
fn any_shape_keeps_its_size() {
    for (width, height) in [(1, 1), (1, 2), (2, 1), (1, 301), (301, 1), (97, 66), (65_500, 3), (3, 65_500)] {
        for variation in Variation::ALL {
            let made = vary(&pattern(width, height), variation, 1.0, 3);
            assert_eq!((made.width(), made.height()), (width, height), "{variation}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_picture_can_be_varied(
        width in 1..90_u32, height in 1..90_u32, kind in 0..8_usize, strength in -0.5..1.5_f32, seed in any::<u64>(),
    ) {
        let mut source = Picture::filled(width, height, [0; 3]);
        rand::RngCore::fill_bytes(&mut ChaCha8Rng::seed_from_u64(seed), source.rgb_mut());
        let made = vary(&source, Variation::ALL[kind], strength, seed);
        prop_assert_eq!((made.width(), made.height()), (width, height));
        prop_assert!(made == vary(&source, Variation::ALL[kind], strength, seed), "a plan says everything");
    }
}

/// Correlation of both pictures' grey in each block of 20 x 20 that shows anything.
fn likeness(before: &Picture, after: &Picture) -> Vec<f64> {
    const SIDE: usize = 20;
    let (width, height) = (before.width() as usize, before.height() as usize);
    let (a, b) = (grey(before), grey(after));
    let mut found = Vec::new();
    for top in (0..=height - SIDE).step_by(SIDE) {
        for left in (0..=width - SIDE).step_by(SIDE) {
            let places = || (0..SIDE * SIDE).map(|i| (top + i / SIDE) * width + left + i % SIDE);
            let (mid_a, mid_b) = (mean(places().map(|i| f64::from(a[i]))), mean(places().map(|i| f64::from(b[i]))));
            let off = |i: usize| (f64::from(a[i]) - mid_a, f64::from(b[i]) - mid_b);
            let spread = mean(places().map(|i| off(i).0.powi(2)));
            if spread > 100.0 {
                let other = mean(places().map(|i| off(i).1.powi(2))).max(1.0);
                found.push(mean(places().map(|i| off(i).0 * off(i).1)) / (spread * other).sqrt());
            }
        }
    }
    found
}

#[test]
fn the_strongest_leaves_the_street_to_be_seen() {
    let road = road();
    for variation in Variation::ALL {
        for seed in 0..6 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let plan = variation::draw(variation, 1.0, &mut rng);
            let mut made = variation::apply(&road, &plan);
            if let Plan::Rotation(Rotation { angle }) = plan {
                made = variation::apply(&made, &Plan::Rotation(Rotation { angle: -angle }));
            }
            let blocks = likeness(&road, &made);
            assert!(blocks.len() > 60, "{} blocks show anything", blocks.len());
            let lost = blocks.iter().filter(|&&r| r < 0.3).count() as f64 / blocks.len() as f64;
            let mean = mean(blocks);
            assert!(mean > 0.7, "{variation}, seed {seed}: likeness {mean:.2}");
            assert!(lost < 0.15, "{variation}, seed {seed}: {lost:.2} of the blocks are lost");
        }
    }
}

#[test]
fn a_line_turns_by_the_angle() {
    for angle in [-12.0_f32, -4.0, 0.5, 8.0] {
        let mut line = Picture::filled(201, 151, [0; 3]);
        line.rgb_mut()[3 * 201 * 74..3 * 201 * 77].fill(255);
        let made = variation::apply(&line, &Plan::Rotation(Rotation { angle }));
        let values = grey(&made);
        // Least squares through what is bright near the middle; rows count down, so counter-clockwise is a fall.
        let (mut xx, mut xy) = (0.0, 0.0);
        for y in 0..151 {
            for x in 50..151 {
                let (weight, x0, y0) = (f64::from(values[y * 201 + x]), x as f64 - 100.0, y as f64 - 75.0);
                xx += weight * x0 * x0;
                xy += weight * x0 * y0;
            }
        }
        let found = -(xy / xx).atan().to_degrees();
        assert!((found - f64::from(angle)).abs() < 0.15, "{angle} degrees, found {found:.2}");
    }
}

#[test]
fn motion_draws_a_point_into_a_line() {
    let mut point = Picture::filled(120, 120, [0; 3]);
    point.rgb_mut()[3 * (60 * 120 + 60)..][..3].fill(255);
    let plan = MotionBlur { length: 0.2, direction: (0.8, 0.6) };
    let made = variation::apply(&point, &Plan::MotionBlur(plan));
    let light: Vec<f64> = grey(&made).into_iter().map(|v| f64::from(v).powi(2)).collect();
    let (mut all, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0);
    for (i, light) in light.into_iter().enumerate() {
        let (x, y) = ((i % 120) as f64 - 60.0, (i / 120) as f64 - 60.0);
        all += light;
        xx += light * x * x;
        xy += light * x * y;
        yy += light * y * y;
    }
    assert!((all / 255.0_f64.powi(2) - 1.0).abs() < 0.05, "the light is {all}");
    let heading = (2.0 * xy).atan2(xx - yy) / 2.0;
    assert!((heading.tan() - 0.75).abs() < 0.03, "heading {heading}");
    // An even line of length l has variance l^2 / 12; 24 pixels here.
    let length = (12.0 * (xx + yy) / all).sqrt();
    assert!((length - 24.0).abs() < 1.5, "length {length}");
}

#[test]
fn motion_keeps_the_light() {
    let road = road();
    let light = |picture: &Picture| mean(picture.rgb().iter().map(|&v| f64::from(v).powi(2)));
    for seed in 0..4 {
        let made = vary(&road, Variation::MotionBlur, 1.0, seed);
        let ratio = light(&made) / light(&road);
        assert!((ratio - 1.0).abs() < 0.01, "seed {seed}: {ratio}");
    }
}

/// Standard deviation of the grey of some rows.
fn contrast(picture: &Picture, rows: std::ops::Range<usize>) -> f64 {
    let width = picture.width() as usize;
    let grey = grey(picture);
    let of = || grey[rows.start * width..rows.end * width].iter().map(|&v| f64::from(v));
    let middle = mean(of());
    mean(of().map(|v| (v - middle).powi(2))).sqrt()
}

#[test]
fn fog_takes_most_where_it_is_far() {
    let striped = |x: u32| if (x / 8).is_multiple_of(2) { 40 } else { 200 };
    let stripes = (0..200 * 200).flat_map(|i| [striped(i % 200); 3]).collect();
    let stripes = Picture::new(200, 200, stripes).expect("200 x 200");
    let fog = Fog { density: 1.4, horizon: 0.45, seed: 2 };
    let made = variation::apply(&stripes, &Plan::Fog(fog));
    let left = |rows: std::ops::Range<usize>| contrast(&made, rows.clone()) / contrast(&stripes, rows);
    let (far, near) = (left(85..95), left(190..200));
    assert!((0.15..0.35).contains(&far), "{far} of the contrast at the horizon");
    assert!(near > 0.7, "{near} of the contrast before the wheels");
}

#[test]
fn night_is_dark_and_blue_with_light_on_the_road() {
    let day = Picture::filled(120, 90, [150; 3]);
    let night = vary(&day, Variation::Night, 1.0, 1);
    let sum = |c: usize| night.rgb().iter().skip(c).step_by(3).map(|&v| f64::from(v)).sum::<f64>();
    assert!(mean_grey(&night) < 0.6 * mean_grey(&day), "{}", mean_grey(&night));
    let top = grey(&night)[..120 * 9].iter().map(|&v| f64::from(v)).sum::<f64>() / (120.0 * 9.0);
    let road = grey(&night)[120 * 60..120 * 69].iter().map(|&v| f64::from(v)).sum::<f64>() / (120.0 * 9.0);
    assert!(road > 1.3 * top, "road {road}, sky {top}");
    assert!(sum(2) > 1.03 * sum(0), "blue {}, red {}", sum(2), sum(0));
    // Noise: neighbours of an even picture differ.
    assert!(contrast(&night, 2..3) > 1.5);
}

#[test]
fn what_shines_at_night_glows() {
    let mut street = Picture::filled(160, 120, [50; 3]);
    for y in 20..26 {
        street.rgb_mut()[3 * (160 * y + 77)..3 * (160 * y + 83)].fill(255);
    }
    let night = grey(&vary(&street, Variation::Night, 1.0, 1));
    let around = |x: usize| mean((18..28).map(|y| f64::from(night[160 * y + x])));
    assert!(around(80) > 120.0, "the lamp shines on: {}", around(80));
    assert!(around(85) > around(20) + 5.0, "{} beside it, {} far off", around(85), around(20));
}

#[test]
fn rain_falls_along_the_wind() {
    let flat = Picture::filled(300, 300, [90; 3]);
    let rain = Rain { strength: 1.0, wind: 0.4, horizon: 0.4, seed: 4 };
    let wet = grey(&variation::apply(&flat, &Plan::Rain(rain)));
    let at = |x: usize, y: usize| f64::from(wet[300 * y + x]);
    let row = |y: usize| mean((0..300).map(|x| at(x, y)));
    let (mut along, mut against) = (0.0, 0.0);
    for y in 0..295 {
        let (here, below) = (row(y), row(y + 5));
        for x in 5..295 {
            along += (at(x, y) - here) * (at(x + 2, y + 5) - below);
            against += (at(x, y) - here) * (at(x - 2, y + 5) - below);
        }
    }
    assert!(along > 4.0 * against.max(0.0) && along > 0.0, "along {along}, against {against}");
}

#[test]
fn rain_and_snow_take_colour() {
    let road = road();
    let colour = |picture: &Picture| {
        mean(picture.rgb().chunks_exact(3).map(|p| f64::from(p.iter().max().unwrap() - p.iter().min().unwrap())))
    };
    for variation in [Variation::Rain, Variation::Snow, Variation::Fog] {
        assert!(colour(&vary(&road, variation, 1.0, 1)) < 0.8 * colour(&road), "{variation}");
    }
    let dark = Picture::filled(90, 90, [60; 3]);
    assert!(mean_grey(&vary(&dark, Variation::Snow, 1.0, 1)) > 62.0);
}

#[test]
fn glare_is_a_white_sun_and_no_more() {
    let street = Picture::filled(320, 240, [80, 90, 100]);
    for seed in 0..4 {
        let made = vary(&street, Variation::Glare, 1.0, seed);
        let share = |least: u8| mean(made.rgb().iter().map(|&v| f64::from(u8::from(v >= least))));
        assert!(share(254) > 0.0004, "seed {seed}: no disc");
        assert!(share(230) < 0.05, "seed {seed}: {} is white", share(230));
    }
}

#[test]
fn dirt_hides_little() {
    let street = pattern(320, 240);
    for seed in 0..6 {
        let made = vary(&street, Variation::LensDirt, 1.0, seed);
        let changed = made.rgb().iter().zip(street.rgb()).map(|(a, b)| f64::from(u8::from(a.abs_diff(*b) > 32)));
        let changed = mean(changed);
        assert!((0.002..0.15).contains(&changed), "seed {seed}: {changed}");
    }
}
