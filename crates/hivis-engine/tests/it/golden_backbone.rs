//! DINOv3 backbones give what transformers gives, within 1e-4 absolute.

use hivis_engine::run_backbone;
use hivis_onnx::{Model, write_backbone};

use crate::{golden, runtime};

#[test]
fn golden_dinov3() {
    for folder in golden::folders("dinov3-") {
        let model = Model::read(&folder).unwrap();
        let io = golden::io(&folder);
        for (pixels, wanted) in [("x", "x_last"), ("y", "y_last")] {
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
