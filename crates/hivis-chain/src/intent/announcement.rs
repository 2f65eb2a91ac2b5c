//! Where a miner can be reached.

use std::net::Ipv4Addr;

use crate::extrinsic::{Axon, CallBytes, Runtime, serve_axon, withdraw_axon};
use crate::intent::must_be_registered;
use crate::scale::Reader;
use crate::submit::Intent;
use crate::{At, ChainError, read};

/// Says where a hotkey's axon is, or that it is nowhere. Signed by the hotkey, free.
#[derive(Clone, Copy, Debug)]
pub struct Announcement {
    /// The subnet.
    pub netuid: u16,
    /// Whose axon.
    pub hotkey: [u8; 32],
    /// Where; `None` withdraws.
    pub axon: Option<Axon>,
}

/// What the chain says of an axon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// The block of the announcement.
    pub block: u64,
    /// The address as a number; 0 is nowhere.
    pub ip: u128,
    /// The port.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
    /// The protocol's version.
    pub version: u32,
}

impl Announced {
    /// The address, where it is one of IPv4 and not zero.
    pub fn axon(&self) -> Option<Axon> {
        let ip = u32::try_from(self.ip).ok().filter(|&ip| ip != 0 && self.ip_type == 4)?;
        Some(Axon { ip: Ipv4Addr::from(ip), port: self.port, version: self.version })
    }
}

/// The axon of a hotkey; `None` when it never announced one.
pub async fn announced(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<Option<Announced>, ChainError> {
    let take = |reader: &mut Reader<'_>, id| {
        let mut axon = Announced::default();
        reader.fields(id, |reader, name, id| {
            match name {
                "block" => axon.block = reader.u64(id)?,
                "ip" => axon.ip = reader.number(id)?,
                "port" => axon.port = reader.u64(id)? as u16,
                "ip_type" => axon.ip_type = reader.u64(id)? as u8,
                "version" => axon.version = reader.u64(id)? as u32,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(axon)
    };
    read::entry(at, "SubtensorModule", "Axons", vec![read::subnet(netuid), read::key(hotkey)], take).await
}

impl Intent for Announcement {
    fn signer(&self) -> [u8; 32] {
        self.hotkey
    }

    fn call(&self, runtime: &Runtime) -> Result<CallBytes, ChainError> {
        match &self.axon {
            Some(axon) => serve_axon(self.netuid, axon),
            None => withdraw_axon(self.netuid),
        }
        .encode(runtime)
    }

    async fn fulfilled(&self, at: &At) -> Result<Option<String>, ChainError> {
        let there = announced(at, self.netuid, &self.hotkey).await?;
        Ok(match (&self.axon, there) {
            (Some(axon), Some(there)) if there.axon() == Some(*axon) => {
                Some(format!("the axon is announced at {}:{} since block {}", axon.ip, axon.port, there.block))
            }
            (None, None) => Some("no axon is announced".to_owned()),
            (None, Some(there)) if there.ip == 0 => Some(format!("no axon is announced since block {}", there.block)),
            _ => None,
        })
    }

    async fn price(&self, at: &At) -> Result<u64, ChainError> {
        must_be_registered(at, self.netuid, &self.hotkey).await?;
        let limit = read::number(at, "SubtensorModule", "ServingRateLimit", vec![read::subnet(self.netuid)]).await?;
        if let (Some(limit), Some(last)) = (limit, announced(at, self.netuid, &self.hotkey).await?) {
            // Counted from a final block, so that the pool of any node agrees; at most a block more than needed.
            let wait = (last.block + limit).saturating_sub(at.block_number());
            if last.block > 0 && wait > 0 {
                return Err(ChainError::TooSoon { last: last.block, wait });
            }
        }
        Ok(0)
    }
}
