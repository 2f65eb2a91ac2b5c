//! Drift: the statistics against SciPy and NumPy, what they promise, and how often they cry wolf.

use hivis_curate::CurateError;
use hivis_curate::drift::{Cusum, Kind, Limit, Reference, binomial_tail, calm, energy, ks, limit, psi, wasserstein};
use hivis_curate::vectors::Matrix;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::peer;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A number of about a normal distribution: the sum of twelve even ones less six.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// Pictures of eight kinds (places in the space), a share of them of a kind that the training data never showed.
struct World {
    centres: Vec<Vec<f64>>,
}

const WIDTH: usize = 32;
const KINDS: usize = 8;

impl World {
    fn new() -> Self {
        let mut rng = rng(1);
        Self { centres: (0..=KINDS).map(|_| (0..WIDTH).map(|_| normal(&mut rng)).collect()).collect() }
    }

    fn rows(&self, count: usize, new: f64, rng: &mut ChaCha8Rng) -> Matrix {
        let mut data = Vec::with_capacity(count * WIDTH);
        for _ in 0..count {
            let kind = if rng.random::<f64>() < new { KINDS } else { rng.random_range(0..KINDS as u32) as usize };
            data.extend(self.centres[kind].iter().map(|centre| (centre + 0.7 * normal(rng)) as f32));
        }
        Matrix::new(WIDTH, data).expect("finite rows")
    }
}

/// Scores as a miner's: most are sure.
fn scores(count: usize, shift: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count)
        .map(|_| {
            let logit = if rng.random::<bool>() { 2.5 } else { -2.5 } + shift + 1.5 * normal(rng);
            1.0 / (1.0 + (-logit).exp())
        })
        .collect()
}

#[test]
fn statistics_are_scipys() {
    let mut rng = rng(7);
    let mut cases: Vec<(Vec<f64>, Vec<f64>)> =
        (1..40).map(|n| (scores(5 * n, 0.0, &mut rng), scores(3 * n + 1, 0.2 * n as f64, &mut rng))).collect();
    // Ties, one value, the same list twice.
    cases.push((vec![0.5, 0.5, 0.25, 1.0], vec![0.5, 0.25, 0.25]));
    cases.push((vec![0.0], vec![1.0]));
    cases.push((vec![0.3, 0.9, 0.9], vec![0.3, 0.9, 0.9]));
    cases.push((vec![0.7; 50], vec![0.7; 50]));
    let rows = World::new().rows(4, 0.0, &mut rng);
    let tails: Vec<(u64, u64, f64)> =
        vec![(0, 10, 0.9), (9, 10, 0.9), (10, 10, 0.9), (80, 100, 0.9), (1700, 2000, 0.88), (3, 5, 0.0), (4, 5, 1.0)];
    let job = json!({ "scores": cases, "bins": 10, "tails": tails });
    let Some(theirs) = peer::ask_script("drift.py", &job, &[("rows", &rows)]) else { return };
    let close = |a: f64, b: &Value| {
        let b = b.as_f64().expect("a number");
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} {b}");
    };
    for (at, (one, other)) in cases.iter().enumerate() {
        let said = &theirs["scores"][at];
        close(ks(one, other).expect("scores"), &said["ks"]);
        close(wasserstein(one, other).expect("scores"), &said["wasserstein"]);
        close(psi(one, other, 10).expect("scores"), &said["psi"]);
        let matrix = |values: &[f64]| Matrix::new(1, values.iter().map(|v| *v as f32).collect()).expect("finite");
        // Rows are single precision, and so is what SciPy got.
        let ours = energy(&matrix(one), &matrix(other)).expect("rows");
        let scipy = said["energy"].as_f64().expect("a number");
        assert!((ours.powi(2) - scipy.powi(2)).abs() < 1e-6, "{ours} {scipy}");
    }
    for (at, (right, n, accuracy)) in tails.iter().enumerate() {
        close(binomial_tail(*right, *n, *accuracy), &theirs["tails"][at]);
    }
}

