//! What can go wrong with the chain, and what mends it.

use hivis_types::Hotkey;

use crate::Network;
use crate::extrinsic::{Failure, tao};
use crate::submit::Rejection;

/// A read that gave nothing, or an extrinsic that did not come to pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The bytes are no metadata that we can read.
    #[error("the runtime's metadata cannot be read: {reason}")]
    Metadata {
        /// What the decoder said.
        reason: String,
    },
    /// The runtime of that block has no such call, storage entry, constant or field.
    #[error("the runtime (spec {spec}) has no {what}")]
    Missing {
        /// What was looked for.
        what: String,
        /// The runtime's version.
        spec: u32,
    },
    /// It is there, and looks otherwise than we can read.
    #[error("{what} has another shape than we know: {reason}")]
    Shape {
        /// What was read.
        what: String,
        /// What the decoder said.
        reason: String,
    },
    /// The node's answer is not what its own metadata says.
    #[error("the answer for {what} is garbage: {reason}")]
    Answer {
        /// What was read.
        what: String,
        /// What the decoder or the connection said.
        reason: String,
    },
    /// There is no such subnet at that block.
    #[error("there is no subnet {netuid} at block {block}")]
    NoSubnet {
        /// What was asked for.
        netuid: u16,
        /// The block that was read.
        block: u64,
    },
    /// None of the endpoints can be used.
    #[error("no endpoint of {network} answers: {}", each(.tried))]
    NoEndpoint {
        /// The network.
        network: Network,
        /// Each endpoint, without path and query, and why not.
        tried: Vec<(String, Fault)>,
    },
    /// The settings name no endpoint, or one that is no websocket address.
    #[error("`{endpoint}` is no websocket address (ws://HOST:PORT or wss://HOST:PORT)")]
    Address {
        /// What was given.
        endpoint: String,
    },
    /// The runtime has no such pallet or call.
    #[error("the runtime (spec {spec}) has no {what}; it has: {exist}")]
    NoCall {
        /// The runtime's version.
        spec: u32,
        /// What was asked for.
        what: String,
        /// What is there instead.
        exist: String,
    },
    /// The runtime wants other arguments.
    #[error("{call} of this runtime (spec {spec}) does not take these arguments: {problem}")]
    Argument {
        /// The runtime's version.
        spec: u32,
        /// Pallet and call.
        call: String,
        /// What does not fit.
        problem: String,
    },
    /// A call that burns TAO without a limit.
    #[error("`{call}` is never built: it burns TAO without a limit")]
    NeverBuilt {
        /// Its name.
        call: &'static str,
    },
    /// The runtime wants something in every extrinsic that we do not know.
    #[error(
        "the runtime (spec {spec}) wants `{name}` in every extrinsic, and this version of hivis does not know what that is"
    )]
    Extension {
        /// The runtime's version.
        spec: u32,
        /// The extension.
        name: String,
    },
    /// The bytes of an extrinsic could not be made.
    #[error("the extrinsic cannot be built: {reason}")]
    Build {
        /// What did not fit.
        reason: String,
    },
    /// The key that signs is not the one that the call is for.
    #[error("{wanted} must sign, and the key given is {given}")]
    WrongKey {
        /// Who must sign.
        wanted: Hotkey,
        /// Whose key was given.
        given: Hotkey,
    },
    /// One key for both.
    #[error("{address} is given as hotkey and as coldkey")]
    SameKey {
        /// The key.
        address: Hotkey,
    },
    /// The hotkey belongs to another coldkey on the chain.
    #[error("the hotkey {hotkey} belongs to the coldkey {owner}, not to {coldkey}")]
    OtherColdkey {
        /// The hotkey.
        hotkey: Hotkey,
        /// Whose it is.
        owner: Hotkey,
        /// Who wanted to sign.
        coldkey: Hotkey,
    },
    /// The subnet takes no registrations of this kind.
    #[error("subnet {netuid} takes no registrations{} now", if *.pow { " by proof of work" } else { "" })]
    Closed {
        /// The subnet.
        netuid: u16,
        /// Whether it was one by work.
        pow: bool,
    },
    /// It costs more than was allowed.
    #[error("registration costs {}, more than the {} that you allow", tao(u128::from(*.cost)), tao(u128::from(*.cap)))]
    AboveCap {
        /// What it costs now, rao.
        cost: u64,
        /// What was allowed, rao.
        cap: u64,
    },
    /// The account cannot pay.
    #[error("{address} has {} to spend and needs {}", tao(*.free), tao(*.needed))]
    TooLittle {
        /// Who pays.
        address: Hotkey,
        /// Fee, price and what must stay, rao.
        needed: u128,
        /// What there is, rao.
        free: u128,
    },
    /// Only a registered hotkey can do this.
    #[error("{hotkey} is not registered on subnet {netuid}")]
    NotRegistered {
        /// The hotkey.
        hotkey: Hotkey,
        /// The subnet.
        netuid: u16,
    },
    /// The subnet limits how often an axon is announced.
    #[error("the axon was announced in block {last}; the subnet takes the next announcement in {wait} blocks")]
    TooSoon {
        /// The last announcement.
        last: u64,
        /// Blocks to wait.
        wait: u64,
    },
    /// The chain limits how much a hotkey commits to in an epoch.
    #[error("this hotkey has used {used} of {all} bytes for commitments in this epoch, and {wanted} are wanted")]
    NoSpace {
        /// Used so far.
        used: u64,
        /// What an epoch allows.
        all: u64,
        /// What this one takes.
        wanted: u64,
    },
    /// The pool did not take it; nothing was spent.
    #[error("the node did not take the extrinsic: {rejection}")]
    Rejected {
        /// What it said.
        rejection: Rejection,
    },
    /// It came into a block and failed there.
    #[error("the chain refused it in block {block}: {failure}")]
    Failed {
        /// Why.
        failure: Failure,
        /// The final block that holds it.
        block: u64,
    },
    /// Another extrinsic of the key waits in the pool.
    #[error("another extrinsic of this key (nonce {nonce}) is still under way")]
    Pending {
        /// Its nonce.
        nonce: u64,
    },
    /// Others used the nonce each time.
    #[error(
        "another program that uses the same key was first, {tries} times; nothing was sent that can still come true"
    )]
    Overtaken {
        /// How often it was tried.
        tries: u32,
    },
    /// It was not included in time, and never will be.
    #[error("no block up to {last_block} holds the extrinsic 0x{hash}: it has expired, and nothing was spent")]
    Expired {
        /// The extrinsic.
        hash: String,
        /// The last block that could have held it.
        last_block: u64,
    },
    /// The chain cannot be asked what became of it.
    #[error(
        "the chain cannot be reached, and it is open whether the extrinsic 0x{hash} was included{}",
        .last_block.map_or_else(String::new, |last| format!("; after block {last} it cannot be any more"))
    )]
    Uncertain {
        /// The extrinsic.
        hash: String,
        /// The last block that can hold it.
        last_block: Option<u64>,
    },
}

