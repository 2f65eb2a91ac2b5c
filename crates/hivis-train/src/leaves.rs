//! Weights as burn tensors for one step, and their gradients back.

use std::collections::BTreeMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::TrainError;
use crate::weights::{Array, Weights};

enum Leaf {
    Row(Tensor<1>),
    Table(Tensor<2>),
}

/// The leaves of one graph, by tensor name. Rank one stays rank one; anything higher becomes a table whose rows are the
/// first axis (a patch kernel `[d, 3, p, p]` is a table `[d, 3 p p]`; a token `[1, n, d]` is `[n, d]`).
pub struct Leaves {
    leaves: BTreeMap<String, Leaf>,
}

impl Leaves {
    /// Puts every tensor on `device`; gradients are kept where `device` does autodiff.
    pub fn new(weights: &Weights, device: &Device) -> Self {
        let leaf = |array: &Array| {
            let data = array.data.clone();
            if let [length] = array.shape[..] {
                let tensor = Tensor::<1>::from_data(TensorData::new(data, [length]), device);
                return Leaf::Row(if device.is_autodiff() { tensor.require_grad() } else { tensor });
            }
            let width = if array.shape.len() == 3 { array.shape[2] } else { array.shape[1..].iter().product() };
            let tensor = Tensor::<2>::from_data(TensorData::new(data, [array.data.len() / width, width]), device);
            Leaf::Table(if device.is_autodiff() { tensor.require_grad() } else { tensor })
        };
        Self { leaves: weights.0.iter().map(|(name, array)| (name.clone(), leaf(array))).collect() }
    }

    /// The vector of that name.
    pub fn row(&self, name: &str) -> Result<Tensor<1>, TrainError> {
        match self.leaves.get(name) {
            Some(Leaf::Row(tensor)) => Ok(tensor.clone()),
            other => Err(missing(name, other.is_some(), "a vector")),
        }
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> Result<Tensor<2>, TrainError> {
        match self.leaves.get(name) {
            Some(Leaf::Table(tensor)) => Ok(tensor.clone()),
            other => Err(missing(name, other.is_some(), "a table")),
        }
    }

    /// Whether there is such a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.leaves.contains_key(name)
    }

    /// A dense layer `NAME.weight` `[out, in]` with `NAME.bias` where there is one.
    pub fn dense(&self, name: &str) -> Result<Dense, TrainError> {
        let bias = format!("{name}.bias");
        Ok(Dense {
            weight: self.table(&format!("{name}.weight"))?.transpose(),
            bias: if self.has(&bias) { Some(self.row(&bias)?) } else { None },
        })
    }

    /// A dense layer `NAME.kernel` `[in, out]` with `NAME.bias`.
    pub fn kernel(&self, name: &str) -> Result<Dense, TrainError> {
        Ok(Dense { weight: self.table(&format!("{name}.kernel"))?, bias: Some(self.row(&format!("{name}.bias"))?) })
    }

    /// The gradients of all leaves that took part, in the weights' own shapes.
    pub fn gradients(&self, weights: &Weights, mut found: Gradients) -> Weights {
        let mut all = BTreeMap::new();
        for (name, leaf) in &self.leaves {
            let data = match leaf {
                Leaf::Row(tensor) => tensor.grad_remove(&mut found).map(Tensor::into_data),
                Leaf::Table(tensor) => tensor.grad_remove(&mut found).map(Tensor::into_data),
            };
            let (Some(data), Some(weight)) = (data, weights.0.get(name)) else { continue };
            let data = numbers(data);
            all.insert(name.clone(), Array { shape: weight.shape.clone(), data });
        }
        Weights(all)
    }
}

fn missing(name: &str, there: bool, wanted: &str) -> TrainError {
    let why = if there { format!("it is not {wanted}") } else { "it is missing".to_owned() };
    TrainError::Weights { name: name.to_owned(), why }
}

/// A tensor's numbers; all tensors here are fp32.
pub fn numbers(data: TensorData) -> Vec<f32> {
    data.try_into_vec::<f32>().expect("an fp32 tensor gives fp32 numbers: this is a bug")
}

/// A dense layer.
pub struct Dense {
    /// `[in, out]`; of a file's `[out, in]` a view.
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
}

impl Dense {
    /// `x W' + b` over the last axis.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        burn::tensor::module::linear(x, self.weight.clone(), self.bias.clone())
    }
}
