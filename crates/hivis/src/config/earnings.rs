//! `[earnings]`: what money is worth, and where the validators' log lies.

use std::path::Path;

use anyhow::Result;
use hivis_types::Hotkey;
use hivis_wandb::Project;
use serde::Deserialize;

use super::secret::SecretRef;
use crate::failure::Hinted;
use crate::money;

/// Where W&B is when nothing else is said.
const BASE: &str = "https://api.wandb.ai";

/// `[earnings]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawEarnings {
    /// US dollars for one TAO; without it no dollars are shown.
    pub tao_usd: Option<f64>,
    /// `[earnings.wandb]`; without it the log is not read.
    pub wandb: Option<RawWandb>,
}

/// `[earnings.wandb]` as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawWandb {
    /// The user or team that the project is of.
    pub entity: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// Only these runs; all when empty.
    pub runs: Vec<String>,
    /// Only runs that name one of these hotkeys; any validator of the metagraph when empty.
    pub validators: Vec<String>,
    /// `env:NAME` or `file:PATH`.
    pub api_key: Option<String>,
    /// The server.
    pub base_url: Option<String>,
}

// What stands in `api_key` may be the key itself, by mistake.
impl std::fmt::Debug for RawWandb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawWandb").field("entity", &self.entity).field("project", &self.project).finish_non_exhaustive()
    }
}

/// `[earnings]`, resolved.
#[derive(Debug, Clone)]
pub struct EarningsSettings {
    /// Micro-dollars for one TAO, when dollars are to be shown.
    pub tao_usd_micro: Option<u64>,
    /// The validators' log, when it is to be read.
    pub wandb: Option<WandbSettings>,
}

/// The validators' log.
#[derive(Debug, Clone)]
pub struct WandbSettings {
    /// Where it lies.
    pub project: Project,
    /// Only these runs; all when empty.
    pub runs: Vec<String>,
    /// Only runs that name one of these; any validator of the metagraph when empty.
    pub validators: Vec<Hotkey>,
    /// The key; without one as a stranger.
    pub api_key: Option<SecretRef>,
    /// The server.
    pub base_url: String,
}

impl EarningsSettings {
    pub(super) fn resolve(raw: &RawEarnings, home: &Path) -> Result<Self> {
        let price = |usd: f64| {
            let micro = money::from_float(usd, 6).filter(|micro| *micro > 0);
            micro.ok_or_else(|| {
                Hinted::new(format!("earnings.tao_usd = {usd} is no price"), "dollars for one TAO, such as 412.5")
            })
        };
        Ok(Self {
            tao_usd_micro: raw.tao_usd.map(price).transpose()?,
            wandb: raw.wandb.as_ref().map(|raw| wandb(raw, home)).transpose()?,
        })
    }
}

fn wandb(raw: &RawWandb, home: &Path) -> Result<WandbSettings> {
    let (Some(entity), Some(project)) = (&raw.entity, &raw.project) else {
        let hint = "the subnet's own is entity = \"natix_network_org\", project = \"natix-subnet\" (\"natix-testnet\" on test)";
        return Err(Hinted::new("[earnings.wandb] wants entity and project", hint).into());
    };
    let validator = |text: &String| {
        let known = hivis_bittensor::ss58::decode(text);
        known.map(|_| Hotkey::new(text.as_str())).map_err(|error| {
            let wrong = Hinted::new(format!("earnings.wandb.validators: {text} is no hotkey"), "an ss58 address: 5...");
            anyhow::Error::new(error).context(wrong)
        })
    };
    Ok(WandbSettings {
        project: Project::new(entity, project)?,
        runs: raw.runs.clone(),
        validators: raw.validators.iter().map(validator).collect::<Result<_>>()?,
        api_key: raw.api_key.as_ref().map(|text| SecretRef::parse("earnings.wandb.api_key", text, home)).transpose()?,
        base_url: raw.base_url.clone().unwrap_or_else(|| BASE.to_owned()),
    })
}
