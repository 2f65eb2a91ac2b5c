//! Power cuts: after every step of cutting, the version is the old one or the new one, and the next cut or fsck ends it.

use hivis_store::{CheckOptions, Step, StoreError, VersionError, VersionOptions, VersionState};

use super::*;

/// Cuts the second version until `step`, and leaves it there.
async fn left_at(step: Step) -> World {
    let world = World::new().await;
    import(&world, 0..9).await;
    cut(&world, &version(V1, 0..6, "roadwork")).await.unwrap();
    let versions = lock_with(&world, |options| VersionOptions { stop_after: Some(step), ..options });
    let stopped = versions.cut(&version(V2, 2..8, "none")).await.unwrap_err();
    assert!(matches!(stopped, StoreError::Version(VersionError::Stopped(at)) if at == step), "{stopped}");
    world
}

async fn is_whole(world: &World, newest: &str, versions: usize) {
    let report = lock(world).check(CheckOptions::default()).await.unwrap();
    assert_eq!(report.troubles, [], "after {newest}");
    let dataset = world.home.dataset();
    assert_eq!(git(&dataset, &["tag"]).lines().count(), versions);
    assert_eq!(git(&dataset, &["rev-parse", "main"]), git(&dataset, &["rev-parse", newest]));
    assert_eq!(git(&dataset, &["status", "--porcelain"]), "");
    git(&dataset, &["fsck", "--strict"]);
}

#[tokio::test]
async fn the_next_cut_ends_what_was_left_half_cut() {
    for step in Step::ALL {
        let world = left_at(step).await;
        // Meanwhile the old one is the latest, and the new one says what it is.
        assert_eq!(named(&world, "latest").await.name, name(V1), "{step:?}");
        let half = world.ledger.version_named(V2).await.unwrap_err();
        assert!(matches!(half, StoreError::Version(VersionError::HalfCut { .. })), "{half}");
        let third = "v1.2.0-20261123";
        cut(&world, &version(third, 0..9, "none")).await.unwrap();
        let states: Vec<_> = world.ledger.versions().await.unwrap().into_iter().map(|v| (v.name, v.state)).collect();
        let cut = VersionState::Cut;
        assert_eq!(states, [(name(third), cut), (name(V2), cut), (name(V1), cut)], "{step:?}");
        is_whole(&world, third, 3).await;
    }
}

#[tokio::test]
async fn fsck_ends_what_was_left_half_cut() {
    for step in Step::ALL {
        let world = left_at(step).await;
        let found = lock(&world).check(CheckOptions { repair: true }).await.unwrap();
        assert!(found.is_sound() && found.troubles[0].wrong.contains("half cut"), "{step:?}: {found:?}");
        is_whole(&world, V2, 2).await;
    }
}

#[tokio::test]
async fn a_half_cut_version_that_lost_a_picture_is_taken_back() {
    for step in [Step::Rows, Step::Folder] {
        let world = left_at(step).await;
        let path = {
            let versions = world.ledger.versions().await.unwrap();
            let pictures = world.ledger.version_pictures(&versions[0]).await.unwrap();
            pictures.into_iter().find(|picture| picture.id == id(7)).unwrap().path
        };
        fs_err::remove_file(path).unwrap();
        assert!(lock(&world).finish().await.unwrap().is_none());
        assert_eq!(world.ledger.versions().await.unwrap().len(), 1);
        is_whole(&world, V1, 1).await;
        // The number is free again, and the first version lost nothing.
        let first = world.ledger.version_pictures(&named(&world, V1).await).await.unwrap();
        assert_eq!(first.len(), 6);
        cut(&world, &version(V2, 0..7, "none")).await.unwrap();
        is_whole(&world, V2, 2).await;
    }
}

#[tokio::test]
async fn changes_of_the_user_in_a_half_cut_repository_are_kept() {
    let world = left_at(Step::Commit).await;
    let dataset = world.home.dataset();
    fs_err::write(dataset.join("CHANGELOG.md"), "mine, not committed\n").unwrap();
    let refused = lock(&world).finish().await.unwrap_err();
    assert!(refused.hint().is_some(), "{refused}");
    assert_eq!(fs_err::read_to_string(dataset.join("CHANGELOG.md")).unwrap(), "mine, not committed\n");
    git(&dataset, &["checkout", "-q", "CHANGELOG.md"]);
    lock(&world).finish().await.unwrap().unwrap();
    is_whole(&world, V2, 2).await;
}
