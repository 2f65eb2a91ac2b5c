//! scikit-learn's answers.

use std::path::Path;
use std::process::Command;

use hivis_curate::vectors::Matrix;
use serde_json::Value;

/// Runs `tests/peer/vectors.py` on these matrices; `None` when the peer cannot be installed.
pub(crate) fn ask(job: &Value, files: &[(&str, &Matrix)]) -> Option<Value> {
    let venv = hivis_testbed::peers::environment("science")?;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, matrix) in files {
        let bytes: Vec<u8> = matrix.data().iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(folder.path().join(format!("{name}.f32")), bytes).expect("a file");
    }
    let mut job = job.clone();
    job["width"] = files[0].1.width().into();
    std::fs::write(folder.path().join("job.json"), job.to_string()).expect("a file");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/vectors.py");
    let out = Command::new(venv.join("bin/python")).arg(script).arg(folder.path()).output().expect("Python");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Some(serde_json::from_slice(&out.stdout).expect("one line of JSON"))
}
