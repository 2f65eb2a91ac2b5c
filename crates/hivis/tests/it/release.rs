//! A release comes to serve while validators ask, and a broken one does not.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::miner::{BOB, Miner, hivis, output, with_release};

pub(crate) fn told(out: &Output) -> String {
    let (said, erred) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    format!("{said}\n{erred}")
}

pub(crate) fn run(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, args));
    assert!(out.status.success(), "{args:?}: {}", told(&out));
    told(&out)
}

pub(crate) fn current(home: &Path) -> String {
    std::fs::read_to_string(home.join("releases/current")).expect("a pointer").trim().to_owned()
}

/// Installs `wrong`: sound files, but not the model that it says, for its canary answer is another.
pub(crate) fn wrong(home: &Path, first: &str) {
    let (good, bad) = (home.join("releases").join(first), home.join("releases/wrong"));
    std::fs::create_dir(&bad).expect("a folder");
    for name in ["model.onnx", "head.safetensors", "card.md"] {
        std::fs::copy(good.join(name), bad.join(name)).expect("a copy");
    }
    let manifest = std::fs::read_to_string(good.join("release.toml")).expect("a manifest");
    let manifest: String = manifest
        .replace(&format!("id = \"{first}\""), "id = \"wrong\"")
        .lines()
        .map(|line| if line.starts_with("canary = ") { "canary = 2.0\n".to_owned() } else { format!("{line}\n") })
        .collect();
    std::fs::write(bad.join("release.toml"), manifest).expect("a manifest");
}

#[test]
fn a_swap_under_load_loses_no_challenge() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    let miner = Miner::start(home);
    let exam = ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", "240", "--rate", "20", "--json"];
    let asking = hivis(home, &exam).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("exam starts");

    let vit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vit-small");
    let said = run(home, &["import", "model", vit.to_str().expect("a plain path"), "--id", "vit"]);
    assert!(said.contains("vit is current and serves"), "{said}");
    let said = run(home, &["release", "rollback"]);
    assert!(said.contains(&format!("{first} is current and serves")), "{said}");
    let said = run(home, &["release", "promote", "vit", "--policy", "none"]);
    assert!(said.contains("vit is current and serves"), "{said}");
    assert!(run(home, &["release", "promote", "vit"]).contains("current already"));

    let out = asking.wait_with_output().expect("the exam ends");
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)));
    assert_eq!(report["candidates"][0]["failures"], serde_json::json!([]), "every challenge got a judgement");
    // The exam may have ended before the last swap: one more answer comes from what serves now.
    let exam = ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", "2", "--rate", "20", "--json"];
    run(home, &exam);
    let listed = output(hivis(home, &["records", "list", "--json", "--limit", "1000"]));
    let releases: Vec<String> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("one JSON object a line"))
        .map(|record| record["judgement"]["release"].as_str().expect("it was judged").to_owned())
        .collect();
    assert!(releases.contains(&first) && releases[0] == "vit", "{releases:?}");

    let list = run(home, &["release", "list"]);
    assert!(list.contains("* vit"), "{list}");
    let show = run(home, &["release", "show", "vit"]);
    assert!(show.contains("sha256") && show.matches("serves since").count() == 2, "{show}");
    miner.stop();
}

#[test]
fn a_release_that_computes_wrongly_is_refused_and_the_old_one_serves() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    wrong(home, &first);
    // Without a server, and beside one.
    for served in [false, true] {
        let miner = served.then(|| Miner::start(home));
        // Twice: a server that refused it once looks at it again.
        for _ in 0..2 {
            let out = output(hivis(home, &["release", "promote", "wrong", "--policy", "none"]));
            let said = told(&out);
            assert!(!out.status.success() && said.contains("canary") && said.contains("hint:"), "{said}");
            assert_eq!(current(home), first, "the pointer names what serves");
        }
        let Some(miner) = miner else { continue };
        let exam = ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", "4", "--rate", "20", "--json"];
        let report: Value = serde_json::from_slice(&output(hivis(home, &exam)).stdout).expect("a report");
        assert_eq!(report["candidates"][0]["failures"], serde_json::json!([]));
        let show = run(home, &["release", "show", "wrong"]);
        assert!(show.contains("refused"), "{show}");
        miner.stop();
    }
    let out = output(hivis(home, &["release", "promote", "nothing"]));
    assert!(!out.status.success() && told(&out).contains("nothing"), "{}", told(&out));
}

/// A random model is no better than the embedded one: the exam says so, and the policy listens to it.
#[test]
fn an_exam_decides_a_promotion() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    let vit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vit-small");
    run(home, &["import", "model", vit.to_str().expect("a plain path"), "--id", "vit"]);
    run(home, &["release", "rollback"]);
    let promote = || output(hivis(home, &["release", "promote", "vit"]));
    let out = promote();
    assert!(!out.status.success() && told(&out).contains("has sat no exam"), "{}", told(&out));

    let said = run(home, &["exam", "current", "vit", "--questions", "120"]);
    assert!(said.contains("Second minus first") && said.contains("kept as"), "{said}");
    let out = promote();
    assert!(!out.status.success() && told(&out).contains("policy refuses"), "{}", told(&out));
    assert_eq!(current(home), first);
    // The other way round it may pass or not; what is refused is told with its figure.
    run(home, &["exam", "vit", "--questions", "60"]);
    let one = output(hivis(home, &["exam", "vit", "current", "vit"]));
    assert!(!one.status.success(), "three cannot sit");
    assert!(run(home, &["release", "promote", "vit", "--policy", "none"]).contains("vit is current"));
}

#[test]
fn an_export_is_the_whole_release() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    with_release(home);
    let first = current(home);
    let to = home.join("out");
    run(home, &["release", "export", &first, to.to_str().expect("a plain path")]);
    let names = |folder: &Path| {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&to), names(&home.join("releases").join(&first)));
    let out = output(hivis(home, &["release", "export", &first, to.to_str().expect("a plain path")]));
    assert!(!out.status.success() && told(&out).contains("not empty"), "{}", told(&out));
}
