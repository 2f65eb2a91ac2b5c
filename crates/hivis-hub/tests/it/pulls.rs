//! What a pull brings, and what it leaves alone.

use hivis_hub::{Event, HubError, PullLimits, Repo, RepoKind, Wish};
use hivis_testbed::hub::{GOOD_TOKEN, STRANGER_TOKEN};

use crate::world::{DATASET, MODEL, World, files, names, weights};

#[tokio::test]
async fn a_model_comes_once() {
    let world = World::new();
    let pulled = world.model().await.unwrap();
    let wanted = ["README.md", "config.json", "model.safetensors", "preprocessor_config.json"];
    assert_eq!(names(&pulled.folder), wanted);
    assert_eq!(pulled.folder, world.into.path().join("models/some-owner--some-model").join(&pulled.commit));
    assert_eq!((pulled.files, pulled.loaded), (4, 4));
    assert_eq!(fs_err::read(pulled.folder.join("model.safetensors")).unwrap(), weights());
    let told = std::mem::take(&mut *world.told.lock().unwrap());
    let bytes: u64 = told.iter().map(|e| if let Event::Bytes(n) = e { *n } else { 0 }).sum();
    assert_eq!(bytes, pulled.bytes, "the progress adds up");

    world.server.seen();
    let again = world.model().await.unwrap();
    assert_eq!((again.files, again.loaded, &again.folder), (4, 0, &pulled.folder));
    assert_eq!(world.asked("resolve"), 0, "nothing is loaded again");

    // Another commit gets a folder of its own.
    let commit = world.server.put("models/some-owner/some-model", false, &[("model.safetensors", weights())]);
    let other = world.model().await.unwrap();
    assert_eq!((&other.commit, other.loaded), (&commit, 1));
    assert_ne!(other.folder, pulled.folder);
}

#[tokio::test]
async fn a_data_set_comes_with_odd_names_and_empty_files() {
    let world = World::new();
    let pulled = world.pull(RepoKind::Dataset, DATASET, None).await.unwrap();
    let wanted = [
        "README.md",
        "data/a name #1 & more ä.csv",
        "data/train-00000-of-00002.parquet",
        "data/train-00001-of-00002.parquet",
        "empty.csv",
    ];
    assert_eq!(names(&pulled.folder), wanted);
    assert!(files(&pulled.folder).iter().any(|(name, bytes)| name == "empty.csv" && bytes.is_empty()));
}

#[tokio::test]
async fn the_token_goes_to_the_endpoint_only() {
    let world = World::new();
    world.model().await.unwrap();
    let seen = world.server.seen();
    let bearer = format!("Bearer {GOOD_TOKEN}");
    let (cdn, hub): (Vec<_>, Vec<_>) = seen.iter().partition(|seen| seen.cdn);
    assert!(!cdn.is_empty() && cdn.iter().all(|seen| seen.authorization.is_none()), "{cdn:?}");
    assert!(!hub.is_empty() && hub.iter().all(|seen| seen.authorization.as_ref() == Some(&bearer)), "{hub:?}");
}

#[tokio::test]
async fn a_gated_repository_wants_a_token_with_access() {
    let world = World::new();
    world.server.put("models/meta/gated", true, &[("model.safetensors", weights())]);
    let pull = async |token| world.pull(RepoKind::Model, "meta/gated", token).await;
    let error = pull(None).await.unwrap_err();
    let hint = error.hint().unwrap();
    assert!(matches!(error, HubError::Gated { token: false, .. }), "{error:?}");
    assert!(hint.contains("/meta/gated") && hint.contains("HF_TOKEN"), "{hint}");
    let error = pull(Some(STRANGER_TOKEN)).await.unwrap_err();
    assert!(matches!(error, HubError::Gated { token: true, .. }), "{error:?}");
    let error = pull(Some("hf_wrong")).await.unwrap_err();
    assert!(matches!(error, HubError::Unauthorised { token: true, .. }), "{error:?}");
    assert!(!format!("{error:?} {error} {:?}", error.hint()).contains("hf_wrong"));
    assert!(pull(Some(GOOD_TOKEN)).await.is_ok());
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let world = World::new();
    let error = world.pull(RepoKind::Model, "nobody/nothing", Some(GOOD_TOKEN)).await.unwrap_err();
    assert!(matches!(&error, HubError::NotFound { what } if what.contains("nobody/nothing")), "{error:?}");
    let error = world.pull(RepoKind::Model, "nobody/nothing", None).await.unwrap_err();
    assert!(matches!(error, HubError::Unauthorised { token: false, .. }), "the Hub hides them: {error:?}");
    let wish = Wish { repo: Repo::new(RepoKind::Model, MODEL).unwrap(), revision: "v9".into() };
    let error = world.pull_wish(&wish, None, &PullLimits::default()).await.unwrap_err();
    assert!(matches!(&error, HubError::NotFound { what } if what.contains("v9")), "{error:?}");
    world.server.put("datasets/a/code", false, &[("script.py", b"1".to_vec()), ("README.md", b"1".to_vec())]);
    let error = world.pull(RepoKind::Dataset, "a/code", None).await.unwrap_err();
    assert!(error.hint().unwrap().contains("refs/convert/parquet"), "{error:?}");
}

#[tokio::test]
async fn limits_hold_before_anything_is_loaded() {
    let world = World::new();
    let wish = Wish { repo: Repo::new(RepoKind::Model, MODEL).unwrap(), revision: "main".into() };
    let tried = [
        PullLimits { file: 1_000_000, ..PullLimits::default() },
        PullLimits { files: 3, ..PullLimits::default() },
        PullLimits { free: 1_000_000, ..PullLimits::default() },
    ];
    for limits in tried {
        let error = world.pull_wish(&wish, None, &limits).await.unwrap_err();
        assert!(matches!(error, HubError::Limit { .. } | HubError::NoRoom { .. }), "{limits:?}: {error:?}");
    }
    assert_eq!(world.asked("resolve"), 0);
}

#[tokio::test]
async fn names_that_would_leave_the_folder_are_refused() {
    let world = World::new();
    for name in ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "a\n.csv"] {
        world.server.put("datasets/a/evil", false, &[(name, b"x".to_vec()), ("fine.csv", b"y".to_vec())]);
        let error = world.pull(RepoKind::Dataset, "a/evil", None).await.unwrap_err();
        assert!(matches!(error, HubError::Path { .. }), "{name}: {error:?}");
    }
    assert_eq!(files(world.into.path()), []);
}

#[tokio::test]
async fn one_pull_of_a_repository_at_a_time() {
    let world = World::new();
    let folder = world.into.path().join("models/some-owner--some-model");
    fs_err::create_dir_all(&folder).unwrap();
    let other = std::fs::File::create(folder.join(".lock")).unwrap();
    other.lock().unwrap();
    let error = world.model().await.unwrap_err();
    assert!(matches!(error, HubError::Running { .. }), "{error:?}");
    drop(other);
    world.model().await.unwrap();
}
