//! One extrinsic in its block: the fee, the call, the events.

use serde_json::{Value, json};

use super::dispatch;
use super::extrinsics::{self, Signed};
use super::runtime::Runtime;
use super::state::{State, hex_key};

/// Takes the fee, does the call or nothing of it, and notes how it went.
pub(crate) fn signed(state: &mut State, runtime: &Runtime, signed: &Signed, index: u32) {
    let fee = extrinsics::fee(&signed.call) + signed.tip;
    let account = state.accounts.entry(signed.who).or_default();
    account.nonce += 1;
    account.free -= fee;
    let mut after = state.clone();
    let done = dispatch::apply(&mut after, &signed.who, &signed.call, index);
    if done.is_ok() {
        *state = after;
    }
    if fee > 0 {
        let paid = json!({ "who": hex_key(&signed.who), "actual_fee": fee, "tip": signed.tip });
        state.happened(Some(index), &json!({ "TransactionPayment": { "TransactionFeePaid": paid } }));
    }
    match done {
        Ok(()) => succeeded(state, index, fee > 0),
        Err(failure) => {
            let info = dispatch_info(fee > 0);
            let failed = json!({ "dispatch_error": failure.encode(runtime), "dispatch_info": info });
            state.happened(Some(index), &json!({ "System": { "ExtrinsicFailed": failed } }));
        }
    }
}

/// Notes that an extrinsic did what it should.
pub(crate) fn succeeded(state: &mut State, index: u32, pays: bool) {
    let info = json!({ "dispatch_info": dispatch_info(pays) });
    state.happened(Some(index), &json!({ "System": { "ExtrinsicSuccess": info } }));
}

fn dispatch_info(pays: bool) -> Value {
    json!({ "weight": { "ref_time": 200_000_000, "proof_size": 3000 }, "class": "Normal",
        "pays_fee": if pays { "Yes" } else { "No" } })
}
