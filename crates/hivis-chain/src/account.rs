//! What the chain knows of one key.

use std::net::SocketAddr;

use crate::extrinsic::CommitmentField;
use crate::metagraph;
use crate::read::{self, key, subnet};
use crate::scale::{Misfit, Reader};
use crate::{At, ChainError};

const PALLET: &str = "SubtensorModule";

/// TAO of a coldkey, in rao.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What it has.
    pub free: u64,
    /// What is set aside besides.
    pub reserved: u64,
    /// What of `free` may not leave.
    pub frozen: u64,
}

impl Balance {
    /// What may be spent; the chain wants a little (the existential deposit) to stay.
    pub fn spendable(&self) -> u64 {
        self.free.saturating_sub(self.frozen)
    }
}

/// A coldkey's TAO; none at all where the chain does not know the key.
pub async fn balance(at: &At, coldkey: &[u8; 32]) -> Result<Balance, ChainError> {
    let found = read::entry(at, "System", "Account", vec![key(coldkey)], account).await?;
    Ok(found.unwrap_or_default())
}

fn account(reader: &mut Reader<'_>, id: u32) -> Result<Balance, Misfit> {
    let (mut free, mut reserved, mut frozen) = (None, None, None);
    reader.fields(id, |reader, name, id| {
        if name != "data" {
            return Ok(false);
        }
        reader.fields(id, |reader, name, id| {
            match name {
                "free" => free = Some(reader.u64(id)?),
                "reserved" => reserved = Some(reader.u64(id)?),
                "frozen" => frozen = Some(reader.u64(id)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(true)
    })?;
    Ok(Balance {
        free: free.ok_or(Misfit::no_field("data.free"))?,
        reserved: reserved.ok_or(Misfit::no_field("data.reserved"))?,
        frozen: frozen.ok_or(Misfit::no_field("data.frozen"))?,
    })
}

/// A hotkey's place on a subnet; `None` when it is not registered there.
pub async fn uid(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<Option<u16>, ChainError> {
    let uid = read::number(at, PALLET, "Uids", vec![subnet(netuid), key(hotkey)]).await?;
    uid.map(|uid| {
        u16::try_from(uid)
            .map_err(|_| ChainError::Answer { what: "a uid".to_owned(), reason: format!("{uid} is more than 65535") })
    })
    .transpose()
}

/// The coldkey that owns a hotkey; `None` when the chain does not know the hotkey.
pub async fn owner(at: &At, hotkey: &[u8; 32]) -> Result<Option<[u8; 32]>, ChainError> {
    let owner = read::entry(at, PALLET, "Owner", vec![key(hotkey)], read::one_key).await?;
    // An unknown hotkey's default owner is the key of all zeros.
    Ok(owner.filter(|owner| *owner != [0; 32]))
}

/// What a hotkey announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Where it listens; `None` when it withdrew, or gave what is no address.
    pub axon: Option<SocketAddr>,
    /// The protocol's version, by its own account.
    pub version: u64,
    /// The block of the announcement.
    pub block: u64,
}

/// What a hotkey announced last; `None` when it never did.
pub async fn axon(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<Option<Announced>, ChainError> {
    read::entry(at, PALLET, "Axons", vec![subnet(netuid), key(hotkey)], |reader, id| {
        let axon = metagraph::axon(&mut reader.clone(), id)?;
        let (mut block, mut version) = (None, None);
        reader.fields(id, |reader, name, id| {
            match name {
                "block" => block = Some(reader.u64(id)?),
                "version" => version = Some(reader.u64(id)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let missing = Misfit::no_field;
        Ok(Announced { axon, version: version.ok_or(missing("version"))?, block: block.ok_or(missing("block"))? })
    })
    .await
}

/// What a hotkey committed to with `set_commitment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The block of the call.
    pub block: u64,
    /// All fields, in their order.
    pub fields: Vec<CommitmentField>,
}

/// What a hotkey committed to last on a subnet; `None` when it never did.
pub async fn commitment(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<Option<Committed>, ChainError> {
    read::entry(at, "Commitments", "CommitmentOf", vec![subnet(netuid), key(hotkey)], registration).await
}

pub(crate) fn registration(reader: &mut Reader<'_>, id: u32) -> Result<Committed, Misfit> {
    let (mut block, mut fields) = (None, None);
    reader.fields(id, |reader, name, id| {
        match name {
            "block" => block = Some(reader.u64(id)?),
            "info" => reader.fields(id, |reader, name, id| {
                if name == "fields" {
                    fields = Some(reader.list(id, field)?);
                }
                Ok(name == "fields")
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let missing = Misfit::no_field;
    Ok(Committed { block: block.ok_or(missing("block"))?, fields: fields.ok_or(missing("info.fields"))? })
}

/// One field: `Raw0` to `Raw128` or `BigRaw`, `Sha256`, or another by its name.
fn field(reader: &mut Reader<'_>, id: u32) -> Result<CommitmentField, Misfit> {
    let (kind, fields) = reader.variant(id)?;
    match fields {
        [bytes] if kind.starts_with("Raw") || kind == "BigRaw" => reader.raw(bytes.ty.id).map(CommitmentField::Raw),
        [hash] if kind == "Sha256" => reader.key(hash.ty.id).map(CommitmentField::Sha256),
        // `Raw0` may have no bytes to carry.
        [] if kind == "Raw0" => Ok(CommitmentField::Raw(Vec::new())),
        others => {
            for other in others {
                reader.skip(other.ty.id)?;
            }
            Ok(CommitmentField::Other(kind.to_owned()))
        }
    }
}
