//! `hivis up`: from a home to an announced, published, answering miner. Each step looks first whether it is done.

mod chain;
mod plan;
mod remember;
mod serving;
mod show;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use hivis_bittensor::{ss58, wallet};
use hivis_store::{Home, Ledger};
use jiff::Timestamp;

use crate::cli::{ConsentArgs, Global, ServeArgs, UpArgs};
use crate::config::{Settings, WalletSettings};
use crate::failure::Hinted;
use crate::home;
use crate::onchain::{self, Place};
use crate::up::{self, Deployment, Seen, Who, weigh};
use crate::verbs::{doctor, status};

use self::plan::Plan;
use self::serving::Serving;

/// What all steps share.
pub(crate) struct Up<'a> {
    global: &'a Global,
    args: &'a UpArgs,
    home: Home,
    ledger: Ledger,
    settings: Settings,
    keys: WalletSettings,
    place: Place,
    who: Who,
}

/// Goes all the way, or as far as it is let.
pub(crate) async fn run(global: &Global, args: &UpArgs) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    let consent = ConsentArgs { dry_run: false, yes: args.yes.clone() };
    let (settings, new) = remember::settings(&home, args)?;
    let keys = home::wallet(global, &args.wallet)?;
    let who = who(&settings, &keys)?;
    let ledger = home.ledger().await?;
    let place = onchain::place(&settings.chain)?;
    onchain::agrees(place.network, &consent)?;
    let up = Up { global, args, home, ledger, settings, keys, place, who };
    if args.checklist {
        return up.show_checklist().await;
    }
    up.machine().await?;
    up.say("wallet", &format!("{}, wallet {}", up.who.address, up.keys.name));
    up::have_release(&up.home, up.who.network)?;
    let seen = up.chain().await?;
    let verdict = weigh(&seen.market(args.max_cost), &up::model(&up.home)?, up.real());
    let plan = Plan::of(&up, &seen).await?;
    up.show_plan(&plan, &seen, &verdict);
    if args.dry_run {
        return Ok(if verdict.go { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if !verdict.go && !args.anyway {
        let hint = "mend that first, or go on all the same with --anyway; nothing was signed or sent";
        return Err(Hinted::new(format!("no-go: {}", verdict.against.join("; ")), hint).into());
    }
    if !plan.is_empty() {
        onchain::confirm(up.place.network, &consent)?;
    }
    remember::keep(global, &up.home, &new)?;
    up.work(plan, &seen).await
}

/// The keys as far as files without a password name them.
fn who(settings: &Settings, keys: &WalletSettings) -> Result<Who> {
    let hotkey = onchain::hotkey_address(keys)?;
    let coldkey = match wallet::coldkeypub(&keys.path, &keys.name) {
        Ok(address) => Some(ss58::decode(address.as_str())?),
        Err(error) => {
            tracing::debug!(%error, "no coldkeypub.txt");
            None
        }
    };
    let (network, netuid) = (settings.chain.network, settings.chain.netuid);
    Ok(Who { network, netuid, hotkey, address: ss58::encode(&hotkey), coldkey })
}

impl Up<'_> {
    /// A network on which something is at stake.
    fn real(&self) -> bool {
        self.who.network == hivis_chain::Network::Finney
    }

    /// What doctor finds wrong about the machine; the later steps look after the rest.
    async fn machine(&self) -> Result<()> {
        let later = ["hotkey", "permits", "release", "server", "axon port", "page port"];
        let concerns = doctor::concerns(self.global, self.real(), &later).await?;
        if concerns.is_empty() {
            self.say("machine", "nothing to mend");
        }
        for concern in concerns {
            self.say("machine", &concern);
        }
        Ok(())
    }

    /// The steps that change something, in an order in which a cut costs least: the place first, the address last.
    async fn work(&self, plan: Plan, seen: &Seen) -> Result<ExitCode> {
        let uid = match (seen.uid, plan.register) {
            (Some(uid), _) => uid,
            (None, Some(cap)) => self.register(cap).await?,
            (None, None) => {
                let hint =
                    "say what it may cost at most with --max-cost TAO, or register elsewhere with `hivis register`";
                return Err(Hinted::new(format!("{} is not registered", self.who.address), hint).into());
            }
        };
        if let Some(repo) = plan.repo.as_ref().filter(|_| plan.publish) {
            self.publish(repo, uid).await?;
        }
        let mut serving = Serving::begin(self).await?;
        // A signal stops the miner: then nothing more is signed for it.
        let done = tokio::select! {
            done = self.reach(&plan, seen) => done,
            ended = serving.ended() => {
                ended?;
                self.say("stopped", "before it was done; the same command goes on from here");
                return Ok(ExitCode::FAILURE);
            }
        };
        match done {
            Ok(answered) if !self.args.exit && serving.is_ours() => {
                self.say("serving", "Ctrl-C stops it; `hivis install-service` keeps it running");
                serving.ended().await?;
                Ok(code(answered))
            }
            done => {
                serving.stop().await?;
                done.map(code)
            }
        }
    }

    /// Announces, commits, and waits for who comes. Gives whether a validator came.
    async fn reach(&self, plan: &Plan, seen: &Seen) -> Result<bool> {
        if let Some(axon) = plan.announce {
            self.announce(axon).await?;
        }
        if let Some(repo) = plan.repo.as_ref().filter(|_| plan.commit) {
            self.commit(repo).await?;
        }
        let answered = self.first_challenge(seen).await?;
        self.finish(answered).await?;
        Ok(answered)
    }

    /// How far it is, and whether it is worth it. A chain that is away for a moment does not stop a miner that answers.
    async fn finish(&self, answered: bool) -> Result<()> {
        let seen = self.seen().await;
        let market = seen.as_ref().map_or_else(Default::default, |seen| seen.market(None));
        let verdict = weigh(&market, &up::model(&self.home)?, self.real());
        let (items, deployment) = self.progress(seen.as_ref(), true).await?;
        self.show_end(&items, &deployment, (&verdict, answered));
        Ok(())
    }

    /// What the chain says now, where it can be asked.
    async fn seen(&self) -> Option<Seen> {
        let seen = up::look(&self.place.chain, &self.who).await;
        seen.inspect_err(|error| tracing::warn!("the chain is not known: {error}")).ok()
    }

    async fn show_checklist(&self) -> Result<ExitCode> {
        let seen = self.seen().await;
        let page = self.settings.serve.page.to_string();
        let answering = status::readyz(&page).await.is_some_and(|ready| ready["ready"] == true);
        let (items, deployment) = self.progress(seen.as_ref(), answering).await?;
        self.show_items(&items, &deployment);
        Ok(code(items.iter().all(|item| item.done)))
    }

    async fn progress(&self, seen: Option<&Seen>, answering: bool) -> Result<(Vec<up::Item>, Deployment)> {
        let now = Timestamp::now();
        let items = up::checklist(&up::facts(&self.home, &self.ledger, (answering, seen), now).await?);
        let mut deployment = Deployment::open(&self.home, self.who.network, &self.who.address, now)?;
        deployment.note(&self.home, self.who.network, &items, now)?;
        Ok((items, deployment))
    }

    /// Waits for an answer to a validator that the metagraph lists; one of the last day counts too.
    async fn first_challenge(&self, seen: &Seen) -> Result<bool> {
        let began = Timestamp::now();
        let wait = Duration::from_secs(60 * self.args.wait_min);
        self.say("challenge", &format!("waiting for a validator, at most {} min", self.args.wait_min));
        let validators = seen.graph.validators().map(|neuron| neuron.hotkey.clone()).collect();
        if let Ok(first) = tokio::time::timeout(wait, self.first_answer(&validators, began)).await {
            let (who, heard) = first?;
            self.say("challenge", &format!("{} asked, and heard {heard:.3}", who.short()));
            return Ok(true);
        }
        let why = "no validator came: is the port open from outside (`nc -vz ADDRESS PORT` from another machine)?";
        self.say("challenge", why);
        Ok(false)
    }
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The miner's own settings as `hivis serve` would have them.
fn serve_args(args: &UpArgs) -> ServeArgs {
    ServeArgs { wallet: args.wallet.clone(), ..ServeArgs::default() }
}

/// What is said when a step cannot be taken for want of something that only the user has.
fn wanted<T>(value: Option<T>, what: &str, hint: &str) -> Result<T> {
    value.ok_or_else(|| Hinted::new(what, hint)).context("a step is missing something")
}
