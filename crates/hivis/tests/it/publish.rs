//! A release goes to a Hub on loopback and is registered with a NATIX on loopback, once each, whatever goes wrong.

use std::path::Path;
use std::process::Command;

use hivis_onnx::{Calibration, Dense, Head, Pooling};
use hivis_testbed::golden::fixtures;
use hivis_testbed::hub::{FakeHub, Fault, GOOD_TOKEN, STRANGER_TOKEN, Storage};
use hivis_testbed::peers::environment;
use hivis_testbed::ports::Port;
use serde_json::{Value, json};

use crate::miner::{ALICE, BOB, hivis, output, with_release};
use crate::natix::{FakeNatix, Trouble};
use crate::release::{current, run};

const REPO: &str = "some-miner/roadwork";
const KEY: &str = "models/some-miner/roadwork";

struct World {
    home: tempfile::TempDir,
    hub: FakeHub,
    natix: FakeNatix,
}

impl World {
    fn new() -> Self {
        let world =
            Self { home: tempfile::tempdir().expect("a folder"), hub: FakeHub::start(), natix: FakeNatix::start() };
        with_release(world.home.path());
        world
    }

    /// `hivis publish`, by //Bob, with nothing of the tester's own tokens.
    fn publish(&self, args: &[&str]) -> Command {
        let mut all = vec!["publish", "--repo", REPO, "--hotkey", "//Bob"];
        all.extend(args);
        let mut command = hivis(self.home.path(), &all);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HF_") || name.starts_with("HUGGING")) {
            command.env_remove(name);
        }
        command.env("HF_ENDPOINT", self.hub.endpoint()).env("HF_HOME", self.home.path().join("none"));
        command.env("HF_TOKEN", GOOD_TOKEN).env("RUST_LOG", "trace");
        command.env("HIVIS_NATIX_BASE", self.natix.base()).env("HIVIS_NATIX_POLL_S", "0.01");
        command.env("HIVIS_NATIX_WAIT_S", "0.05");
        command
    }

    /// Runs it; gives whether it succeeded and all that it said, which holds no secret.
    fn said(&self, args: &[&str]) -> (bool, String) {
        said(self.publish(args))
    }

    fn ends(&self, args: &[&str]) -> Value {
        let out = output(self.publish(&[args, &["--json"]].concat()));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).expect("JSON")
    }

    fn file(&self, name: &str) -> String {
        let files = self.hub.files(KEY);
        let bytes = files.get(name).unwrap_or_else(|| panic!("{name} is not among {:?}", files.keys()));
        String::from_utf8(bytes.clone()).expect("text")
    }

    fn names(&self) -> Vec<String> {
        self.hub.files(KEY).into_keys().filter(|name| name != ".gitattributes").collect()
    }
}

