//! What a push leaves in a repository, and what it refuses.

use hivis_hub::{Content, Hub, HubError, Push, PushFile, Pushed, Repo, RepoKind};
use hivis_testbed::hub::{FakeHub, GOOD_TOKEN, STRANGER_TOKEN, Storage};

use crate::world::{DEADLINE, hub, noise};

pub(crate) const ID: &str = "some-owner/new-model";
pub(crate) const KEY: &str = "models/some-owner/new-model";
/// An upload in three parts.
pub(crate) const PART: usize = 100_000;

/// A card, a small file, a large one in parts and a large one whole.
pub(crate) fn contents() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("README.md", b"---\nlicense: mit\n---\n\n# A card\n".to_vec()),
        ("empty.bin", Vec::new()),
        ("head.safetensors", noise(5000, 8)),
        ("model.onnx", noise(2 * PART + 77, 9)),
        ("release.toml", b"id = \"x\"\n".to_vec()),
    ]
}

/// The files of [`contents`], the large ones on the disk.
pub(crate) fn on_disk(folder: &std::path::Path) -> Vec<PushFile> {
    let file = |(name, bytes): (&str, Vec<u8>)| {
        if bytes.len() < 1000 {
            return PushFile { name: name.to_owned(), content: Content::Bytes(bytes) };
        }
        let path = folder.join(name);
        fs_err::write(&path, bytes).unwrap();
        PushFile { name: name.to_owned(), content: Content::File(path) }
    };
    contents().into_iter().map(file).collect()
}

/// As a program does it: look, make if missing, push.
pub(crate) async fn publish(hub: &Hub, files: Vec<PushFile>) -> Result<Pushed, HubError> {
    let repo = Repo::new(RepoKind::Model, ID).unwrap();
    let work = async {
        let head = match hub.head(&repo, &|_| {}).await? {
            Some(head) => head,
            None => hub.create(&repo, &|_| {}).await?,
        };
        let stale = |name: &str| name.starts_with("old.");
        let push = Push { repo: &repo, files, stale: &stale, message: "x 1.0.0".to_owned() };
        hub.push(&head, push, &|_| {}).await
    };
    tokio::time::timeout(DEADLINE, work).await.expect("the deadline of the test has passed")
}

/// What the repository holds, but for what the Hub itself puts there.
pub(crate) fn held(server: &FakeHub) -> Vec<(String, Vec<u8>)> {
    server.files(KEY).into_iter().filter(|(name, _)| name != ".gitattributes").collect()
}

pub(crate) fn wanted() -> Vec<(String, Vec<u8>)> {
    contents().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

#[tokio::test]
async fn a_repository_is_made_and_filled_once() {
    let folder = tempfile::tempdir().unwrap();
    for storage in [Storage::default(), Storage { part: PART, verify: true, ..Storage::default() }] {
        let server = FakeHub::start();
        server.set_storage(storage);
        let hub = hub(&server, Some(GOOD_TOKEN), 1).unwrap();
        let first = publish(&hub, on_disk(folder.path())).await.unwrap();
        assert!(first.made && first.sent == 5000 + 2 * PART as u64 + 77, "{first:?}");
        assert_eq!((held(&server), server.commit(KEY)), (wanted(), first.commit.clone()));
        assert_eq!(server.sent().len(), if storage.part > 0 { 4 } else { 2 }, "one object whole, one in three parts");
        let seen = server.seen();
        assert!(seen.iter().filter(|s| s.cdn).all(|s| s.authorization.is_none()), "{seen:?}");
        assert_eq!(seen.iter().any(|s| s.path.ends_with("/verify")), storage.verify);

        let again = publish(&hub, on_disk(folder.path())).await.unwrap();
        assert_eq!(again, Pushed { commit: first.commit, made: false, sent: 0 });
        assert!(server.seen().iter().all(|s| s.method == "GET"), "nothing is sent when nothing is to be done");
        assert_eq!(server.log(KEY), ["x 1.0.0"]);
    }
}

#[tokio::test]
async fn only_what_differs_is_sent_and_what_is_stale_goes() {
    let (server, folder) = (FakeHub::start(), tempfile::tempdir().unwrap());
    let mut there = contents();
    there[0].1 = b"---\nlicense: mit\n---\n\nanother card\n".to_vec();
    there.extend([("old.onnx", noise(2000, 3)), ("notes.txt", b"the owner's own".to_vec())]);
    server.put(KEY, false, &there);
    let hub = hub(&server, Some(GOOD_TOKEN), 1).unwrap();
    let pushed = publish(&hub, on_disk(folder.path())).await.unwrap();
    assert!(pushed.made && pushed.sent == 0, "{pushed:?}");
    assert!(server.sent().is_empty());
    let names: Vec<String> = held(&server).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["README.md", "empty.bin", "head.safetensors", "model.onnx", "notes.txt", "release.toml"]);
    assert_eq!(held(&server)[0].1, contents()[0].1);
}

