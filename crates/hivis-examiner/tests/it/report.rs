//! The report of simulated exams.

use hivis_examiner::report::{Proportion, Seen};
use hivis_examiner::{ExamPlan, ExamReport, ExaminerError, Outcome, report, worst_sheet};

use crate::world::{Miner, World, as_exam};

fn plan(questions: u32) -> ExamPlan {
    ExamPlan { questions, replicates: 200, seed: 4, ..ExamPlan::default() }
}

#[test]
fn one_candidate() {
    let (asked, answers) = World::new(11).exam(300, 1, &[Miner { skill: 0.98, silent: 0.03 }]);
    let (set, sittings) = as_exam(&asked, &answers);
    let found = report(&plan(300), &set, &sittings).expect("a report");
    let [candidate] = found.candidates.as_slice() else { panic!("{} candidates", found.candidates.len()) };
    let pool = candidate.headline().expect("a pool");
    assert_eq!((pool.seen, pool.questions, pool.scenes), (Seen::Never, 300, 300));
    let silent = answers[0].iter().filter(|p| **p == -1.0).count();
    assert_eq!(pool.accuracy.of, 300 - silent);
    assert_eq!(candidate.failures.len(), 1);
    assert_eq!((candidate.failures[0].outcome, candidate.failures[0].count), (Outcome::Silent, silent));
    // Each kind of row covers the whole exam.
    for kind in ["label", "origin", "level", "weather"] {
        let rows: Vec<_> = pool.table.iter().filter(|r| r.kind == kind).collect();
        assert!(rows.len() >= 2, "{kind}");
        assert_eq!(rows.iter().map(|r| r.asked).sum::<usize>(), 300, "{kind}");
        assert_eq!(rows.iter().map(|r| r.accuracy.hits).sum::<usize>(), pool.accuracy.hits, "{kind}");
    }
    // Our MCC and the reference's agree where neither clamp nor odd value comes in.
    assert!((pool.mcc - pool.metrics.mcc).abs() < 1e-12 && pool.mcc > 0.5);
    let forecast = pool.forecast.expect("both labels");
    for interval in [forecast.from_full.reward, forecast.from_full.score, forecast.from_empty.reward] {
        assert!(interval.low < interval.point && interval.point < interval.high, "{interval:?}");
    }
    assert_eq!(candidate.curve.len(), 300);
    let last = candidate.curve.last().expect("300 points");
    // Beside one perfect miner the weight is the score in 65535ths.
    assert!((f64::from(last.weight) / 65_535.0 - last.score).abs() < 1e-4, "{last:?}");
    let worst: Vec<f64> = candidate
        .worst
        .iter()
        .map(|w| (w.probability - f64::from(set.questions[w.question as usize].label.as_u8())).abs())
        .collect();
    assert_eq!(worst.len(), 12);
    assert!(worst.is_sorted_by(|a, b| a >= b) && worst[11] > 0.5, "{worst:?}");
    // These questions carry no pictures, so there is no sheet to draw.
    assert!(worst_sheet(&found, 0, &set).is_none());
}

#[test]
fn the_report_survives_a_file() {
    let (asked, mut answers) = World::new(12).exam(60, 1, &[Miner { skill: 0.9, silent: 0.0 }]);
    answers[0][7] = f64::NAN;
    answers[0][8] = 2.0;
    let (set, sittings) = as_exam(&asked, &answers);
    let found = report(&plan(60), &set, &sittings).expect("a report");
    assert_eq!(found.candidates[0].failures[0].outcome, Outcome::Odd);
    let text = serde_json::to_string(&found).expect("JSON");
    // serde_json may read a number one unit in the last place beside what was written.
    let back: ExamReport = serde_json::from_str(&text).expect("ours");
    assert_eq!(
        (back.plan.clone(), back.candidates[0].worst.len(), back.to_string()),
        (found.plan.clone(), 12, found.to_string())
    );
    let sitting = serde_json::to_string(&sittings[0]).expect("JSON");
    let back: hivis_examiner::Sitting = serde_json::from_str(&sitting).expect("ours");
    assert!(back.answers[7].prediction.is_nan());
    assert_eq!(back.answers[8], sittings[0].answers[8]);
}

