//! Which model a miner says it answers with.

use crate::account;
use crate::extrinsic::{CallBytes, Commitment, Runtime, set_commitment};
use crate::intent::must_be_registered;
use crate::scale::Reader;
use crate::submit::{Intent, constant};
use crate::{At, ChainError, read};

/// Says which model a hotkey answers with. Signed by the hotkey, free.
#[derive(Clone, Debug)]
pub struct Committing {
    /// The subnet.
    pub netuid: u16,
    /// Whose model.
    pub hotkey: [u8; 32],
    /// Which one.
    pub commitment: Commitment,
}

impl Intent for Committing {
    fn signer(&self) -> [u8; 32] {
        self.hotkey
    }

    fn call(&self, runtime: &Runtime) -> Result<CallBytes, ChainError> {
        set_commitment(self.netuid, &self.commitment).encode(runtime)
    }

    async fn fulfilled(&self, at: &At) -> Result<Option<String>, ChainError> {
        let there = account::commitment(at, self.netuid, &self.hotkey).await?;
        let same = there.filter(|there| there.fields == self.commitment.fields());
        Ok(same.map(|there| {
            let (repository, revision) = (self.commitment.repository(), self.commitment.revision());
            format!("{repository}@{revision} is committed to since block {}", there.block)
        }))
    }

    async fn price(&self, at: &At) -> Result<u64, ChainError> {
        must_be_registered(at, self.netuid, &self.hotkey).await?;
        let most = constant(at, "Commitments", "MaxFields")?;
        if self.commitment.fields().len() as u64 > most {
            let reason =
                format!("the chain takes {most} field(s) in a commitment; choose a shorter name for the repository");
            return Err(ChainError::Build { reason });
        }
        let used = used_space(at, self.netuid, &self.hotkey).await?;
        if let Some(all) = read::number(at, "Commitments", "MaxSpace", Vec::new()).await?
            && used + self.commitment.space() > all
        {
            return Err(ChainError::NoSpace { used, all, wanted: self.commitment.space() });
        }
        Ok(0)
    }
}

/// The space that a hotkey has used in this epoch.
async fn used_space(at: &At, netuid: u16, hotkey: &[u8; 32]) -> Result<u64, ChainError> {
    let take = |reader: &mut Reader<'_>, id| {
        let (mut epoch, mut used) = (0, 0);
        reader.fields(id, |reader, name, id| {
            match name {
                "last_epoch" => epoch = reader.u64(id)?,
                "used_space" => used = reader.u64(id)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok((epoch, used))
    };
    let keys = vec![read::subnet(netuid), read::key(hotkey)];
    let Some((epoch, used)) = read::entry(at, "Commitments", "UsedSpaceOf", keys, take).await? else { return Ok(0) };
    let tempo = read::number(at, "SubtensorModule", "Tempo", vec![read::subnet(netuid)]).await?.unwrap_or(0);
    // Subtensor's own count of epochs. Should a runtime count otherwise, the epochs differ and the chain itself decides.
    let now = (at.block_number() + 1 + u64::from(netuid) + 1) / (tempo + 1);
    Ok(if epoch == now { used } else { 0 })
}
