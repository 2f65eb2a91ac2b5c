//! Immutable folders and the pointer.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hivis_store::{EngineHints, Home, InputSize, Manifest, Releases, Staging, StoreError};
use hivis_types::{Precision, ReleaseId, Version};
use jiff::Timestamp;

pub(crate) fn id(name: &str) -> ReleaseId {
    ReleaseId::new(name).unwrap()
}

fn manifest(name: &str, backbone: &str) -> Manifest {
    Manifest {
        id: id(name),
        version: None,
        created: Timestamp::from_second(1_795_392_000).unwrap(),
        source: "/models/vit".into(),
        kind: "vit-classifier".into(),
        backbone: Some(backbone.into()),
        features: 768,
        licence: "Apache-2.0".into(),
        input: InputSize { width: 224, height: 224 },
        canary: None,
        engine: EngineHints::default(),
        training: None,
        files: BTreeMap::new(),
    }
}

/// Claims a version and installs a release with it; gives the version.
fn versioned(releases: &Releases, name: &str, backbone: &str, parent: Option<&str>) -> String {
    let staging = releases.staging(&id(name)).unwrap();
    let mut manifest = manifest(name, backbone);
    let claim = releases.claim_version(&manifest, parent.map(|v| v.parse().unwrap())).unwrap();
    manifest.version = Some(claim.version);
    Releases::write_manifest(&staging, &manifest).unwrap();
    releases.install(&staging, &id(name)).unwrap();
    claim.version.to_string()
}

/// A staging folder with a graph, external weights and a manifest.
pub(crate) fn stage(releases: &Releases, name: &str) -> Staging {
    let staging = releases.staging(&id(name)).unwrap();
    let mut files = BTreeMap::new();
    for (file, precision) in [("model.onnx", Some(Precision::Fp32)), ("model.onnx.data", None)] {
        fs_err::write(staging.join(file), format!("{file} of {name}")).unwrap();
        files.insert(file.to_owned(), Releases::describe(&staging.join(file), precision).unwrap());
    }
    let manifest = Manifest { files, ..manifest(name, "vit") };
    Releases::write_manifest(&staging, &manifest).unwrap();
    staging
}

fn home() -> (tempfile::TempDir, Releases) {
    let folder = tempfile::tempdir().unwrap();
    let releases = Home::open_or_create(folder.path()).unwrap().releases();
    (folder, releases)
}

#[test]
fn a_release_is_installed_loaded_and_pointed_at() {
    let (_folder, releases) = home();
    assert_eq!(releases.current().unwrap(), None);
    assert!(releases.list().unwrap().is_empty());
    let staging = stage(&releases, "vit-1");
    let release = releases.install(&staging, &id("vit-1")).unwrap();
    assert!(!staging.exists());
    assert_eq!(release.manifest.precisions(), [Precision::Fp32]);
    assert_eq!(release.graph(Precision::Int8), None);
    let bytes = [Precision::Fp32, Precision::Bf16, Precision::Int8].map(|p| release.manifest.graph_bytes(p));
    assert_eq!(bytes, [43, 43, 0], "with the external weights");
    let graph = releases.load(&id("vit-1")).unwrap().graph(Precision::Fp32).unwrap();
    assert_eq!(fs_err::read_to_string(&graph).unwrap(), "model.onnx of vit-1");
    assert_eq!(fs_err::metadata(&graph).unwrap().permissions().mode() & 0o777, 0o444);

    releases.install(&stage(&releases, "vit-2"), &id("vit-2")).unwrap();
    assert_eq!(releases.list().unwrap(), [id("vit-1"), id("vit-2")]);
    for name in ["vit-1", "vit-2", "vit-1"] {
        releases.set_current(&id(name)).unwrap();
        assert_eq!(releases.current().unwrap(), Some(id(name)));
    }
    assert!(matches!(releases.set_current(&id("vit-3")), Err(StoreError::NoSuchRelease { .. })));
    assert_eq!(releases.current().unwrap(), Some(id("vit-1")), "a refusal leaves the pointer");
}

