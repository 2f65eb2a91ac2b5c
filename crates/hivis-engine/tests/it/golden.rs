//! Finds golden folders and reads their `io.safetensors`.

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

/// Every kind of golden vectors there is; a root with none of them is no root.
const KINDS: [&str; 4] = ["dinov3-", "challenge", "wire", "vit-"];

/// The folders whose name begins with `kind` under `HIVIS_GOLDEN`, or else the repository's `fixtures/`, by name.
pub(crate) fn folders(kind: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIVIS_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), PathBuf::from);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|e| panic!("no golden vectors in {}: {e}", root.display()));
    let named: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    let any = named.iter().any(|(name, _)| KINDS.iter().any(|k| name.starts_with(k)));
    assert!(any, "{} holds no golden vectors of any kind", root.display());
    let mut found: Vec<PathBuf> =
        named.into_iter().filter(|(name, _)| name.starts_with(kind)).map(|(_, path)| path).collect();
    found.sort();
    if found.is_empty() {
        println!("{} holds no {kind}* folders: nothing to compare", root.display());
    }
    found
}

/// A folder of the repository's own, for tests that need a model and no vectors.
pub(crate) fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
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
