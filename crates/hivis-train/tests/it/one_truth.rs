//! The exported backbone through hivis-onnx and rten gives burn's features.

use burn::tensor::{Device, Tensor, TensorData};
use hivis_synth::{Mix, View, scene};
use hivis_train::config::VitConfig;
use hivis_train::features::Backbone;
use hivis_train::leaves::{Leaves, numbers};
use hivis_train::model::{Vit, patches_of};
use hivis_train::targets::{DEVIATION, MEAN};
use hivis_train::tiny;
use hivis_train::weights::Weights;
use hivis_types::Picture;

/// CLS and the mean of the patch tokens, by burn.
fn burn_features(config: &VitConfig, weights: &Weights, picture: &Picture) -> Vec<f32> {
    let device = Device::flex();
    let vit = Vit::new(config, &Leaves::new(weights, &device), &device).expect("weights that fit");
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    let mut pixels = vec![0.0; 3 * w * h];
    for (at, rgb) in picture.rgb().chunks_exact(3).enumerate() {
        for c in 0..3 {
            pixels[c * w * h + at] = (f32::from(rgb[c]) / 255.0 - MEAN[c]) / DEVIATION[c];
        }
    }
    let mut patches = Vec::new();
    patches_of(&pixels, (h, w), 16, &mut patches);
    let (rows, columns) = (h / 16, w / 16);
    let patches = Tensor::<3>::from_data(TensorData::new(patches, [1, rows * columns, 768]), &device);
    let tokens = numbers(vit.forward(patches, (rows, columns)).into_data());
    let d = config.hidden_size;
    let mut features = tokens[..d].to_vec();
    let patches = &tokens[config.prefix() * d..];
    features.extend((0..d).map(|k| patches.iter().skip(k).step_by(d).sum::<f32>() / (rows * columns) as f32));
    features
}

#[test]
fn rten_and_burn_agree_on_the_shipped_weights() {
    let config: VitConfig = serde_json::from_str(tiny::CONFIG).unwrap();
    assert_eq!(config, VitConfig::tiny(), "the shipped configuration is the one that is trained");
    let weights = Weights::from_bytes(tiny::WEIGHTS).unwrap();
    let backbone = Backbone::new(tiny::CONFIG, tiny::PREPROCESSOR, tiny::WEIGHTS.to_vec(), 1).unwrap();
    for seed in 0..3 {
        let picture = scene(seed, &Mix::default()).render(&View::square(224)).picture;
        let ours = burn_features(&config, &weights, &picture);
        let theirs = backbone.features(&[picture]).unwrap();
        assert_eq!(ours.len(), theirs.len());
        let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= 1e-4, "scene {seed}: {worst}");
        assert!(ours.iter().any(|x| x.abs() > 0.1), "features are not all zero");
    }
}
