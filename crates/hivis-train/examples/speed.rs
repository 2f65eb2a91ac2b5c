//! Times one training step of `hivis-tiny` on seeded noise.

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use hivis_train::{config::VitConfig, draws, leaves::Leaves, model};

fn main() {
    let side: usize = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(112);
    let n: usize = std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(32);
    let config = VitConfig::tiny();
    let weights = model::fresh(&config, &mut draws::stream(1, draws::Purpose::Weights, 0, 0));
    println!("{} parameters", weights.count());
    let device = Device::flex().autodiff();
    let grid = side / 16;
    for _ in 0..4 {
        let t = Instant::now();
        let leaves = Leaves::new(&weights, &device);
        let vit = model::Vit::new(&config, &leaves, &device).unwrap();
        let x = Tensor::<3>::from_data(TensorData::new(vec![0.3f32; n * grid * grid * 768], [n, grid * grid, 768]), &device);
        let bound = t.elapsed();
        let out = vit.forward(x, (grid, grid));
        let loss = (out.clone() * out).mean();
        let forward = t.elapsed();
        let back = loss.backward();
        let backward = t.elapsed();
        let grads = leaves.gradients(&weights, back);
        println!("bind {bound:?} forward {forward:?} backward {backward:?} all {:?} ({} grads)", t.elapsed(), grads.count());
    }
}