#[test]
fn the_manifest_reads_like_this() {
    let (_folder, releases) = home();
    let staging = stage(&releases, "vit-1");
    insta::assert_snapshot!(fs_err::read_to_string(staging.join("release.toml")).unwrap(), @r#"
    id = "vit-1"
    created = "2026-11-23T00:00:00Z"
    source = "/models/vit"
    kind = "vit-classifier"
    backbone = "vit"
    features = 768
    licence = "Apache-2.0"

    [input]
    width = 224
    height = 224

    [engine]

    [files."model.onnx"]
    sha256 = "09ab03f19f501a400fc0396e4f9e9d10c7d6a2fa4822fd03dfa02d5d771dd448"
    bytes = 19
    precision = "fp32"

    [files."model.onnx.data"]
    sha256 = "f9e493f2387a49e965b2eb8c720fe07069c60435032bf7d8a9ef6b7b1f724784"
    bytes = 24
    "#);
}

#[test]
fn releases_never_change() {
    let (_folder, releases) = home();
    releases.install(&stage(&releases, "one"), &id("one")).unwrap();
    let again = releases.install(&stage(&releases, "one"), &id("one"));
    assert!(matches!(again, Err(StoreError::ReleaseExists { .. })), "{again:?}");
    let pointer = releases.install(&stage(&releases, "current"), &id("current"));
    assert!(matches!(pointer, Err(StoreError::ReleaseExists { .. })), "the pointer's name is taken: {pointer:?}");
}

#[test]
fn corrupt_weights_are_a_clear_error_with_a_hint() {
    let (_folder, releases) = home();
    let release = releases.install(&stage(&releases, "one"), &id("one")).unwrap();
    let weights = release.folder.join("model.onnx.data");
    fs_err::remove_file(&weights).unwrap();
    let error = releases.load(&id("one")).unwrap_err();
    assert!(error.to_string().contains("no file"), "{error}");
    fs_err::write(&weights, "model.onnx.data of onE").unwrap();
    let error = releases.load(&id("one")).unwrap_err();
    assert!(matches!(error, StoreError::CorruptRelease { .. }), "{error:?}");
    assert!(error.to_string().starts_with("corrupt weights: "), "{error}");
    assert!(error.hint().unwrap().contains("import"));
}

#[test]
fn a_staging_folder_that_is_not_what_it_says_is_refused() {
    let (_folder, releases) = home();
    let refused = |name: &str, spoil: &dyn Fn(&Path)| {
        let staging = stage(&releases, name);
        spoil(&staging);
        let error = releases.install(&staging, &id(name)).unwrap_err();
        assert!(!releases.folder().join(name).exists(), "nothing is installed");
        error.to_string()
    };
    let edit = |staging: &Path, from: &str, to: &str| {
        let path = staging.join("release.toml");
        let text = fs_err::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs_err::write(&path, text.replacen(from, to, 1)).unwrap();
    };
    let error = refused("a", &|s| fs_err::write(s.join("model.onnx"), "other").unwrap());
    assert!(error.contains("corrupt weights"), "{error}");
    let error = refused("b", &|s| fs_err::write(s.join("extra.bin"), "x").unwrap());
    assert!(error.contains("extra.bin"), "{error}");
    let error = refused("c", &|s| edit(s, "id = \"c\"", "id = \"d\""));
    assert!(error.contains("not of `c`"), "{error}");
    let error = refused("e", &|s| edit(s, "licence", "wisdom = 7\nlicence"));
    assert!(error.contains("wisdom"), "{error}");
    let error = refused("f", &|s| edit(s, "files.\"model.onnx\"", "files.\"../model.onnx\""));
    assert!(error.contains("no plain file name"), "{error}");
    let error = refused("g", &|s| fs_err::remove_file(s.join("release.toml")).unwrap());
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn a_broken_pointer_is_an_error_that_names_it() {
    let (_folder, releases) = home();
    fs_err::write(releases.folder().join("current"), "../../etc\n").unwrap();
    let error = releases.current().unwrap_err().to_string();
    assert!(error.contains("current") && error.contains("../../etc"), "{error}");
}

#[test]
fn one_promotion_at_a_time() {
    let (_folder, releases) = home();
    let lock = releases.promotion_lock().unwrap();
    assert!(matches!(releases.promotion_lock(), Err(StoreError::PromotionRunning)));
    drop(lock);
    releases.promotion_lock().unwrap();
}

#[test]
fn versions_count_families_heads_and_forms() {
    let (_folder, releases) = home();
    // One from before there were versions: its family still begins at 1.0.0.
    releases.install(&stage(&releases, "old"), &id("old")).unwrap();
    let table = [
        ("a", "vit", None, "1.0.0"),
        ("b", "vit", None, "1.1.0"),
        ("c", "dino", None, "2.0.0"),
        ("a-int8", "vit", Some("1.0.0"), "1.0.1"),
        ("d", "vit", None, "1.2.0"),
        ("a-int4", "vit", Some("1.0.0"), "1.0.2"),
        ("e", "other", None, "3.0.0"),
        ("f", "dino", None, "2.1.0"),
    ];
    for (name, backbone, parent, expect) in table {
        assert_eq!(versioned(&releases, name, backbone, parent), expect, "{name}");
    }
    assert_eq!(releases.manifest(&id("old")).unwrap().version, None);
    assert_eq!(releases.load(&id("f")).unwrap().manifest.version, Some(Version { major: 2, minor: 1, patch: 0 }));
}

#[test]
fn two_builders_never_get_one_version() {
    let (folder, _) = home();
    let build = |name: String| {
        // Each opens the home anew, as a process would.
        let releases = Home::open(folder.path()).unwrap().releases();
        versioned(&releases, &name, "vit", None)
    };
    let mut versions: Vec<String> = std::thread::scope(|scope| {
        let builders: Vec<_> = (0..8).map(|n| scope.spawn(move || build(format!("r{n}")))).collect();
        builders.into_iter().map(|b| b.join().unwrap()).collect()
    });
    versions.sort();
    assert_eq!(versions, (0..8).map(|n| format!("1.{n}.0")).collect::<Vec<_>>());
}

#[test]
fn what_a_dead_builder_left_is_removed_and_what_a_living_one_makes_is_not() {
    let (_folder, releases) = home();
    let dead = releases.folder().join(".new-vit-1-999999999");
    fs_err::create_dir(&dead).unwrap();
    fs_err::write(dead.join("model.onnx"), "half").unwrap();
    let living = stage(&releases, "vit-2");
    let failed = stage(&releases, "vit-3").to_path_buf();
    assert!(!dead.exists() && living.exists() && !failed.exists());
    assert!(releases.list().unwrap().is_empty(), "a staging folder is no release");
    releases.install(&living, &id("vit-2")).unwrap();
    drop(living);
    releases.load(&id("vit-2")).unwrap();
}

#[test]
fn a_pointer_that_moved_meanwhile_is_not_put_back() {
    let (_folder, releases) = home();
    for name in ["one", "two", "three"] {
        releases.install(&stage(&releases, name), &id(name)).unwrap();
    }
    releases.set_current(&id("two")).unwrap();
    assert!(!releases.replace_current(&id("one"), &id("three")).unwrap());
    assert_eq!(releases.current().unwrap(), Some(id("two")));
    assert!(releases.replace_current(&id("two"), &id("three")).unwrap());
    assert_eq!(releases.current().unwrap(), Some(id("three")));
}
