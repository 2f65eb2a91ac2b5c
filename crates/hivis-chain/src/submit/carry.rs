//! Signs, sends and follows.

use hivis_bittensor::{Keypair, ss58};
use subxt::config::substrate::H256;
use subxt::rpcs::Error as RpcError;
use subxt::rpcs::client::RpcSubscription;
use subxt::rpcs::methods::legacy::TransactionStatus;
use tokio::time::timeout;

use crate::client::Live;
use crate::extrinsic::{Extrinsic, Runtime, Unsigned};
use crate::submit::funds::funds;
use crate::submit::included::{find, outcome};
use crate::submit::plan::{at_block, next_nonce};
use crate::submit::pool::{Meaning, Rejection};
use crate::submit::settle::{Fate, settle};
use crate::submit::{Included, Intent, Outcome, Patience, Step};
use crate::{At, Chain, ChainError};

/// Endpoints that are asked once more what a final block did.
const TELLERS: u32 = 3;

/// Makes the chain say it, once. `on` hears each step.
///
/// Each try checks anew what stands against it, so a cap or a balance that no longer fits ends it before the signature.
pub async fn carry_out<I: Intent>(
    chain: &Chain,
    intent: &I,
    keypair: &Keypair,
    patience: Patience,
    on: &mut (dyn FnMut(Step) + Send),
) -> Result<Outcome, ChainError> {
    if keypair.public() != intent.signer() {
        return Err(ChainError::WrongKey { wanted: ss58::encode(&intent.signer()), given: keypair.hotkey() });
    }
    let mut sent = false;
    for _ in 0..patience.tries {
        let (live, at, nonce) = free_nonce(chain, intent, patience, on).await?;
        if let Some(said) = intent.fulfilled(&at).await? {
            return Ok(Outcome::Already(said));
        }
        let plan = at_block(chain.settings().network, intent, &at, nonce).await?;
        let extrinsic = Unsigned::new(&Runtime::at(&at)?, plan.call, plan.terms)?.sign(keypair)?;
        sent = true;
        on(Step::Sent { hash: extrinsic.hash, nonce, last_block: extrinsic.terms.era.last_block() });
        let fate = match send(&live, &extrinsic, patience, on).await? {
            Sent::Final { block, index } => Fate::Included { block, index },
            Sent::Lost(why) => {
                on(Step::Looking { why });
                settle(chain, &extrinsic, patience.outage).await?
            }
        };
        let why = match fate {
            Fate::Included { block, index } => {
                return told(chain, block, index, extrinsic.hash).await.map(Outcome::Done);
            }
            Fate::Overtaken => "another extrinsic of this key was first",
            Fate::Expired => {
                let last_block = extrinsic.terms.era.last_block().unwrap_or_default();
                return Err(ChainError::Expired { hash: hex::encode(extrinsic.hash), last_block });
            }
        };
        on(Step::Again { why: why.to_owned() });
    }
    // The last one may have been overtaken by someone who wanted the same.
    match intent.fulfilled(&chain.at_head().await?).await? {
        Some(said) if sent => Ok(Outcome::Already(said)),
        _ => Err(ChainError::Overtaken { tries: patience.tries }),
    }
}

/// What it did in its block. It is done by now, so an endpoint that fails is only left for the next.
async fn told(chain: &Chain, block: [u8; 32], index: u32, hash: [u8; 32]) -> Result<Included, ChainError> {
    for _ in 0..TELLERS {
        match outcome(chain, block, index, hash).await {
            Err(ChainError::Answer { .. } | ChainError::NoEndpoint { .. }) => tokio::time::sleep(chain.pause(1)).await,
            told => return told,
        }
    }
    outcome(chain, block, index, hash).await
}

/// A final block and a nonce, once no other extrinsic of the key is under way: one of an earlier run could still do what
/// is wanted now, and must be waited for.
async fn free_nonce<I: Intent>(
    chain: &Chain,
    intent: &I,
    patience: Patience,
    on: &mut (dyn FnMut(Step) + Send),
) -> Result<(Live, At, u64), ChainError> {
    let signer = intent.signer();
    let mut heads = None;
    let mut told = None;
    // Whatever is in the pool has been included, or has ended its life, after so many blocks.
    for _ in 0..=intent.period() {
        let (live, at) = chain.head().await?;
        let (next, past) = (next_nonce(&live, &signer).await?, funds(&at, &signer).await?.nonce);
        if next <= past {
            return Ok((live, at, past));
        }
        if told != Some(past) {
            told = Some(past);
            on(Step::Waiting { nonce: past });
        }
        let heads = heads.get_or_insert_with(|| chain.heads());
        // The newest final block comes at once and was just looked at.
        while timeout(patience.outage, heads.next())
            .await
            .map_err(|_| ChainError::Pending { nonce: past })?
            .block_number()
            <= at.block_number()
        {}
    }
    Err(ChainError::Pending { nonce: told.unwrap_or_default() })
}

/// How sending went.
enum Sent {
    /// In a final block of the node's.
    Final { block: [u8; 32], index: u32 },
    /// It may or may not be included.
    Lost(String),
}

async fn send(
    live: &Live,
    extrinsic: &Extrinsic,
    patience: Patience,
    on: &mut (dyn FnMut(Step) + Send),
) -> Result<Sent, ChainError> {
    match live.rpc().author_submit_and_watch_extrinsic(&extrinsic.bytes).await {
        Ok(statuses) => Ok(follow(live, extrinsic, statuses, patience, on).await),
        Err(RpcError::User(error)) => {
            let rejection = Rejection::of(&error);
            match rejection.meaning() {
                Meaning::Race | Meaning::There => Ok(Sent::Lost(rejection.to_string())),
                Meaning::Final => Err(ChainError::Rejected { rejection }),
            }
        }
        // The node may have taken it before the connection broke.
        Err(error) => Ok(Sent::Lost(live.fault(&error).to_string())),
    }
}

async fn follow(
    live: &Live,
    extrinsic: &Extrinsic,
    mut statuses: RpcSubscription<TransactionStatus<H256>>,
    patience: Patience,
    on: &mut (dyn FnMut(Step) + Send),
) -> Sent {
    loop {
        let why = match timeout(patience.silence, statuses.next()).await {
            Err(_) => format!("the node said nothing for {} s", patience.silence.as_secs()),
            Ok(None) => live.fault(&"the subscription ended").to_string(),
            Ok(Some(Err(error))) => live.fault(&error).to_string(),
            Ok(Some(Ok(status))) => match status {
                TransactionStatus::Ready => {
                    on(Step::Ready);
                    continue;
                }
                TransactionStatus::InBlock(hash) => {
                    on(Step::InBlock { hash: hash.0 });
                    continue;
                }
                TransactionStatus::Future | TransactionStatus::Broadcast(_) | TransactionStatus::Retracted(_) => {
                    continue;
                }
                TransactionStatus::Finalized(hash) => match find(live, hash.0, &extrinsic.hash).await {
                    Ok(Some(index)) => return Sent::Final { block: hash.0, index },
                    Ok(None) => "the node named a block that does not hold it".to_owned(),
                    Err(error) => error.to_string(),
                },
                TransactionStatus::FinalityTimeout(_) => "its block was not made final in time".to_owned(),
                TransactionStatus::Usurped(_) => "another extrinsic took its place in the pool".to_owned(),
                TransactionStatus::Dropped => "the node's pool dropped it".to_owned(),
                TransactionStatus::Invalid => "the node's pool calls it invalid now".to_owned(),
            },
        };
        return Sent::Lost(why);
    }
}
