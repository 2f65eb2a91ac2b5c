//! What the verbs `register`, `announce` and `commit` have in common: the chain, consent, the way to a final block.

use anyhow::Result;
use hivis_bittensor::{Keypair, ss58, wallet};
use hivis_chain::extrinsic::{Era, tao};
use hivis_chain::submit::{Intent, Outcome, Patience, Plan, Planned, Step, carry_out, plan};
use hivis_chain::{Chain, Network};
use hivis_types::Hotkey;
use serde_json::{Value, json};

use crate::chain;
use crate::cli::{ConsentArgs, Global};
use crate::config::{ChainSettings, WalletSettings};
use crate::failure::Hinted;
use crate::terminal::Terminal;

/// A chain and the subnet on it.
pub(crate) struct Place {
    pub(crate) chain: Chain,
    pub(crate) network: Network,
    pub(crate) netuid: u16,
}

/// The chain and subnet of these settings; nothing is connected yet.
pub(crate) fn place(settings: &ChainSettings) -> Result<Place> {
    Ok(Place { chain: chain::open(settings)?, network: settings.network, netuid: settings.netuid })
}

/// Connects; a subnet that is not StreetVision is said, and may be meant.
pub(crate) async fn connect(settings: &ChainSettings) -> Result<Place> {
    let place = place(settings)?;
    let at = place.chain.at_head().await?;
    if let Some(doubt) = chain::doubt(&at, settings).await? {
        tracing::warn!("{doubt}");
    }
    Ok(place)
}

/// The hotkey's address, which no password hides.
pub(crate) fn hotkey_address(place: &WalletSettings) -> Result<[u8; 32]> {
    let listed = wallet::scan(&place.path)?.into_iter().find(|listed| listed.name == place.name);
    let key = listed.and_then(|listed| listed.hotkeys.into_iter().find(|key| key.name == place.hotkey));
    match key.and_then(|key| key.address) {
        Some(address) => Ok(ss58::decode(address.as_str())?),
        None => Err(Hinted::new(
            format!("no file of the hotkey {} of the wallet {} names its address", place.hotkey, place.name),
            format!(
                "`hivis wallet list --wallet-path {0}` shows what is there, `hivis wallet create --wallet-path {0}` makes one",
                place.path.display()
            ),
        )
        .into()),
    }
}

/// Plans, asks, carries out and says how it went. `key` is asked for only when something is to be signed.
pub(crate) async fn carry<I: Intent>(
    global: &Global,
    place: &Place,
    intent: &I,
    consent: &ConsentArgs,
    key: impl FnOnce() -> Result<Keypair>,
) -> Result<()> {
    agrees(place.network, consent)?;
    let planned = match plan(&place.chain, intent).await? {
        Planned::Already(said) => {
            already(global, &said, consent);
            return Ok(());
        }
        Planned::Plan(plan) => plan,
    };
    if !global.json {
        print!("{}", text(&planned));
    }
    if consent.dry_run {
        if global.json {
            println!("{}", json!({ "dry_run": true, "plan": value(&planned) }));
        } else {
            println!("a dry run: nothing was signed or sent");
        }
        return Ok(());
    }
    confirm(place.network, consent)?;
    send(global, place, intent, &key()?).await
}

/// From here on it is meant.
pub(crate) async fn send<I: Intent>(global: &Global, place: &Place, intent: &I, key: &Keypair) -> Result<()> {
    let mut tell = |step: Step| {
        if !global.json {
            println!("{}", told(&step));
        }
    };
    match carry_out(&place.chain, intent, key, Patience::default(), &mut tell).await? {
        Outcome::Already(said) => already(global, &said, &ConsentArgs::default()),
        Outcome::Done(done) if global.json => println!(
            "{}",
            json!({
                "done": true, "block": done.block, "block_hash": hex0(&done.block_hash), "extrinsic": hex0(&done.hash),
                "index": done.index, "fee_rao": done.fee.map(|fee| fee.to_string()), "events": done.events,
            })
        ),
        Outcome::Done(done) => println!("done: {done}, extrinsic {}", hex0(&done.hash)),
    }
    Ok(())
}

/// The chain says so without us.
pub(crate) fn already(global: &Global, said: &str, consent: &ConsentArgs) {
    if global.json {
        println!("{}", json!({ "already": said, "dry_run": consent.dry_run }));
    } else {
        println!("{said}; nothing was sent");
    }
}

