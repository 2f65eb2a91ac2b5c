//! Bringing an engine up before anyone depends on it: every batch size once, on a picture whose answer is known.

use hivis_types::{Picture, Precision};

use crate::conformance::noise;
use crate::{Engine, EngineError};

/// How far fp32 may be from the probability that was written down when a release was made, perhaps on another engine or
/// processor ("one truth" is 1e-4 on features; a probability is steeper).
const TOLERANCE_FP32: f32 = 1e-3;

/// The same for 16 and 8 bits, against the fp32 probability: what is meant to be caught is a wrong file, not rounding.
const TOLERANCE_REDUCED: f32 = 0.1;

/// How far the canary may move with its batch, as in the conformance suite.
const COMPOSITION: f32 = 1e-6;

/// The picture that every release is tried on: coloured noise on a ramp, the same everywhere.
pub fn canary((width, height): (u32, u32)) -> Picture {
    noise(width, height, 72)
}

/// Runs the canary in every batch size up to `largest`, so that no validator waits for a first run, and gives its
/// probability. Refuses an engine whose answer depends on the batch, or differs from `expected` (fp32).
pub fn warm(engine: &dyn Engine, largest: usize, expected: Option<f32>) -> Result<f32, EngineError> {
    let card = engine.card();
    let (canary, black) = (canary(card.input), Picture::filled(card.input.0, card.input.1, [0; 3]));
    let ask = |batch: usize| {
        let mut pictures = vec![&black; batch];
        pictures[batch - 1] = &canary;
        let scores = engine.run(&pictures)?;
        scores.last().map(|s| s.probability).ok_or_else(|| EngineError::Run("no answer for the canary".into()))
    };
    let alone = ask(1)?;
    for batch in 2..=largest {
        let together = ask(batch)?;
        if (together - alone).abs() > COMPOSITION {
            return Err(EngineError::Composition { alone, together, batch });
        }
    }
    let tolerance = if card.precision == Precision::Fp32 { TOLERANCE_FP32 } else { TOLERANCE_REDUCED };
    match expected {
        Some(expected) if (alone - expected).abs() > tolerance => Err(EngineError::Canary { found: alone, expected }),
        _ => Ok(alone),
    }
}

#[cfg(test)]
mod tests {
    use hivis_types::{EngineKind, Scores};

    use super::*;
    use crate::{EngineCard, FixedEngine};

    #[test]
    fn a_wrong_answer_is_told_from_rounding() {
        let engine = FixedEngine::new(0.5);
        assert_eq!(warm(&engine, 8, Some(0.5005)).expect("rounding"), 0.5);
        assert_eq!(warm(&engine, 8, None).expect("nothing to compare with"), 0.5);
        assert!(matches!(warm(&engine, 8, Some(0.6)), Err(EngineError::Canary { .. })));
    }

    /// Answers by the size of the batch.
    struct Crowd(EngineCard);

    impl Engine for Crowd {
        fn card(&self) -> &EngineCard {
            &self.0
        }

        fn run(&self, pictures: &[&Picture]) -> Result<Vec<Scores>, EngineError> {
            let probability = if pictures.len() > 3 { 0.4 } else { 0.5 };
            Ok(vec![Scores { probability, features: vec![0.0] }; pictures.len()])
        }
    }

    #[test]
    fn an_answer_that_depends_on_the_batch_is_refused() {
        let card = EngineCard { kind: EngineKind::Fixed, precision: Precision::Int8, input: (4, 4), features: 1 };
        assert!(warm(&Crowd(card.clone()), 3, None).is_ok());
        assert!(matches!(warm(&Crowd(card), 8, None), Err(EngineError::Composition { batch: 4, .. })));
    }
}
