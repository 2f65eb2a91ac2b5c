//! What every library does alike: pictures to one tensor, outputs to checked scores.

use std::path::Path;

use hivis_types::{EngineKind, Picture, Precision, Scores};

use crate::{Engine, EngineCard, EngineError};

/// Most pictures in one run of a graph: what bounds an engine's memory. Larger batches run in parts.
const MAX_BATCH: usize = 32;

/// A tensor that goes in.
pub(crate) enum Input {
    /// Pictures as they are, `[n, h, w, 3]`.
    Pixels(Vec<usize>, Vec<u8>),
    /// Normalised pixels of a bare backbone, `[n, 3, h, w]`.
    Floats(Vec<usize>, Vec<f32>),
}

/// A tensor that comes out.
pub(crate) struct Output {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// A library with a graph loaded.
pub(crate) trait Backend: Send + Sync {
    /// The shape of the input `pixels`, `None` where it is symbolic; `None` altogether when there is no such input.
    fn input_shape(&self) -> Option<Vec<Option<usize>>>;

    /// Runs the graph once and gives the outputs named, in their order.
    fn run(&self, input: Input, outputs: &[&str]) -> Result<Vec<Output>, EngineError>;
}

/// An engine over any [`Backend`].
pub(crate) struct GraphEngine {
    backend: Box<dyn Backend>,
    card: EngineCard,
    /// Pictures in one run.
    most: usize,
}

impl GraphEngine {
    /// Checks the graph's contract and runs it once on a black picture.
    pub(crate) fn new(
        backend: Box<dyn Backend>,
        kind: EngineKind,
        precision: Precision,
        path: &Path,
    ) -> Result<Self, EngineError> {
        let contract = |reason: &str| EngineError::Contract { path: path.to_owned(), reason: reason.to_owned() };
        let shape = backend.input_shape().ok_or_else(|| contract("it has no input `pixels`"))?;
        let [None, Some(height), Some(width), Some(3)] = shape.as_slice() else {
            return Err(contract("its input is not [n, height, width, 3]"));
        };
        let input = (*width as u32, *height as u32);
        // One scale for all activations of a run: another picture beside it would change a score.
        let most = if precision == Precision::Int8 { 1 } else { MAX_BATCH };
        let mut engine = Self { backend, card: EngineCard { kind, precision, input, features: 0 }, most };
        let scores = engine.run_part(&[&Picture::filled(input.0, input.1, [0; 3])])?;
        engine.card.features = scores.first().map_or(0, |s| s.features.len());
        if engine.card.features == 0 {
            return Err(contract("its output `features` is empty"));
        }
        Ok(engine)
    }

    /// At most [`MAX_BATCH`] pictures of the right size.
    fn run_part(&self, pictures: &[&Picture]) -> Result<Vec<Scores>, EngineError> {
        let (width, height) = self.card.input;
        let mut pixels = Vec::with_capacity(pictures.len() * width as usize * height as usize * 3);
        for picture in pictures {
            pixels.extend_from_slice(picture.rgb());
        }
        let shape = vec![pictures.len(), height as usize, width as usize, 3];
        let outputs = self.backend.run(Input::Pixels(shape, pixels), &["probability", "features"])?;
        let odd = |what: &str| EngineError::Run(format!("the graph gave {what}").into());
        let [probability, features] = outputs.as_slice() else { return Err(odd("another number of outputs")) };
        if probability.values.len() != pictures.len() || features.shape.first() != Some(&pictures.len()) {
            return Err(odd("another number of answers than pictures"));
        }
        let width = features.values.len() / pictures.len().max(1);
        let rows = features.values.chunks_exact(width.max(1));
        probability.values.iter().zip(rows).map(|(&p, row)| checked(p, row)).collect()
    }
}

/// Nothing that is not a number leaves an engine.
fn checked(probability: f32, features: &[f32]) -> Result<Scores, EngineError> {
    if !(0.0..=1.0).contains(&probability) {
        return Err(EngineError::NotAProbability { value: probability });
    }
    if !features.iter().all(|v| v.is_finite()) {
        return Err(EngineError::NotFinite);
    }
    Ok(Scores { probability, features: features.to_vec() })
}

impl Engine for GraphEngine {
    fn card(&self) -> &EngineCard {
        &self.card
    }

    fn run(&self, pictures: &[&Picture]) -> Result<Vec<Scores>, EngineError> {
        let input = self.card.input;
        if let Some(odd) = pictures.iter().find(|p| (p.width(), p.height()) != input) {
            return Err(EngineError::WrongSize { width: odd.width(), height: odd.height(), input });
        }
        let mut scores = Vec::with_capacity(pictures.len());
        for part in pictures.chunks(self.most) {
            scores.extend(self.run_part(part)?);
        }
        Ok(scores)
    }
}

#[cfg(test)]
mod tests {
    use super::{Backend, GraphEngine, Input, Output};
    use crate::{Engine, EngineError};
    use hivis_types::{EngineKind, Picture, Precision};

    /// Answers the first byte of a picture through a table; feature = the number of pictures in the run.
    struct Table(fn(u8) -> f32);

    impl Backend for Table {
        fn input_shape(&self) -> Option<Vec<Option<usize>>> {
            Some(vec![None, Some(1), Some(2), Some(3)])
        }

        fn run(&self, input: Input, _: &[&str]) -> Result<Vec<Output>, EngineError> {
            let Input::Pixels(shape, bytes) = input else { panic!("pictures are bytes") };
            let values: Vec<f32> = bytes.chunks(6).map(|p| (self.0)(p[0])).collect();
            let features = vec![shape[0] as f32; shape[0]];
            Ok(vec![Output { shape: vec![shape[0]], values }, Output { shape: vec![shape[0], 1], values: features }])
        }
    }

    fn engine(table: fn(u8) -> f32, precision: Precision) -> Result<GraphEngine, EngineError> {
        GraphEngine::new(Box::new(Table(table)), EngineKind::Fixed, precision, "x.onnx".as_ref())
    }

    #[test]
    fn what_is_no_probability_stays_inside() {
        let answers: fn(u8) -> f32 = |b| [0.0, 1.0, f32::NAN, 1.0001, -0.1, f32::INFINITY][b as usize];
        let engine = engine(answers, Precision::Fp32).expect("black is fine");
        let pictures: Vec<Picture> = (0..6).map(|v| Picture::filled(2, 1, [v; 3])).collect();
        assert_eq!(engine.run(&[&pictures[0], &pictures[1]]).expect("both are fine")[1].probability, 1.0);
        for bad in &pictures[2..] {
            // A bad picture fails its batch: nothing of it leaves.
            let result = engine.run(&[&pictures[0], bad]);
            assert!(matches!(result, Err(EngineError::NotAProbability { .. })), "{bad:?}");
        }
    }

    #[test]
    fn int8_runs_alone_and_fp32_in_bounded_parts() {
        let black = Picture::filled(2, 1, [0; 3]);
        let most = |precision, n: usize| {
            let scores = engine(|_| 0.5, precision).expect("fine").run(&vec![&black; n]).expect("fine");
            assert_eq!(scores.len(), n);
            scores.iter().map(|s| s.features[0]).fold(0.0, f32::max)
        };
        assert_eq!(most(Precision::Int8, 5), 1.0);
        assert_eq!(most(Precision::Fp32, 5), 5.0);
        assert_eq!(most(Precision::Fp32, 100), 32.0);
    }

    #[test]
    fn a_graph_that_fails_on_black_is_refused() {
        assert!(matches!(engine(|_| f32::NAN, Precision::Fp32), Err(EngineError::NotAProbability { .. })));
    }
}
