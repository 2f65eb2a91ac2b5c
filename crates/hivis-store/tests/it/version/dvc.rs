//! The real DVC on the repository that hivis keeps.

use std::path::{Path, PathBuf};

use hivis_store::{CheckOptions, StoreError, VersionError};

use super::*;

fn dvc() -> Option<PathBuf> {
    Some(hivis_testbed::peers::environment("dvc")?.join("bin/dvc"))
}

#[tokio::test]
async fn git_checkout_and_dvc_checkout_bring_any_version_back() {
    let Some(dvc) = dvc() else { return };
    let world = two_versions().await;
    let dataset = world.home.dataset();
    for (tag, new, numbers) in [
        (V1, version(V1, 0..6, "roadwork"), 0..6),
        (V2, version(V2, 2..8, "none"), 2..8),
        (V1, version(V1, 0..6, "roadwork"), 0..6),
    ] {
        git(&dataset, &["checkout", "-q", tag]);
        run(&dvc, &dataset, &["checkout", "--quiet"]);
        assert_eq!(files(&dataset.join("data")), expected(&new, numbers), "{tag}");
        let status = run(&dvc, &dataset, &["status"]);
        assert!(status.contains("up to date"), "{tag}: {status}");
        assert_eq!(git(&dataset, &["status", "--porcelain"]), "", "{tag}");
    }
    // DVC computes the same `.dir` and `data.dvc` of the folder that hivis does.
    let ours = fs_err::read(dataset.join("data.dvc")).unwrap();
    run(&dvc, &dataset, &["add", "--quiet", "data"]);
    assert_eq!(fs_err::read(dataset.join("data.dvc")).unwrap(), ours);
    assert_eq!(git(&dataset, &["status", "--porcelain"]), "");
}

#[tokio::test]
async fn dvc_gc_harms_no_recording() {
    let Some(dvc) = dvc() else { return };
    let world = two_versions().await;
    let dataset = world.home.dataset();
    let objects = world.object_files();
    for all in [&["gc", "-w", "--force", "--quiet"][..], &["gc", "-a", "--force", "--quiet"]] {
        run(&dvc, &dataset, all);
        assert_eq!(world.object_files(), objects);
        for n in 0..8 {
            assert!(objects.iter().any(|path| fs_err::read(path).unwrap() == bytes(n)), "picture {n}");
        }
    }
    // The first version's own links are gone; they cost nothing to make again.
    let found = lock(&world).check(CheckOptions { repair: true }).await.unwrap();
    assert!(!found.troubles.is_empty() && found.is_sound(), "{found:?}");
    git(&dataset, &["checkout", "-q", V1]);
    run(&dvc, &dataset, &["checkout", "--quiet"]);
    assert_eq!(files(&dataset.join("data")), expected(&version(V1, 0..6, "roadwork"), 0..6));
}

/// Changes the newest version's folder as a person would, and commits it.
pub(super) fn edit(dvc: &Path, dataset: &Path) {
    git(dataset, &["checkout", "-q", "main"]);
    run(dvc, dataset, &["checkout", "--quiet"]);
    let data = dataset.join("data");
    fs_err::remove_file(data.join("pictures").join(content(2, "").name)).unwrap();
    fs_err::write(data.join("pictures/my street.jpg"), bytes(20)).unwrap();
    let table = fs_err::read_to_string(data.join("metadata.jsonl")).unwrap();
    fs_err::remove_file(data.join("metadata.jsonl")).unwrap();
    fs_err::write(data.join("metadata.jsonl"), table.replacen("none", "roadwork", 1)).unwrap();
    run(dvc, dataset, &["add", "--quiet", "data"]);
    git(dataset, &["add", "data.dvc"]);
    git(dataset, &["commit", "-q", "-m", "my street"]);
}

#[tokio::test]
async fn what_a_user_changed_with_dvc_is_read() {
    let Some(dvc) = dvc() else { return };
    let world = two_versions().await;
    let dataset = world.home.dataset();
    assert!(lock(&world).edited().await.unwrap().is_none());
    edit(&dvc, &dataset);
    let foreign = cut(&world, &version("v2.0.0-20261123", 0..8, "none")).await.unwrap_err();
    assert!(matches!(foreign, StoreError::Version(VersionError::Foreign { .. })), "{foreign}");
    assert!(foreign.hint().unwrap().contains("adopt"));

    let mut versions = lock(&world);
    let edited = versions.edited().await.unwrap().unwrap();
    assert_eq!(edited.commit, git(&dataset, &["rev-parse", "main"]));
    assert_eq!(edited.added.len(), 1);
    let added = &edited.added[0];
    assert_eq!((added.path.as_str(), added.known), ("pictures/my street.jpg", None));
    assert_eq!(fs_err::read(&added.file).unwrap(), bytes(20));
    assert_eq!(edited.removed.iter().map(|picture| picture.id).collect::<Vec<_>>(), [id(2)]);
    assert_eq!(edited.kept.len(), 5);
    assert_eq!(edited.table.as_ref().unwrap().matches("roadwork").count(), 1);
    versions.accept(&edited);
    import(&world, [20]).await;
    versions.cut(&version("v2.0.0-20261123", (3..8).chain([20]), "none")).await.unwrap();
    assert_eq!(git(&dataset, &["rev-parse", "v2.0.0-20261123^"]), edited.commit);
    assert_eq!(git(&dataset, &["status", "--porcelain"]), "");
    assert!(versions.check(CheckOptions::default()).await.unwrap().troubles.is_empty());
}