/// Why an endpoint is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No connection, or one that broke.
    #[error("no connection ({reason})")]
    Unreachable {
        /// What the connection said.
        reason: String,
    },
    /// 429 at the door, or a limit in an answer.
    #[error("too many requests ({reason})")]
    TooManyRequests {
        /// What it said.
        reason: String,
    },
    /// No answer in time.
    #[error("no answer to {what} within {seconds} s")]
    Silent {
        /// What was asked.
        what: String,
        /// How long we waited.
        seconds: u64,
    },
    /// It speaks for another chain.
    #[error("it is another chain: genesis {genesis}, not {wanted}")]
    OtherChain {
        /// What it says, in hex.
        genesis: String,
        /// What the network's is, in hex.
        wanted: String,
    },
    /// Its newest final block is old, or none came for too long.
    #[error("its head is {age} s old (block {block})")]
    Stale {
        /// Seconds since the block's own time.
        age: u64,
        /// The block.
        block: u64,
    },
    /// No new final block came for too long.
    #[error("no new final block for {seconds} s")]
    Stuck {
        /// How long we waited.
        seconds: u64,
    },
    /// Its head lies in the future of this machine's clock.
    #[error("its head is {by} s ahead of this machine's clock")]
    Ahead {
        /// Seconds.
        by: u64,
    },
    /// It does not have a block that was final elsewhere.
    #[error("it has another block {block} than the one that was final")]
    Forked {
        /// The block's number.
        block: u64,
    },
    /// An answer that is none.
    #[error("garbage ({reason})")]
    Garbage {
        /// What was wrong.
        reason: String,
    },
}

