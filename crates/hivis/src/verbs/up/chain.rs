//! The steps that speak to the chain and to the Hub.

use anyhow::Result;
use hivis_bittensor::{Keypair, ss58, wallet};
use hivis_chain::account;
use hivis_chain::extrinsic::Axon;
use hivis_chain::intent::{Announcement, Committing, Registration};
use hivis_store::{Publication, RegistrationKey};

use super::{Up, wanted};
use crate::cli::{ConsentArgs, PublishArgs};
use crate::failure::Hinted;
use crate::passwords::Asked;
use crate::up::{self, Seen, short};
use crate::{chain, onchain, verbs};

impl Up<'_> {
    /// What the chain says now, and whether it is the subnet that we mean.
    pub(super) async fn chain(&self) -> Result<Seen> {
        let seen = up::look(&self.place.chain, &self.who).await?;
        let at = self.place.chain.at_head().await?;
        if let Some(doubt) = chain::doubt(&at, &self.settings.chain).await? {
            let hint = "give the right one with --netuid; nothing was signed or sent";
            return Err(Hinted::new(doubt, hint).into());
        }
        let us = seen.uid.map_or("not registered".to_owned(), |uid| format!("registered with uid {uid}"));
        let (netuid, block) = (self.who.netuid, seen.graph.block);
        self.say("chain", &format!("{}, subnet {netuid} at block {block}: {us}", self.who.network));
        Ok(seen)
    }

    /// Agreed to before, by name of the network.
    fn consent(&self) -> ConsentArgs {
        ConsentArgs { dry_run: false, yes: Some(self.who.network.as_str().to_owned()) }
    }

    fn hotkey(&self) -> Result<Keypair> {
        let keys = &self.keys;
        Ok(wallet::open_hotkey(&keys.path, &keys.name, &keys.hotkey, &Asked::new(&self.args.password))?)
    }

    /// Buys the place; gives the uid.
    pub(super) async fn register(&self, cap: u64) -> Result<u16> {
        let hint = "register where the coldkey is, with `hivis register`; then run `hivis up` here again";
        let coldkey = wanted(self.who.coldkey, "there is no coldkeypub.txt on this machine", hint)?;
        let registration = Registration { netuid: self.who.netuid, hotkey: self.who.hotkey, coldkey, cap };
        let keys = &self.keys;
        let open = || {
            let asked = Asked::new(&self.args.password);
            Ok(wallet::open_coldkey(&keys.path, &keys.name, &asked)?.keypair().clone())
        };
        onchain::carry(self.global, &self.place, &registration, &self.consent(), open).await?;
        let at = self.place.chain.at_head().await?;
        let uid = account::uid(&at, self.who.netuid, &self.who.hotkey).await?;
        wanted(uid, "the registration is final, but the chain shows no uid", "run the same command again")
    }

    /// Whether NATIX is to be told: of the main network, or where the one to tell is on this computer. Its registry knows
    /// uids and no networks, so that a uid of another network would be somebody else's.
    pub(super) fn tells_natix(&self) -> bool {
        !self.args.no_register && (self.real() || self.settings.natix.here())
    }

    /// Whether NATIX said that it knows of that publication.
    pub(super) async fn natix_knows(&self, publication: i64, uid: u16) -> Result<bool> {
        let key = RegistrationKey { publication, server: self.settings.natix.register(), uid };
        Ok(self.ledger.registration(&key).await?.is_some_and(|said| said.registered.is_some()))
    }

    /// The serving release's publication to that repository in our name.
    pub(super) async fn publication(&self, repo: &str) -> Result<Option<Publication>> {
        let Some(release) = self.home.releases().current()? else { return Ok(None) };
        Ok(self.ledger.publication_to(&release, repo, &self.who.address).await?)
    }

    /// Uploads the serving release, and tells NATIX where there is one to tell.
    pub(super) async fn publish(&self, repo: &str, uid: u16) -> Result<()> {
        let told = self.tells_natix();
        let args = PublishArgs {
            repo: Some(repo.to_owned()),
            uid: told.then_some(uid),
            no_register: !told,
            wallet: self.args.wallet.clone(),
            ..PublishArgs::default()
        };
        verbs::publish::run(self.global, &args).await?;
        Ok(())
    }

    /// Says where the axon is.
    pub(super) async fn announce(&self, axon: Axon) -> Result<()> {
        let announcement = Announcement { netuid: self.who.netuid, hotkey: self.who.hotkey, axon: Some(axon) };
        onchain::carry(self.global, &self.place, &announcement, &self.consent(), || self.hotkey()).await
    }

    /// Says which model answers.
    pub(super) async fn commit(&self, repo: &str) -> Result<()> {
        let there = wanted(self.publication(repo).await?, "the serving release is not published", "run it again")?;
        let commitment = verbs::commit::of(&there)?;
        let said = format!("{} at {}", commitment.repository(), short(commitment.revision()));
        let committing = Committing { netuid: self.who.netuid, hotkey: self.who.hotkey, commitment };
        onchain::carry(self.global, &self.place, &committing, &self.consent(), || self.hotkey()).await?;
        self.say("commitment", &said);
        Ok(())
    }

    /// The coldkey's address, for people.
    pub(super) fn payer(&self) -> String {
        self.who.coldkey.map_or("an unknown coldkey".to_owned(), |key| ss58::encode(&key).to_string())
    }
}
