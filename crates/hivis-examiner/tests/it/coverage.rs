//! The interval holds what it says: simulated exams, each with a fresh deployment that no exam saw.

use hivis_examiner::interval::{Asked as Challenge, Forecast, Pool, Resampling, Shard, forecast, paired, replicates};
use hivis_examiner::reward::{Entry, History};
use hivis_types::{Label, Level, Origin};

use crate::world::{Miner, World};

/// Exams simulated for each case of the coverage test.
const EXAMS: u64 = 120;
/// Steps of a deployment in these tests.
const STEPS: u32 = 300;

fn how(replicates: u32, seed: u64) -> Resampling {
    Resampling { deployment: STEPS, replicates, seed }
}

fn judge(pool: &Pool, how: &Resampling) -> Vec<Forecast> {
    let runs = replicates(pool, how, Shard::WHOLE).expect("both labels");
    forecast(pool, how, &runs).expect("both labels")
}

/// What a real deployment earned: mean reward and score from an empty history, then from a full one.
fn live(asked: &[Challenge], answers: &[f64]) -> [f64; 4] {
    let entries: Vec<Entry> = asked.iter().zip(answers).map(|(a, &p)| Entry::new(Some(p), a.label)).collect();
    let run = |filling: &[Entry], steps: &[Entry]| {
        let (mut history, mut score, mut sum) = (History::new(), 0.0_f64, 0.0);
        for entry in filling {
            score = 0.05 * history.push(*entry) + 0.95 * score;
        }
        for entry in steps {
            let reward = history.push(*entry);
            score = 0.05 * reward + 0.95 * score;
            sum += reward;
        }
        (sum / steps.len() as f64, score)
    };
    let (filling, steps) = entries.split_at(100);
    let (empty, full) = (run(&[], steps), run(filling, steps));
    [empty.0, empty.1, full.0, full.1]
}

/// One kind of simulated exam.
struct Case {
    seed: u64,
    exams: u64,
    replicates: u32,
    questions: u32,
    per_scene: u32,
    miner: Miner,
}

/// Exams whose interval held what the fresh deployment then earned, for the four intervals of a forecast (reward and
/// score from an empty history, reward and score from a full one), and the mean width of the third.
fn coverage(case: &Case) -> ([u64; 4], f64) {
    let (mut held, mut width) = ([0; 4], 0.0);
    let &Case { seed, exams, replicates, questions, per_scene, miner } = case;
    for exam in 0..exams {
        let mut world = World::new(seed + exam);
        let (asked, answers) = world.exam(questions, per_scene, &[miner]);
        let forecast = judge(&Pool::new(&asked, &answers), &how(replicates, seed + exam))[0];
        // A deployment meets fresh scenes, each once.
        let (asked, answers) = world.exam(100 + STEPS, 1, &[miner]);
        let (empty, full) = (forecast.from_empty, forecast.from_full);
        let intervals = [empty.reward, empty.score, full.reward, full.score];
        for ((held, interval), earned) in held.iter_mut().zip(intervals).zip(live(&asked, &answers[0])) {
            *held += u64::from(interval.holds(earned));
        }
        width += (full.reward.high - full.reward.low) / exams as f64;
    }
    (held, width)
}

fn cases(exams: u64, replicates: u32) -> [Case; 3] {
    let case = |seed, questions, per_scene, skill, silent| Case {
        seed,
        exams,
        replicates,
        questions,
        per_scene,
        miner: Miner { skill, silent },
    };
    [case(10_000, 600, 1, 1.0, 0.0), case(20_000, 300, 1, 0.95, 0.05), case(30_000, 600, 3, 1.0, 0.0)]
}

/// Of 120 exams at a true coverage of 0.90, 97 to 118 hold in 99.9 of 100 runs (binomial). An interval that forgets the
/// deployment's own chance holds far fewer, as the next test shows.
#[test]
fn ninety_percent_of_fresh_deployments_fall_inside() {
    for case in cases(EXAMS, 200) {
        let (held, width) = coverage(&case);
        let name = format!("{} questions, {} a scene", case.questions, case.per_scene);
        println!("{name}: {held:?} of {EXAMS} held, mean width {width:.3}");
        assert!(held.iter().all(|h| (97..=118).contains(h)), "{name}: {held:?} of {EXAMS}");
    }
}

/// The proof, run by hand: 400 exams a case with the default 2,000 replicates. At 0.90, 348 to 371 of 400 is what a 95%
/// Clopper-Pearson interval that contains 0.90 allows.
/// Seen on 2026-11-23, reward then score from a full history: 600 questions 355 and 349 (mean width 0.207), 300 questions
/// 367 and 361 (0.216).
#[test]
#[ignore = "minutes; cargo test -p hivis-examiner -- --ignored --nocapture"]
fn proof_of_coverage() {
    for case in cases(400, 2_000) {
        let (held, width) = coverage(&case);
        println!("{} questions, {} a scene: {held:?} of 400, mean width {width:.3}", case.questions, case.per_scene);
    }
}