/// `--yes` for another network is a mistake that is said before anything else.
pub(crate) fn agrees(network: Network, consent: &ConsentArgs) -> Result<()> {
    match consent.yes.as_deref() {
        Some(name) if name != network.as_str() => Err(Hinted::new(
            format!("--yes {name}, but the network is {network}; nothing was sent"),
            format!("--yes {network} if you mean it, or --network {name}"),
        )
        .into()),
        _ => Ok(()),
    }
}

/// Asks for the network's name, unless `--yes` gave it.
pub(crate) fn confirm(network: Network, consent: &ConsentArgs) -> Result<()> {
    if consent.yes.is_some() {
        return agrees(network, consent);
    }
    let nobody = || {
        let hint = format!("run it in a terminal, or agree with --yes {network}; --dry-run only shows it");
        Hinted::new("nobody is there to agree; nothing was sent", hint)
    };
    let typed =
        Terminal::open().ok_or_else(nobody)?.line(&format!("Type the network's name ({network}) to go on: "))?;
    if typed.trim() == network.as_str() {
        return Ok(());
    }
    Err(Hinted::new("that is not the network's name; nothing was sent", "run it again when you mean it").into())
}

/// The plan for people.
fn text(plan: &Plan) -> String {
    let mut lines = vec![
        ("network", format!("{} (runtime {})", plan.network, plan.spec)),
        ("call", format!("{}.{}", plan.shown.pallet, plan.shown.call)),
    ];
    let args = plan.shown.args.iter().map(|(name, value)| ("", format!("{name} = {value}")));
    lines.extend(args);
    lines.push(("signer", plan.signer.to_string()));
    lines.push(("nonce", plan.terms.nonce.to_string()));
    if let Some(last) = plan.terms.era.last_block() {
        lines.push(("era", format!("blocks {} to {last}", plan.terms.era.first_block())));
    }
    lines.push(("fee", if plan.fee == 0 { "none".to_owned() } else { tao(plan.fee) }));
    if plan.price > 0 {
        lines.push(("price", format!("{}, which the chain takes as it is in that block", tao(plan.price.into()))));
    }
    lines.push(("together", format!("{} of the {} that the signer can spend", tao(plan.cost()), tao(plan.free))));
    lines.iter().fold(String::new(), |text, (name, value)| text + &format!("{name:<9} {value}\n"))
}

/// The plan for programs. Amounts are texts: they may be wider than a program's numbers.
fn value(plan: &Plan) -> Value {
    let args: serde_json::Map<String, Value> =
        plan.shown.args.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let era = match plan.terms.era {
        Era::Immortal => Value::Null,
        era @ Era::Mortal { period, .. } => {
            json!({ "period": period, "first_block": era.first_block(), "last_block": era.last_block() })
        }
    };
    json!({
        "network": plan.network.as_str(), "spec": plan.spec, "signer": plan.signer, "nonce": plan.terms.nonce, "era": era,
        "call": { "pallet": plan.shown.pallet, "call": plan.shown.call, "args": args,
            "bytes": hex0(plan.call.as_slice()), "hash": hex0(&plan.call.hash()) },
        "fee_rao": plan.fee.to_string(), "price_rao": plan.price.to_string(), "cost_rao": plan.cost().to_string(),
        "free_rao": plan.free.to_string(),
    })
}

fn told(step: &Step) -> String {
    match step {
        Step::Waiting { nonce } => {
            format!("another extrinsic of this key (nonce {nonce}) is under way: waiting for it")
        }
        Step::Sent { hash, nonce, last_block } => {
            let until = last_block.map_or_else(String::new, |last| format!(", good up to block {last}"));
            format!("sent {} with nonce {nonce}{until}", hex0(hash))
        }
        Step::Ready => "the node has taken it".to_owned(),
        Step::InBlock { hash } => format!("in block {}, which is not final yet", hex0(hash)),
        Step::Looking { why } => format!("{why}: looking through the blocks"),
        Step::Again { why } => format!("{why}: this one can never be included any more; signing another"),
    }
}

fn hex0(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// The address of a public key.
pub(crate) fn address(key: &[u8; 32]) -> Hotkey {
    ss58::encode(key)
}
