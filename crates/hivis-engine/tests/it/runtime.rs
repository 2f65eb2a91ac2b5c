//! The engines that a test can run.

use std::path::{Path, PathBuf};

use hivis_engine::LoadSettings;
use hivis_types::EngineKind;

/// ONNX Runtime's library in the virtual environment that `cargo xtask check` makes. `None` when it could not be
/// installed; a test then says so and passes. An environment that is simply missing fails the test.
pub(crate) fn library() -> Option<PathBuf> {
    let venvs = std::env::var_os("HIVIS_VENVS")
        .map_or_else(|| Path::new(&std::env::var_os("HOME").unwrap()).join(".cache/hivis/venvs"), PathBuf::from);
    let venv = venvs.join("onnxruntime");
    if let Ok(why) = std::fs::read_to_string(venv.join(".failed")) {
        println!("ONNX Runtime could not be installed, nothing is tested: {why}");
        return None;
    }
    let found = find(&venv.join("lib"));
    assert!(found.is_some(), "no ONNX Runtime in {}: run `cargo xtask check`, which installs it", venv.display());
    found
}

/// `lib/python3.*/site-packages/onnxruntime/capi/libonnxruntime.so.*`.
fn find(lib: &Path) -> Option<PathBuf> {
    let python = std::fs::read_dir(lib).ok()?.find_map(|e| Some(e.ok()?.path()).filter(|p| p.is_dir()))?;
    std::fs::read_dir(python.join("site-packages/onnxruntime/capi"))
        .ok()?
        .filter_map(|e| Some(e.ok()?.path()))
        .find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libonnxruntime.so")))
}

/// Settings for `graph` on every engine that there is.
pub(crate) fn engines(graph: &Path) -> Vec<LoadSettings> {
    let rten = LoadSettings { threads: 1, ..LoadSettings::rten(graph) };
    let mut all = vec![rten.clone()];
    if let Some(library) = library() {
        all.push(LoadSettings { kind: EngineKind::Onnxruntime, runtime_library: Some(library), ..rten });
    }
    all
}
