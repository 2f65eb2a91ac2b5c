//! What versions hold, without DVC: rows, links, folders, the user's git.

use std::collections::HashSet;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::Duration;

use hivis_store::{CheckOptions, GcOptions, Keep, LinkType, StoreError, VersionError, VersionOptions};

use super::*;

#[tokio::test]
async fn a_version_costs_rows_for_what_changed_and_no_bytes() {
    let world = World::new().await;
    import(&world, 0..8).await;
    let first = cut(&world, &version(V1, 0..6, "roadwork")).await.unwrap();
    let mut next = version(V2, 0..7, "roadwork");
    next.pictures[0] = content(0, "none");
    let second = cut(&world, &next).await.unwrap();
    // One line is another, one picture is new: two spans begin and one ends.
    assert_eq!((first.rows, second.rows), (6, 3));
    assert_eq!((second.version.pictures, second.version.bytes), (7, 7 * BYTES as u64));
    for (name, new) in [(V1, version(V1, 0..6, "roadwork")), (V2, next)] {
        let found = world.ledger.version_pictures(&named(&world, name).await).await.unwrap();
        let lines: HashSet<String> = found.into_iter().map(|picture| picture.line).collect();
        assert_eq!(lines, new.pictures.into_iter().map(|content| content.line).collect());
    }
    for path in world.object_files() {
        let linked = fs_err::metadata(&path).unwrap().nlink();
        let in_a_version = !fs_err::read(&path).unwrap().eq(&bytes(7));
        assert_eq!(linked, 1 + u64::from(in_a_version), "{}", path.display());
    }
}

#[tokio::test]
async fn a_checkout_is_whole_and_checked() {
    let world = two_versions().await;
    let folder = world.home.path().parent().unwrap().to_owned();
    let check = async |name: &str, to: &str, link| {
        let version = named(&world, name).await;
        world.home.checkout_version(&world.ledger, &version, &folder.join(to), link).await
    };
    check(V1, "one", LinkType::Copy).await.unwrap();
    check(V2, "two", LinkType::Hardlink).await.unwrap();
    assert_eq!(files(&folder.join("one")), expected(&version(V1, 0..6, "roadwork"), 0..6));
    assert_eq!(files(&folder.join("two")), expected(&version(V2, 2..8, "none"), 2..8));
    for (to, links) in [("one", 1), ("two", 3)] {
        for entry in fs_err::read_dir(folder.join(to).join("pictures")).unwrap() {
            let file = entry.unwrap().metadata().unwrap();
            assert_eq!((file.permissions().mode() & 0o777, file.nlink()), (0o444, links));
        }
    }
    let full = check(V1, "one", LinkType::Copy).await.unwrap_err();
    assert!(matches!(full, StoreError::Version(VersionError::NotEmpty { .. })), "{full}");
    // A damaged recording is no part of any folder, and no half of a folder stays.
    let path = named(&world, V2).await;
    let path = world.ledger.version_pictures(&path).await.unwrap().pop().unwrap().path;
    damage(&path);
    let damaged = check(V2, "three", LinkType::Copy).await.unwrap_err();
    assert!(matches!(damaged, StoreError::DamagedObject { .. }), "{damaged}");
    let left: Vec<_> = fs_err::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("partial") && name != "three"), "{left:?}");
}

/// Writes one wrong byte into a recording, as a disk would.
fn damage(path: &Path) {
    let mut wrong = fs_err::read(path).unwrap();
    wrong[7] ^= 1;
    fs_err::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    fs_err::write(path, wrong).unwrap();
}

#[tokio::test]
async fn what_is_lost_or_named_twice_is_no_version() {
    let world = World::new().await;
    import(&world, 0..3).await;
    let mut twice = version(V1, 0..3, "none");
    twice.pictures[1].name = twice.pictures[0].name.clone();
    let refused = cut(&world, &twice).await.unwrap_err();
    assert!(matches!(refused, StoreError::Version(VersionError::SameName { .. })), "{refused}");
    let refused = cut(&world, &version(V1, 0..4, "none")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Version(VersionError::Lost { count: 1, .. })), "{refused}");
    assert!(refused.hint().is_some());
    fs_err::remove_file(world.object_files().pop().unwrap()).unwrap();
    let refused = cut(&world, &version(V1, 0..3, "none")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Version(VersionError::Lost { count: 1, .. })), "{refused}");
    assert!(world.ledger.versions().await.unwrap().is_empty());
}

#[tokio::test]
async fn one_cut_at_a_time() {
    let world = World::new().await;
    let _first = lock(&world);
    let busy = world.home.lock_versions(&world.ledger, VersionOptions::default()).unwrap_err();
    assert!(matches!(busy, StoreError::Version(VersionError::Busy)) && busy.hint().is_some(), "{busy}");
}

