//! The dry run: what would be signed, and what it would cost. It needs no key.

use hivis_bittensor::ss58;
use hivis_types::Hotkey;
use subxt::config::substrate::AccountId32;

use crate::client::Live;
use crate::extrinsic::{CallBytes, Era, Extrinsic, Runtime, Shown, Signature, Terms, Unsigned};
use crate::submit::Intent;
use crate::submit::funds::{existential, funds};
use crate::{At, Chain, ChainError, Network, read};

/// What would be signed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The network.
    pub network: Network,
    /// The runtime's version.
    pub spec: u32,
    /// Who signs.
    pub signer: Hotkey,
    /// The call by names.
    pub shown: Shown,
    /// Its bytes, and so its hash.
    pub call: CallBytes,
    /// Nonce, tip and era.
    pub terms: Terms,
    /// The fee, rao.
    pub fee: u128,
    /// What the call itself takes from the signer, rao.
    pub price: u64,
    /// What the signer can spend, rao.
    pub free: u128,
}

impl Plan {
    /// Fee and price together, rao.
    pub fn cost(&self) -> u128 {
        self.fee + u128::from(self.price) + self.terms.tip
    }
}

/// What a look at the chain gives.
#[derive(Clone, Debug)]
pub enum Planned {
    /// The chain says so already; what it says.
    Already(String),
    /// What would be signed.
    Plan(Box<Plan>),
}

/// Looks whether the intent is fulfilled, what stands against it, and what it costs. Nothing is signed or sent.
pub async fn plan<I: Intent>(chain: &Chain, intent: &I) -> Result<Planned, ChainError> {
    let (live, at) = chain.head().await?;
    if let Some(said) = intent.fulfilled(&at).await? {
        return Ok(Planned::Already(said));
    }
    let nonce = next_nonce(&live, &intent.signer()).await?;
    Ok(Planned::Plan(Box::new(at_block(chain.settings().network, intent, &at, nonce).await?)))
}

/// The same at a block that was chosen, where the intent is known to be open.
pub(crate) async fn at_block<I: Intent>(network: Network, intent: &I, at: &At, nonce: u64) -> Result<Plan, ChainError> {
    let runtime = Runtime::at(at)?;
    let price = intent.price(at).await?;
    let call = intent.call(&runtime)?;
    let era = Era::mortal(intent.period(), at.block_number(), at.block_hash().0);
    let terms = Terms { nonce, tip: 0, era };
    // A fee depends on the length and the call, not on who signed.
    let unsigned = Unsigned::new(&runtime, call.clone(), terms)?;
    let fee = fee(at, &unsigned.assemble(intent.signer(), Signature::Sr25519([0; 64]))?).await?;
    let signer = ss58::encode(&intent.signer());
    let account = funds(at, &intent.signer()).await?;
    let plan = Plan {
        network,
        spec: runtime.spec,
        shown: Shown::of(&runtime, &call)?,
        signer,
        call,
        terms,
        fee,
        price,
        free: account.spendable(),
    };
    // What must stay is only asked of those who pay: a hotkey often has no account at all.
    let keep = if plan.cost() == 0 { 0 } else { u128::from(existential(at)?) };
    let needed = plan.cost() + keep;
    if needed > plan.free {
        return Err(ChainError::TooLittle { address: plan.signer, needed, free: plan.free });
    }
    Ok(plan)
}

/// The nonce that follows all extrinsics of this key which the node knows, those in its pool too.
pub(crate) async fn next_nonce(live: &Live, signer: &[u8; 32]) -> Result<u64, ChainError> {
    live.rpc().system_account_next_index(&AccountId32(*signer)).await.map_err(|error| ChainError::Answer {
        what: "system_accountNextIndex".to_owned(),
        reason: live.fault(&error).to_string(),
    })
}

/// `TransactionPaymentApi.query_info`, its answer by name: runtimes differ in how wide a balance is.
async fn fee(at: &At, extrinsic: &Extrinsic) -> Result<u128, ChainError> {
    let (api, method) = ("TransactionPaymentApi", "query_info");
    let (what, spec) = (format!("runtime call {api}.{method}"), at.spec_version());
    let Some(id) = read::answer_type(at.metadata_ref(), api, method) else {
        return Err(ChainError::Missing { what, spec });
    };
    let length = u32::try_from(extrinsic.bytes.len()).unwrap_or(u32::MAX);
    let arguments = [&extrinsic.bytes[..], &length.to_le_bytes()].concat();
    let bytes = at
        .runtime_apis()
        .call_raw(&format!("{api}_{method}"), Some(&arguments))
        .await
        .map_err(|e| ChainError::Answer { what: what.clone(), reason: e.to_string() })?;
    let mut fee = None;
    let take = read::whole(at.metadata_ref(), &bytes, |reader| {
        reader.fields(id, |reader, name, id| {
            if name != "partial_fee" {
                return Ok(false);
            }
            fee = Some(reader.number(id)?);
            Ok(true)
        })
    });
    take.map_err(|e| read::misfit(&what, spec, &e))?;
    fee.ok_or(ChainError::Missing { what: format!("field partial_fee in {what}"), spec })
}