fn said(command: Command) -> (bool, String) {
    let out = output(command);
    let text = format!("{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(!text.contains(GOOD_TOKEN) && !text.contains("Signature=secret"), "a secret is in\n{text}");
    (out.status.success(), text)
}

#[test]
fn a_release_is_published_and_registered_once_and_read_by_the_official_client() {
    let world = World::new();
    let id = current(world.home.path());
    world.hub.set_storage(Storage { part: 3_000_000, verify: true, ..Storage::default() });
    let (fine, dry) = world.said(&["--dry-run"]);
    assert!(fine && dry.contains("nothing was sent") && dry.contains("model.onnx") && dry.contains(BOB), "{dry}");
    assert!(world.hub.seen().is_empty() && world.natix.seen().is_empty(), "a dry run sends nothing");

    world.natix.says(&[Value::Null, json!({ "status": "pending" }), json!({ "status": "succeeded" })]);
    let done = world.ends(&["--uid", "17"]);
    assert_eq!((&done["release"], &done["repo"]), (&json!(id), &json!(REPO)), "{done}");
    assert_eq!((&done["revision"], &done["commit_made"]), (&json!(world.hub.commit(KEY)), &json!(true)), "{done}");
    let folder = world.home.path().join("releases").join(&id);
    let hash = |name: &str| {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(std::fs::read(folder.join(name)).expect("a file")))
    };
    assert_eq!(done["sha256"], hash("release.toml"));
    let registered = world.natix.registered();
    assert_eq!(registered.len(), 1);
    let first = &registered[0];
    assert_eq!(
        (&first["uid"], &first["model_repo"], &first["natix_public_key"]),
        (&json!("17"), &json!(REPO), &json!(BOB))
    );

    // Every file of the release, byte for byte, and what is said of it.
    let wanted = [
        "LICENSE",
        "README.md",
        "card.md",
        "head.safetensors",
        "model.onnx",
        "model_card.json",
        "recipe.json",
        "release.toml",
    ];
    assert_eq!(world.names(), wanted);
    for name in ["card.md", "head.safetensors", "model.onnx", "release.toml"] {
        assert!(world.hub.files(KEY)[name] == std::fs::read(folder.join(name)).expect("a file"), "{name}");
    }
    let card = world.file("model_card.json");
    let card: Value = serde_json::from_str(&card).expect("JSON");
    assert_eq!(
        (&card["model_name"], &card["version"], &card["submitted_by"]),
        (&json!(id), &json!("1.0.0"), &json!(BOB))
    );
    let time: jiff::Timestamp = card["submission_time"].as_str().expect("a text").parse().expect("RFC 3339");
    assert!(card.as_object().expect("an object").len() == 5 && time.subsec_nanosecond() == 0, "{card}");

    // Again: no commit, no registration, nothing but looks.
    let (log, _) = (world.hub.log(KEY), (world.hub.seen(), world.natix.seen()));
    assert_eq!(log, [format!("{id} 1.0.0")]);
    let again = world.ends(&["--uid", "17"]);
    assert_eq!(
        (&again["commit_made"], &again["revision"], &again["at"]),
        (&json!(false), &done["revision"], &done["at"])
    );
    assert!(world.hub.seen().iter().all(|seen| seen.method == "GET") && world.natix.seen().is_empty());
    // Under another uid it is another registration.
    world.ends(&["--uid", "18"]);
    assert_eq!((world.natix.registered().len(), world.hub.log(KEY)), (2, log));
    let shown = run(world.home.path(), &["release", "show", &id]);
    assert!(shown.contains(&format!("published: {REPO} at {}", world.hub.commit(KEY))), "{shown}");
    official(&world);
}

/// The official client reads every byte, and its own parser the card.
fn official(world: &World) {
    let Some(venv) = environment("huggingface") else { return };
    let into = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_card.py");
    let out = Command::new(venv.join("bin/python"))
        .arg("-B")
        .arg(script)
        .arg(REPO)
        .arg(into.path())
        .env("HF_ENDPOINT", world.hub.endpoint())
        .env("HF_HOME", into.path().join("none"))
        .env("HF_HUB_DISABLE_XET", "1")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("Python runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    for (name, bytes) in world.hub.files(KEY) {
        assert!(std::fs::read(into.path().join("files").join(&name)).expect("a file") == bytes, "{name}");
    }
    let card: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(card["license"], json!(["mit", "apache-2.0"]), "{card}");
    assert_eq!((&card["pipeline_tag"], &card["library_name"]), (&json!("image-classification"), &json!("onnx")));
    assert!(card["tags"].as_array().expect("tags").contains(&json!("roadwork")), "{card}");
    let text = world.file("README.md");
    for wanted in ["claim nothing about real streets", "MIT License", "Apache License", "must not be used for"] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    assert!(!text.contains("\n\n\n\n") && !text.contains("{{"), "{text}");
}

