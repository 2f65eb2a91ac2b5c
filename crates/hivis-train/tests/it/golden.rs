//! burn's forward pass against transformers'.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use hivis_testbed::golden::folders;
use hivis_train::config::VitConfig;
use hivis_train::leaves::{Leaves, numbers};
use hivis_train::model::{Vit, patches_of};
use hivis_train::weights::Weights;

/// The tensors of `model.safetensors`, or of all its shards.
fn all_weights(folder: &Path) -> Weights {
    let mut all = Weights::default();
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("model") && name.ends_with(".safetensors") {
            all.0.extend(Weights::read(&path).expect("safetensors").0);
        }
    }
    all
}

#[test]
fn golden_burn_equals_transformers() {
    for folder in folders("dinov3-") {
        if !folder.join("io.safetensors").exists() {
            println!("{} has no vectors yet", folder.display());
            continue;
        }
        let text = std::fs::read_to_string(folder.join("config.json")).unwrap();
        let config: VitConfig = serde_json::from_str(&text).unwrap();
        let weights = all_weights(&folder);
        let io = Weights::read(&folder.join("io.safetensors")).unwrap();
        let device = Device::flex();
        let vit = Vit::new(&config, &Leaves::new(&weights, &device), &device).unwrap();
        for input in ["x", "y"] {
            let (pixels, wanted) = (io.get(input).unwrap(), io.get(&format!("{input}_last")).unwrap());
            let [n, _, h, w] = pixels.shape[..] else { panic!("{:?} is no batch of pictures", pixels.shape) };
            let p = config.patch_size;
            let mut patches = Vec::new();
            for picture in pixels.data.chunks_exact(3 * h * w) {
                patches_of(picture, (h, w), p, &mut patches);
            }
            let shape = [n, (h / p) * (w / p), 3 * p * p];
            let patches = Tensor::<3>::from_data(TensorData::new(patches, shape), &device);
            let got = numbers(vit.forward(patches, (h / p, w / p)).into_data());
            assert_eq!(got.len(), wanted.data.len());
            let worst = got.iter().zip(&wanted.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            println!("{} {input}: {worst:e}", folder.display());
            assert!(worst <= 1e-4, "{} {input}: {worst}", folder.display());
        }
    }
}
