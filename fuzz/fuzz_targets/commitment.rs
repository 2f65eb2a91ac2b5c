//! A commitment as any hotkey may write it: what is read as one of ours is written back the same way.
#![no_main]

use hivis_chain::extrinsic::{Commitment, CommitmentField};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (Vec<u8>, Option<[u8; 32]>)| {
    let (text, hash) = data;
    let fields: Vec<_> =
        std::iter::once(CommitmentField::Raw(text)).chain(hash.map(CommitmentField::Sha256)).collect();
    if let Some(read) = Commitment::parse(&fields) {
        assert_eq!(Commitment::parse(&read.fields()), Some(read));
    }
});
