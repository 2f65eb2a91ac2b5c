//! transformers' ViT classifiers: tokens, probability of the class by its name, features = the CLS token.

use hivis_engine::{load, run_backbone};
use hivis_onnx::{Model, WriteOptions, write_backbone, write_classifier};
use hivis_types::Picture;

use crate::{golden, runtime};

#[test]
fn golden_vit_classifier() {
    for folder in golden::folders("vit-") {
        let model = Model::read(&folder).unwrap();
        let io = golden::io(&folder);
        let (shape, pixels) = golden::bytes(&io, "pixels");
        let (n, height, width) = (shape[0], shape[1], shape[2]);
        let (_, probabilities) = golden::floats(&io, "probabilities");
        let (last_shape, last) = golden::floats(&io, "last_hidden_state");
        let class = model.labels().iter().position(|l| l.eq_ignore_ascii_case("roadwork")).unwrap();
        let classes = model.labels().len();
        let wanted: Vec<f32> = probabilities.chunks(classes).map(|row| row[class]).collect();
        let cls: Vec<f32> =
            last.chunks(last_shape[1] * last_shape[2]).flat_map(|t| &t[..last_shape[2]]).copied().collect();

        let head = model.own_head("Roadwork").unwrap();
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("model.onnx");
        let options = WriteOptions { input: (width as u32, height as u32) };
        write_classifier(&model, &head, &options).unwrap().save(&path).unwrap();
        let pictures: Vec<Picture> = pixels
            .chunks(height * width * 3)
            .map(|rgb| Picture::new(width as u32, height as u32, rgb.to_vec()).unwrap())
            .collect();
        for settings in runtime::engines(&path) {
            let what = format!("{} on {}", folder.display(), settings.kind.as_str());
            let engine = load(&settings).unwrap();
            let scores = engine.run(&pictures.iter().collect::<Vec<_>>()).unwrap();
            assert_eq!((scores.len(), engine.card().features), (n, model.hidden_size()));
            let got: Vec<f32> = scores.iter().map(|s| s.probability).collect();
            golden::assert_close(&got, &wanted, 1e-4, &format!("{what}: probability"));
            let got: Vec<f32> = scores.iter().flat_map(|s| s.features.clone()).collect();
            golden::assert_close(&got, &cls, 1e-4, &format!("{what}: features"));
        }

        // The bare backbone, on pixels normalised here by the file's own numbers.
        let path = temp.path().join("backbone.onnx");
        write_backbone(&model, width as u32, height as u32).unwrap().save(&path).unwrap();
        let text = std::fs::read_to_string(folder.join("preprocessor_config.json")).unwrap();
        let numbers: serde_json::Value = serde_json::from_str(&text).unwrap();
        let x = normalise(&pixels, (n, height, width), &numbers);
        for settings in runtime::engines(&path) {
            let (got_shape, got) = run_backbone(&settings, [n, 3, height, width], x.clone()).unwrap();
            assert_eq!(got_shape, last_shape);
            golden::assert_close(&got, &last, 1e-4, &format!("{} tokens", folder.display()));
        }
    }
}

fn normalise(pixels: &[u8], (n, h, w): (usize, usize, usize), numbers: &serde_json::Value) -> Vec<f32> {
    let number = |key: &str, c: usize| numbers[key][c].as_f64().unwrap();
    let mut x = Vec::with_capacity(pixels.len());
    for i in 0..n {
        for c in 0..3 {
            for at in 0..h * w {
                let value = f64::from(pixels[(i * h * w + at) * 3 + c]) * numbers["rescale_factor"].as_f64().unwrap();
                x.push(((value - number("image_mean", c)) / number("image_std", c)) as f32);
            }
        }
    }
    x
}
