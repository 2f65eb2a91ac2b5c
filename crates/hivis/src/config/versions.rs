//! `[versions]`: the repository of the data.

use anyhow::Result;
use hivis_store::LinkType;
use serde::Deserialize;

use super::settings::{count, unknown};
use crate::failure::Hinted;

/// `[versions]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawVersions {
    /// Seed of the split that versions carry; trainings that are compared share it.
    pub split_seed: Option<u64>,
    /// How many of the newest versions `hivis data gc` keeps.
    pub keep: Option<usize>,
    /// Where `push` and `pull` go: `s3://BUCKET/PREFIX`, or a folder.
    pub remote: Option<String>,
    /// `hardlink`, `reflink` or `copy`: how a checkout makes its files.
    pub link: Option<String>,
    /// Name for commits.
    pub git_name: Option<String>,
    /// Address for commits.
    pub git_email: Option<String>,
}

/// `[versions]`, resolved.
#[derive(Debug, Clone)]
pub struct VersionsSettings {
    /// Seed of the split.
    pub split_seed: u64,
    /// Newest versions that are kept.
    pub keep: usize,
    /// Where they are pushed to; there is no default for a place of one's own.
    pub remote: Option<String>,
    /// How a checkout makes its files.
    pub link: LinkType,
    /// Name and address for commits; none takes what git knows.
    pub identity: Option<(String, String)>,
}

impl VersionsSettings {
    pub(crate) fn resolve(raw: &RawVersions) -> Result<Self> {
        let link = raw.link.as_deref().unwrap_or("copy");
        let identity = match (&raw.git_name, &raw.git_email) {
            (Some(name), Some(mail)) => {
                let plain = |text: &str| !text.trim().is_empty() && !text.contains(['<', '>', '\n', '\r', '\0']);
                if !plain(name) || !plain(mail) {
                    let hint = "one line each, without < and >";
                    return Err(
                        Hinted::new("versions.git_name or versions.git_email is none that git takes", hint).into()
                    );
                }
                Some((name.clone(), mail.clone()))
            }
            (None, None) => None,
            _ => {
                let hint = "git wants both, or neither: then its own are taken";
                return Err(Hinted::new("versions.git_name and versions.git_email go together", hint).into());
            }
        };
        Ok(Self {
            split_seed: raw.split_seed.unwrap_or(72),
            keep: count("versions.keep", raw.keep.unwrap_or(20), 1)?,
            remote: raw.remote.clone().filter(|remote| !remote.is_empty()),
            link: link.parse().map_err(|_| unknown("versions.link", link, "hardlink, reflink, copy"))?,
            identity,
        })
    }
}
