//! The head's training on made-up features.

use hivis_onnx::Pooling;
use hivis_train::TrainError;
use hivis_train::draws::{Purpose, stream};
use hivis_train::features::Samples;
use hivis_train::head::{Checkpoints, ClassWeights, Fit, Halt, HeadSettings, Lesson, Mixture, right, train_head};
use hivis_train::sweep;
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

fn lesson<'a>(training: &'a Samples, mixture: &'a Mixture, validation: &'a Samples) -> Lesson<'a> {
    Lesson { training, mixture, validation, pooling: Pooling::ClsMean, begin: None }
}

/// Killed after any step: what goes on from the checkpoint ends with the very same head.
#[test]
fn a_resumed_training_ends_bit_for_bit_the_same() {
    let (training, validation) = (crossed(1, 300), crossed(2, 100));
    let mixture = Mixture::whole(300);
    let lesson = lesson(&training, &mixture, &validation);
    let settings = HeadSettings { epochs: 3, ..quick() };
    let whole = Fit::new(lesson, &settings).unwrap().finish(lesson, &mut Checkpoints::none()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.checkpoint");
    for killed_after in [1, 7, 10, 11, 25] {
        let mut steps = 0;
        // A checkpoint at the step of the kill, none later: later steps are lost with the process.
        let due = || {
            steps += 1;
            steps == killed_after
        };
        let mut checkpoints = Checkpoints::to(path.clone(), "this".to_owned(), due);
        Fit::new(lesson, &settings).unwrap().go_on(lesson, 3, &mut checkpoints).unwrap();
        assert!(checkpoints.failed().is_none());
        let mut again = Checkpoints::to(path.clone(), "this".to_owned(), || false);
        let fit = Fit::resume(lesson, &settings, &again).unwrap();
        assert_eq!(fit.steps(), killed_after);
        assert_eq!(fit.finish(lesson, &mut again).unwrap(), whole, "killed after {killed_after}");
    }
    let other = Checkpoints::to(path, "another training".to_owned(), || false);
    assert_eq!(Fit::resume(lesson, &settings, &other).unwrap().steps(), 0);
}

/// Told to stop between two steps: it is kept there although no checkpoint was due, and goes on to the very same head.
#[test]
fn a_halted_training_is_kept_and_goes_on() {
    let (training, validation) = (crossed(1, 300), crossed(2, 100));
    let mixture = Mixture::whole(300);
    let lesson = lesson(&training, &mixture, &validation);
    let settings = HeadSettings { epochs: 3, ..quick() };
    let whole = Fit::new(lesson, &settings).unwrap().finish(lesson, &mut Checkpoints::none()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // 10 steps an epoch: in the midst of the first, at the end of one, in the midst of the last.
    for (steps, epochs) in [(4, 0), (10, 1), (23, 2)] {
        let path = folder.path().join(format!("head.{steps}"));
        let asked = std::sync::atomic::AtomicU32::new(0);
        let halt =
            move || (asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 >= steps).then_some(Halt::Soon);
        let kept = Checkpoints::to(path.clone(), "this".to_owned(), || false);
        let mut halted = kept.halted_by(Some(Box::new(halt)));
        let mut fit = Fit::new(lesson, &settings).unwrap();
        fit.go_on(lesson, 3, &mut halted).unwrap();
        assert!(halted.failed().is_none());
        assert!(fit.epochs() >= epochs && fit.epochs() < 3, "halted after {steps}: {}", fit.epochs());
        let mut again = Checkpoints::to(path, "this".to_owned(), || false);
        let fit = Fit::resume(lesson, &settings, &again).unwrap();
        assert_eq!(fit.finish(lesson, &mut again).unwrap(), whole, "halted after {steps}");
    }
}

/// A folder that is gone stands for a full disk: the head comes out all the same, and the reason is told.
#[test]
fn a_checkpoint_that_cannot_be_written_costs_no_head() {
    let (training, validation) = (crossed(1, 200), crossed(2, 100));
    let mixture = Mixture::whole(200);
    let lesson = lesson(&training, &mixture, &validation);
    let settings = HeadSettings { epochs: 1, ..quick() };
    let mut checkpoints = Checkpoints::to("/nowhere/head.checkpoint".into(), "this".to_owned(), || true);
    let trained = Fit::new(lesson, &settings).unwrap().finish(lesson, &mut checkpoints).unwrap();
    assert_eq!(trained.history.len(), 1);
    assert!(matches!(checkpoints.failed(), Some(TrainError::File { .. })));
}

/// A step in four parts is the step in one, but for the order in which it is summed.
#[test]
fn accumulated_batches_are_one_step() {
    let (training, validation) = (crossed(1, 256), crossed(2, 100));
    let settings = |batch, accumulate| HeadSettings { batch, accumulate, epochs: 2, ..quick() };
    let one = train_head(&training, &validation, &settings(32, 1)).unwrap();
    let four = train_head(&training, &validation, &settings(8, 4)).unwrap();
    for (a, b) in one.history.iter().zip(&four.history) {
        assert!((a.training - b.training).abs() < 1e-4 && (a.validation - b.validation).abs() < 1e-4, "{a:?} {b:?}");
    }
    let three = train_head(&training, &validation, &settings(8, 1)).unwrap();
    assert!((one.history[0].training - three.history[0].training).abs() > 1e-4);
}

/// Nine of ten rows are clear: without weights the head calls nearly nothing roadwork, with them it finds most of it.
#[test]
fn balanced_weights_find_the_rare_class() {
    let rare = |seed: u64| {
        let mut samples = crossed(seed, 1000);
        let mut rng = stream(seed, Purpose::Evaluation, 1, 0);
        // Noise on the label hides the rare class from a head that only wants to be right.
        let label =
            |l: &Label| if *l == Label::Roadwork && rng.random_bool(0.2) { Label::Roadwork } else { Label::Clear };
        samples.labels = samples.labels.iter().map(label).collect();
        samples
    };
    let (training, validation) = (rare(1), rare(2));
    let found = |class_weights| {
        let trained = train_head(&training, &validation, &HeadSettings { class_weights, ..quick() }).unwrap();
        hivis_train::head::logits(&trained.head, &validation).iter().filter(|logit| **logit > 0.0).count()
    };
    let roadwork = training.labels.iter().filter(|l| **l == Label::Roadwork).count() as f32;
    let (plain, balanced) = (found(ClassWeights::None), found(ClassWeights::Balanced));
    assert!(plain < 50 && balanced > 300, "{plain} and {balanced} of 1000 called roadwork");
    let fixed = ClassWeights::Fixed(1000.0 / (2.0 * (1000.0 - roadwork)), 1000.0 / (2.0 * roadwork));
    assert_eq!(found(fixed), balanced);
}

#[test]
fn a_head_goes_on_from_another() {
    let (training, validation) = (crossed(1, 2000), crossed(2, 500));
    let first = train_head(&training, &validation, &quick()).unwrap();
    let mixture = Mixture::whole(2000);
    let begin = Lesson { begin: Some(&first.head), ..lesson(&training, &mixture, &validation) };
    let settings = HeadSettings { epochs: 1, peak_rate: 1e-4, ..quick() };
    let more = Fit::new(begin, &settings).unwrap().finish(begin, &mut Checkpoints::none()).unwrap();
    let lowest = first.history[first.best].validation;
    assert!((more.history[0].validation - lowest).abs() < 0.03, "{lowest} {:?}", more.history);
    let wrong = Fit::new(begin, &HeadSettings { hidden: vec![16], ..settings });
    assert!(matches!(wrong, Err(TrainError::Data(why)) if why.contains("layers")));
}

#[test]
fn a_sweep_stops_the_bad_half_and_repeats() {
    let (training, validation) = (crossed(1, 400), crossed(2, 200));
    let mixture = Mixture::whole(400);
    let lesson = lesson(&training, &mixture, &validation);
    let mut trials = sweep::trials(&quick(), 6);
    assert_eq!(trials[0], quick());
    // One that diverges is passed over.
    trials[5].peak_rate = 1e30;
    let (head, told) = sweep::sweep(lesson, &trials).unwrap();
    assert_eq!(told.iter().filter(|trial| trial.stopped == Some(2)).count(), 2);
    assert_eq!(told.iter().filter(|trial| trial.stopped == Some(5)).count(), 1);
    assert_eq!(told.iter().filter(|trial| trial.failed.is_some()).count(), 1);
    assert!(told.iter().all(|trial| trial.stopped != Some(2) || trial.epochs == 2));
    let finished = told.iter().filter(|trial| trial.stopped.is_none() && trial.failed.is_none());
    let lowest = finished.map(|trial| trial.loss).fold(f32::INFINITY, f32::min);
    assert_eq!(head.history[head.best].validation, lowest);
    assert_eq!(sweep::sweep(lesson, &trials).unwrap(), (head, told));
}
