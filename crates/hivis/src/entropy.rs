//! Randomness of the operating system: the libraries take theirs from here.

use anyhow::{Context, Result};
use rand::TryRngCore as _;
use zeroize::Zeroizing;

/// `count` bytes that nobody can guess; wiped when dropped.
pub(crate) fn fresh(count: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).context("the operating system gives no randomness")?;
    Ok(bytes)
}

/// Fills `bytes` so that nobody can guess them.
pub(crate) fn fill(bytes: &mut [u8]) -> std::io::Result<()> {
    rand::rngs::OsRng.try_fill_bytes(bytes).map_err(std::io::Error::other)
}
