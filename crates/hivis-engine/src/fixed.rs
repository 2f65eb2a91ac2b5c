//! A fixed answer after a fixed time: for benches and tests of everything around a model.

use std::time::Duration;

use hivis_types::{EngineKind, Picture, Precision, Scores};

use crate::{Engine, EngineCard, EngineError};

/// Answers the same probability for every picture, after a fixed service time a batch.
#[derive(Clone, Debug)]
pub struct FixedEngine {
    card: EngineCard,
    probability: f32,
    service_time: Duration,
}

impl FixedEngine {
    /// Answers `probability` at once.
    pub fn new(probability: f32) -> Self {
        let card = EngineCard { kind: EngineKind::Fixed, precision: Precision::Fp32, input: (224, 224), features: 1 };
        Self { card, probability, service_time: Duration::ZERO }
    }

    /// The same, but every batch takes `service_time` whatever its size.
    #[must_use]
    pub fn with_service_time(mut self, service_time: Duration) -> Self {
        self.service_time = service_time;
        self
    }
}

impl Engine for FixedEngine {
    fn card(&self) -> &EngineCard {
        &self.card
    }

    fn run(&self, pictures: &[&Picture]) -> Result<Vec<Scores>, EngineError> {
        if !self.service_time.is_zero() {
            std::thread::sleep(self.service_time);
        }
        let scores = Scores { probability: self.probability, features: vec![self.probability] };
        Ok(vec![scores; pictures.len()])
    }
}