#[tokio::test]
async fn who_may_not_write_is_told_what_to_do() {
    let (server, folder) = (FakeHub::start(), tempfile::tempdir().unwrap());
    for (token, status, word) in [
        (None, 401, "no token was sent"),
        (Some("hf_wrongAndSecret"), 401, "refuses the token"),
        (Some(STRANGER_TOKEN), 403, "may not write"),
    ] {
        let error = publish(&hub(&server, token, 1).unwrap(), on_disk(folder.path())).await.unwrap_err();
        assert!(matches!(error, HubError::NotWritable { status: s, .. } if s == status), "{error:?}");
        let said = format!("{error} {error:?} {}", error.hint().unwrap());
        assert!(said.contains(word) && said.contains("settings/tokens"), "{said}");
        assert!(!said.contains("Secret") && !said.contains(STRANGER_TOKEN), "{said}");
    }
    assert!(held(&server).is_empty());
}

#[tokio::test]
async fn a_head_that_moved_is_told_and_nothing_is_sent_twice() {
    let (server, folder) = (FakeHub::start(), tempfile::tempdir().unwrap());
    let hub = hub(&server, Some(GOOD_TOKEN), 1).unwrap();
    let repo = Repo::new(RepoKind::Model, ID).unwrap();
    let head = hub.create(&repo, &|_| {}).await.unwrap();
    // Made twice is made.
    assert_eq!(hub.create(&repo, &|_| {}).await.unwrap(), head);
    server.put(KEY, false, &[("notes.txt", b"somebody else's".to_vec())]);
    let push = Push { repo: &repo, files: on_disk(folder.path()), stale: &|_| false, message: "x".to_owned() };
    let error = hub.push(&head, push, &|_| {}).await.unwrap_err();
    assert!(matches!(error, HubError::Moved { .. }) && error.hint().is_some(), "{error:?}");
    assert_eq!(held(&server).len(), 1, "nothing was written over");
    assert_eq!(server.sent().len(), 2);
    let pushed = publish(&hub, on_disk(folder.path())).await.unwrap();
    assert!(pushed.made && pushed.sent == 0 && server.sent().is_empty(), "{pushed:?}");
    assert_eq!(held(&server).len(), 6);
}

#[tokio::test]
async fn what_the_hub_will_not_have_is_said_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let pushed = async |server: &FakeHub, files| {
        let error = publish(&hub(server, Some(GOOD_TOKEN), 1).unwrap(), files).await.unwrap_err();
        assert!(server.sent().is_empty() && server.log(KEY).is_empty());
        error
    };
    let server = FakeHub::start();
    let mut files = on_disk(folder.path());
    files[0].content = Content::Bytes(b"---\nlicense: nonsense\n---\n".to_vec());
    let error = pushed(&server, files).await;
    assert!(matches!(&error, HubError::Refused { status: 400, why, .. } if why.contains("nonsense")), "{error:?}");

    server.put(KEY, false, &[(".gitignore", b"model.onnx\n".to_vec())]);
    let error = pushed(&server, on_disk(folder.path())).await;
    assert!(matches!(&error, HubError::Ignored { name, .. } if name == "model.onnx"), "{error:?}");

    let server = FakeHub::start();
    server.set_storage(Storage { xet: true, ..Storage::default() });
    let error = pushed(&server, on_disk(folder.path())).await;
    assert!(matches!(error, HubError::XetOnly { .. }) && error.hint().is_some(), "{error:?}");

    let mut files = on_disk(folder.path());
    files[1].name = "../empty.bin".to_owned();
    let error = pushed(&server, files).await;
    assert!(matches!(error, HubError::Path { .. }), "{error:?}");
    let mut files = on_disk(folder.path());
    files[1].content = Content::File(folder.path().join("nothing"));
    let error = pushed(&server, files).await;
    assert!(matches!(error, HubError::Source { .. }), "{error:?}");
}

#[tokio::test]
async fn a_commit_counts_only_when_its_list_agrees() {
    let (server, folder) = (FakeHub::start(), tempfile::tempdir().unwrap());
    server.set_storage(Storage { forgets: true, ..Storage::default() });
    let hub = hub(&server, Some(GOOD_TOKEN), 1).unwrap();
    let error = publish(&hub, on_disk(folder.path())).await.unwrap_err();
    assert!(matches!(&error, HubError::Differs { why, .. } if why == "release.toml differs"), "{error:?}");
    server.set_storage(Storage::default());
    assert!(publish(&hub, on_disk(folder.path())).await.unwrap().made);
    assert_eq!(held(&server), wanted());
}