#[test]
fn distances_are_none_between_equals_and_never_less() {
    for seed in 0..200 {
        let mut rng = rng(seed);
        let (n, m) = (rng.random_range(1..60), rng.random_range(1..60));
        let one = scores(n, 0.0, &mut rng);
        let other = scores(m, normal(&mut rng), &mut rng);
        let apart = [
            ks(&one, &other).expect("scores"),
            wasserstein(&one, &other).expect("scores"),
            psi(&one, &other, 10).expect("scores"),
        ];
        assert!(apart.iter().all(|value| value.is_finite() && *value >= 0.0), "{apart:?}");
        assert!(apart[0] <= 1.0 && apart[1] <= 1.0);
        assert_eq!(ks(&one, &other).expect("scores"), ks(&other, &one).expect("scores"));
        let back = wasserstein(&other, &one).expect("scores");
        assert!((apart[1] - back).abs() < 1e-12);
        for same in [ks(&one, &one), wasserstein(&one, &one), psi(&one, &one, 10)] {
            assert_eq!(same.expect("scores"), 0.0);
        }
        // Only the order counts for the first, so any rising map leaves it as it is.
        let mapped = |values: &[f64]| values.iter().map(|v| v.powi(3) + 5.0).collect::<Vec<_>>();
        assert_eq!(ks(&mapped(&one), &mapped(&other)).expect("scores"), apart[0]);
        let rows = World::new().rows(n, 0.1, &mut rng);
        assert!(energy(&rows, &rows).expect("rows") < 1e-3);
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for judge in [ks, wasserstein] {
            assert!(matches!(judge(&[0.5, bad], &[0.5]), Err(CurateError::NotFinite { row: 1 })));
            assert!(matches!(judge(&[0.5], &[bad]), Err(CurateError::NotFinite { row: 0 })));
        }
        assert!(matches!(psi(&[bad], &[0.5], 10), Err(CurateError::NotFinite { .. })));
    }
    assert!(matches!(ks(&[], &[0.5]), Err(CurateError::TooFew { .. })));
    assert!(matches!(psi(&[0.5], &[], 10), Err(CurateError::TooFew { .. })));
    let rows = World::new().rows(10, 0.0, &mut rng(3));
    let ids: Vec<u32> = (0..10).collect();
    let reference = Reference::new(&rows, &ids).expect("a reference");
    let other = Matrix::new(2, vec![1.0; 4]).expect("rows");
    assert!(matches!(reference.nearest(&other, &[None, None]), Err(CurateError::Shape { width: WIDTH, .. })));
    assert!(matches!(reference.energy(&other), Err(CurateError::Shape { .. })));
    assert!(matches!(reference.nearest(&rows, &[None]), Err(CurateError::Lengths { .. })));
    assert!(matches!(Reference::new(&rows, &ids[..3]), Err(CurateError::Lengths { .. })));
    assert!(matches!(energy(&rows, &other), Err(CurateError::Shape { .. })));
    // A picture of the training data that is asked again is not its own neighbour.
    let own: Vec<Option<u32>> = ids.iter().copied().map(Some).collect();
    let unknown = vec![None; 10];
    assert!(reference.nearest(&rows, &unknown).expect("rows") < 1e-6);
    assert!(reference.nearest(&rows, &own).expect("rows") > 1e-3);
    assert_eq!(Kind::ALL.map(|kind| Kind::named(kind.as_str())), Kind::ALL.map(Some));
}

#[test]
fn a_limit_is_learned_or_is_none() {
    let past: Vec<f64> = (0..49).map(f64::from).collect();
    assert_eq!(limit(&past, 0.02, 10), Limit::Known(48.0), "the largest of 49");
    assert_eq!(limit(&past[..48], 0.02, 10), Limit::Learning { have: 48, need: 49 });
    assert_eq!(limit(&[f64::NAN; 100], 0.02, 10), Limit::Learning { have: 0, need: 49 });
    assert_eq!(limit(&past, 0.2, 60), Limit::Learning { have: 49, need: 60 });
    assert_eq!(limit(&past, 0.2, 10), Limit::Known(39.0));
    // An episode teaches nothing, a single false alarm does.
    let judged =
        [(1.0, None), (9.0, Some(5.0)), (1.0, Some(5.0)), (8.0, Some(5.0)), (7.0, Some(5.0)), (2.0, Some(5.0))];
    assert_eq!(calm(&judged), [1.0, 9.0, 1.0, 2.0]);
}

