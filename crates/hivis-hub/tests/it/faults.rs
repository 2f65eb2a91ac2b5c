//! A Hub that has trouble: what passes is waited out, what lasts is told, and the same command goes on.

use hivis_hub::{Event, HubError};
use hivis_testbed::hub::Fault;

use crate::world::{World, files, weights};

/// What went wrong has gone wrong, and the weights are whole.
async fn recovers(world: &World, why: &str) {
    let pulled = world.model().await.unwrap_or_else(|e| panic!("{why}: {e:?}"));
    assert_eq!(world.server.faults_left(), 0, "{why}: the fault was met");
    assert_eq!(fs_err::read(pulled.folder.join("model.safetensors")).unwrap(), weights(), "{why}");
    assert!(files(&pulled.folder).iter().all(|(name, _)| !name.ends_with(".partial")), "{why}");
}

#[tokio::test]
async fn passing_trouble_is_waited_out() {
    let retry = |seconds: &str| vec![("retry-after", seconds.to_owned())];
    for (part, fault) in [
        ("/revision/", Fault::Status(500, Vec::new())),
        ("/tree/", Fault::Status(503, Vec::new())),
        ("/tree/", Fault::Cut(100)),
        ("model.safetensors", Fault::Status(429, retry("1"))),
        ("model.safetensors", Fault::Status(429, vec![("ratelimit", "\"resolvers\";r=0;t=1".into())])),
        ("Signature", Fault::Status(502, Vec::new())),
        ("Signature", Fault::Status(403, Vec::new())),
    ] {
        let world = World::new();
        world.server.fault(part, fault.clone());
        recovers(&world, &format!("{fault:?}")).await;
        let told = world.told.lock().unwrap();
        assert!(told.iter().any(|event| matches!(event, Event::Waiting { .. })), "{fault:?} is told");
    }
}

/// The path of the weights behind the redirect.
fn weights_address() -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(weights()))
}

#[tokio::test]
async fn a_cut_connection_is_taken_up_where_it_ended() {
    let world = World::new();
    for at in [1_000_000, 700_000, 0] {
        world.server.fault(&weights_address(), Fault::Cut(at));
    }
    recovers(&world, "three cuts").await;
    let ranges: Vec<_> =
        world.server.seen().into_iter().filter(|s| s.path.contains(&weights_address())).map(|s| s.range).collect();
    assert_eq!(ranges.len(), 4);
    assert_eq!(ranges[0], None);
    assert!(ranges[1..].iter().all(Option::is_some), "{ranges:?}");
}

#[tokio::test]
async fn a_server_without_ranges_sends_it_all_again() {
    let world = World::new();
    world.server.fault(&weights_address(), Fault::Cut(1_000_000));
    world.server.fault(&weights_address(), Fault::NoRange);
    recovers(&world, "no ranges").await;
}

#[tokio::test]
async fn a_partial_file_of_an_earlier_run_is_taken_up() {
    let world = World::new();
    // More cuts than tries: the run fails.
    for _ in 0..4 {
        world.server.fault(&weights_address(), Fault::Cut(300_000));
    }
    let error = world.model().await.unwrap_err();
    assert!(matches!(error, HubError::CutOff { .. } | HubError::Connection { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("goes on"), "{error:?}");
    assert!(!format!("{error:?}").contains("Signature"), "no signed address: {error:?}");
    let partial: Vec<_> =
        files(world.into.path()).into_iter().filter(|(name, _)| name.ends_with("safetensors.partial")).collect();
    assert_eq!(partial.len(), 1);
    let have = partial[0].1.len();
    assert!(have > 0 && weights().starts_with(&partial[0].1));
    world.server.seen();
    recovers(&world, "the next run").await;
    let seen = world.server.seen();
    let range = seen.iter().find(|s| s.cdn && s.path.contains(&weights_address())).unwrap().range.clone();
    assert_eq!(range, Some(format!("bytes={have}-")));
}

#[tokio::test]
async fn what_comes_damaged_is_removed_and_comes_again() {
    for (what, part) in [("a large file", weights_address()), ("a small file", "/config.json".to_owned())] {
        let world = World::new();
        world.server.fault(&part, Fault::Corrupt);
        let error = world.model().await.unwrap_err();
        assert!(matches!(error, HubError::Checksum { .. }), "{what}: {error:?}");
        let left = files(world.into.path());
        let whole = |name: &str| left.iter().any(|(n, _)| n.ends_with(name));
        assert!(!(whole("model.safetensors") && whole("/config.json")), "{what}: the damaged one has no name");
        recovers(&world, what).await;
    }
}

#[tokio::test]
async fn a_damaged_partial_file_does_not_stay_for_ever() {
    let world = World::new();
    let pulled = world.model().await.unwrap();
    let file = pulled.folder.join("model.safetensors");
    fs_err::remove_file(&file).unwrap();
    for left in [vec![7; 1000], vec![7; weights().len()], vec![7; weights().len() + 1]] {
        fs_err::write(pulled.folder.join("model.safetensors.partial"), &left).unwrap();
        if world.model().await.is_err() {
            recovers(&world, "the second time").await;
        }
        assert_eq!(fs_err::read(&file).unwrap(), weights());
        fs_err::remove_file(&file).unwrap();
    }
}

#[tokio::test]
async fn lasting_trouble_is_told() {
    let world = World::new();
    for _ in 0..4 {
        world.server.fault("/revision/", Fault::Status(500, Vec::new()));
    }
    let error = world.model().await.unwrap_err();
    assert!(matches!(error, HubError::Status { status: 500, .. }), "{error:?}");
    assert!(error.hint().is_some());
    world.server.fault("/revision/", Fault::Status(429, vec![("retry-after", "3600".into())]));
    let error = world.model().await.unwrap_err();
    assert!(matches!(error, HubError::TooManyRequests { wait: Some(w) } if w.as_secs() == 3600), "{error:?}");
    world.server.fault("/revision/", Fault::Status(302, vec![("location", "ftp://example.org/".into())]));
    let error = world.model().await.unwrap_err();
    assert!(matches!(error, HubError::Answer { .. }), "{error:?}");
    recovers(&world, "after all that").await;
}
