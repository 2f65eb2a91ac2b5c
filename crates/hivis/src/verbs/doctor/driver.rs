//! The driver and the library that run the model, where it is not the built-in engine.

use hivis_types::EngineKind;

use super::{Deployment, Finding};

/// The kernel's module says which driver it is of.
const NVIDIA: &str = "/proc/driver/nvidia/version";

pub(super) async fn check(of: &Deployment<'_>) -> Vec<Finding> {
    let model = &of.settings.model;
    if model.engine != EngineKind::Onnxruntime {
        return vec![Finding::good("engine", "built in: no library and no driver is needed")];
    }
    let mut findings = vec![match &model.runtime_library {
        Some(path) if !path.is_file() => Finding::bad(
            "library",
            format!("model.runtime_library {} is not there", path.display()),
            "pip install onnxruntime (or onnxruntime-gpu), and name its libonnxruntime.so",
        ),
        Some(path) => Finding::good("library", path.display().to_string()),
        None => Finding::note(
            "library",
            "ONNX Runtime is looked for in the Python that is found first, which a service may not see",
            "model.runtime_library = \"/.../libonnxruntime.so...\" in hivis.toml",
        ),
    }];
    if ["cuda", "tensorrt"].contains(&model.provider.as_str()) {
        findings.push(nvidia(of).await);
    }
    findings
}

async fn nvidia(of: &Deployment<'_>) -> Finding {
    let what = "driver";
    let mend = "install NVIDIA's driver and restart the machine; in a container `--gpus all`";
    let Some(text) = of.machine.read(NVIDIA) else {
        return Finding::bad(what, "NVIDIA's kernel module is not loaded", mend);
    };
    let first = text.lines().next().unwrap_or_default();
    let version =
        first.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    let query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"];
    match of.machine.say(&query).await.filter(|gpus| !gpus.trim().is_empty()) {
        Some(gpus) => {
            let list: Vec<&str> = gpus.lines().map(str::trim).collect();
            Finding::good(what, format!("NVIDIA {}: {}", version.unwrap_or("?"), list.join("; ")))
        }
        None => Finding::bad(what, "the module is loaded, but nvidia-smi shows no GPU", mend),
    }
}
