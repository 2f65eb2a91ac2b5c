//! The conformance suite on every engine and precision, and on engines that must fail it.

use std::sync::atomic::{AtomicUsize, Ordering};

use hivis_engine::conformance::{check, noise};
use hivis_engine::{Engine, EngineCard, EngineError, LoadSettings, compare, load};
use hivis_onnx::{Model, Pooling, QuantiseOptions, WriteOptions, quantise, write_classifier};
use hivis_types::{EngineKind, Picture, Precision, Scores};

use crate::classifier::random_head;
use crate::{golden, runtime};

#[test]
fn every_engine_conforms() {
    let temp = tempfile::tempdir().unwrap();
    let (fp32, int8) = (temp.path().join("model.onnx"), temp.path().join("model.int8.onnx"));
    for (name, pooling) in [
        ("dinov3-mlp", Pooling::Cls),
        ("dinov3-key-bias", Pooling::ClsMean),
        ("dinov2-registers", Pooling::ClsMean),
        ("siglip-both", Pooling::ClsMean),
    ] {
        let model = Model::read(&golden::own(name)).unwrap();
        let head = random_head(pooling, model.features(pooling), &[8, 1], 1);
        write_classifier(&model, &head, &WriteOptions { input: (112, 98) }).unwrap().save(&fp32).unwrap();
        quantise(&fp32, &int8, &QuantiseOptions::default()).unwrap();
        let eighths = runtime::engines(&int8).into_iter().map(|s| LoadSettings { precision: Precision::Int8, ..s });
        let halves = runtime::engines(&fp32).into_iter().map(|s| LoadSettings { precision: Precision::Bf16, ..s });
        let halves = halves.filter(|s| s.provider.as_deref() == Some("openvino") && runtime::has_bf16());
        for settings in runtime::engines(&fp32).into_iter().chain(halves).chain(eighths) {
            let engine = load(&settings).unwrap();
            check(engine.as_ref()).unwrap_or_else(|broken| panic!("{name}, {:?}: {broken}", engine.card()));
        }
    }
}

/// bf16 is close to fp32 where the processor has it, and an error with a hint everywhere else: never fp32 in disguise.
#[test]
fn bf16_is_bf16_or_an_error() {
    let temp = tempfile::tempdir().unwrap();
    let graph = temp.path().join("model.onnx");
    let model = Model::read(&golden::own("dinov3-mlp")).unwrap();
    let head = random_head(Pooling::Cls, model.features(Pooling::Cls), &[8, 1], 1);
    write_classifier(&model, &head, &WriteOptions { input: (112, 98) }).unwrap().save(&graph).unwrap();
    let exact = load(&LoadSettings::rten(&graph)).unwrap();
    let pictures: Vec<Picture> = (0..8).map(|seed| noise(112, 98, seed)).collect();
    for settings in runtime::engines(&graph) {
        let openvino = settings.provider.as_deref() == Some("openvino");
        match load(&LoadSettings { precision: Precision::Bf16, ..settings }) {
            Ok(engine) => {
                assert!(openvino && runtime::has_bf16());
                assert_eq!(engine.card().precision, Precision::Bf16);
                let found = compare(exact.as_ref(), engine.as_ref(), &pictures).unwrap();
                println!("{found:?}");
                assert!(found.max_abs > 1e-6 && found.max_abs < 0.02, "{found:?}");
            }
            Err(error) => {
                assert!(!openvino || !runtime::has_bf16(), "{error}");
                assert!(matches!(error, EngineError::Precision { .. }) && error.hint().is_some(), "{error}");
            }
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

/// The library that tests have lacks these providers: that is an error with a hint, never the CPU in their place.
#[test]
fn a_provider_that_is_not_there_is_refused() {
    let Some(library) = runtime::library() else { return };
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    let model = Model::read(&golden::own("dinov3-mlp")).unwrap();
    let head = random_head(Pooling::Cls, model.features(Pooling::Cls), &[1], 1);
    write_classifier(&model, &head, &WriteOptions { input: (64, 64) }).unwrap().save(&path).unwrap();
    for provider in ["cuda", "tensorrt", "abacus"] {
        let settings = LoadSettings {
            kind: EngineKind::Onnxruntime,
            runtime_library: Some(library.clone()),
            provider: Some(provider.to_owned()),
            ..LoadSettings::rten(&path)
        };
        let Err(error) = load(&settings) else { panic!("{provider} ran") };
        assert!(matches!(&error, EngineError::Provider { provider: named, .. } if named == provider), "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("onnxruntime-gpu")), "{error:?}");
    }
}
