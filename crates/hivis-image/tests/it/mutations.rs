//! Seeded mutations of the kept corpus: no panic, limits hold, memory stays bounded.
//!
//! Runs for `HIVIS_FUZZ_SECONDS` (default 2). The seed of a failing input is in its message.

use std::time::{Duration, Instant};

use hivis_image::{DecodeError, DecodeLimits, decode, decode_upright};
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::corpus::{files, peak_memory};

/// Values that sit on the edges of lengths, sides and tables.
const EDGES: [u8; 10] = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0xd9, 0xda, 0xc4, 0x10];

fn mutate(files: &[(String, Vec<u8>)], rng: &mut ChaCha8Rng) -> (String, Vec<u8>) {
    let (name, bytes) = &files[rng.random_range(0..files.len())];
    let mut bytes = bytes.clone();
    for _ in 0..rng.random_range(1..=6) {
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..7) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = EDGES[rng.random_range(0..EDGES.len())],
            2 => bytes[at] = rng.random(),
            3 => bytes.truncate(at.max(1)),
            // Lengths and sides live in the first bytes.
            4 => {
                let at = rng.random_range(0..bytes.len().min(64));
                bytes[at] = EDGES[rng.random_range(0..EDGES.len())];
            }
            5 => {
                let piece = bytes[at..(at + rng.random_range(1..200)).min(bytes.len())].to_vec();
                let to = rng.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                let other = &files[rng.random_range(0..files.len())].1;
                let from = rng.random_range(0..other.len());
                bytes.truncate(at.max(1));
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    (name.clone(), bytes)
}

#[test]
fn mutated_files_do_no_harm() {
    let seconds = std::env::var("HIVIS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2.0);
    let limits = DecodeLimits { bytes: 1 << 17, pixels: 1 << 20, time: Duration::from_secs(2) };
    let files = files();
    let before = peak_memory();
    let started = Instant::now();
    let (mut seed, mut judged) = (0_u64, 0_u64);
    while seed < 200 || started.elapsed().as_secs_f64() < seconds {
        let (name, bytes) = mutate(&files, &mut ChaCha8Rng::seed_from_u64(seed));
        let result = if seed % 4 == 0 { decode_upright(&bytes, &limits) } else { decode(&bytes, &limits) };
        match result {
            Ok(decoded) => {
                judged += 1;
                let pixels = u64::from(decoded.picture.width()) * u64::from(decoded.picture.height());
                assert!(pixels <= limits.pixels, "seed {seed} of {name}: {pixels} pixels");
            }
            Err(DecodeError::TooBroken { reason }) => {
                assert!(!reason.contains("panicked"), "seed {seed} of {name}: a decoder panicked");
            }
            Err(error) => assert!(error.to_string().len() < 300, "seed {seed} of {name}: {error}"),
        }
        seed += 1;
    }
    println!("{seed} inputs, {judged} judged");
    assert!(judged > 0, "{seed} inputs, {judged} judged: nothing was tested");
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(after.saturating_sub(before) < 512 << 10, "memory grew from {before} to {after} KiB");
    }
}
