//! Finds golden folders and reads their `io.safetensors`.

use std::path::{Path, PathBuf};

use hivis_testbed::golden::fixtures;
pub(crate) use hivis_testbed::golden::folders;
use safetensors::{Dtype, SafeTensors};

/// A folder of the repository's own, for tests that need a model and no vectors.
pub(crate) fn own(name: &str) -> PathBuf {
    fixtures().join(name)
}

/// The bytes of a folder's `io.safetensors`.
pub(crate) fn io(folder: &Path) -> Vec<u8> {
    let path = folder.join("io.safetensors");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Shape and values of an f32 tensor.
pub(crate) fn floats(io: &[u8], name: &str) -> (Vec<usize>, Vec<f32>) {
    let file = SafeTensors::deserialize(io).unwrap();
    let tensor = file.tensor(name).unwrap();
    assert_eq!(tensor.dtype(), Dtype::F32);
    let values = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (tensor.shape().to_vec(), values)
}

/// Shape and values of a u8 tensor.
pub(crate) fn bytes(io: &[u8], name: &str) -> (Vec<usize>, Vec<u8>) {
    let file = SafeTensors::deserialize(io).unwrap();
    let tensor = file.tensor(name).unwrap();
    assert_eq!(tensor.dtype(), Dtype::U8);
    (tensor.shape().to_vec(), tensor.data().to_vec())
}

/// Whether a file holds a tensor.
pub(crate) fn has(io: &[u8], name: &str) -> bool {
    SafeTensors::deserialize(io).unwrap().tensor(name).is_ok()
}

/// Fails when any two numbers differ by more than `most`; NaN differs from everything.
#[track_caller]
pub(crate) fn assert_close(got: &[f32], wanted: &[f32], most: f32, what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}: number of values");
    let worst = got.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, |m: f32, d| if d <= m { m } else { d });
    println!("{what}: largest difference {worst:e}");
    assert!(worst <= most, "{what}: differs by {worst}, at most {most} is allowed");
}
