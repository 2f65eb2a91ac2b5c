//! Files into a repository, as one commit, believed when the list of that commit says so.

mod commit;
mod create;
mod large;
mod local;

use hivis_http::printable;
use serde::Deserialize;
use serde_json::json;

use crate::path::encoded;
use crate::post::{JSON, Post};
use crate::pull::Event;
use crate::{Hub, HubError, Listing, Repo};

use local::Local;
pub use local::{Content, PushFile};

/// The only branch that is written.
pub(crate) const BRANCH: &str = "main";
/// Files of a push, and of a repository that is pushed to.
const MAX_FILES: usize = 256;
const MAX_LISTED: usize = 100_000;

/// What a repository should hold.
pub struct Push<'a> {
    /// Which one.
    pub repo: &'a Repo,
    /// The files; others in the repository stay.
    pub files: Vec<PushFile>,
    /// Which of the others go.
    pub stale: &'a (dyn Fn(&str) -> bool + Sync),
    /// The commit's summary.
    pub message: String,
}

/// A repository that holds what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// 40 hexadecimal digits.
    pub commit: String,
    /// A commit was made now; otherwise everything was there.
    pub made: bool,
    /// Bytes of large files that were sent now.
    pub sent: u64,
}

/// How a file goes into the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Regular,
    Large,
}

#[derive(Deserialize)]
struct Modes {
    files: Vec<ModeOf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModeOf {
    path: String,
    upload_mode: String,
    #[serde(default)]
    should_ignore: bool,
}

impl Hub {
    /// Files of the repository's branch `main`; `None` when there is no such repository that the token's owner may see.
    pub async fn head(&self, repo: &Repo, told: &(dyn Fn(Event) + Sync)) -> Result<Option<Listing>, HubError> {
        match self.list(repo, BRANCH, MAX_LISTED, told).await {
            Ok(listing) => Ok(Some(listing)),
            Err(HubError::NotFound { .. }) => Ok(None),
            // Without a token the Hub says of what is not there that it is hidden.
            Err(HubError::Unauthorised { page, token }) => Err(HubError::NotWritable { page, token, status: 401 }),
            Err(error) => Err(error),
        }
    }

    /// Makes one commit on top of `head` of what differs from it; none when nothing does. The commit is made only while
    /// `head` is still the newest ([`HubError::Moved`] otherwise), and read back before it counts.
    pub async fn push(
        &self,
        head: &Listing,
        push: Push<'_>,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<Pushed, HubError> {
        let Push { repo, files, stale, message } = push;
        if files.len() > MAX_FILES {
            return Err(HubError::Limit { what: "a push".into(), limit: format!("{MAX_FILES} files") });
        }
        let files = local::read(files).await?;
        let gone = gone(head, &files, stale);
        let changed: Vec<&Local> = files.iter().filter(|file| !file.is_in(head)).collect();
        if changed.is_empty() && gone.is_empty() {
            return Ok(Pushed { commit: head.commit.clone(), made: false, sent: 0 });
        }
        let bytes = changed.iter().map(|file| file.size).sum();
        told(Event::Listed { commit: head.commit.clone(), files: changed.len(), bytes });
        self.check_card(repo, &changed, told).await?;
        let modes = self.modes(repo, &changed, told).await?;
        let of = |mode| changed.iter().zip(&modes).filter(move |(_, m)| **m == mode).map(|(file, _)| *file);
        let large: Vec<&Local> = of(Mode::Large).collect();
        let sent = self.send_large(repo, &large, told).await?;
        let commit = commit::Commit {
            message: &message,
            parent: &head.commit,
            regular: of(Mode::Regular).collect(),
            large,
            gone: &gone,
        };
        let commit = self.commit(repo, &commit, told).await?;
        self.read_back(repo, &commit, (&files, &gone), told).await?;
        Ok(Pushed { commit, made: true, sent })
    }

    /// Asks whether the card's front matter is right before anything is sent: a commit would be refused for it.
    async fn check_card(&self, repo: &Repo, files: &[&Local], told: &(dyn Fn(Event) + Sync)) -> Result<(), HubError> {
        let Some(card) = files.iter().find(|file| file.name == "README.md") else { return Ok(()) };
        let content = String::from_utf8_lossy(&card.all()?).into_owned();
        let body = json!({ "content": content, "repoType": repo.kind().singular() }).to_string().into_bytes();
        let post = Post { url: self.address("api/validate-yaml")?, media: JSON, body };
        self.post_bytes(repo, &post, told).await.map(|_| ())
    }

    /// Which files go into large-file storage.
    async fn modes(&self, repo: &Repo, files: &[&Local], told: &(dyn Fn(Event) + Sync)) -> Result<Vec<Mode>, HubError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let path = format!("api/{}/{}/preupload/{}", repo.kind().plural(), repo.id(), encoded(BRANCH, false));
        let asked: Vec<_> =
            files.iter().map(|f| json!({ "path": f.name, "sample": f.sample_base64(), "size": f.size })).collect();
        let body = json!({ "files": asked }).to_string().into_bytes();
        let told_modes: Modes = self.post(repo, &Post { url: self.address(&path)?, media: JSON, body }, told).await?;
        let mode = |file: &&Local| {
            let odd = |why: String| HubError::Answer { what: path.clone(), why };
            let found = told_modes.files.iter().find(|told| told.path == file.name);
            let found = found.ok_or_else(|| odd(format!("it leaves {} out", file.name)))?;
            if found.should_ignore {
                return Err(HubError::Ignored { page: self.page(repo), name: file.name.clone() });
            }
            match found.upload_mode.as_str() {
                // Large-file storage takes no empty files.
                _ if file.size == 0 => Ok(Mode::Regular),
                "regular" => Ok(Mode::Regular),
                "lfs" => Ok(Mode::Large),
                "xet" => Err(HubError::XetOnly { page: self.page(repo) }),
                other => Err(odd(format!("`{}` is no way of sending that we know", printable(other)))),
            }
        };
        files.iter().map(mode).collect()
    }

    /// Compares the list of a commit that was made with what was meant.
    async fn read_back(
        &self,
        repo: &Repo,
        commit: &str,
        (files, gone): (&[Local], &[String]),
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<(), HubError> {
        let there = self.list(repo, commit, MAX_LISTED, told).await?;
        let missing = files.iter().find(|file| !file.is_in(&there)).map(|file| format!("{} differs", file.name));
        let left = || gone.iter().find(|name| there.file(name).is_some()).map(|name| format!("{name} is still there"));
        match missing.or_else(left) {
            None => Ok(()),
            Some(why) => Err(HubError::Differs { page: self.page(repo), commit: commit.to_owned(), why }),
        }
    }
}

/// What has to go.
fn gone(head: &Listing, files: &[Local], stale: &(dyn Fn(&str) -> bool + Sync)) -> Vec<String> {
    let others = head.files.iter().map(|file| &file.name).filter(|name| files.iter().all(|file| file.name != **name));
    others.filter(|name| stale(name)).cloned().collect()
}
