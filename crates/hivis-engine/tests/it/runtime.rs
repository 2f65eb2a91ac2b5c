//! The engines that a test can run.

use std::path::{Path, PathBuf};

use hivis_engine::LoadSettings;
use hivis_types::EngineKind;

/// ONNX Runtime's library in the virtual environment that `cargo xtask check` makes. `None` when it could not be
/// installed; a test then says so and passes. An environment that is simply missing fails the test.
pub(crate) fn library() -> Option<PathBuf> {
    let venv = hivis_testbed::peers::environment("onnxruntime")?;
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

/// Settings for `graph` on every engine and provider that there is.
pub(crate) fn engines(graph: &Path) -> Vec<LoadSettings> {
    let rten = LoadSettings { threads: 1, ..LoadSettings::rten(graph) };
    let mut all = vec![rten.clone()];
    if let Some(library) = library() {
        let cpu = LoadSettings { kind: EngineKind::Onnxruntime, runtime_library: Some(library), ..rten };
        all.push(LoadSettings { provider: Some("openvino".to_owned()), ..cpu.clone() });
        all.push(cpu);
    }
    all
}

/// Whether this processor multiplies bf16, as Linux tells it.
pub(crate) fn has_bf16() -> bool {
    std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains("avx512_bf16"))
}
