//! burn's forward pass against transformers'.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use hivis_train::config::VitConfig;
use hivis_train::leaves::{Leaves, numbers};
use hivis_train::model::{Vit, patches_of};
use hivis_train::weights::Weights;

/// The folders of golden vectors whose name starts with `kind`.
///
/// They are under the folder that `HIVIS_GOLDEN` names, or else `fixtures/`. A kind that is absent is reported; a root
/// without any known kind is an error, so that a wrong path cannot pass for a success.
fn folders(kind: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIVIS_GOLDEN")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), PathBuf::from);
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(&root).expect("the golden folder").map(|entry| entry.expect("an entry").path()).collect();
    all.sort();
    let named = |path: &PathBuf, start: &str| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(start))
    };
    let known = ["dinov3-", "challenge", "wire", "vit-"];
    assert!(all.iter().any(|path| known.iter().any(|k| named(path, k))), "no golden vectors in {}", root.display());
    all.retain(|path| named(path, kind));
    if all.is_empty() {
        println!("no golden vectors of kind {kind} in {}", root.display());
    }
    all
}

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
