//! ONNX Runtime through `ort`, its shared library loaded at run time from what the user has installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use hivis_types::Precision;
use ort::environment::Environment;
use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider as _};
use ort::session::Session;
use ort::session::builder::SessionBuilder;
use ort::value::{DynValue, Tensor};

use crate::backend::{Backend, Input, Output};
use crate::{EngineError, LoadSettings};

/// Where the library may be named.
const LIBRARY_VARIABLE: &str = "ORT_DYLIB_PATH";
/// How long `python3` may take to say where its package is.
const PYTHON_TIME: Duration = Duration::from_secs(10);
/// Finds the package without importing it and prints the first shared library in it.
const PYTHON: &str = "import importlib.util as u, pathlib as p
s = u.find_spec('onnxruntime')
f = sorted(p.Path(s.origin).parent.glob('capi/libonnxruntime.so*')) if s and s.origin else []
f += sorted(p.Path(s.origin).parent.glob('capi/libonnxruntime*.dylib')) if s and s.origin else []
print(f[0] if f else '')";

/// OpenVINO's own setting, as its provider takes it.
const BF16: &str = r#"{"CPU": {"INFERENCE_PRECISION_HINT": "bf16"}}"#;

/// The process has one library and one environment: whoever loads first decides which.
static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
/// Held while the environment is made.
static MAKING: Mutex<()> = Mutex::new(());

/// A graph in ONNX Runtime. One run at a time, on the session's own threads.
pub(crate) struct OnnxRuntime {
    session: Mutex<Session>,
}

impl OnnxRuntime {
    pub(crate) fn load(settings: &LoadSettings) -> Result<Self, EngineError> {
        if settings.precision == Precision::Bf16 {
            bf16(settings)?;
        }
        let environment = environment(settings.runtime_library.as_deref())?;
        let builder = Session::builder(environment).map_err(|error| load_error(settings, &error))?;
        let mut builder = configure(builder, settings)?;
        let session = builder.commit_from_file(&settings.graph).map_err(|error| load_error(settings, &error))?;
        Ok(Self { session: Mutex::new(session) })
    }
}

fn load_error(settings: &LoadSettings, error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Load { path: settings.graph.clone(), source: error.to_string().into() }
}

/// Refuses where OpenVINO would compute in fp32 and not say so.
fn bf16(settings: &LoadSettings) -> Result<(), EngineError> {
    #[cfg(target_arch = "x86_64")]
    let can = std::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    let can = false;
    let provider = settings.provider.as_deref().unwrap_or("cpu");
    let reason = match provider {
        "openvino" if can => return Ok(()),
        "openvino" => "the processor has no bf16 products (AVX512_BF16)",
        _ => "this provider computes in the file's own precision",
    };
    Err(EngineError::Precision { engine: format!("onnxruntime with {provider}"), precision: "bf16", reason })
}

/// Threads, provider, and no memory plans: batches differ in size, and each size would keep a plan.
fn configure(builder: SessionBuilder, settings: &LoadSettings) -> Result<SessionBuilder, EngineError> {
    let mut builder = builder.with_memory_pattern(false).map_err(|error| load_error(settings, &error))?;
    if settings.threads > 0 {
        builder = builder.with_intra_threads(settings.threads).map_err(|error| load_error(settings, &error))?;
    }
    let provider = settings.provider.as_deref().unwrap_or("cpu");
    let refused = |error: &dyn std::fmt::Display| EngineError::Provider {
        provider: provider.to_owned(),
        source: error.to_string().into(),
    };
    let chosen = match provider {
        "cpu" => return Ok(builder),
        "openvino" => {
            let mut openvino = ep::OpenVINO::default().with_device_type("CPU");
            // Left alone, releases differ in what they compute in where the processor has bf16.
            openvino = match settings.precision {
                Precision::Bf16 => openvino.with_arbitrary_config("load_config", BF16),
                Precision::Fp32 | Precision::Int8 => openvino.with_precision("FP32"),
            };
            if settings.threads > 0 {
                openvino = openvino.with_num_threads(settings.threads);
            }
            openvino.build()
        }
        // These two are not measured: no machine with their libraries was to be had.
        "cuda" => ep::CUDA::default().build(),
        "tensorrt" => ep::TensorRT::default().build(),
        _ => return Err(refused(&"no such provider is known")),
    };
    // Left alone, ONNX Runtime would fall back to the CPU and not say so.
    builder.with_execution_providers([chosen.error_on_failure()]).map_err(|error| refused(&error))
}

/// The process's environment, made on first use.
fn environment(library: Option<&Path>) -> Result<&'static Environment, EngineError> {
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let guard = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let absent = |reason: String| EngineError::NoRuntime { reason };
    let path = find_library(library).map_err(absent)?;
    let made = ort::init_from(&path)
        .map_err(|error| absent(error.to_string()))?
        .with_name("hivis")
        .with_telemetry(false)
        .build()
        .map_err(|error| absent(error.to_string()))?;
    let environment = ENVIRONMENT.get_or_init(|| made);
    drop(guard);
    Ok(environment)
}

/// The library given, or that of `ORT_DYLIB_PATH`, or the one in the `onnxruntime` package of `python3`.
fn find_library(given: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(path) = given {
        return exists(path.to_owned(), "the configuration");
    }
    if let Some(path) = std::env::var_os(LIBRARY_VARIABLE).filter(|p| !p.is_empty()) {
        return exists(PathBuf::from(path), LIBRARY_VARIABLE);
    }
    match ask_python("python3") {
        Some(path) => Ok(path),
        None => Err(format!("{LIBRARY_VARIABLE} is not set, and python3 has no package `onnxruntime`")),
    }
}

fn exists(path: PathBuf, named_by: &str) -> Result<PathBuf, String> {
    if path.is_file() { Ok(path) } else { Err(format!("{named_by} names {}, which is no file", path.display())) }
}

/// Where `python` keeps ONNX Runtime's library, when it does and says so in time.
fn ask_python(python: &str) -> Option<PathBuf> {
    let mut child = Command::new(python)
        .args(["-c", PYTHON])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + PYTHON_TIME;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > deadline {
            // It may be gone already; either way there is no answer.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_file().then_some(path)
}

impl Backend for OnnxRuntime {
    fn input_shape(&self) -> Option<Vec<Option<usize>>> {
        let session = self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let input = session.inputs().iter().find(|i| i.name() == "pixels")?;
        // A symbolic dimension is -1.
        Some(input.dtype().tensor_shape()?.iter().map(|&d| usize::try_from(d).ok()).collect())
    }

    fn run(&self, input: Input, outputs: &[&str]) -> Result<Vec<Output>, EngineError> {
        let failed = |error: ort::Error| EngineError::Run(error.to_string().into());
        let value: DynValue = match input {
            Input::Pixels(shape, bytes) => Tensor::from_array((shape, bytes)).map_err(failed)?.into_dyn(),
            Input::Floats(shape, values) => Tensor::from_array((shape, values)).map_err(failed)?.into_dyn(),
        };
        let mut session = self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let given = session.run(ort::inputs!["pixels" => value]).map_err(failed)?;
        outputs
            .iter()
            .map(|name| {
                let value = given.get(name).ok_or_else(|| EngineError::Run(format!("no output `{name}`").into()))?;
                let (shape, values) = value.try_extract_tensor::<f32>().map_err(failed)?;
                Ok(Output { shape: shape.iter().map(|&d| d as usize).collect(), values: values.to_vec() })
            })
            .collect()
    }
}
