//! The shipped files hold what is recorded of them.

use hivis_onnx::Head;
use hivis_synth::Mix;
use hivis_train::features::Backbone;
use hivis_train::head::right;
use hivis_train::headroom::{Count, Figures};
use hivis_train::tiny;

#[test]
fn the_weights_are_small_enough_to_ship() {
    assert!(tiny::WEIGHTS.len() < 8_000_000, "{} bytes", tiny::WEIGHTS.len());
}

/// Takes about half a minute of one core: 300 scenes are rendered and judged.
#[test]
fn fresh_scenes_are_answered_as_well_as_recorded() {
    let figures: Figures = serde_json::from_str(tiny::FIGURES).unwrap();
    let backbone = Backbone::new(tiny::CONFIG, tiny::PREPROCESSOR, tiny::WEIGHTS.to_vec(), 1).unwrap();
    assert_eq!(figures.backbone, backbone.hash(), "the figures are of other weights");
    let head = Head::from_bytes(tiny::HEAD.to_vec()).unwrap();
    let questions = figures.settings.set(99, Mix::default(), (300, 1)).make();
    let folder = tempfile::tempdir().unwrap();
    let right = right(&head, &backbone.samples("fresh", &questions, folder.path()).unwrap());
    let fresh = Count { right: right.iter().filter(|right| **right).count(), of: right.len() };
    let recorded = &figures.compared[0];
    assert_eq!(recorded.set, "all");
    // 99% interval of the difference of two shares.
    let (n, m) = (recorded.shipped.of as f64, fresh.of as f64);
    let p = (recorded.shipped.right + fresh.right) as f64 / (n + m);
    let allowed = 2.5758 * (p * (1.0 - p) * (1.0 / n + 1.0 / m)).sqrt();
    let (before, now) = (recorded.shipped.accuracy(), fresh.accuracy());
    println!("recorded {before:.3}, now {now:.3}, allowed {allowed:.3}");
    assert!((before - now).abs() <= allowed, "recorded {before:.3}, now {now:.3}, allowed {allowed:.3}");
}