/// One value a window of `size`, as the server computes it.
fn window(
    kind: Kind,
    (world, reference): (&World, &(Reference<u32>, Vec<f64>)),
    size: usize,
    shift: f64,
    rng: &mut ChaCha8Rng,
) -> f64 {
    match kind {
        Kind::InputNearest => reference.0.nearest(&world.rows(size, shift, rng), &vec![None; size]),
        Kind::InputEnergy => reference.0.energy(&world.rows(size, shift, rng)),
        Kind::ScoreKs => ks(&reference.1, &scores(size, 4.0 * shift, rng)),
        Kind::ScorePsi => psi(&reference.1, &scores(size, 4.0 * shift, rng), 10),
        Kind::ScoreWasserstein => wasserstein(&reference.1, &scores(size, 4.0 * shift, rng)),
        Kind::Accuracy => unreachable!("it is no window's own"),
    }
    .expect("a value")
}

/// Over many miners: each learns from 60 windows without a shift, is then watched for 40 more, and then the world moves.
#[test]
fn it_is_quiet_while_nothing_moves_and_fires_when_something_does() {
    const RATE: f64 = 0.02;
    const SIZE: usize = 100;
    let world = World::new();
    for kind in &Kind::ALL[..5] {
        let (mut alarms, mut watched, mut delays) = (0_u32, 0_u32, Vec::new());
        for miner in 0..40 {
            let mut rng = rng(1000 + miner);
            let rows = world.rows(300, 0.0, &mut rng);
            let ids: Vec<u32> = (0..300).collect();
            let reference = (Reference::new(&rows, &ids).expect("rows"), scores(500, 0.0, &mut rng));
            let value = |shift: f64, rng: &mut ChaCha8Rng| window(*kind, (&world, &reference), SIZE, shift, rng);
            let mut judged: Vec<(f64, Option<f64>)> = Vec::new();
            for at in 0..100 {
                let known = limit(&calm(&judged), RATE, 20).known();
                let value = value(0.0, &mut rng);
                judged.push((value, known));
                if at >= 60 {
                    watched += 1;
                    alarms += u32::from(known.is_some_and(|limit| value > limit));
                }
            }
            let known = limit(&calm(&judged), RATE, 20).known().expect("100 windows are enough");
            let fires = (1..=10_u32).find(|_| value(0.25, &mut rng) > known);
            delays.push(fires.unwrap_or(99));
        }
        // 1,600 windows at 2%: three standard deviations are 1.05 points.
        let rate = f64::from(alarms) / f64::from(watched);
        println!("{}: false alarms {rate:.4} of {watched} windows, delay {delays:?}", kind.as_str());
        assert!(rate <= RATE + 0.0105, "{}: {alarms} of {watched}", kind.as_str());
        delays.sort_unstable();
        assert!(delays[20] <= 2, "{}: half of the shifts take {} windows", kind.as_str(), delays[20]);
    }
}

#[test]
fn errors_that_become_more_frequent_are_seen_and_usual_ones_hardly_ever() {
    let every = 20_000.0;
    // 200 miners, 5,000 labelled answers each at the exam's 10%: at one in 20,000, no more than 50 alarms.
    let mut alarms = 0;
    for seed in 0..200 {
        let (mut rng, mut sum) = (rng(seed), Cusum::new(0.1, 0.15, every));
        for _ in 0..5000 {
            if sum.push(rng.random::<f64>() < 0.1) > sum.limit() {
                alarms += 1;
                sum = Cusum::new(0.1, 0.15, every);
            }
        }
    }
    println!("accuracy: {alarms} false alarms in 1,000,000 answers (promised at most 50)");
    assert!(alarms <= 50, "{alarms}");
    let mut delays: Vec<usize> = (0..200)
        .map(|seed| {
            let (mut rng, mut sum) = (rng(seed), Cusum::new(0.1, 0.15, every));
            (1..20_000).find(|_| sum.push(rng.random::<f64>() < 0.2) > sum.limit()).expect("it fires")
        })
        .collect();
    delays.sort_unstable();
    println!("accuracy: 10% to 20% wrong, half are seen within {} answers, 95% within {}", delays[100], delays[190]);
    assert!(delays[100] < 300, "{}", delays[100]);
    // What cannot be is drawn into what can.
    for (usual, worse) in [(f64::NAN, 0.1), (0.0, 0.0), (1.0, 1.0), (0.5, 0.2)] {
        let mut sum = Cusum::new(usual, worse, every);
        assert!((0..100).all(|n| sum.push(n % 3 == 0).is_finite()) && sum.limit() > 0.0);
    }
}