#[test]
fn an_upload_that_ends_at_any_request_is_taken_up_and_only_then_registered() {
    let mut world = World::new();
    let refusals = [401, 403, 404, 409, 412].map(|status| Fault::Status(status, Vec::new()));
    // The room's own test tries every request; here it is the whole program at every third one, on a Hub of its own.
    for (n, fault) in (0..).step_by(3).zip(refusals.iter().cycle()) {
        (world.hub, world.natix) = (FakeHub::start(), FakeNatix::start());
        world.hub.set_storage(Storage { part: 3_000_000, verify: true, ..Storage::default() });
        world.hub.fault_at(n, fault.clone());
        let (fine, text) = world.said(&["--uid", "17"]);
        assert!(fine || (text.contains("error:") && text.contains("hint:")), "request {n}, {fault:?}: {text}");
        assert!(fine || world.natix.seen().is_empty(), "request {n}: nothing is registered before it is read back");
        if world.hub.faults_left() > 0 {
            assert!(n > 12, "{n} requests");
            break;
        }
        let (fine, text) = world.said(&["--uid", "17"]);
        assert!(fine, "request {n}, {fault:?}: {text}");
        assert_eq!((world.hub.log(KEY).len(), world.natix.registered().len()), (1, 1), "request {n}, {fault:?}");
    }
}

#[test]
fn a_head_that_moved_is_looked_at_again() {
    let world = World::new();
    world.hub.put(KEY, false, &[("notes.txt", b"the owner's".to_vec())]);
    world.hub.fault("/commit/", Fault::Status(412, Vec::new()));
    let (fine, text) = world.said(&["--no-register"]);
    assert!(fine && world.hub.log(KEY).len() == 1, "{text}");
    world.hub.hide(KEY);
    let (fine, text) = world.said(&["--uid", "1"]);
    assert!(!fine && text.contains("is private") && world.natix.seen().is_empty(), "{text}");
    // The commit's answer is lost: it is found, not made again.
    world.hub.put(KEY, false, &[("notes.txt", b"the owner's".to_vec())]);
    world.hub.fault("/commit/", Fault::Lost);
    let (fine, text) = world.said(&["--no-register"]);
    assert!(fine && world.hub.log(KEY).len() == 1, "{text}");
    // Twice is somebody who writes all the time.
    world.hub.put(KEY, false, &[("notes.txt", b"the owner's".to_vec())]);
    for _ in 0..2 {
        world.hub.fault("/commit/", Fault::Status(409, Vec::new()));
    }
    let (fine, text) = world.said(&["--no-register"]);
    assert!(!fine && text.contains("changed by somebody else") && text.contains("hint:"), "{text}");
}

#[test]
fn a_hotkey_that_is_not_in_use_is_refused() {
    let world = World::new();
    let (fine, text) = world.said(&["--no-register", "--submitted-by", ALICE]);
    assert!(!fine && text.contains("is not the hotkey in use") && text.contains(BOB), "{text}");
    let theirs = json!({ "model_name": "x", "submitted_by": ALICE, "version": "1.0.0" }).to_string().into_bytes();
    let there =
        [("model_card.json", theirs), ("model.int8.onnx", b"of an earlier release".to_vec()), ("a.txt", vec![1])];
    world.hub.put(KEY, false, &there);
    let (fine, text) = world.said(&["--no-register"]);
    assert!(!fine && text.contains(ALICE) && text.contains("--replace"), "{text}");
    assert!(world.hub.sent().is_empty() && world.hub.log(KEY).is_empty());
    let (fine, text) = world.said(&["--no-register", "--replace", "--submitted-by", BOB]);
    assert!(fine && world.file("model_card.json").contains(BOB), "{text}");
    assert!(world.names().contains(&"a.txt".to_owned()) && !world.names().contains(&"model.int8.onnx".to_owned()));
    // From another home the same release makes no other submission.
    let before = world.file("model_card.json");
    std::fs::remove_file(world.home.path().join("ledger.db")).expect("a ledger");
    assert_eq!(world.ends(&["--no-register"])["commit_made"], json!(false));
    assert_eq!(world.file("model_card.json"), before);
}

