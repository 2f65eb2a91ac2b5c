//! Tests of the wire, of wallets, and of both sides against the official SDK.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what it should do")]

mod captures;
mod dendrite;
mod golden;
mod mutation;
mod odd;
mod raw;
mod sdk;
mod sdk_wallet;
mod small_axon;
mod wallet;
mod wallet_files;
mod wallet_golden;
mod wallet_scan;
mod wire;
