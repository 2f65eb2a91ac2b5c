//! The calls a miner makes, each by its names in the metadata.

use crate::extrinsic::{Axon, Call, Commitment, CommitmentField, Value, pow};

/// Registers `hotkey` for what it costs, if that is no more than `limit` rao. Signed by the coldkey, which pays.
pub fn register_limit(netuid: u16, hotkey: &[u8; 32], limit: u64) -> Call {
    let args = [
        ("netuid", Value::u128(netuid.into())),
        ("hotkey", Value::from_bytes(hotkey)),
        ("limit_price", Value::u128(limit.into())),
    ];
    Call::new("SubtensorModule", "register_limit", args)
}

/// Registers the work's hotkey by a proof of work. Signed by the coldkey, which pays nothing.
pub fn pow_register(work: &pow::Work, block: u64, proof: &pow::Proof) -> Call {
    let args = [
        ("netuid", Value::u128(work.netuid.into())),
        ("work_block", Value::u128(block.into())),
        ("nonce", Value::u128(proof.nonce.into())),
        ("work", Value::from_bytes(proof.seal)),
        ("hotkey", Value::from_bytes(work.hotkey)),
    ];
    Call::new("SubtensorModule", "pow_register", args)
}

/// Says where the signing hotkey's axon is. Free.
pub fn serve_axon(netuid: u16, axon: &Axon) -> Call {
    axon_call(netuid, axon.version, u32::from(axon.ip), axon.port)
}

/// Says that the signing hotkey's axon is nowhere: address zero, and the smallest port the chain takes. Free.
pub fn withdraw_axon(netuid: u16) -> Call {
    axon_call(netuid, 0, 0, 1)
}

fn axon_call(netuid: u16, version: u32, ip: u32, port: u16) -> Call {
    let args = [
        ("netuid", u128::from(netuid)),
        ("version", version.into()),
        ("ip", ip.into()),
        ("port", port.into()),
        ("ip_type", 4),
        // What the SDK's axons say; nothing reads it.
        ("protocol", 4),
        ("placeholder1", 0),
        ("placeholder2", 0),
    ];
    Call::new("SubtensorModule", "serve_axon", args.map(|(name, n)| (name, Value::u128(n))))
}

/// Says which model the signing hotkey answers with. Free.
pub fn set_commitment(netuid: u16, commitment: &Commitment) -> Call {
    let fields = commitment.fields();
    let fields = Value::unnamed_composite(fields.iter().map(CommitmentField::value));
    let info = Value::named_composite([("fields", fields)]);
    Call::new("Commitments", "set_commitment", [("netuid", Value::u128(netuid.into())), ("info", info)])
}