#[test]
fn who_may_not_write_is_told_so_and_no_token_is_shown() {
    let world = World::new();
    for (token, word) in
        [("", "no token"), ("hf_wrongAndSecret", "refuses the token"), (STRANGER_TOKEN, "may not write")]
    {
        let mut command = world.publish(&["--no-register"]);
        command.env("HF_TOKEN", token);
        let (fine, text) = said(command);
        assert!(!fine && text.contains(word) && text.contains("settings/tokens"), "{text}");
        assert!(token.is_empty() || !text.contains(token), "{text}");
    }
    let mut command = world.publish(&["--uid", "7"]);
    command.env("HIVIS_NATIX_BASE", "http://natix.example");
    let (fine, text) = said(command);
    assert!(!fine && text.contains("is no https address"), "{text}");
}

#[test]
fn a_natix_in_trouble_leaves_a_publication_that_only_has_to_be_registered() {
    let world = World::new();
    world.hub.set_storage(Storage { forgets: true, ..Storage::default() });
    let (fine, text) = world.said(&["--uid", "17"]);
    assert!(!fine && text.contains("release.toml differs") && world.natix.seen().is_empty(), "{text}");
    world.hub.set_storage(Storage::default());
    let mut down = world.publish(&["--uid", "17"]);
    // A port that nobody listens on.
    let nobody = Port::reserve();
    down.env("HIVIS_NATIX_BASE", format!("http://{}", nobody.address()));
    let (fine, text) = said(down);
    assert!(!fine && text.contains("published, not registered") && text.contains("only registers"), "{text}");
    assert_eq!(world.hub.log(KEY).len(), 2, "the forgetful commit, and its mend");
    world.hub.seen();

    // Busy, then broken, then taken with its answer lost and still at work: it is sent once.
    world.natix.trouble(&[Trouble::Status(503), Trouble::Status(429), Trouble::Lost]);
    world.natix.says(&[
        json!({ "status": "" }),
        Value::Null,
        json!({ "status": "processing" }),
        json!({ "status": "queued" }),
    ]);
    let (fine, text) = world.said(&["--uid", "17"]);
    assert!(!fine && text.contains("has not said") && text.contains("sends nothing twice"), "{text}");
    assert_eq!(world.natix.registered().len(), 1, "{text}");
    world.natix.says(&[json!({ "status": "success" })]);
    let (fine, text) = world.said(&["--uid", "17"]);
    assert!(fine && world.natix.registered().len() == 1, "{text}");
    assert!(world.hub.seen().iter().all(|seen| seen.method == "GET"), "the Hub is only looked at");

    // A failure is told, and another try sends again.
    world.natix.says(&[json!({ "status": "failed", "error_message": "no such hotkey" })]);
    let (fine, text) = world.said(&["--uid", "3"]);
    assert!(!fine && text.contains("no such hotkey") && text.contains("hint:"), "{text}");
    world.natix.says(&[json!({ "status": "succeeded" })]);
    assert!(world.said(&["--uid", "3"]).0);
    assert_eq!(world.natix.registered().len(), 3);
}

#[test]
fn a_clock_that_is_off_is_told() {
    let world = World::new();
    world.natix.set_clock(-10);
    let (fine, text) = world.said(&["--uid", "17"]);
    assert!(!fine && text.contains("Timestamp is too old"), "{text}");
    assert!(text.contains("clock is 10 s ahead") || text.contains("clock is 11 s ahead"), "{text}");
    world.natix.set_clock(0);
    assert!(world.said(&["--uid", "17"]).0 && world.natix.registered().len() == 1);
}

