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

/// A grey picture of 96 x 72 in blocks of 12, another one for each number: pictures that look alike would be one scene.
fn blocks(number: u64) -> hivis_types::Picture {
    let mut picture = hivis_types::Picture::filled(96, 72, [0; 3]);
    for (at, pixel) in picture.rgb_mut().chunks_exact_mut(3).enumerate() {
        let block = (at / 96 / 12 * 8 + at % 96 / 12) as u64;
        // splitmix64: neighbouring numbers have nothing in common.
        let mut noise = (number * 48 + block + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        noise = (noise ^ noise >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        noise = (noise ^ noise >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33;
        pixel.fill((40 + noise % 120) as u8);
    }
    picture
}

/// Orange squares are roadwork, blue ones are not: anything learns that. One file is no picture.
fn pictures(folder: &Path) {
    for (class, colour) in [("roadwork", [230, 120, 20]), ("none", [30, 60, 200])] {
        std::fs::create_dir_all(folder.join(class)).expect("a folder");
        for n in 0..150_u8 {
            let mut picture = blocks(u64::from(n) + u64::from(colour[0]) * 1000);
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
    assert_eq!(first["skipped"].as_array().map(Vec::len), Some(1), "the broken file is named: {first}");
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
    // The test part opens by name only, and each look at it is counted.
    for look in ["look 1 at split", "look 2 at split"] {
        let out = output(hivis(home, &["exam", "again", "--pictures", at, "--test", "--questions", "20"]));
        assert!(out.status.success() && told(&out).contains(look), "{}", told(&out));
    }
    let out = output(hivis(home, &["exam", "again", "--test"]));
    assert!(!out.status.success() && told(&out).contains("no test part"), "{}", told(&out));
    run(home, &["release", "promote", "again", "--policy", "none"]);
    assert!(run(home, &["release", "list"]).contains("* again"));
    let manifest = run(home, &["release", "show", "again"]);
    assert!(manifest.contains("[training]") && manifest.contains("split_seed = 7"), "{manifest}");
}

/// All on one home, so that the features are computed once.
#[test]
fn a_training_is_killed_repeated_and_gone_on_from() {
    let home = tempfile::tempdir().expect("a folder");
    let (home, folder) = (home.path().join("home"), home.path().join("pictures"));
    pictures(&folder);
    let at = folder.to_str().expect("a plain path");
    let args = |id: &'static str, more: &[&'static str]| {
        let own = ["--epochs", "12", "--patience", "12", "--draws", "1", "--split-seed", "7"];
        let own = if more.contains(&"--from") { &own[..0] } else { &own[..] };
        [&["train", "--pictures", at, "--id", id], own, more].concat()
    };
    let head = |id: &str| hivis_onnx::Head::read(&home.join("runs").join(id).join("head.safetensors")).expect("a head");
    run(&home, &args("whole", &[]));
    let events = std::fs::read_to_string(home.join("runs/whole/events.jsonl")).expect("the tracker's file");
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!([of("start"), of("metrics"), of("summary"), of("finish")], [1, 12, 1, 1]);

    // Killed after its first checkpoint, it goes on from there and ends where the other one did.
    let mut child = hivis(&home, &args("killed", &["--checkpoint", "0"])).spawn().expect("it starts");
    let checkpoint = home.join("cache/heads/killed.safetensors");
    let end = std::time::Instant::now() + std::time::Duration::from_mins(2);
    while !checkpoint.exists() {
        assert!(std::time::Instant::now() < end, "no checkpoint came");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert!(!home.join("runs/killed/run.toml").exists(), "it ended before it was killed");
    let out = output(hivis(&home, &args("killed", &["--checkpoint", "0"])));
    assert!(out.status.success() && told(&out).contains("the head goes on at step"), "{}", told(&out));
    assert!(head("killed") == head("whole"), "a killed run ended elsewhere");
    assert!(!checkpoint.exists(), "the checkpoint of a run that is done is left");

    let said = run(&home, &["train", "--repeat", "whole", "--id", "again"]);
    assert!(said.contains("the same head as before, bit for bit") && head("again") == head("whole"), "{said}");

    // Nothing is new in the same pictures; a few more are, and the head goes on.
    let out = output(hivis(&home, &args("on", &["--from", "whole"])));
    assert!(
        !out.status.success() && told(&out).contains("learned from all of these pictures already"),
        "{}",
        told(&out)
    );
    for n in 0..40_u8 {
        let picture = blocks(u64::from(n) + 500);
        let class = if n % 2 == 0 { "roadwork" } else { "none" };
        std::fs::write(folder.join(class).join(format!("more-{n}.png")), hivis_image::encode_png(&picture))
            .expect("a file");
    }
    let report: Value = serde_json::from_str(&run(&home, &args("on", &["--from", "whole", "--json"]))).expect("JSON");
    let earlier = &report["report"]["earlier"];
    let numbers = [1, 2].map(|at| earlier[at].as_u64().expect("a number"));
    assert!(earlier[0] == "whole" && (20..=40).contains(&numbers[0]) && numbers[1] > 200, "{earlier}");
    let mixture = &report["report"]["mixture"];
    assert!(
        mixture["new"].as_u64() == Some(numbers[0]) && mixture["replayed"].as_u64() == Some(numbers[1]),
        "{mixture}"
    );
    // The pictures of the first run are others now.
    let out = output(hivis(&home, &["train", "--repeat", "whole"]));
    assert!(!out.status.success() && told(&out).contains("the pictures are version"), "{}", told(&out));

    // For a notebook: the very rows that trained.
    let file = folder.join("features.safetensors");
    run(
        &home,
        &["features", file.to_str().expect("a plain path"), "--pictures", at, "--draws", "1", "--split-seed", "7"],
    );
    let bytes = std::fs::read(&file).expect("the file");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let shape = |name: &str| tensors.tensor(name).expect("a tensor").shape().to_vec();
    let (n, parts) = (shape("label")[0], tensors.tensor("part").expect("a tensor").data().to_vec());
    assert_eq!(shape("features"), [n, 384]);
    let learned = parts.iter().map(|part| u64::from(*part == 0)).sum::<u64>();
    assert_eq!(learned, numbers[0] + numbers[1]);

    let said = run(
        &home,
        &args(
            "tried",
            &["--trials", "4", "--shares", "50/50/0", "--features", "last-2", "--class-weights", "balanced"],
        ),
    );
    assert!(said.contains("stopped after 2") && said.contains("tuning loss"), "{said}");
    // Two heads on different tokens and the neighbours among the training pictures, as one release.
    let said = run(&home, &["ensemble", "tried", "on", "nearest:on", "--id", "three", "--json"]);
    let made: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    let weights: f64 = made["weights"].as_array().expect("weights").iter().filter_map(Value::as_f64).sum();
    let loss = |measures: &Value| measures["loss"].as_f64().expect("a loss");
    let alone = made["alone"].as_array().expect("members").iter().map(loss).fold(f64::INFINITY, f64::min);
    assert!((weights - 1.0).abs() < 1e-6 && loss(&made["together"]) < alone + 0.02, "{made}");
    // The graph says what was computed here.
    let said = run(&home, &["exam", "three", "--pictures", at, "--questions", "60"]);
    assert!(said.contains("scenes trained on"), "{said}");
    let out = output(hivis(&home, &["ensemble", "whole", "on"]));
    assert!(!out.status.success() && told(&out).contains("learned from other pictures or splits"), "{}", told(&out));
    let out = output(hivis(&home, &["ensemble", "on", "tried", "--weights", "0.5,0.6"]));
    assert!(!out.status.success() && told(&out).contains("sum"), "{}", told(&out));

    // A tracker that is not there costs nothing but a line.
    let mut command = hivis(&home, &args("told", &["--track", "wandb"]));
    let out = output({
        command.env("HIVIS_PYTHON", "/nowhere/python");
        command
    });
    assert!(out.status.success() && told(&out).contains("told wandb: nowhere, 15 of 15 events lost"), "{}", told(&out));
    // Two sources are one set; a folder `generated` marks what a generator made.
    let made = folder.with_file_name("made");
    for n in 0..30_u64 {
        let place = made.join(if n % 2 == 0 { "roadwork/generated" } else { "none/generated" });
        std::fs::create_dir_all(&place).expect("a folder");
        std::fs::write(place.join(format!("{n}.png")), hivis_image::encode_png(&blocks(n + 9000))).expect("a file");
    }
    let both = format!("{at},{}", made.display());
    let both = [
        "train",
        "--pictures",
        &both,
        "--id",
        "both",
        "--draws",
        "1",
        "--split-seed",
        "7",
        "--shares",
        "50/50/0",
        "--json",
    ];
    let said = run(&home, &both);
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    let mixture = &report["report"]["mixture"];
    assert!(mixture["real"].as_u64() > Some(200) && mixture["generated"].as_u64() > Some(15), "{mixture}");

    let said = run(&home, &args("low", &["--class-weights", "1000,0.001", "--no-shift", "--floor-f1", "1"]));
    assert!(said.contains("NOT PROMOTABLE: F1"), "{said}");
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
        (vec!["train", "--pictures", at, "--rate", "0"], "train nothing"),
        (vec!["train", "--pictures", at, "--shares", "0/0/0"], "three whole numbers"),
        (vec!["train", "--pictures", at, "--class-weights", "1"], "two weights"),
        (vec!["train", "--pictures", at, "--from", "nothing"], "there is no run nothing"),
        (vec!["train", "--repeat", "nothing"], "there is no run nothing"),
        (vec!["train", "--pictures", "scenes,home"], "no one training set"),
        (vec!["train", "--pictures", "/tmp,scenes"], "/tmp"),
        (vec!["train"], "--pictures"),
    ] {
        let out = output(hivis(&home, &args));
        assert!(!out.status.success() && told(&out).contains(wanted), "{args:?}: {}", told(&out));
    }
}
