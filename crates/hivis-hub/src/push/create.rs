//! Making a repository that is not there.

use serde_json::json;

use crate::client::{Trouble, again};
use crate::post::{JSON, Post};
use crate::pull::Event;
use crate::{Hub, HubError, Listing, Repo};

/// What the Hub says when one account makes two repositories at once.
const CONFLICT: &str = "another conflicting operation";

impl Hub {
    /// Makes a public repository; one that is there already is what was wanted. Gives its head.
    pub async fn create(&self, repo: &Repo, told: &(dyn Fn(Event) + Sync)) -> Result<Listing, HubError> {
        let (owner, name) = repo.id().split_once('/').map_or((None, repo.id()), |(owner, name)| (Some(owner), name));
        let wish =
            json!({ "name": name, "organization": owner, "type": repo.kind().singular(), "visibility": "public" });
        let post = Post { url: self.address("api/repos/create")?, media: JSON, body: wish.to_string().into_bytes() };
        let mut tries = self.tries();
        loop {
            match self.post_bytes(repo, &post, told).await {
                Err(error @ HubError::Refused { .. }) if conflicts(&error) => {
                    again(&mut tries, Trouble::Passing(error, None), told).await?;
                }
                Ok(_) | Err(HubError::Refused { status: 409, .. }) => break,
                Err(error) => return Err(error),
            }
        }
        let there = self.head(repo, told).await?;
        there.ok_or_else(|| HubError::NotFound { what: format!("{} although it was made", self.page(repo)) })
    }
}

fn conflicts(error: &HubError) -> bool {
    matches!(error, HubError::Refused { status: 409, why, .. } if why.contains(CONFLICT))
}
