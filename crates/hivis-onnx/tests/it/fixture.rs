//! Copies of the repository's small models, to be read or damaged.

use std::path::{Path, PathBuf};

/// A folder of `fixtures/`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

/// The three texts and bytes that [`hivis_onnx::Model::from_parts`] takes.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) config: String,
    pub(crate) preprocessor: Option<String>,
    pub(crate) weights: Vec<u8>,
}

/// The parts of a fixture.
pub(crate) fn parts(name: &str) -> Parts {
    let folder = folder(name);
    Parts {
        config: std::fs::read_to_string(folder.join("config.json")).unwrap(),
        preprocessor: std::fs::read_to_string(folder.join("preprocessor_config.json")).ok(),
        weights: std::fs::read(folder.join("model.safetensors")).unwrap(),
    }
}

impl Parts {
    pub(crate) fn model(&self) -> Result<hivis_onnx::Model, hivis_onnx::OnnxError> {
        hivis_onnx::Model::from_parts(&self.config, self.preprocessor.as_deref(), self.weights.clone())
    }

    /// The header's length in bytes.
    pub(crate) fn header(&self) -> usize {
        u64::from_le_bytes(self.weights[..8].try_into().unwrap()) as usize
    }

    /// Replaces `from` by `to` in the header, which keeps its length (spaces fill up).
    pub(crate) fn edit_header(&mut self, from: &str, to: &str) {
        let end = 8 + self.header();
        let header = String::from_utf8(self.weights[8..end].to_vec()).unwrap();
        assert!(header.contains(from), "{from} is not in the header");
        let edited = header.replacen(from, to, 1);
        let data = self.weights.split_off(end);
        self.weights.truncate(8);
        self.weights[..8].copy_from_slice(&(edited.len() as u64).to_le_bytes());
        self.weights.extend(edited.as_bytes());
        self.weights.extend(data);
    }

    /// Replaces `from` by `to` in the configuration.
    pub(crate) fn edit_config(&mut self, from: &str, to: &str) {
        assert!(self.config.contains(from), "{from} is not in the configuration");
        self.config = self.config.replacen(from, to, 1);
    }
}
