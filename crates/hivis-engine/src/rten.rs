//! rten: the built-in engine. Pure Rust, CPU, nothing to install.

use std::sync::Arc;

use hivis_types::Precision;
use rten_tensor::Tensor;

use ::rten::{Dimension, Model, ModelOptions, RunOptions, ThreadPool, Value, ValueOrView};

use crate::backend::{Backend, Input, Output};
use crate::{EngineError, LoadSettings};

/// A graph in rten, its weights packed for the processor once.
pub(crate) struct Rten {
    model: Model,
    pool: Option<Arc<ThreadPool>>,
}

impl Rten {
    pub(crate) fn load(settings: &LoadSettings) -> Result<Self, EngineError> {
        if settings.precision == Precision::Bf16 {
            let reason = "it computes in the file's own precision";
            return Err(EngineError::Precision { engine: "rten".to_owned(), precision: "bf16", reason });
        }
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = options
            .load_file(&settings.graph)
            .map_err(|error| EngineError::Load { path: settings.graph.clone(), source: Box::new(error) })?;
        let pool = (settings.threads > 0).then(|| Arc::new(ThreadPool::with_num_threads(settings.threads)));
        Ok(Self { model, pool })
    }
}

impl Backend for Rten {
    fn input_shape(&self) -> Option<Vec<Option<usize>>> {
        let shape = self.model.node_info(self.model.find_node("pixels")?)?.shape()?;
        Some(
            shape
                .into_iter()
                .map(|d| match d {
                    Dimension::Fixed(size) => Some(size),
                    Dimension::Symbolic(_) => None,
                })
                .collect(),
        )
    }

    fn run(&self, input: Input, outputs: &[&str]) -> Result<Vec<Output>, EngineError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| EngineError::Run(error);
        let value: ValueOrView<'_> = match input {
            Input::Pixels(shape, bytes) => Tensor::from_data(shape.as_slice(), bytes).into(),
            Input::Floats(shape, values) => Tensor::from_data(shape.as_slice(), values).into(),
        };
        let id = |name: &str| self.model.node_id(name).map_err(|error| failed(Box::new(error)));
        let ids = outputs.iter().map(|name| id(name)).collect::<Result<Vec<_>, _>>()?;
        let mut options = RunOptions::default();
        options.thread_pool.clone_from(&self.pool);
        let values = self
            .model
            .run(vec![(id("pixels")?, value)], &ids, Some(options))
            .map_err(|error| failed(Box::new(error)))?;
        values.into_iter().map(|value| to_output(value).map_err(failed)).collect()
    }
}

fn to_output(value: Value) -> Result<Output, Box<dyn std::error::Error + Send + Sync>> {
    use rten_tensor::prelude::*;
    let tensor: Tensor<f32> = value.try_into().map_err(Box::new)?;
    Ok(Output { shape: tensor.shape().to_vec(), values: tensor.into_data() })
}
