//! How often somebody may try: buckets that fill up again with time.
//!
//! There is a fixed number of buckets, chosen by a keyed hash: a flood of made-up addresses or names takes no memory,
//! pushes nobody's count out, and cannot aim at one bucket. Two that share one share its tries.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

const BUCKETS: usize = 4096;

#[derive(Clone, Copy)]
struct Bucket {
    /// Tries that are left, and when that was so.
    left: f64,
    at: Option<Instant>,
    /// Somebody was told no since there were tries.
    told: bool,
}

/// Tries by key.
pub(crate) struct Limiter {
    secret: [u8; 32],
    burst: f64,
    /// One more try after this long.
    every: Duration,
    buckets: Mutex<Vec<Bucket>>,
}

/// No try is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// Until the next one, in whole seconds.
    pub(crate) seconds: u64,
    /// The first refusal since there were tries: this one is worth a line in the audit log, the flood after it is not.
    pub(crate) first: bool,
}

impl Limiter {
    pub(crate) fn new(secret: [u8; 32], burst: u32, every: Duration) -> Self {
        let full = Bucket { left: f64::from(burst), at: None, told: false };
        Self { secret, burst: f64::from(burst), every, buckets: Mutex::new(vec![full; BUCKETS]) }
    }

    /// Takes one try.
    pub(crate) fn take(&self, key: &[u8]) -> Result<(), Wait> {
        self.with(key, |bucket| {
            if bucket.left >= 1.0 {
                bucket.left -= 1.0;
                bucket.told = false;
                return Ok(());
            }
            let seconds = ((1.0 - bucket.left) * self.every.as_secs_f64()).ceil().max(1.0) as u64;
            let first = !std::mem::replace(&mut bucket.told, true);
            Err(Wait { seconds, first })
        })
    }

    /// Gives a try back that was good.
    pub(crate) fn give_back(&self, key: &[u8]) {
        self.with(key, |bucket| bucket.left = f64::min(bucket.left + 1.0, self.burst));
    }

    fn with<T>(&self, key: &[u8], act: impl FnOnce(&mut Bucket) -> T) -> T {
        let hash = Sha256::new().chain_update(self.secret).chain_update(key).finalize();
        let index = usize::from(u16::from_be_bytes([hash[0], hash[1]])) % BUCKETS;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = &mut buckets[index];
        let now = Instant::now();
        if let Some(at) = bucket.at {
            let more = now.duration_since(at).as_secs_f64() / self.every.as_secs_f64();
            bucket.left = f64::min(bucket.left + more, self.burst);
        }
        bucket.at = Some(now);
        act(bucket)
    }
}

/// What counts as one address: a whole /64 of IPv6, since whoever has one address there has them all.
pub(crate) fn address_key(address: Option<IpAddr>) -> Vec<u8> {
    match address.map(|address| address.to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tries_come_back_one_by_one() {
        let limiter = Limiter::new([1; 32], 3, Duration::from_secs(10));
        for _ in 0..3 {
            assert_eq!(limiter.take(b"a"), Ok(()));
        }
        assert_eq!(limiter.take(b"a"), Err(Wait { seconds: 10, first: true }));
        assert_eq!(limiter.take(b"a"), Err(Wait { seconds: 10, first: false }));
        assert_eq!(limiter.take(b"b"), Ok(()), "another key has its own");
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(limiter.take(b"a"), Err(Wait { seconds: 1, first: false }));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(limiter.take(b"a"), Ok(()));
        assert_eq!(limiter.take(b"a"), Err(Wait { seconds: 10, first: true }));
        limiter.give_back(b"a");
        assert_eq!(limiter.take(b"a"), Ok(()));
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!((0..5).filter(|_| limiter.take(b"a").is_ok()).count(), 3, "never more than the burst");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let key = |text: &str| address_key(Some(text.parse().expect("an address")));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:10.0.0.7"), key("10.0.0.7"));
        assert_ne!(key("10.0.0.7"), key("10.0.0.8"));
    }
}