#[test]
fn silence_pays_when_the_unsure_are_wrong() {
    // Unsure answers of this miner are wrong half the time, sure ones never.
    let (asked, mut answers) = World::new(13).exam(400, 1, &[Miner { skill: 1.4, silent: 0.0 }]);
    for (i, (challenge, answer)) in asked.iter().zip(&mut answers[0]).enumerate() {
        let truth = f64::from(challenge.label.as_u8());
        *answer = match i % 10 {
            0 => 0.5 + 0.02 * (truth - 0.5),
            5 => 0.5 - 0.02 * (truth - 0.5),
            _ => truth,
        };
    }
    let (set, sittings) = as_exam(&asked, &answers);
    let found = report(&plan(400), &set, &sittings).expect("a report");
    let curve = &found.candidates[0].pools[0].silence;
    let at = |share: f64| curve.iter().find(|p| p.share == share).expect("a point").reward;
    assert!(at(0.20) > at(0.0) && at(0.20) > at(0.40), "{curve:?}");
    assert!(at(0.20) > 0.78, "a fifth unanswered, the rest right: {}", at(0.20));
}

#[test]
fn trained_on_scenes_are_apart() {
    let (mut asked, answers) = World::new(14).exam(240, 2, &[Miner { skill: 0.9, silent: 0.0 }]);
    for challenge in &mut asked {
        challenge.trained_on = challenge.scene.ends_with(['1', '2', '3']);
    }
    let (set, sittings) = as_exam(&asked, &answers);
    let found = report(&plan(240), &set, &sittings).expect("a report");
    let pools: Vec<_> = found.candidates[0].pools.iter().map(|p| (p.seen, p.questions, p.scenes)).collect();
    let trained = asked.iter().filter(|a| a.trained_on).count();
    assert_eq!(pools, [(Seen::Never, 240 - trained, 120 - trained / 2), (Seen::TrainedOn, trained, trained / 2)]);
    assert!(found.notes.iter().any(|n| n.contains("scenes are few")), "{:?}", found.notes);
}

#[test]
fn two_candidates_share_questions() {
    let miners = [Miner { skill: 0.9, silent: 0.0 }, Miner { skill: 1.05, silent: 0.0 }];
    let (asked, answers) = World::new(15).exam(400, 1, &miners);
    let (set, sittings) = as_exam(&asked, &answers);
    let found = report(&plan(400), &set, &sittings).expect("a report");
    assert_eq!(found.candidates.len(), 2);
    let [pair] = found.paired.as_slice() else { panic!("{} pairs", found.paired.len()) };
    assert!(pair.paired.reward.point > 0.1 && pair.paired.p_better < 0.01, "{pair:?}");
    // The same numbers whichever candidate stands beside: a forecast depends on its own answers only.
    let alone = report(&plan(400), &set, &sittings[..1]).expect("a report");
    assert_eq!(alone.candidates[0], found.candidates[0]);
    assert!(alone.paired.is_empty());

    let cut = hivis_examiner::QuestionSet { questions: set.questions[..10].to_vec(), ..set };
    let error = report(&plan(10), &cut, &sittings).expect_err("another exam");
    assert!(matches!(error, ExaminerError::OtherExam { .. }), "{error}");
}

#[test]
fn wilson() {
    // Against statsmodels.stats.proportion.proportion_confint(hits, of, 0.05, "wilson").
    for (hits, of, low, high) in [
        (0, 10, 0.0, 0.277_532_8),
        (5, 10, 0.236_593_1, 0.763_406_9),
        (9, 10, 0.595_850_0, 0.982_123_8),
        (275, 300, 0.879_878_4, 0.942_919_1),
        (10, 10, 0.722_467_2, 1.0),
    ] {
        let p = Proportion::new(hits, of);
        assert!((p.low - low).abs() < 1e-6 && (p.high - high).abs() < 1e-6, "{p:?}");
    }
    assert_eq!(Proportion::new(0, 0), Proportion { hits: 0, of: 0, share: 0.0, low: 0.0, high: 1.0 });
}

#[test]
fn the_printed_report_reads_well() {
    let (mut asked, answers) = World::new(16).exam(32, 1, &[Miner { skill: 1.0, silent: 0.1 }]);
    for (i, a) in asked.iter_mut().enumerate() {
        a.scene = format!("scene {}", i % 16);
    }
    let (mut set, sittings) = as_exam(&asked, &answers);
    set.skipped.push(hivis_examiner::pictures::Skipped { name: "a.txt".to_owned(), why: "not a picture".to_owned() });
    let plan = ExamPlan { replicates: 50, ..plan(32) };
    let text = report(&plan, &set, &sittings).expect("a report").to_string();
    println!("{text}");
    for needed in ["expected reward", "scenes never seen", "level 3", "origin synthetic", "latency", "silent", "a.txt"]
    {
        assert!(text.contains(needed), "`{needed}` is missing:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}
