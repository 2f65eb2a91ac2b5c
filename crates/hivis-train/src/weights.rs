//! Named tensors in main memory, and their files.
//!
//! Training keeps its parameters here and makes burn tensors of them for each step: so the optimiser's state, the
//! checkpoint and the shipped file are all one list of names, and nothing depends on burn's random parameter ids.

use std::collections::BTreeMap;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::TrainError;

/// One tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers, row-major.
    pub data: Vec<f32>,
}

impl Array {
    /// All one number.
    pub fn filled(shape: &[usize], value: f32) -> Self {
        Self { shape: shape.to_vec(), data: vec![value; shape.iter().product()] }
    }
}

impl Array {
    /// A table `[rows, columns]` as `[columns, rows]`.
    #[must_use]
    pub fn transposed(self) -> Self {
        let [rows, columns] = self.shape[..] else { panic!("only a table can be transposed: this is a bug") };
        let mut data = Vec::with_capacity(self.data.len());
        for column in 0..columns {
            data.extend((0..rows).map(|row| self.data[row * columns + column]));
        }
        Self { shape: vec![columns, rows], data }
    }
}

/// A model's tensors by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub BTreeMap<String, Array>);

impl Weights {
    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Result<&Array, TrainError> {
        self.0.get(name).ok_or_else(|| TrainError::Weights { name: name.to_owned(), why: "it is missing".to_owned() })
    }

    /// How many numbers there are in all.
    pub fn count(&self) -> usize {
        self.0.values().map(|array| array.data.len()).sum()
    }

    /// Reads safetensors of fp32, fp16 or bf16.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let content = |why: String| TrainError::Content { what: "safetensors".to_owned(), why };
        let file = SafeTensors::deserialize(bytes).map_err(|error| content(error.to_string()))?;
        let mut all = BTreeMap::new();
        for (name, view) in file.iter() {
            let raw = view.data();
            let data = match view.dtype() {
                Dtype::F32 => raw.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
                Dtype::F16 => raw.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
                Dtype::BF16 => raw.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
                other => {
                    return Err(TrainError::Weights {
                        name: name.to_owned(),
                        why: format!("{other:?} is not read here"),
                    });
                }
            };
            all.insert(name.to_owned(), Array { shape: view.shape().to_vec(), data });
        }
        Ok(Self(all))
    }

    /// Reads a file of them.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        Self::from_bytes(&fs_err::read(path).map_err(TrainError::file(path))?)
    }

    /// Safetensors in `dtype` (`F32` or `F16`) with the metadata that transformers wants.
    pub fn to_bytes(&self, dtype: Dtype) -> Result<Vec<u8>, TrainError> {
        let raw: Vec<(&String, &[usize], Vec<u8>)> =
            self.0.iter().map(|(name, array)| (name, array.shape.as_slice(), encode(&array.data, dtype))).collect();
        let bug = |error: safetensors::SafeTensorError| TrainError::Content {
            what: "tensors to write".to_owned(),
            why: error.to_string(),
        };
        let views = raw
            .iter()
            .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(dtype, shape.to_vec(), bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(bug)?;
        let metadata = std::collections::HashMap::from([("format".to_owned(), "pt".to_owned())]);
        safetensors::serialize(views, Some(metadata)).map_err(bug)
    }

    /// The numbers as they will be after a round through fp16.
    #[must_use]
    pub fn rounded_to_f16(mut self) -> Self {
        for array in self.0.values_mut() {
            for value in &mut array.data {
                *value = f16::from_f32(*value).to_f32();
            }
        }
        self
    }
}

fn encode(data: &[f32], dtype: Dtype) -> Vec<u8> {
    if dtype == Dtype::F16 {
        data.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect()
    } else {
        data.iter().flat_map(|v| v.to_le_bytes()).collect()
    }
}
