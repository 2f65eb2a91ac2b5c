//! Reads a request's body under limits.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// How long a refusal waits for a body that is not looked at, so that its connection can go on.
const PASS_BY: Duration = Duration::from_millis(20);

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBody {
    /// Longer than one body may be.
    TooLong,
    /// Not there in time, or the caller broke off.
    TooSlow,
    /// Too many bytes of others are held already.
    NoRoom,
}

/// Room for all bodies together, in KiB.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    kib: Arc<Semaphore>,
    most_bytes: usize,
}

/// A body and the room that it takes; the room is free again when this is dropped.
pub(crate) struct Held {
    /// The bytes.
    pub(crate) bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl Room {
    /// Room for `all_bytes` in all, of which one body takes at most `most_bytes`.
    pub(crate) fn new(all_bytes: usize, most_bytes: usize) -> Self {
        let kib = all_bytes.max(most_bytes).div_ceil(1024).min(Semaphore::MAX_PERMITS);
        Self { kib: Arc::new(Semaphore::new(kib)), most_bytes }
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, NoBody> {
        let kib = u32::try_from(bytes.div_ceil(1024)).map_err(|_| NoBody::TooLong)?;
        Arc::clone(&self.kib).try_acquire_many_owned(kib).map_err(|_| NoBody::NoRoom)
    }

    /// Lets a body go by that nobody will look at; false when it is long, or not all there in a moment: then the rest is
    /// still on its way, and the connection is good for nothing more.
    pub(crate) async fn pass_by(&self, mut body: Incoming) -> bool {
        if body.size_hint().lower() > self.most_bytes as u64 {
            return false;
        }
        let read = async {
            let mut long = 0;
            while let Some(frame) = body.frame().await {
                let Ok(frame) = frame else { return false };
                long += frame.data_ref().map_or(0, Bytes::len);
                if long > self.most_bytes {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(PASS_BY, read).await.unwrap_or(false)
    }

    /// Reads the whole body, until `until` at the latest. An announced length over the limit is refused before a byte is
    /// read, another as soon as the limit is passed.
    pub(crate) async fn read(&self, mut body: Incoming, until: Instant) -> Result<Held, NoBody> {
        let announced = body.size_hint().lower();
        if announced > self.most_bytes as u64 {
            return Err(NoBody::TooLong);
        }
        // Room is taken for what is announced, not memory: who announces and does not send holds no memory.
        let mut room = self.take(announced as usize)?;
        let mut taken = announced as usize;
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        let read = async {
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(|_| NoBody::TooSlow)?.into_data() else { continue };
                let long = first.len() + all.len() + data.len();
                if long > self.most_bytes {
                    return Err(NoBody::TooLong);
                }
                if long > taken {
                    let more = (long - taken).max(64 << 10);
                    room.merge(self.take(more)?);
                    taken += more;
                }
                if long == data.len() {
                    first = data; // Mostly the only one: no copy is made of it.
                } else {
                    if all.is_empty() {
                        all.reserve(long.max((announced as usize).min(1 << 20)));
                        all.extend_from_slice(&std::mem::take(&mut first));
                    }
                    all.extend_from_slice(&data);
                }
            }
            Ok(())
        };
        tokio::time::timeout_at(until, read).await.unwrap_or(Err(NoBody::TooSlow))?;
        let bytes = if all.is_empty() { first } else { all.freeze() };
        Ok(Held { bytes, _room: room })
    }
}
