//! `cases.json`: every operation of the validator on one picture.

use std::path::Path;

use hivis_image::Picture;
use hivis_image::augment::{self, CropBox, Distortion, Draw};
use hivis_types::Level;
use serde::Deserialize;

use crate::corpus::{picture, read};
use crate::golden::{Tolerance, folders, parse};

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    input: String,
    params: Params,
    output: String,
    tolerance: Tolerance,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    angle: f64,
    size: u32,
    box_top_left_height_width: [i32; 4],
    kind: String,
    level: Option<u8>,
    param: f64,
    noise: Option<String>,
    returned: Returned,
    distortions: Vec<Drawn>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Returned {
    #[serde(rename = "RandomRotationWithParams")]
    rotation: Rotation,
    #[serde(rename = "RandomResizedCropWithParams")]
    crop: Crop,
}

#[derive(Default, Deserialize)]
struct Rotation {
    angle: f64,
}

#[derive(Default, Deserialize)]
struct Crop {
    crop_params: [i32; 4],
}

#[derive(Deserialize)]
struct Drawn {
    kind: String,
    level: u8,
    param: Option<f64>,
}

fn square([top, left, height, width]: [i32; 4]) -> CropBox {
    assert_eq!(height, width, "the reference only draws squares");
    CropBox { top, left, side: height as u32 }
}

fn distortion(name: &str) -> Distortion {
    Distortion::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_else(|| panic!("unknown distortion {name}"))
}

/// The deviates of a noise picture: value = (byte - 128) / 32, channels Y, Cb, Cr.
fn noise(folder: &Path, name: Option<&String>) -> impl FnMut() -> f64 + use<> {
    let bytes = name.map(|name| picture(&folder.join(name)).into_rgb()).unwrap_or_default();
    let mut values = bytes.into_iter().map(|byte| (f64::from(byte) - 128.0) / 32.0);
    move || values.next().expect("noise for every value")
}

fn run(folder: &Path, case: &Case) -> Result<String, String> {
    let params = &case.params;
    let input = picture(&folder.join(&case.input));
    let mut noise = noise(folder, params.noise.as_ref());
    let got = match case.op.as_str() {
        "rotate" => augment::rotate(&input, params.angle),
        "center_crop_resize" => augment::apply(&input, &draw(params, Level::Zero)),
        "augment" => {
            let level = Level::try_from(params.level.expect("a level")).expect("0 to 3");
            augment::apply_with_noise(&input, &draw(params, level), &mut noise)
        }
        "distort" => {
            let kind = distortion(&params.kind);
            if let Some(level) = params.level {
                assert_eq!(kind.parameter(level), params.param, "{}: the table", case.id);
            }
            augment::distort(&input, kind, params.param, &mut noise)
        }
        "resized_crop" => {
            let floats = augment::resized_crop(&input, square(params.box_top_left_height_width), params.size);
            if Path::new(&case.output).extension().is_some_and(|extension| extension == "npy") {
                return compare_floats(&floats, &npy(&folder.join(&case.output)), &case.tolerance);
            }
            let rgb = floats.iter().map(|value| (255.0 * value) as u8).collect();
            Picture::new(params.size, params.size, rgb).expect("a square")
        }
        op => panic!("unknown operation {op}"),
    };
    case.tolerance.check(&got, &picture(&folder.join(&case.output)))
}

fn draw(params: &Params, level: Level) -> Draw {
    let distortions = params.distortions.iter().filter(|drawn| drawn.level > 0).map(|drawn| {
        let kind = distortion(&drawn.kind);
        assert_eq!(Some(kind.parameter(drawn.level)), drawn.param, "the table");
        (kind, drawn.level)
    });
    Draw {
        level,
        angle: params.returned.rotation.angle,
        crop: square(params.returned.crop.crop_params),
        distortions: distortions.collect(),
        noise_seed: 0,
    }
}

/// Little-endian f32 values of an npy file of version 1.
fn npy(path: &Path) -> Vec<f32> {
    let bytes = read(path);
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\0");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..start]);
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{header}");
    bytes[start..].as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

fn compare_floats(got: &[f32], want: &[f32], tolerance: &Tolerance) -> Result<String, String> {
    assert_eq!(got.len(), want.len());
    let largest = got.iter().zip(want).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    let found = format!("largest {largest:e}");
    let limit = tolerance.max_abs_float.expect("a case of floats has max_abs_float");
    if largest <= limit { Ok(found) } else { Err(format!("{found}; allowed {limit:e}")) }
}

#[test]
fn golden_cases_are_met() {
    let mut wrong = Vec::new();
    for folder in folders("challenge") {
        let cases = parse::<Cases>(&folder, "cases.json").cases;
        assert!(!cases.is_empty());
        for case in &cases {
            match run(&folder, case) {
                Ok(found) => println!("{}: {found}", case.id),
                Err(found) => wrong.push(format!("{}: {found}", case.id)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn golden_resize_is_bit_exact() {
    // The recipe promises equality, more than the tolerance asks.
    for folder in folders("challenge") {
        for case in parse::<Cases>(&folder, "cases.json").cases {
            if case.op == "center_crop_resize" {
                let input = picture(&folder.join(&case.input));
                let got = augment::apply(&input, &draw(&case.params, Level::Zero));
                assert_eq!(got.rgb(), picture(&folder.join(&case.output)).rgb(), "{}", case.id);
            }
        }
    }
}