/// The test above can fail: quantiles of the replicates' means, shrunk as an interval for the expected value would be,
/// miss it by far.
#[test]
fn an_interval_without_the_deployment_does_not_pass() {
    let miner = Miner { skill: 1.0, silent: 0.0 };
    let mut held = 0;
    for exam in 0..30 {
        let mut world = World::new(9_000 + exam);
        let (asked, answers) = world.exam(600, 1, &[miner]);
        // Deployments twenty times as long have next to no chance of their own left: only step (a) remains.
        let long = Resampling { deployment: 20 * STEPS, replicates: 30, seed: exam };
        let interval = judge(&Pool::new(&asked, &answers), &long)[0].from_full.reward;
        let (asked, answers) = world.exam(100 + STEPS, 1, &[miner]);
        held += u32::from(interval.holds(live(&asked, &answers[0])[2]));
    }
    assert!(held < 24, "{held} of 30 held without the deployment's own chance");
}

#[test]
fn shards_make_up_the_whole() {
    let (asked, answers) = World::new(5).exam(200, 2, &[Miner { skill: 0.95, silent: 0.02 }]);
    let pool = Pool::new(&asked, &answers);
    let how = how(50, 3);
    let whole = replicates(&pool, &how, Shard::WHOLE).expect("both labels");
    let mut parts: Vec<_> =
        (0..3).flat_map(|index| replicates(&pool, &how, Shard { index, of: 3 }).expect("both labels")).collect();
    parts.sort_by_key(|r| r.number);
    assert_eq!(parts, whole);
    assert_eq!(forecast(&pool, &how, &parts), forecast(&pool, &how, &whole));
}

#[test]
fn a_perfect_miner_is_certain_and_one_label_is_no_pool() {
    let asked: Vec<Challenge> = (0..64)
        .map(|i| Challenge {
            scene: i.to_string(),
            origin: if i & 1 == 0 { Origin::Real } else { Origin::Synthetic },
            trained_on: false,
            label: if i & 2 == 0 { Label::Clear } else { Label::Roadwork },
            level: Some(Level::ALL[i >> 2 & 3]),
        })
        .collect();
    let answers = vec![asked.iter().map(|a| f64::from(a.label.as_u8())).collect::<Vec<_>>()];
    let full = judge(&Pool::new(&asked, &answers), &how(50, 1))[0].from_full;
    assert_eq!((full.reward.point, full.reward.low, full.reward.high), (1.0, 1.0, 1.0));
    assert!(full.score.low > 0.99, "{full:?}");

    let clear: Vec<Challenge> = asked.into_iter().filter(|a| a.label == Label::Clear).collect();
    let pool = Pool::new(&clear, &[vec![0.1; clear.len()]]);
    assert!(replicates(&pool, &how(5, 1), Shard::WHOLE).is_none());
    assert!(forecast(&pool, &how(5, 1), &[]).is_none());
}

/// Equals: the chance is even, so 5% of the pairs look better at 0.05. Of 60 pairs 10 or more would do so once in a
/// thousand runs (binomial).
#[test]
fn swapping_finds_differences_and_invents_none() {
    let equal = Miner { skill: 0.97, silent: 0.0 };
    let (mut false_alarms, mut both_ways) = (0, 0);
    for exam in 0..60 {
        let (asked, answers) = World::new(70_000 + exam).exam(200, 2, &[equal, equal]);
        let pool = Pool::new(&asked, &answers);
        let how = Resampling { deployment: 100, replicates: 99, seed: exam };
        let runs = replicates(&pool, &how, Shard::WHOLE).expect("both labels");
        let result = paired(&pool, &how, &runs, 0.05).expect("two candidates");
        false_alarms += u32::from(result.p_better <= 0.05);
        both_ways += u32::from(result.p_better <= 0.5);
    }
    assert!(false_alarms <= 9, "{false_alarms} of 60 equal pairs called better at 0.05");
    assert!((17..=43).contains(&both_ways), "{both_ways} of 60 equal pairs in the better half");

    let (worse, better) = (Miner { skill: 0.9, silent: 0.0 }, Miner { skill: 1.0, silent: 0.0 });
    let (asked, answers) = World::new(1).exam(600, 1, &[worse, better]);
    let pool = Pool::new(&asked, &answers);
    let how = how(999, 1);
    let runs = replicates(&pool, &how, Shard::WHOLE).expect("both labels");
    let result = paired(&pool, &how, &runs, 0.0025).expect("two candidates");
    assert!(result.p_better <= 0.005 && result.reward.low > 0.0, "{result:?}");
    assert!(result.lower <= result.reward.low, "{result:?}");

    let same = Pool::new(&asked, &[answers[0].clone(), answers[0].clone()]);
    let runs = replicates(&same, &how, Shard::WHOLE).expect("both labels");
    let result = paired(&same, &how, &runs, 0.0025).expect("two candidates");
    assert_eq!((result.p_better, result.p_differs, result.lower), (1.0, 1.0, 0.0));
}
