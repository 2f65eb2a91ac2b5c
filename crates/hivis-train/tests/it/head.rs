//! The head's training on made-up features.

use hivis_train::TrainError;
use hivis_train::draws::{Purpose, stream};
use hivis_train::features::Samples;
use hivis_train::head::{HeadSettings, right, train_head};
use hivis_types::Label;
use rand::Rng;

/// Rows whose label is the sign of the first number times the second: no linear head gets it right.
fn crossed(seed: u64, count: usize) -> Samples {
    let mut rng = stream(seed, Purpose::Evaluation, 0, 0);
    let features: Vec<f32> = (0..count * 4).map(|_| rng.random_range(-1.0..1.0)).collect();
    let label = |row: &[f32]| if row[0] * row[1] > 0.0 { Label::Roadwork } else { Label::Clear };
    let labels = features.chunks_exact(4).map(label).collect();
    Samples { width: 4, features, labels }
}

fn quick() -> HeadSettings {
    HeadSettings { hidden: vec![32], epochs: 8, peak_rate: 1e-2, warm_up: 10, ..HeadSettings::default() }
}

#[test]
fn it_learns_what_no_linear_head_can_and_is_repeatable() {
    let (training, validation) = (crossed(1, 2000), crossed(2, 500));
    let one = train_head(&training, &validation, &quick()).unwrap();
    let accuracy = right(&one.head, &validation).iter().filter(|right| **right).count();
    assert!(accuracy > 450, "{accuracy} of 500");
    let two = train_head(&training, &validation, &quick()).unwrap();
    assert_eq!(one, two);
    let other = train_head(&training, &validation, &HeadSettings { seed: 73, ..quick() }).unwrap();
    assert_ne!(one.head, other.head);
}

#[test]
fn the_best_epoch_is_kept_and_patience_ends_the_run() {
    // Labels that have nothing to do with the features: validation loss soon rises.
    let mut noise = crossed(3, 200);
    let mut rng = stream(4, Purpose::Evaluation, 0, 0);
    noise.labels.fill_with(|| if rng.random_bool(0.5) { Label::Roadwork } else { Label::Clear });
    let settings = HeadSettings { epochs: 60, hidden: vec![128], dropout: 0.0, peak_rate: 3e-2, ..quick() };
    let trained = train_head(&noise, &crossed(5, 200), &settings).unwrap();
    assert!(trained.history.len() < 60, "{} epochs", trained.history.len());
    assert_eq!(trained.history.len(), trained.best + settings.patience + 1);
    let lowest = trained.history.iter().map(|epoch| epoch.validation).fold(f32::INFINITY, f32::min);
    assert_eq!(trained.history[trained.best].validation, lowest);
}

#[test]
fn one_class_and_broken_features_are_refused() {
    let good = crossed(1, 50);
    let one_class = Samples { labels: vec![Label::Clear; 50], ..good.clone() };
    assert!(matches!(train_head(&one_class, &good, &quick()), Err(TrainError::Data(_))));
    let mut broken = good.clone();
    broken.features[7] = f32::NAN;
    assert!(matches!(train_head(&good, &broken, &quick()), Err(TrainError::Data(_))));
}
