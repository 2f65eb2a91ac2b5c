//! Finds golden vectors: under the folder that `HIVIS_GOLDEN` names, or else in the repository's `fixtures/`.

use std::path::{Path, PathBuf};

/// Every kind of golden vectors there is; a root with none of them is no root.
const KINDS: [&str; 7] = ["dinov3-", "dinov2-", "siglip-", "challenge", "wire", "vit-", "chain"];

/// The folders whose names begin with `kind`, by name.
///
/// A kind that is absent is reported on standard output. A root without vectors of any kind fails, so that a wrong path
/// cannot pass for a success.
pub fn folders(kind: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIVIS_GOLDEN").map_or_else(fixtures, PathBuf::from);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|e| panic!("no golden vectors in {}: {e}", root.display()));
    let mut all: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a readable entry").path()).filter(|path| path.is_dir()).collect();
    let named = |path: &Path, kind: &str| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(kind));
    let any = all.iter().any(|path| KINDS.iter().any(|kind| named(path, kind)));
    assert!(any, "{} holds no golden vectors of any kind", root.display());
    all.retain(|path| named(path, kind));
    all.sort();
    if all.is_empty() {
        println!("{} holds no {kind}* folder: nothing to compare", root.display());
    }
    all
}

/// The repository's own `fixtures/`, for tests that need a file and no vectors.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

#[cfg(test)]
mod tests {
    use super::{KINDS, fixtures, folders};

    #[test]
    fn golden_kinds_of_the_repository_are_found() {
        for kind in &KINDS[..6] {
            let own = std::fs::read_dir(fixtures()).expect("the fixtures").filter_map(Result::ok);
            assert!(own.into_iter().any(|e| e.file_name().to_string_lossy().starts_with(kind)), "{kind}");
        }
        assert!(folders("no such kind").is_empty());
    }
}
