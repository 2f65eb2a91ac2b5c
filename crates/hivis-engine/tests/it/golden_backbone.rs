//! Backbones give what transformers gives, within 1e-4 absolute: tokens of pictures of several sizes, and features.

use hivis_engine::{load, run_backbone};
use hivis_onnx::{Model, Pooling, WriteOptions, write_backbone, write_classifier};
use hivis_types::Picture;

use crate::classifier::random_head;
use crate::{golden, runtime};

#[test]
fn golden_backbone_tokens() {
    for folder in ["dinov3-", "dinov2-", "siglip-"].into_iter().flat_map(golden::folders) {
        let model = Model::read(&folder).unwrap();
        let io = golden::io(&folder);
        for (pixels, wanted) in [("x", "x_last"), ("y", "y_last"), ("z", "z_last"), ("w", "w_last")] {
            if !golden::has(&io, pixels) {
                continue;
            }
            let (shape, values) = golden::floats(&io, pixels);
            let (wanted_shape, wanted) = golden::floats(&io, wanted);
            let temp = tempfile::tempdir().unwrap();
            let path = temp.path().join("backbone.onnx");
            write_backbone(&model, shape[3] as u32, shape[2] as u32).unwrap().save(&path).unwrap();
            for settings in runtime::engines(&path) {
                let what = format!("{} {pixels} on {}", folder.display(), settings.kind.as_str());
                let shape = shape.clone().try_into().unwrap();
                let (got_shape, got) = run_backbone(&settings, shape, values.clone()).unwrap();
                assert_eq!(got_shape, wanted_shape, "{what}");
                golden::assert_close(&got, &wanted, 1e-4, &what);
            }
        }
    }
}

#[test]
fn golden_backbone_features() {
    for folder in ["dinov2-", "siglip-"].into_iter().flat_map(golden::folders) {
        let model = Model::read(&folder).unwrap();
        let io = golden::io(&folder);
        let (shape, bytes) = golden::bytes(&io, "pixels");
        let (height, width) = (shape[1] as u32, shape[2] as u32);
        let pictures: Vec<Picture> = bytes
            .chunks(shape[1] * shape[2] * 3)
            .map(|rgb| Picture::new(width, height, rgb.to_vec()).unwrap())
            .collect();
        for pooling in [Pooling::Cls, Pooling::ClsMean, Pooling::Last(1), Pooling::Last(2), Pooling::Last(3)] {
            let tensor = format!("pixels_{pooling}");
            if !golden::has(&io, &tensor) {
                // The script makes `last-N` for some N of some models.
                assert!(matches!(pooling, Pooling::Last(_)), "{} has no {tensor}", folder.display());
                continue;
            }
            let (wanted_shape, wanted) = golden::floats(&io, &tensor);
            assert_eq!(model.features(pooling), wanted_shape[1]);
            let temp = tempfile::tempdir().unwrap();
            let path = temp.path().join("model.onnx");
            let head = random_head(pooling, wanted_shape[1], &[1], 11);
            write_classifier(&model, &head, &WriteOptions { input: (width, height) }).unwrap().save(&path).unwrap();
            for settings in runtime::engines(&path) {
                let what = format!("{} {tensor} on {}", folder.display(), settings.kind.as_str());
                let engine = load(&settings).unwrap();
                let scores = engine.run(&pictures.iter().collect::<Vec<_>>()).unwrap();
                let got: Vec<f32> = scores.iter().flat_map(|s| s.features.clone()).collect();
                golden::assert_close(&got, &wanted, 1e-4, &what);
            }
        }
    }
}
