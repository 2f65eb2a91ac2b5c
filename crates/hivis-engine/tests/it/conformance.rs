//! The conformance suite on every engine and precision, and on engines that must fail it.

use std::sync::atomic::{AtomicUsize, Ordering};

use hivis_engine::conformance::check;
use hivis_engine::{Engine, EngineCard, EngineError, LoadSettings, load};
use hivis_onnx::{Model, Pooling, QuantiseOptions, WriteOptions, quantise, write_classifier};
use hivis_types::{EngineKind, Picture, Precision, Scores};

use crate::classifier::random_head;
use crate::{golden, runtime};

#[test]
fn every_engine_conforms() {
    let temp = tempfile::tempdir().unwrap();
    let (fp32, int8) = (temp.path().join("model.onnx"), temp.path().join("model.int8.onnx"));
    for (name, pooling) in [("dinov3-mlp", Pooling::Cls), ("dinov3-key-bias", Pooling::ClsMean)] {
        let model = Model::read(&golden::own(name)).unwrap();
        let head = random_head(pooling, model.features(pooling), &[8, 1], 1);
        write_classifier(&model, &head, &WriteOptions { input: (112, 98) }).unwrap().save(&fp32).unwrap();
        quantise(&fp32, &int8, &QuantiseOptions::default()).unwrap();
        let eighths = runtime::engines(&int8).into_iter().map(|s| LoadSettings { precision: Precision::Int8, ..s });
        for settings in runtime::engines(&fp32).into_iter().chain(eighths) {
            let engine = load(&settings).unwrap();
            check(engine.as_ref()).unwrap_or_else(|broken| panic!("{name}, {:?}: {broken}", engine.card()));
        }
    }
}

/// Breaks one promise, as `how` says.
struct Liar {
    card: EngineCard,
    how: fn(&[&Picture], usize) -> Result<Vec<Scores>, EngineError>,
    calls: AtomicUsize,
}

impl Engine for Liar {
    fn card(&self) -> &EngineCard {
        &self.card
    }

    fn run(&self, pictures: &[&Picture]) -> Result<Vec<Scores>, EngineError> {
        (self.how)(pictures, self.calls.fetch_add(1, Ordering::Relaxed))
    }
}

fn mean(p: &Picture) -> f32 {
    p.rgb().iter().map(|&b| f32::from(b)).sum::<f32>() / (255.0 * p.rgb().len() as f32)
}

fn score(probability: f32) -> Scores {
    Scores { probability, features: vec![probability] }
}

fn sized(pictures: &[&Picture]) -> Result<(), EngineError> {
    match pictures.iter().find(|p| (p.width(), p.height()) != (6, 4)) {
        Some(p) => Err(EngineError::WrongSize { width: p.width(), height: p.height(), input: (6, 4) }),
        None => Ok(()),
    }
}

#[test]
fn the_suite_finds_broken_promises() {
    type How = fn(&[&Picture], usize) -> Result<Vec<Scores>, EngineError>;
    let honest: How = |pictures, _| sized(pictures).map(|()| pictures.iter().map(|p| score(mean(p))).collect());
    let cases: [(&str, How); 7] = [
        ("", honest),
        ("moved", |pictures, _| {
            sized(pictures)?;
            let mut scores: Vec<Scores> = pictures.iter().map(|p| score(mean(p))).collect();
            scores.reverse();
            Ok(scores)
        }),
        ("moved", |pictures, _| {
            // One scale for the batch, as dynamic quantisation has.
            sized(pictures)?;
            let most = pictures.iter().map(|p| mean(p)).fold(0.1, f32::max);
            Ok(pictures.iter().map(|p| score(mean(p) / most)).collect())
        }),
        ("two different", |pictures, calls| {
            sized(pictures)?;
            Ok(pictures.iter().map(|p| score(mean(p) / (2.0 + calls as f32))).collect())
        }),
        ("was not refused", |pictures, _| Ok(pictures.iter().map(|p| score(mean(p))).collect())),
        ("gave NaN", |pictures, _| sized(pictures).map(|()| vec![score(f32::NAN); pictures.len()])),
        ("empty batch", |pictures, _| {
            sized(pictures)?;
            Ok((0..pictures.len().max(1)).map(|i| score(pictures.get(i).map_or(0.5, |p| mean(p)))).collect())
        }),
    ];
    for (wanted, how) in cases {
        let card = EngineCard { kind: EngineKind::Fixed, precision: Precision::Fp32, input: (6, 4), features: 1 };
        let result = check(&Liar { card, how, calls: AtomicUsize::new(0) });
        match result {
            Ok(()) => assert_eq!(wanted, "", "the suite let it pass"),
            Err(broken) => assert!(!wanted.is_empty() && broken.contains(wanted), "{broken}"),
        }
    }
}
