//! The official client reads and writes the same server: what it takes for a Hub is one, and both get the same bytes.

use std::path::Path;
use std::process::{Command, Output};

use hivis_hub::{PullLimits, Repo, RepoKind, Wish, pull};
use hivis_testbed::hub::{FakeHub, GOOD_TOKEN, Storage};
use hivis_testbed::peers::environment;

use crate::pushes::{ID, KEY, PART, contents, held, on_disk, publish};
use crate::world::{DATASET, MODEL, World, files, hub, noise};

/// Runs one of the scripts of `tests/peer` with the official client.
fn official(venv: &Path, server: &FakeHub, script: &str, args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let done = Command::new(venv.join("bin/python"))
        .arg("-B")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer").join(script))
        .args(args)
        .env("HF_ENDPOINT", server.endpoint())
        .env("HF_HOME", home.path())
        .env("HF_TOKEN", GOOD_TOKEN)
        .env("HF_HUB_DISABLE_XET", "1")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_gets_the_same_files() {
    let Some(venv) = environment("huggingface") else { return };
    let world = World::new();
    for (kind, id) in [(RepoKind::Model, MODEL), (RepoKind::Dataset, DATASET)] {
        let pulled = world.pull(kind, id, Some(GOOD_TOKEN)).await.unwrap();
        let theirs = tempfile::tempdir().unwrap();
        let name = kind.plural().trim_end_matches('s');
        official(&venv, &world.server, "snapshot.py", &[name, id, theirs.path().to_str().unwrap()]);
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

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_writes_to_the_same_server_and_we_read_it() {
    let Some(venv) = environment("huggingface") else { return };
    for part in [0, PART] {
        let server = FakeHub::start();
        server.set_storage(Storage { part, verify: true, ..Storage::default() });
        let (folder, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (name, bytes) in contents() {
            fs_err::write(folder.path().join(name), bytes).unwrap();
        }
        let large = into.path().join("large.bin");
        fs_err::write(&large, noise(5000, 77)).unwrap();
        let args = [ID, folder.path().to_str().unwrap(), large.to_str().unwrap()];
        let done = official(&venv, &server, "upload.py", &args);
        assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), server.commit(KEY));
        let mut wanted = contents();
        wanted.retain(|(name, _)| *name != "release.toml");
        wanted.push(("weights/large.bin", noise(5000, 77)));
        let wanted: Vec<_> = wanted.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        assert_eq!(held(&server), wanted);
        let wish = Wish { repo: Repo::new(RepoKind::Model, ID).unwrap(), revision: "main".into() };
        let hub = hub(&server, Some(GOOD_TOKEN), 1).unwrap();
        let pulled = pull(&hub, &wish, into.path(), &PullLimits::default(), &|_| {}).await.unwrap();
        let ours = files(&pulled.folder);
        assert!(ours.len() == 2 && ours.iter().all(|file| wanted.contains(file)), "the card and the head");
        // The same files again, from us: theirs and ours are the same commit.
        assert!(publish(&hub, on_disk(folder.path())).await.unwrap().sent == 0, "every object is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_reads_what_we_wrote() {
    let Some(venv) = environment("huggingface") else { return };
    let (server, folder) = (FakeHub::start(), tempfile::tempdir().unwrap());
    server.set_storage(Storage { part: PART, verify: true, ..Storage::default() });
    publish(&hub(&server, Some(GOOD_TOKEN), 1).unwrap(), on_disk(folder.path())).await.unwrap();
    let theirs = tempfile::tempdir().unwrap();
    official(&venv, &server, "snapshot.py", &["model", ID, theirs.path().to_str().unwrap()]);
    assert_eq!(files(theirs.path()), held(&server));
}