#[tokio::test]
async fn retention_leaves_what_a_version_names() {
    let world = two_versions().await;
    let keep = Keep { age: Duration::ZERO, bytes: 0 };
    world.home.retain(&world.ledger, &keep, now() + jiff::SignedDuration::from_hours(48)).await.unwrap();
    assert_eq!(world.object_files().len(), 8);
}

#[tokio::test]
async fn without_git_versions_work_and_the_repository_catches_up() {
    let world = World::new().await;
    import(&world, 0..8).await;
    let none = |options| VersionOptions { git: "/nowhere/git".into(), ..options };
    let done = lock_with(&world, none).cut(&version(V1, 0..6, "roadwork")).await.unwrap();
    assert!(done.no_commit.unwrap().contains("/nowhere/git") && done.version.commit.is_none());
    let dataset = world.home.dataset();
    assert!(dataset.join("data.dvc").is_file() && !dataset.join(".git").exists());
    let done = cut(&world, &version(V2, 2..8, "none")).await.unwrap();
    assert!(done.no_commit.is_none());
    assert_eq!(git(&dataset, &["tag"]), format!("{V1}\n{V2}"));
    assert_eq!(git(&dataset, &["status", "--porcelain"]), "");
    assert_eq!(named(&world, V1).await.commit.unwrap(), git(&dataset, &["rev-parse", V1]));
    let log = fs_err::read_to_string(dataset.join("CHANGELOG.md")).unwrap();
    let (second, first) = (log.find(V2).unwrap(), log.find(V1).unwrap());
    assert!(second < first && log.contains("- what v1.0.0-20261123 brings"), "{log}");
}

#[tokio::test]
async fn another_git_is_refused_in_words() {
    let world = World::new().await;
    import(&world, 0..2).await;
    let program = world.home.path().join("logs/git");
    for (said, told) in [("git version 1.9.5", "1.9.5"), ("git version 3.0.0", "2.25 and later"), ("hello", "hello")] {
        fs_err::write(&program, format!("#!/bin/sh\necho '{said}'\n")).unwrap();
        fs_err::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let versions = lock_with(&world, |options| VersionOptions { git: program.clone(), ..options });
        let error = versions.rebuild().await.unwrap_err();
        assert!(error.to_string().contains(told) && error.hint().unwrap().contains("2.25"), "{error}");
    }
}

#[tokio::test]
async fn what_the_user_does_in_git_stays() {
    let world = World::new().await;
    import(&world, 0..8).await;
    cut(&world, &version(V1, 0..6, "roadwork")).await.unwrap();
    let dataset = world.home.dataset();
    // A commit of his own stays below the next version.
    fs_err::write(dataset.join("NOTES.md"), "mine\n").unwrap();
    let log = fs_err::read_to_string(dataset.join("CHANGELOG.md")).unwrap();
    fs_err::write(dataset.join("CHANGELOG.md"), log + "\nAnd a word of mine.\n").unwrap();
    git(&dataset, &["add", "-A"]);
    git(&dataset, &["commit", "-q", "-m", "mine"]);
    let mine = git(&dataset, &["rev-parse", "HEAD"]);
    // What is not committed stops a cut before anything happens.
    fs_err::write(dataset.join("NOTES.md"), "not yet\n").unwrap();
    let dirty = cut(&world, &version(V2, 2..8, "none")).await.unwrap_err();
    assert!(matches!(&dirty, StoreError::Version(VersionError::Dirty { example, .. }) if example.contains("NOTES")));
    assert!(dirty.hint().unwrap().contains("stash") && world.ledger.versions().await.unwrap().len() == 1);
    assert_eq!(fs_err::read_to_string(dataset.join("NOTES.md")).unwrap(), "not yet\n");
    git(&dataset, &["checkout", "-q", "NOTES.md"]);
    cut(&world, &version(V2, 2..8, "none")).await.unwrap();
    assert_eq!(git(&dataset, &["rev-parse", &format!("{V2}^")]), mine);
    assert_eq!(fs_err::read_to_string(dataset.join("NOTES.md")).unwrap(), "mine\n");
    let log = fs_err::read_to_string(dataset.join("CHANGELOG.md")).unwrap();
    assert!(log.contains("And a word of mine.") && log.contains("what v1.1.0"), "{log}");
    assert_eq!(git(&dataset, &["status", "--porcelain"]), "");
    // Who looks at an old version goes on looking at it.
    git(&dataset, &["checkout", "-q", V1]);
    cut(&world, &version("v1.2.0-20261123", 0..8, "none")).await.unwrap();
    assert_eq!(git(&dataset, &["rev-parse", "HEAD"]), git(&dataset, &["rev-parse", V1]));
    assert_eq!(git(&dataset, &["status", "--porcelain"]), "");
    assert_eq!(git(&dataset, &["rev-parse", "main"]), git(&dataset, &["rev-parse", "v1.2.0-20261123"]));
}

