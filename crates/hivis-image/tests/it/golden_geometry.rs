//! `geometry.json`: which box of a picture is shown.

use hivis_image::augment::CropBox;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use crate::golden::{folders, parse};

#[derive(Deserialize)]
struct Geometry {
    center_crop: Vec<Centre>,
    mask_point: Vec<MaskPoint>,
    wide_picture_box: Vec<Wide>,
}

#[derive(Deserialize)]
struct Centre {
    width: u32,
    height: u32,
    left: i32,
    top: i32,
    side: u32,
}

#[derive(Deserialize)]
struct MaskPoint {
    width: u32,
    height: u32,
    point_x_y: (i32, i32),
    sampled_box: [i32; 4],
    used_box: [i32; 4],
}

#[derive(Deserialize)]
struct Wide {
    width: u32,
    height: u32,
    always: [i32; 4],
}

fn square([top, left, height, width]: [i32; 4]) -> CropBox {
    assert_eq!(height, width);
    CropBox { top, left, side: height as u32 }
}

#[test]
fn offsets_round_ties_to_even() {
    let left = |width, height| CropBox::centre(width, height).left;
    assert_eq!([left(97, 66), left(97, 68), left(1280, 720), left(5, 2)], [16, 14, 280, 2]);
}

#[test]
fn golden_geometry_is_met() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for folder in folders("challenge") {
        let geometry: Geometry = parse(&folder, "geometry.json");
        assert!(!geometry.center_crop.is_empty() && !geometry.mask_point.is_empty());
        for case in geometry.center_crop {
            // The offsets were read off an 8-bit ramp, so they are known modulo 256: 280 of 1280 x 720 says 24.
            let got = CropBox::centre(case.width, case.height);
            let offsets = (got.top % 256, got.left % 256, got.side);
            assert_eq!(offsets, (case.top % 256, case.left % 256, case.side), "{} x {}", case.width, case.height);
        }
        for case in geometry.mask_point {
            let got = square(case.sampled_box).keep_point(case.point_x_y, (case.width, case.height));
            assert_eq!(got, square(case.used_box), "{:?} in {} x {}", case.point_x_y, case.width, case.height);
        }
        for case in geometry.wide_picture_box {
            for _ in 0..50 {
                let got = CropBox::draw(case.width, case.height, &mut rng);
                assert_eq!(got, square(case.always), "{} x {}", case.width, case.height);
            }
        }
    }
}