fn each(tried: &[(String, Fault)]) -> String {
    let list: Vec<String> = tried.iter().map(|(endpoint, fault)| format!("{endpoint}: {fault}")).collect();
    list.join("; ")
}

impl ChainError {
    /// What mends it, where we know.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. }
            | Self::Shape { .. }
            | Self::Metadata { .. }
            | Self::NoCall { .. }
            | Self::Argument { .. }
            | Self::Extension { .. } => {
                Some("the chain's runtime may be newer than this hivis: update hivis".to_owned())
            }
            Self::NoSubnet { .. } => Some("check --netuid and --network, or [chain] in hivis.toml".to_owned()),
            Self::Address { .. } => Some("mend [chain] endpoints in hivis.toml, or --endpoint".to_owned()),
            Self::Answer { .. } => Some("try another endpoint: --endpoint, or [chain] endpoints".to_owned()),
            Self::NoEndpoint { network, tried } => Some(mend(*network, tried)),
            other => other.hint_of_extrinsic().map(str::to_owned),
        }
    }
}

impl ChainError {
    fn hint_of_extrinsic(&self) -> Option<&'static str> {
        Some(match self {
            Self::WrongKey { .. } => {
                "registration is signed by the coldkey, announcements and commitments by the hotkey: check --wallet and --hotkey"
            }
            Self::SameKey { .. } => "take a hotkey that is not the coldkey: `btcli wallet new-hotkey` makes one",
            Self::OtherColdkey { .. } => "take the wallet of that coldkey, or another hotkey",
            Self::Closed { pow: true, .. } => "register without --pow, or ask the subnet's owner",
            Self::Closed { pow: false, .. } => "try later, or ask the subnet's owner",
            Self::AboveCap { .. } => {
                "raise --max-cost if it is worth that to you, or wait: the cost falls between registrations"
            }
            Self::TooLittle { .. } => "send it more TAO; nothing was spent",
            Self::NotRegistered { .. } => "`hivis register` does that; check --wallet, --hotkey and --network",
            Self::TooSoon { .. } => {
                "a block takes about 12 seconds: try again then; the old announcement holds meanwhile"
            }
            Self::NoSpace { .. } => "try again in the next epoch (about 72 minutes)",
            Self::Rejected { rejection } => return rejection.hint(),
            Self::Failed { failure, .. } => return failure.hint(),
            Self::Pending { .. } => {
                "run the verb again in a minute: it looks at the chain first and spends nothing twice"
            }
            Self::Overtaken { .. } => "let only one program use this key, and run the verb again",
            Self::Expired { .. } => "run the verb again",
            Self::Uncertain { .. } => {
                "run the verb again when the chain answers: it looks at the chain first and spends nothing twice"
            }
            _ => return None,
        })
    }
}

/// The likeliest cause of all: what all of them have in common, or what one alone says.
fn mend(network: Network, tried: &[(String, Fault)]) -> String {
    let any = |is: fn(&Fault) -> bool| tried.iter().any(|(_, fault)| is(fault));
    if any(|f| matches!(f, Fault::OtherChain { .. })) {
        format!("an endpoint of another chain is configured: check --network ({network}) and [chain] endpoints")
    } else if any(|f| matches!(f, Fault::Ahead { .. })) {
        "set this machine's clock: timedatectl set-ntp true".to_owned()
    } else if any(|f| matches!(f, Fault::TooManyRequests { .. })) {
        "wait a minute, or add endpoints of your own in [chain] endpoints".to_owned()
    } else if network == Network::Local {
        "start the chain, or say where it is with --endpoint".to_owned()
    } else {
        "check this machine's network and clock, or add endpoints in [chain] endpoints".to_owned()
    }
}
