//! What is left to do.

use anyhow::Result;
use hivis_bittensor::wire::VERSION;
use hivis_chain::Network;
use hivis_chain::extrinsic::Axon;

use super::Up;
use crate::failure::Hinted;
use crate::up::Seen;
use crate::verbs::commit;

/// The steps that change something; those that are done already are not in it.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Register, for at most so many rao.
    pub(crate) register: Option<u64>,
    /// The repository, where one is named.
    pub(crate) repo: Option<String>,
    /// Publish to it, or tell NATIX of what is there.
    pub(crate) publish: bool,
    /// Announce this axon.
    pub(crate) announce: Option<Axon>,
    /// Commit to the publication.
    pub(crate) commit: bool,
    /// Where the axon is to be reached, announced already or not.
    pub(crate) reached_at: Option<Axon>,
}

impl Plan {
    /// What is left, by what the chain and the ledger say.
    pub(crate) async fn of(up: &Up<'_>, seen: &Seen) -> Result<Self> {
        let axon = axon(up)?;
        let said = seen.axon.and_then(|axon| axon.axon);
        let announce = axon.filter(|axon| said != Some((axon.ip, axon.port).into()));
        let repo = up.args.repo.clone().or_else(|| up.settings.publish.repo.clone()).filter(|_| !up.args.no_publish);
        let there = match &repo {
            Some(repo) => up.publication(repo).await?,
            None => None,
        };
        let told = match (&there, seen.uid) {
            _ if !up.tells_natix() => true,
            (Some(there), Some(uid)) => up.natix_knows(there.seq, uid).await?,
            _ => false,
        };
        let fields = there.as_ref().map(|there| Ok::<_, anyhow::Error>(commit::of(there)?.fields())).transpose()?;
        let committed = seen.committed.as_ref().map(|committed| &committed.fields);
        Ok(Self {
            register: if seen.uid.is_some() { None } else { up.args.max_cost },
            publish: repo.is_some() && (there.is_none() || !told),
            commit: repo.is_some() && (fields.is_none() || fields.as_ref() != committed),
            repo,
            announce,
            reached_at: axon,
        })
    }

    /// Whether nothing is left that needs to be agreed to.
    pub(crate) fn is_empty(&self) -> bool {
        self.register.is_none() && !self.publish && self.announce.is_none() && !self.commit
    }
}

/// Where validators are to find us; on a chain of one's own that may be this computer.
fn axon(up: &Up<'_>) -> Result<Option<Axon>> {
    let configured = &up.settings.serve.announced;
    let local = up.who.network == Network::Local;
    let here = local.then_some(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    let Some(ip) = up.args.ip.or(configured.ip).or(here) else { return Ok(None) };
    let port = up.args.port.unwrap_or(configured.port);
    let version = u32::try_from(VERSION).unwrap_or(u32::MAX);
    Axon::new(ip, port, version, local)
        .map(Some)
        .map_err(|problem| Hinted::new(format!("{ip}:{port} cannot be announced: {problem}"), problem.hint()).into())
}
