//! Seeded mutations of configuration and weights: never a panic, never more memory than the file is worth.
//!
//! `HIVIS_FUZZ_SECONDS` says for how long (default 2); `HIVIS_FUZZ_SEED` repeats a run.

use std::time::{Duration, Instant};

use hivis_onnx::{Calibration, Head, Nearest, Pooling, write_backbone};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::fixture::{Parts, parts};

/// Fragments that turn a number or a name into something odd.
const ODD: [&str; 12] =
    ["-1", "0", "1e308", "18446744073709551615", "null", "[]", "{}", "\"\"", "1.5", "[[[[[[", "\\u0000", "NaN"];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn mutate(bytes: &mut Vec<u8>, within: usize, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..5) {
        let end = within.min(bytes.len()).max(1);
        let at = rng.random_range(0..end);
        match rng.random_range(0..6) {
            _ if bytes.is_empty() => bytes.push(rng.random()),
            0 => bytes[at] = rng.random(),
            1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => {
                let to = (at + rng.random_range(1..20)).min(bytes.len());
                bytes.drain(at..to);
            }
            3 => {
                let odd = ODD.choose(rng).unwrap().bytes().collect::<Vec<_>>();
                let to = (at + rng.random_range(0..6)).min(bytes.len());
                bytes.splice(at..to, odd);
            }
            4 => {
                let digit = (at..end).find(|&i| bytes[i].is_ascii_digit());
                if let Some(digit) = digit {
                    bytes[digit] = b'0' + rng.random_range(0..10u8);
                }
            }
            _ => {
                let from = rng.random_range(0..end);
                let piece = bytes[from..(from + 12).min(end)].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

/// Peak memory of this process in kilobytes; 0 where the system does not say.
fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|v| v.parse().ok()).unwrap_or(0)
}

#[test]
fn fuzz_reading_models_and_heads() {
    let (seconds, seed) = (number("HIVIS_FUZZ_SECONDS", 2), number("HIVIS_FUZZ_SEED", 20261123));
    let bases = ["dinov3-gated", "dinov3-bare", "vit-three", "dinov2-registers", "siglip-both"].map(parts);
    let heads = bases.iter().filter_map(|b| b.model().ok()?.own_head("roadwork").ok()?.to_bytes().ok());
    let bank = Nearest {
        pooling: Pooling::Last(2),
        bank: (0..40u8).map(|i| f32::from(i) - 7.5).collect(),
        labels: (0..8).map(|i| i % 2 == 0).collect(),
        k: 3,
        temperature: 0.07,
        calibration: Calibration::default(),
    };
    let heads: Vec<Vec<u8>> = heads.chain([bank.to_bytes().unwrap()]).collect();
    let before = peak_kilobytes();
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut rounds, mut read) = (0u64, 0u64);
    while rounds <= 50 || Instant::now() < until {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_add(rounds));
        rounds += 1;
        let Parts { config, preprocessor, mut weights } = bases.choose(&mut rng).unwrap().clone();
        let mut config = config.into_bytes();
        let mut preprocessor =
            preprocessor.unwrap_or_else(|| "{\"image_mean\": [0.5, 0.5, 0.5]}".to_owned()).into_bytes();
        match rng.random_range(0..4) {
            0 => mutate(&mut config, usize::MAX, &mut rng),
            1 => mutate(&mut preprocessor, usize::MAX, &mut rng),
            2 => {
                let header = 8 + u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
                mutate(&mut weights, header, &mut rng);
            }
            _ => {
                let mut head = heads.choose(&mut rng).unwrap().clone();
                mutate(&mut head, usize::MAX, &mut rng);
                let _ = (Head::from_bytes(head.clone()), Nearest::from_bytes(head));
                mutate(&mut weights, usize::MAX, &mut rng);
            }
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let parts = Parts { config: text(config), preprocessor: Some(text(preprocessor)), weights };
        match parts.model() {
            Ok(model) => {
                read += 1;
                // A model that was let in can be written, or says why not.
                if let Err(error) = write_backbone(&model, 64, 64) {
                    assert!(!error.to_string().contains('\n'), "seed {}: {error}", seed + rounds - 1);
                }
            }
            Err(error) => {
                let text = error.to_string();
                let whole = !text.contains('\n') && text.len() < 600;
                assert!(whole, "seed {}: {text}", seed.wrapping_add(rounds - 1));
            }
        }
    }
    let grown = peak_kilobytes().saturating_sub(before);
    println!("{rounds} mutations, {read} still read, {grown} kB more at the peak");
    assert!(rounds > 50 && read > 0, "{rounds} mutations, {read} read: too slow or too wild to show anything");
    assert!(grown < 64_000, "the peak grew by {grown} kB over files of 200 kB");
}
