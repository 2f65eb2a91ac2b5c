//! From a folder of labelled pictures to a promoted release.

#![cfg(feature = "train")]

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::miner::{hivis, output};

fn told(out: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn run(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{args:?}: {}", told(&out));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Orange squares are roadwork, blue ones are not: anything learns that. One file is no picture.
fn pictures(folder: &Path) {
    for (class, colour) in [("roadwork", [230, 120, 20]), ("none", [30, 60, 200])] {
        std::fs::create_dir_all(folder.join(class)).expect("a folder");
        for n in 0..150_u8 {
            let mut picture = hivis_types::Picture::filled(96, 72, [90, 90, 90 + n % 40]);
            for (at, pixel) in picture.rgb_mut().chunks_exact_mut(3).enumerate() {
                let (x, y) = (at % 96, at / 96);
                if (10 + usize::from(n % 30)..60).contains(&x) && (20..60).contains(&y) {
                    pixel.copy_from_slice(&colour);
                }
            }
            std::fs::write(folder.join(class).join(format!("{n:03}.png")), hivis_image::encode_png(&picture))
                .expect("a file");
        }
    }
    std::fs::write(folder.join("none/broken.png"), b"\x89PNG and nothing").expect("a file");
}

#[test]
fn a_folder_of_pictures_becomes_a_promoted_release() {
    let home = tempfile::tempdir().expect("a folder");
    let (home, folder) = (home.path(), home.path().join("pictures"));
    pictures(&folder);
    let at = folder.to_str().expect("a plain path");
    let home = &home.join("home");
    let train = |id: &str, more: &[&str]| {
        let args = ["train", "--pictures", at, "--id", id, "--draws", "2", "--split-seed", "7", "--json"];
        let told = run(home, &[&args[..], more].concat());
        serde_json::from_str::<Value>(&told).unwrap_or_else(|_| panic!("{told}"))
    };
    let first = train("first", &["--epochs", "1", "--seed", "5"]);
    assert_eq!(first["report"]["skipped"].as_array().map(Vec::len), Some(1), "the broken file is named: {first}");
    run(home, &["release", "promote", "first"]);

    let again = train("again", &[]);
    let accuracy = again["report"]["tune"]["accuracy"].as_f64().expect("a number");
    assert!(accuracy > 0.9, "colours are easy: {accuracy}");
    // From the kept features, the same weights.
    let twice = train("twice", &[]);
    assert_eq!(again["report"], twice["report"]);
    let head = |id: &str| hivis_onnx::Head::read(&home.join("runs").join(id).join("head.safetensors")).expect("a head");
    assert!(head("again") == head("twice"), "the weights differ");

    let said = run(home, &["exam", "first", "again", "--pictures", at, "--questions", "200"]);
    assert!(said.contains("scenes never seen") && said.contains("scenes trained on"), "{said}");
    run(home, &["release", "promote", "again", "--policy", "none"]);
    assert!(run(home, &["release", "list"]).contains("* again"));
    let manifest = run(home, &["release", "show", "again"]);
    assert!(manifest.contains("[training]") && manifest.contains("split_seed = 7"), "{manifest}");
}

#[test]
fn what_cannot_be_trained_on_is_told_with_a_hint() {
    let home = tempfile::tempdir().expect("a folder");
    let (home, folder) = (home.path().join("home"), home.path().join("pictures"));
    std::fs::create_dir_all(folder.join("roadwork")).expect("a folder");
    for n in 0..10_u8 {
        let picture = hivis_types::Picture::filled(32, 32, [n; 3]);
        std::fs::write(folder.join(format!("roadwork/{n}.png")), hivis_image::encode_png(&picture)).expect("a file");
    }
    let at = folder.to_str().expect("a plain path");
    for (args, wanted) in [
        (vec!["train", "--pictures", at], "scenes with"),
        (vec!["train", "--pictures", "/nowhere"], "there is no folder"),
        (vec!["train", "--pictures", at, "--backbone", "/nowhere"], "there is no backbone"),
        (vec!["train", "--pictures", at, "--head", "0"], "is no head"),
    ] {
        let out = output(hivis(&home, &args));
        assert!(!out.status.success() && told(&out).contains(wanted), "{args:?}: {}", told(&out));
    }
}
