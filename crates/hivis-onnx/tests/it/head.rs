//! A head's file.

use hivis_onnx::{Calibration, Dense, Head, Model, OnnxError, Pooling, WriteOptions, write_classifier};

use crate::fixture::folder;

fn head() -> Head {
    let dense = |inputs: usize, outputs: usize| Dense {
        weight: (0..inputs * outputs).map(|i| (i as f32 * 0.37).sin()).collect(),
        bias: (0..outputs).map(|i| 1e-7 / (i + 1) as f32).collect(),
        inputs,
        outputs,
    };
    let calibration = Calibration { a: 1.0 / 3.0, b: -7.654_321e-5 };
    Head { pooling: Pooling::ClsMean, layers: vec![dense(6, 4), dense(4, 1)], calibration }
}

#[test]
fn a_head_comes_back_bit_for_bit() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("head.safetensors");
    for (pooling, calibration) in [
        (Pooling::Cls, Calibration::default()),
        (Pooling::ClsMean, Calibration { a: f32::MIN_POSITIVE, b: f32::MAX }),
        (Pooling::Last(4), Calibration::default()),
        (Pooling::Last(255), Calibration::default()),
    ] {
        let head = Head { pooling, calibration, ..head() };
        head.write(&path).unwrap();
        assert_eq!(Head::read(&path).unwrap(), head);
    }
    assert_eq!(Head::from_bytes(head().to_bytes().unwrap()).unwrap(), head());
}

/// Makes a good head bad.
type Change = dyn Fn(&mut Head);

#[test]
fn heads_that_fit_nothing_are_refused() {
    let refused = |change: &Change| {
        let mut head = head();
        change(&mut head);
        head.to_bytes().unwrap_err().to_string()
    };
    let cases: [(&str, &Change); 7] = [
        ("0 layers", &|h| h.layers.clear()),
        ("layer 1 takes 5 numbers, 4 come in", &|h| h.layers[1].inputs = 5),
        ("layer 0 has not the numbers of 4 x 6", &|h| h.layers[0].weight.truncate(23)),
        ("layer 1 has not the numbers", &|h| h.layers[1].bias.clear()),
        ("layer 1 holds a number that is not finite", &|h| h.layers[1].weight[2] = f32::NAN),
        ("layer 0 takes 0 numbers", &|h| h.layers[0].inputs = 0),
        ("calibration is a = NaN", &|h| h.calibration.a = f32::NAN),
    ];
    for (wanted, change) in cases {
        let error = refused(change);
        assert!(error.contains(wanted), "{error}");
    }
    // One that is whole, but for another model.
    let model = Model::read(&folder("dinov3-gated")).unwrap();
    let error = write_classifier(&model, &head(), &WriteOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "the head does not fit: it takes 6 features, the model gives 64");
}

#[test]
fn other_files_are_no_heads() {
    let bytes = head().to_bytes().unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("cls-mean"));
    let swap = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        Head::from_bytes(bytes).unwrap_err()
    };
    assert!(matches!(swap("cls-mean", "cls-none"), OnnxError::Weights { .. }));
    assert!(matches!(swap("calibration.a", "calibration.x"), OnnxError::Weights { .. }));
    assert!(matches!(swap("layers.0.bias", "layers.0.bees"), OnnxError::Tensor { .. }));
    for end in [0, 7, 8, 100, bytes.len() - 1] {
        assert!(Head::from_bytes(bytes[..end].to_vec()).is_err(), "{end} bytes");
    }
    let model = std::fs::read(folder("dinov3-gated").join("model.safetensors")).unwrap();
    assert!(Head::from_bytes(model).unwrap_err().to_string().contains("no head: `pooling`"));
}

#[test]
fn poolings_by_name() {
    for pooling in [Pooling::Cls, Pooling::ClsMean, Pooling::Last(1), Pooling::Last(4), Pooling::Last(255)] {
        assert_eq!(pooling.to_string().parse::<Pooling>().unwrap(), pooling);
    }
    for odd in ["", "CLS", "last", "last-", "last-0", "last-256", "last-+4", "last-04", "last--1", "last-4 ", "mean"] {
        let error = odd.parse::<Pooling>().unwrap_err().to_string();
        assert!(error.contains("cls, cls-mean and last-N are"), "{error}");
    }
}

#[test]
fn poolings_that_a_model_has_not() {
    let cases = [
        ("dinov2-registers", Pooling::Last(4), "wants 4 blocks, the model has 3"),
        ("dinov2-registers", Pooling::Last(0), "wants 0 blocks"),
        ("siglip-both", Pooling::Last(2), "wants CLS tokens, the model has none"),
    ];
    for (name, pooling, wanted) in cases {
        let model = Model::read(&folder(name)).unwrap();
        let inputs = model.features(pooling);
        let layer = Dense { weight: vec![0.5; inputs], bias: vec![0.0], inputs, outputs: 1 };
        let head = Head { pooling, layers: vec![layer], calibration: Calibration::default() };
        let error = write_classifier(&model, &head, &WriteOptions::default()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}