#[tokio::test]
async fn fsck_finds_every_kind_of_damage_and_mends_what_can_be() {
    let world = two_versions().await;
    let dataset = world.home.dataset();
    let check = async |repair| lock(&world).check(CheckOptions { repair }).await.unwrap();
    let sound = check(false).await;
    assert_eq!((sound.versions, sound.pictures, sound.troubles.len()), (2, 8, 0), "{sound:?}");

    let second = named(&world, V2).await;
    let pictures = world.ledger.version_pictures(&second).await.unwrap();
    let cached = |picture: usize| {
        let md5 = pictures[picture].md5.to_string();
        dataset.join(".dvc/cache/files/md5").join(&md5[..2]).join(&md5[2..])
    };
    // A link is gone; a name of the cache holds other bytes; a recording whose copy in the cache is good; `.dir`; a tag.
    fs_err::remove_file(cached(0)).unwrap();
    fs_err::remove_file(cached(1)).unwrap();
    fs_err::write(cached(1), b"other").unwrap();
    let good = fs_err::read(cached(2)).unwrap();
    fs_err::remove_file(cached(2)).unwrap();
    fs_err::write(cached(2), good).unwrap();
    damage(&pictures[2].path);
    let dir = second.dir.unwrap().to_string();
    let dir = dataset.join(".dvc/cache/files/md5").join(&dir[..2]).join(format!("{}.dir", &dir[2..]));
    fs_err::remove_file(&dir).unwrap();
    git(&dataset, &["tag", "-d", V1]);
    let found = check(false).await;
    assert_eq!(found.troubles.len(), 5, "{:?}", found.troubles);
    assert!(!found.is_sound() && found.troubles.iter().all(|trouble| !trouble.mended && !trouble.mend.is_empty()));
    assert!(check(true).await.is_sound());
    let again = check(false).await;
    assert_eq!(again.troubles, [], "mended for good");
    // Damage of the recording itself is the cache's too, where both are one file: only another place has it.
    damage(&pictures[3].path);
    let found = check(true).await;
    assert_eq!(found.troubles.len(), 1);
    assert!(found.troubles[0].wrong.contains("SHA-256") && found.troubles[0].mend.contains("pull"), "{found:?}");
}

#[tokio::test]
async fn gc_takes_versions_and_no_recording() {
    let world = two_versions().await;
    let third = "v2.0.0-20261123";
    cut(&world, &version(third, 6..8, "none")).await.unwrap();
    let gc = async |keep, used: &[&str], dry_run| {
        let used = used.iter().map(|used| name(used)).collect();
        lock(&world).gc(&GcOptions { keep, used, dry_run }).await.unwrap()
    };
    let objects = world.object_files();
    let dry = gc(1, &[V1], true).await;
    assert_eq!((dry.removed.clone(), dry.used.clone()), (vec![name(V2)], vec![name(V1)]));
    assert_eq!(named(&world, V2).await.pictures, 6, "a dry run leaves all");
    let done = gc(1, &[V1], false).await;
    assert_eq!((done.removed, done.links), (dry.removed, dry.links));
    // Nobody but the second needs its two tables; all its pictures are the first's or the third's.
    assert_eq!(done.links, 2);
    let gone = world.ledger.version_named(V2).await.unwrap_err();
    assert!(matches!(gone, StoreError::Version(VersionError::Removed { .. })), "{gone}");
    assert_eq!(git(&world.home.dataset(), &["tag"]), format!("{V1}\n{third}"));
    let done = gc(1, &[], false).await;
    assert_eq!((done.removed, done.kept), (vec![name(V1)], 1));
    assert_eq!(done.links, 6 + 2);
    assert_eq!(world.object_files(), objects, "every recording is there");
    assert!(lock(&world).check(CheckOptions::default()).await.unwrap().troubles.is_empty());
    // The next one goes on from what is left.
    cut(&world, &version("v2.1.0-20261123", 0..8, "none")).await.unwrap();
    assert!(lock(&world).check(CheckOptions::default()).await.unwrap().troubles.is_empty());
}

#[tokio::test]
async fn a_repository_that_is_gone_is_made_again_the_same() {
    let world = two_versions().await;
    let dataset = world.home.dataset();
    let before: Vec<String> = [V1, V2, "main"].map(|name| git(&dataset, &["rev-parse", name])).to_vec();
    fs_err::remove_dir_all(&dataset).unwrap();
    assert!(lock(&world).rebuild().await.unwrap().is_none());
    let after: Vec<String> = [V1, V2, "main"].map(|name| git(&dataset, &["rev-parse", name])).to_vec();
    assert_eq!(before, after);
    // A broken one is put aside.
    fs_err::write(dataset.join(".git/HEAD"), b"nonsense").unwrap();
    let aside = lock(&world).rebuild().await.unwrap().unwrap();
    assert!(aside.join("HEAD").is_file());
    assert_eq!(git(&dataset, &["rev-parse", V2]), before[1]);
    assert_eq!(git(&dataset, &["status", "--porcelain", "--untracked-files=no"]), "");
}
