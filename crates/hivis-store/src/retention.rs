//! Keeping the home small: pictures go, rows, hashes and features stay.
//!
//! What goes first: every picture whose newest record is older than `keep.age`, oldest first. Then, while the pictures
//! are more than `keep.bytes`, those of the oldest day (UTC, by the newest record), within the day the surest first:
//! the largest `|probability - 0.5|`, taken of its least sure record, a picture that was never judged counting as sure.
//! A picture that a label or an imported data set names never goes, so the home may stay over its limit; [`Retained::over`] says so.
//!
//! What goes next is looked up for many pictures at once: each look sorts the whole day. They go in steps of at most 256,
//! each marked in one transaction, their files removed after it; a picture that was seen again or named since the look
//! stays. A crash in between leaves files that no row names; `fsck` finds those. Running it again changes nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::ledger::objects::{Candidates, Plan};
use crate::{Home, Ledger, StoreError};

/// Pictures a step: recording waits for the end of one.
const STEP: usize = 256;
/// Pictures a look: half a megabyte of names.
const LOOK: u32 = 16_384;

/// How much is kept (`records.keep`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Pictures whose newest record is older go.
    pub age: Duration,
    /// When the pictures have more bytes together, some go until they have not.
    pub bytes: u64,
}

impl Default for Keep {
    /// 30 days, 20 GB.
    fn default() -> Self {
        Self { age: Duration::from_hours(30 * 24), bytes: 20_000_000_000 }
    }
}

/// What a run of retention did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Pictures removed.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Bytes of pictures that are still there.
    pub kept_bytes: u64,
    /// True when that is more than the limit because all of it is named by something.
    pub over: bool,
}

impl Home {
    /// Removes the pictures that are over `keep` at the time `now`; see the module's text for the order.
    pub async fn retain(&self, ledger: &Ledger, keep: &Keep, now: Timestamp) -> Result<Retained, StoreError> {
        let mut done = Retained::default();
        let age = SignedDuration::try_from(keep.age).unwrap_or(SignedDuration::MAX);
        let oldest = now.checked_sub(age).unwrap_or(Timestamp::MIN);
        loop {
            let plan = ledger.may_go(Candidates::SeenBefore(oldest), LOOK).await?;
            if plan.ids.is_empty() {
                break;
            }
            self.remove(ledger, &plan, now, &mut done).await?;
        }
        done.kept_bytes = ledger.kept_bytes().await?;
        while done.kept_bytes > keep.bytes {
            let bytes = done.kept_bytes - keep.bytes;
            let plan = ledger.may_go(Candidates::OldestDay { bytes }, LOOK).await?;
            if plan.ids.is_empty() {
                done.over = true;
                break;
            }
            let before = done.removed_bytes;
            self.remove(ledger, &plan, now, &mut done).await?;
            done.kept_bytes = done.kept_bytes.saturating_sub(done.removed_bytes - before);
        }
        Ok(done)
    }

    /// Removes what a plan names and what may still go, a step at a time.
    async fn remove(
        &self,
        ledger: &Ledger,
        plan: &Plan,
        now: Timestamp,
        done: &mut Retained,
    ) -> Result<(), StoreError> {
        for step in plan.ids.chunks(STEP) {
            let _alone = self.objects().alone().await?;
            for row in ledger.take_out(step, plan.before_us, now).await? {
                self.objects().remove(row.md5)?;
                done.removed += 1;
                done.removed_bytes += row.bytes;
            }
        }
        Ok(())
    }
}
