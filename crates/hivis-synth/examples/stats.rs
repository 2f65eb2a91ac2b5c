//! Prints how much of a picture roadwork covers, and what a scene and a view cost: `stats FIRST_SEED COUNT [SIDE]`.

use hivis_synth::{Mix, Style, View, scene};
use hivis_types::Label;

fn main() {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let (first, count, side) =
        (args.first().copied().unwrap_or(0), args.get(1).copied().unwrap_or(200), args.get(2).copied().unwrap_or(112));
    let mix = Mix::default();
    let start = std::time::Instant::now();
    let scenes: Vec<_> = (first..first + count).map(|seed| scene(seed as u64, &mix)).collect();
    println!("{:.2} ms a scene", start.elapsed().as_secs_f64() * 1e3 / count as f64);
    for style in [Style::Camera, Style::Generated] {
        let view = View { style, ..View::square(side as u32) };
        let mut shares: Vec<f32> = Vec::new();
        let mut spent = 0.0;
        for scene in &scenes {
            // The best of five: other work on the machine should not count.
            let mut best = f64::INFINITY;
            for round in 0..5 {
                let start = std::time::Instant::now();
                let share = scene.render(&view).cover.roadwork();
                best = best.min(start.elapsed().as_secs_f64());
                if round == 0 && scene.label == Label::Roadwork {
                    shares.push(share);
                }
            }
            spent += best;
        }
        println!("{:.2} ms a view of {side} in style {style:?}", spent * 1e3 / count as f64);
        shares.sort_by(f32::total_cmp);
        let at = |share: f32| shares[(share * (shares.len() - 1) as f32) as usize];
        println!(
            "roadwork covers (deciles) {:.3} {:.3} {:.3} {:.3} {:.3}",
            at(0.0),
            at(0.1),
            at(0.5),
            at(0.9),
            at(1.0)
        );
    }
}
