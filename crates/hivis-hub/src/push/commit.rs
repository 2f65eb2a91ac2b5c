//! The commit itself: JSON lines, a header first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hivis_http::printable;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BRANCH, Local};
use crate::post::{JSON_LINES, Post};
use crate::pull::Event;
use crate::repo::is_commit;
use crate::{Hub, HubError, Repo};

/// What is to be committed.
pub(super) struct Commit<'a> {
    pub(super) message: &'a str,
    /// The head that it was compared with.
    pub(super) parent: &'a str,
    /// Files that lie in the commit.
    pub(super) regular: Vec<&'a Local>,
    /// Files that lie in large-file storage already.
    pub(super) large: Vec<&'a Local>,
    /// Files that go.
    pub(super) gone: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    commit_oid: String,
}

impl Hub {
    /// Makes the commit. It is sent again when the connection fails: its parent is named, so a second one is refused.
    pub(super) async fn commit(
        &self,
        repo: &Repo,
        commit: &Commit<'_>,
        told: &(dyn Fn(Event) + Sync),
    ) -> Result<String, HubError> {
        let path = format!("api/{}/{}/commit/{BRANCH}", repo.kind().plural(), repo.id());
        let post = Post { url: self.address(&path)?, media: JSON_LINES, body: commit.lines()? };
        let moved = |error| match error {
            HubError::Refused { status: 409 | 412, .. } => HubError::Moved { page: self.page(repo) },
            other => other,
        };
        let made: Made = self.post(repo, &post, told).await.map_err(moved)?;
        let oid = made.commit_oid.to_ascii_lowercase();
        if !is_commit(&oid) {
            return Err(HubError::Answer { what: path, why: format!("`{}` is no commit", printable(&oid)) });
        }
        Ok(oid)
    }
}

impl Commit<'_> {
    fn lines(&self) -> Result<Vec<u8>, HubError> {
        let header = json!({ "summary": self.message, "description": "", "parentCommit": self.parent });
        let mut body = Vec::new();
        line(&mut body, "header", &header);
        for file in &self.regular {
            let content = STANDARD.encode(file.all()?);
            line(&mut body, "file", &json!({ "content": content, "path": file.name, "encoding": "base64" }));
        }
        for file in &self.large {
            let object = json!({ "path": file.name, "algo": "sha256", "oid": file.oid(), "size": file.size });
            line(&mut body, "lfsFile", &object);
        }
        for name in self.gone {
            line(&mut body, "deletedFile", &json!({ "path": name }));
        }
        Ok(body)
    }
}

fn line(body: &mut Vec<u8>, key: &str, value: &Value) {
    body.extend_from_slice(json!({ "key": key, "value": value }).to_string().as_bytes());
    body.push(b'\n');
}
