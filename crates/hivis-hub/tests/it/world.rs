//! A Hub with one model and one data set on it, and a folder to pull into.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use hivis_http::Retries;
use hivis_hub::{Event, Hub, HubError, Patience, PullLimits, Pulled, Repo, RepoKind, Token, Wish, pull};
use hivis_testbed::hub::{FakeHub, GOOD_TOKEN};

pub(crate) const MODEL: &str = "some-owner/some-model";
pub(crate) const DATASET: &str = "some-owner/some.pictures";

/// No test waits longer than this for anything.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

pub(crate) struct World {
    pub(crate) server: FakeHub,
    pub(crate) into: tempfile::TempDir,
    pub(crate) told: Mutex<Vec<Event>>,
}

/// The server as the owner of `token` sees it who asks so often.
pub(crate) fn hub(server: &FakeHub, token: Option<&str>, tries: u32) -> Result<Hub, HubError> {
    let retries = Retries { tries, first: Duration::from_millis(1), longest: Duration::from_secs(2) };
    let patience = Patience { retries, silence: Duration::from_secs(20) };
    Hub::new(&server.endpoint(), token.and_then(Token::new), patience)
}

/// Bytes that do not repeat soon.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(step).collect()
}

pub(crate) fn weights() -> Vec<u8> {
    noise(3_000_000, 1)
}

impl World {
    pub(crate) fn new() -> Self {
        let server = FakeHub::start();
        server.put(
            "models/some-owner/some-model",
            false,
            &[
                ("config.json", b"{}".to_vec()),
                ("preprocessor_config.json", noise(1200, 2)),
                ("model.safetensors", weights()),
                ("README.md", b"a card".to_vec()),
                ("pytorch_model.bin", noise(5000, 3)),
                ("onnx/model.safetensors", noise(5000, 4)),
            ],
        );
        server.put(
            "datasets/some-owner/some.pictures",
            false,
            &[
                ("data/train-00000-of-00002.parquet", noise(40_000, 5)),
                ("data/train-00001-of-00002.parquet", noise(50_000, 6)),
                ("data/a name #1 & more ä.csv", b"x".to_vec()),
                ("empty.csv", Vec::new()),
                ("README.md", b"a card".to_vec()),
                ("script.py", b"print()".to_vec()),
            ],
        );
        Self { server, into: tempfile::tempdir().unwrap(), told: Mutex::default() }
    }

    pub(crate) async fn pull(&self, kind: RepoKind, id: &str, token: Option<&str>) -> Result<Pulled, HubError> {
        let wish = Wish { repo: Repo::new(kind, id)?, revision: "main".into() };
        self.pull_wish(&wish, token, &PullLimits::default()).await
    }

    pub(crate) async fn pull_wish(
        &self,
        wish: &Wish,
        token: Option<&str>,
        limits: &PullLimits,
    ) -> Result<Pulled, HubError> {
        let hub = hub(&self.server, token, 4)?;
        let told = |event: Event| self.told.lock().unwrap().push(event);
        let pulled = pull(&hub, wish, self.into.path(), limits, &told);
        tokio::time::timeout(DEADLINE, pulled).await.expect("the deadline of the test has passed")
    }

    pub(crate) async fn model(&self) -> Result<Pulled, HubError> {
        self.pull(RepoKind::Model, MODEL, Some(GOOD_TOKEN)).await
    }

    /// Paths asked of the server since the last call, queries left out.
    pub(crate) fn asked(&self, part: &str) -> usize {
        self.server.seen().iter().filter(|seen| seen.path.contains(part)).count()
    }
}

/// All files below a folder by name, but for what begins with a dot.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
        let mut paths: Vec<PathBuf> = fs_err::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        paths.retain(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
        for path in paths {
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs_err::read(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}