/// A head of zeros on the features of a small DINOv3.
fn gated(world: &World) -> String {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let folder = world.home.path().join("hub/models/facebook--dinov3-vits16-pretrain-lvd1689m").join(commit);
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in ["config.json", "model.safetensors"] {
        std::fs::copy(fixtures().join("dinov3-bare").join(name), folder.join(name)).expect("a copy");
    }
    let features = hivis_onnx::Model::read(&folder).expect("a model").features(Pooling::Cls);
    let layers = vec![Dense { weight: vec![0.0; features], bias: vec![0.5], inputs: features, outputs: 1 }];
    let head = Head { pooling: Pooling::Cls, layers, calibration: Calibration { a: 2.0, b: -0.25 } };
    let file = world.home.path().join("head-of-zeros.safetensors");
    head.write(&file).expect("a head");
    let folder = folder.to_str().expect("a plain path").to_owned();
    run(
        world.home.path(),
        &["import", "model", &folder, "--head", file.to_str().expect("a plain path"), "--id", "gated"],
    );
    std::fs::remove_file(file).expect("the home holds nothing else");
    folder
}

#[test]
fn of_a_gated_backbone_only_the_head_is_published_with_the_licences_text() {
    let world = World::new();
    let tiny = current(world.home.path());
    let folder = gated(&world);
    let (fine, text) = world.said(&["gated", "--no-register"]);
    assert!(!fine && text.contains("LICENSE.md of facebook/dinov3-vits16-pretrain-lvd1689m"), "{text}");
    assert!(world.hub.seen().is_empty());
    let words = "# The words\n\n~~~\nof the licence\n~~~\n";
    std::fs::write(Path::new(&folder).join("LICENSE.md"), words).expect("a file");
    // The repository held a whole release: the graph goes.
    assert!(world.said(&[&tiny, "--no-register"]).0 && world.names().contains(&"model.onnx".to_owned()));
    let (fine, text) = world.said(&["gated", "--no-register"]);
    assert!(fine, "{text}");
    let wanted = ["LICENSE", "README.md", "head.safetensors", "model_card.json", "recipe.json", "release.toml"];
    assert_eq!(world.names(), wanted);
    assert_eq!(world.file("LICENSE"), words);
    let readme = world.file("README.md");
    for wanted in [
        "license: other\nlicense_name: \"dinov3-license\"\nlicense_link: LICENSE\n",
        "base_model:\n- facebook/dinov3-vits16-pretrain-lvd1689m\n",
        "The graph is not here",
        "of the licence\n~~~\n~~~~\n",
        "None were measured for this card",
    ] {
        assert!(readme.contains(wanted), "{wanted} is not in\n{readme}");
    }
    let recipe: Value = serde_json::from_str(&world.file("recipe.json")).expect("JSON");
    assert_eq!(recipe["heads"][0]["calibration"], json!({ "a": 2.0, "b": -0.25 }), "{recipe}");
    assert_eq!(recipe["backbones"][0]["hub"], "facebook/dinov3-vits16-pretrain-lvd1689m");
    let (fine, text) = world.said(&["gated", "--no-register", "--full"]);
    assert!(fine && world.names().contains(&"model.onnx".to_owned()), "{text}");
}

#[test]
fn an_unknown_licence_is_refused_until_it_is_named() {
    let world = World::new();
    let vit = fixtures().join("vit-small");
    run(world.home.path(), &["import", "model", vit.to_str().expect("a plain path"), "--id", "vit"]);
    let (fine, text) = world.said(&["vit", "--no-register"]);
    assert!(
        !fine && text.contains("licence of the backbone vit-small is not known") && text.contains("--licence"),
        "{text}"
    );
    let (fine, text) = world.said(&["vit", "--no-register", "--licence", "unknown", "--licence-file", "x"]);
    assert!(!fine, "{text}");
    assert!(world.hub.seen().is_empty());
    let (fine, text) = world.said(&["vit", "--no-register", "--licence", "Apache-2.0"]);
    assert!(fine && world.file("README.md").contains("license:\n- apache-2.0\n"), "{text}");
    run(world.home.path(), &["exam", "vit", "--questions", "20"]);
    let before = world.file("model_card.json");
    assert!(world.said(&["vit", "--no-register", "--licence", "Apache-2.0"]).0);
    let readme = world.file("README.md");
    assert!(readme.contains("## Exam") && readme.contains("20 challenges from"), "{readme}");
    assert_eq!(world.file("model_card.json"), before, "the same submission");
}
