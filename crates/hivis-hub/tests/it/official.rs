//! The official client reads the same server: what it takes for a Hub is one, and both get the same bytes.

use std::process::Command;

use hivis_hub::RepoKind;
use hivis_testbed::hub::GOOD_TOKEN;
use hivis_testbed::peers::environment;

use crate::world::{DATASET, MODEL, World, files};

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_gets_the_same_files() {
    let Some(venv) = environment("huggingface") else { return };
    let world = World::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer/snapshot.py");
    for (kind, id) in [(RepoKind::Model, MODEL), (RepoKind::Dataset, DATASET)] {
        let pulled = world.pull(kind, id, Some(GOOD_TOKEN)).await.unwrap();
        let theirs = tempfile::tempdir().unwrap();
        let (name, home) = (kind.plural().trim_end_matches('s'), tempfile::tempdir().unwrap());
        let done = Command::new(venv.join("bin/python"))
            .args(["-B", script, name, id])
            .arg(theirs.path())
            .env("HF_ENDPOINT", world.server.endpoint())
            .env("HF_HOME", home.path())
            .env("HF_TOKEN", GOOD_TOKEN)
            .env("HF_HUB_DISABLE_XET", "1")
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let ours = files(&pulled.folder);
        let theirs = files(theirs.path());
        assert!(!ours.is_empty());
        for file in &ours {
            assert!(theirs.contains(file), "{id}: {} differs or is missing", file.0);
        }
        // They load everything, we only what hivis reads.
        assert!(theirs.len() > ours.len(), "{id}");
    }
}
