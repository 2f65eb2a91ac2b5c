//! For how long an extrinsic can come into a block.

/// The blocks in which an extrinsic is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Always. For tests: a lost extrinsic of this kind could come true any day.
    Immortal,
    /// In the blocks after `block`, up to `block + period - 1`.
    Mortal {
        /// A power of two.
        period: u64,
        /// The block that it counts from; a finalised one cannot be reorganised away.
        block: u64,
        /// That block's hash, which is signed.
        hash: [u8; 32],
    },
}

impl Era {
    /// Blocks an extrinsic lives unless said otherwise: about 13 minutes of finney.
    pub const PERIOD: u64 = 64;
    /// From here on the chain rounds the first block, and its hash would be another's.
    const LONGEST: u64 = 4096;

    /// From the finalised block `block` on; `period` becomes a power of two from 4 to 4096.
    pub fn mortal(period: u64, block: u64, hash: [u8; 32]) -> Self {
        Self::Mortal { period: period.clamp(4, Self::LONGEST).next_power_of_two(), block, hash }
    }

    /// The last block that can include it.
    pub fn last_block(self) -> Option<u64> {
        match self {
            Self::Immortal => None,
            Self::Mortal { period, block, .. } => Some(block + period - 1),
        }
    }

    /// The first block that could include it.
    pub fn first_block(self) -> u64 {
        match self {
            Self::Immortal => 1,
            Self::Mortal { block, .. } => block + 1,
        }
    }
}
