//! What a release carries: its version, its card, and the floor that it may have missed.

use std::path::{Path, PathBuf};

use hivis_store::{Home, Manifest, Releases, TrainingNote};
use hivis_types::ReleaseId;
use serde_json::Value;

use crate::miner::{hivis, output, with_release};
use crate::release::{current, run, told};

pub(crate) fn vit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vit-small")
}

fn import(home: &Path, id: &str) -> String {
    run(home, &["import", "model", vit().to_str().expect("a plain path"), "--id", id])
}

/// What `release list --json` says.
pub(crate) fn listed(home: &Path) -> Value {
    let out = output(hivis(home, &["release", "list", "--json"]));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)))
}

/// A training on that version of the data.
pub(crate) fn note(data: &str) -> TrainingNote {
    let (run, data) = ("run".to_owned(), data.to_owned());
    TrainingNote { run, data, version: None, split_seed: 7, pictures: 10, below_floor: None }
}

/// Installs `id` as a training would: the files of another release, and a note.
pub(crate) fn trained(home: &Path, from: &str, id: &str, note: &TrainingNote) {
    let releases = Home::open(home).expect("a home").releases();
    let good = releases.load(&ReleaseId::new(from).expect("an id")).expect("a release");
    let id = ReleaseId::new(id).expect("an id");
    let staging = releases.staging(&id).expect("a folder");
    for name in good.manifest.files.keys() {
        std::fs::copy(good.folder.join(name), staging.join(name)).expect("a copy");
    }
    let (created, training) = (jiff::Timestamp::now(), Some(note.clone()));
    let manifest = Manifest { id: id.clone(), created, training, ..good.manifest };
    Releases::write_manifest(&staging, &manifest).expect("a manifest");
    releases.install(&staging, &id).expect("a release");
}

#[test]
fn a_release_has_a_version_and_a_card_and_an_import_can_be_repeated() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    import(home, "vit");
    assert!(import(home, "vit").contains("vit is current already"), "the same again changes nothing");
    import(home, "vit-b");
    let model = vit();
    let other = ["import", "model", model.to_str().expect("a plain path"), "--id", &first];
    let out = output(hivis(home, &other));
    assert!(!out.status.success() && told(&out).contains("exists already"), "{}", told(&out));

    let listed = listed(home);
    let of = |id: &str, field: &str| {
        let rows = listed.as_array().expect("rows");
        rows.iter().find(|row| row["release"] == id).expect("it is listed")[field].clone()
    };
    assert_eq!(of(&first, "version"), "1.0.0");
    assert_eq!((of("vit", "version"), of("vit-b", "version")), ("2.0.0".into(), "2.1.0".into()));
    assert!(run(home, &["release", "list"]).contains("2.1.0"));
    assert!(run(home, &["release", "show", "vit"]).contains("version = \"2.0.0\""));

    let to = home.join("out");
    run(home, &["release", "export", &first, to.to_str().expect("a plain path")]);
    let card = std::fs::read_to_string(to.join("card.md")).expect("the card goes along");
    let matter = card.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("front matter").0;
    for line in ["license:\n- mit\n- apache-2.0", "library_name: onnx", "pipeline_tag: image-classification"] {
        assert!(matter.contains(line), "{matter}");
    }
    for text in [&format!("# {first}"), "Version 1.0.0", "u8 [n, 224, 224, 3]", "claim nothing about real streets"] {
        assert!(card.contains(text), "{text} is not in\n{card}");
    }
    assert!(!card.contains("\n\n\n") && !card.contains("{{") && !card.contains("{%"), "{card}");
}

#[test]
fn a_release_below_a_floor_is_kept_and_never_promoted() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    let below_floor = Some("accuracy 0.41 is below 0.80".to_owned());
    trained(home, &first, "low", &TrainingNote { below_floor, ..note("0123") });

    for policy in ["none", "gain", "paired"] {
        let out = output(hivis(home, &["release", "promote", "low", "--policy", policy]));
        let said = told(&out);
        assert!(!out.status.success() && said.contains("accuracy 0.41 is below 0.80"), "{said}");
        assert!(said.contains("hint:"), "{said}");
    }
    assert_eq!(current(home), first);
    let listed = listed(home);
    let promotable: Vec<&Value> = listed.as_array().expect("rows").iter().map(|row| &row["promotable"]).collect();
    assert_eq!(promotable, [true, false], "{listed}");
    assert!(run(home, &["release", "show", "low"]).contains("below_floor"));
}
