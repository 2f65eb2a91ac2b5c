//! What holds for any picture and any draw.

use hivis_image::augment::{self, CropBox, Distortion};
use hivis_image::quality::laplacian_variance;
use hivis_image::{
    DecodeLimits, Picture, challenge, decode, difference_hash, encode_jpeg, encode_png, resize_bilinear,
};
use hivis_types::Level;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// A picture whose bytes follow from a seed.
fn picture(width: u32, height: u32, seed: u64) -> Picture {
    let mut bytes = vec![0; 3 * (width * height) as usize];
    rand::RngCore::fill_bytes(&mut ChaCha8Rng::seed_from_u64(seed), &mut bytes);
    Picture::new(width, height, bytes).expect("three bytes a pixel")
}

fn any_picture(longest: u32) -> impl Strategy<Value = Picture> {
    (1..=longest, 1..=longest, any::<u64>()).prop_map(|(width, height, seed)| picture(width, height, seed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applying_never_fails(source in any_picture(700), level in 0..4_u8, seed in any::<u64>()) {
        let level = Level::try_from(level).expect("0 to 3");
        let draw = augment::draw(level, source.width(), source.height(), &mut ChaCha8Rng::seed_from_u64(seed));
        let made = augment::apply(&source, &draw);
        prop_assert_eq!((made.width(), made.height()), (224, 224));
        prop_assert!(made == augment::apply(&source, &draw), "a draw says everything");
    }

    #[test]
    fn boxes_may_reach_outside(
        source in any_picture(60), top in -90..90_i32, left in -90..90_i32, side in 0..120_u32, angle in -20.0..20.0,
    ) {
        let crop = CropBox { top, left, side };
        let draw = augment::Draw { level: Level::One, angle, crop, distortions: Vec::new(), noise_seed: 0 };
        prop_assert_eq!(augment::apply(&source, &draw).width(), 224);
    }

    #[test]
    fn any_distortion_keeps_the_size(source in any_picture(40), kind in 0..5_usize, entry in 0..=9_u8) {
        let kind = Distortion::ALL[kind];
        let made = augment::distort(&source, kind, kind.parameter(entry), &mut || 0.5);
        prop_assert_eq!((made.width(), made.height()), (source.width(), source.height()));
    }

    #[test]
    fn resizing_keeps_what_it_must(source in any_picture(90), width in 0..90_u32, height in 0..90_u32) {
        let same = resize_bilinear(&source, source.width(), source.height());
        prop_assert!(same == source, "the same size is a copy");
        let made = resize_bilinear(&source, width, height);
        prop_assert_eq!((made.width(), made.height()), (width.max(1), height.max(1)));
        let flat = Picture::filled(source.width(), source.height(), [3, 128, 255]);
        let made = resize_bilinear(&flat, width, height);
        prop_assert!(made.rgb().chunks_exact(3).all(|pixel| *pixel == [3, 128, 255]), "one colour stays");
    }

    #[test]
    fn encodings_come_back(source in any_picture(50)) {
        let limits = DecodeLimits::default();
        let png = decode(&encode_png(&source), &limits).expect("our PNG");
        prop_assert!(png.picture == source);
        let bytes = challenge::from_base64(&challenge::base64_jpeg(&source)).expect("our base64");
        prop_assert_eq!(&bytes, &encode_jpeg(&source));
        let jpeg = decode(&bytes, &limits).expect("our JPEG").picture;
        prop_assert_eq!((jpeg.width(), jpeg.height()), (source.width(), source.height()));
    }

    #[test]
    fn measures_are_finite(source in any_picture(40)) {
        prop_assert!(laplacian_variance(&source) >= 0.0);
        prop_assert_eq!(difference_hash(&source), difference_hash(&source.clone()));
    }
}

/// A scene with few details: a gradient and a bright square, shifted by `shift`.
fn scene(shift: u32) -> Picture {
    let mut picture = Picture::filled(160, 120, [0; 3]);
    for (i, pixel) in picture.rgb_mut().chunks_exact_mut(3).enumerate() {
        let (x, y) = (i as u32 % 160, i as u32 / 160);
        let inside = (40 + shift..90 + shift).contains(&x) && (30..80).contains(&y);
        let value = if inside { 250 } else { (x / 2 + y) as u8 };
        pixel.fill(value);
    }
    picture
}

#[test]
fn the_hash_stays_near_for_the_same_scene() {
    let hash = difference_hash(&scene(0));
    let again = decode(&encode_jpeg(&scene(0)), &DecodeLimits::default()).expect("our JPEG").picture;
    let shrunk = resize_bilinear(&scene(0), 80, 60);
    assert!((hash ^ difference_hash(&again)).count_ones() <= 2);
    assert!((hash ^ difference_hash(&shrunk)).count_ones() <= 2);
    assert!((hash ^ difference_hash(&scene(50))).count_ones() > 4);
    // The order of the bits is kept in ledgers.
    let rising = Picture::new(9, 1, (0..9).flat_map(|x| [x * 20; 3]).collect()).expect("9 x 1");
    assert_eq!(difference_hash(&rising), u64::MAX);
}

#[test]
fn base64_is_strict() {
    assert_eq!(challenge::from_base64("aGl2aXM="), Some(b"hivis".to_vec()));
    for text in ["aGl2aXM", "aGl2aXM =", "a-_=", "data:image/jpeg;base64,aGl2aXM=", "ä"] {
        assert_eq!(challenge::from_base64(text), None, "{text}");
    }
}

#[test]
fn a_side_that_jpeg_cannot_hold_is_squeezed() {
    let seen = decode(&encode_jpeg(&Picture::filled(70_000, 2, [9; 3])), &DecodeLimits::default()).expect("our JPEG");
    assert_eq!((seen.picture.width(), seen.picture.height()), (65_500, 2));
}
