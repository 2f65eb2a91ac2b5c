//! What a key can spend, and how many extrinsics it had.

use crate::scale::Reader;
use crate::{At, ChainError, read};

/// `System.Account`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Funds {
    /// Extrinsics in blocks so far.
    pub(crate) nonce: u64,
    /// Rao that are not reserved.
    pub(crate) free: u128,
    /// Of these, rao that cannot be spent.
    pub(crate) frozen: u128,
}

impl Funds {
    /// Rao that can be spent.
    pub(crate) fn spendable(&self) -> u128 {
        self.free.saturating_sub(self.frozen)
    }
}

/// At this block; a key that has none has an empty one.
pub(crate) async fn funds(at: &At, key: &[u8; 32]) -> Result<Funds, ChainError> {
    let mut funds = Funds::default();
    let take = |reader: &mut Reader<'_>, id| {
        reader.fields(id, |reader, name, id| match name {
            "nonce" => {
                funds.nonce = reader.u64(id)?;
                Ok(true)
            }
            "data" => {
                reader.fields(id, |reader, name, id| {
                    let into = match name {
                        "free" => &mut funds.free,
                        "frozen" => &mut funds.frozen,
                        _ => return Ok(false),
                    };
                    *into = reader.number(id)?;
                    Ok(true)
                })?;
                Ok(true)
            }
            _ => Ok(false),
        })
    };
    read::entry(at, "System", "Account", vec![read::key(key)], take).await?;
    Ok(funds)
}

/// Rao that an account must keep.
pub(crate) fn existential(at: &At) -> Result<u64, ChainError> {
    constant(at, "Balances", "ExistentialDeposit")
}

/// A number among the runtime's constants.
pub(crate) fn constant(at: &At, pallet: &str, name: &str) -> Result<u64, ChainError> {
    let (what, spec) = (format!("constant {pallet}.{name}"), at.spec_version());
    let found = at.metadata_ref().pallet_by_name(pallet).and_then(|p| p.constant_by_name(name));
    let Some(constant) = found else { return Err(ChainError::Missing { what, spec }) };
    read::whole(at.metadata_ref(), constant.value(), |reader| reader.u64(constant.ty()))
        .map_err(|e| read::misfit(&what, spec, &e))
}
