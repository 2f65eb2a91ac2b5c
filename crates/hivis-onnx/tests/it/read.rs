//! What is read out of good folders.

use hivis_onnx::{Calibration, Dense, Head, Model, ModelKind, Pooling, WriteOptions, write_backbone, write_classifier};

use crate::fixture::{folder, parts};

/// Folder, kind, hidden size, patch, prefix tokens, labels.
type Case = (&'static str, ModelKind, usize, usize, usize, &'static [&'static str]);

#[test]
fn kinds_sizes_and_labels() {
    let cases: [Case; 11] = [
        ("dinov3-mlp", ModelKind::DinoV3, 64, 16, 5, &[]),
        ("dinov3-gated", ModelKind::DinoV3, 32, 8, 1, &[]),
        ("dinov3-key-bias", ModelKind::DinoV3, 40, 14, 2, &[]),
        ("dinov3-tanh", ModelKind::DinoV3, 24, 16, 5, &[]),
        ("dinov2-registers", ModelKind::DinoV2, 32, 8, 3, &[]),
        ("dinov2-gated", ModelKind::DinoV2, 24, 14, 1, &[]),
        ("dinov2-plain", ModelKind::DinoV2, 24, 8, 1, &[]),
        ("siglip-both", ModelKind::Siglip, 32, 8, 0, &[]),
        ("siglip-tower", ModelKind::Siglip, 24, 8, 0, &[]),
        ("vit-small", ModelKind::VitClassifier, 48, 16, 1, &["None", "Roadwork"]),
        ("vit-three", ModelKind::VitClassifier, 32, 8, 1, &["ROADWORK", "road", "other"]),
    ];
    for (name, kind, hidden, patch, prefix, labels) in cases {
        let model = Model::read(&folder(name)).unwrap();
        let found = (model.kind(), model.hidden_size(), model.patch_size(), model.prefix_tokens());
        assert_eq!(found, (kind, hidden, patch, prefix), "{name}");
        assert_eq!(model.labels(), labels, "{name}");
        assert_eq!((model.features(Pooling::Cls), model.features(Pooling::ClsMean)), (hidden, 2 * hidden));
        assert_eq!((model.features(Pooling::Last(1)), model.features(Pooling::Last(4))), (2 * hidden, 5 * hidden));
    }
}

#[test]
fn a_folder_and_its_parts_give_the_same_graph() {
    for name in ["dinov3-bare", "vit-small"] {
        let (from_folder, from_parts) = (Model::read(&folder(name)).unwrap(), parts(name).model().unwrap());
        let bytes = |model: &Model| write_backbone(model, 64, 64).unwrap().bytes().unwrap();
        assert_eq!(bytes(&from_folder), bytes(&from_parts), "{name}");
    }
}

#[test]
fn the_classifiers_own_head_puts_roadwork_first() {
    let model = Model::read(&folder("vit-three")).unwrap();
    let (first, second) = (model.own_head("roadwork").unwrap(), model.own_head(" OTHER ").unwrap());
    assert_eq!((first.layers[0].outputs, first.inputs()), (3, 32));
    assert_eq!(first.layers[0].bias[2], second.layers[0].bias[0]);
    assert_eq!(first.layers[0].weight[64..], second.layers[0].weight[..32]);
    assert_eq!(first.layers[0].weight[..32], second.layers[0].weight[32..64]);
    let error = model.own_head("cones").unwrap_err().to_string();
    assert_eq!(
        error,
        "the head does not fit: the model has no class `cones`; among its 3 classes are: ROADWORK, road, other"
    );
    assert!(Model::read(&folder("dinov3-mlp")).unwrap().own_head("roadwork").is_err());
}

#[test]
fn other_places_for_the_same_settings() {
    // Where other versions of transformers keep theta, and blocks under their name in memory.
    let mut moved = parts("dinov3-bare");
    moved.edit_config("\"rope_theta\": 10000.0", "\"rope_parameters\": {\"rope_theta\": 10000.0}");
    let end = 8 + moved.header();
    let header = String::from_utf8(moved.weights[8..end].to_vec()).unwrap();
    for _ in 0..header.matches("\"layer.").count() {
        moved.edit_header("\"layer.", "\"model.layer.");
    }
    let bytes =
        |parts: &crate::fixture::Parts| write_backbone(&parts.model().unwrap(), 48, 48).unwrap().bytes().unwrap();
    assert_eq!(bytes(&moved), bytes(&parts("dinov3-bare")));
    // And theta matters.
    let mut other = parts("dinov3-bare");
    other.edit_config("\"rope_theta\": 10000.0", "\"rope_theta\": 100.0");
    assert_ne!(bytes(&other), bytes(&parts("dinov3-bare")));
}

#[test]
fn normalising_comes_from_the_preprocessor() {
    let bytes = |preprocessor: Option<&str>| {
        let mut parts = parts("vit-small");
        parts.preprocessor = preprocessor.map(str::to_owned);
        let model = parts.model().unwrap();
        let head = model.own_head("roadwork").unwrap();
        write_classifier(&model, &head, &WriteOptions { input: (64, 64) }).unwrap().bytes().unwrap()
    };
    let imagenet = r#"{"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "rescale_factor": 0.00392156862745098}"#;
    assert_eq!(bytes(None), bytes(Some(imagenet)));
    assert_eq!(bytes(None), bytes(Some("{}")));
    assert_ne!(bytes(None), bytes(Some(r#"{"do_normalize": false}"#)));
    assert_ne!(bytes(None), bytes(Some(r#"{"do_rescale": false}"#)));
    assert_ne!(bytes(None), bytes(parts("vit-small").preprocessor.as_deref()));
}

#[test]
fn a_siglip_without_a_preprocessor_runs_from_minus_one_to_one() {
    let bytes = |preprocessor: Option<&str>| {
        let mut parts = parts("siglip-tower");
        parts.preprocessor = preprocessor.map(str::to_owned);
        let model = parts.model().unwrap();
        let layer = Dense { weight: vec![1.0; 24], bias: vec![0.0], inputs: 24, outputs: 1 };
        let head = Head { pooling: Pooling::Cls, layers: vec![layer], calibration: Calibration::default() };
        write_classifier(&model, &head, &WriteOptions { input: (64, 64) }).unwrap().bytes().unwrap()
    };
    assert_eq!(bytes(None), bytes(Some(r#"{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}"#)));
    assert_ne!(
        bytes(None),
        bytes(Some(r#"{"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}"#))
    );
}

#[test]
fn the_text_tower_is_not_read() {
    // A tensor of it may be of any type or be called otherwise.
    let good = parts("siglip-both");
    let mut other = good.clone();
    for _ in 0..other.weights.windows(11).filter(|w| *w == b"\"text_model").count() {
        other.edit_header("\"text_model", "\"taxt_model");
    }
    let bytes =
        |parts: &crate::fixture::Parts| write_backbone(&parts.model().unwrap(), 44, 44).unwrap().bytes().unwrap();
    assert_ne!(other.weights, good.weights);
    assert_eq!(bytes(&other), bytes(&good));
}
