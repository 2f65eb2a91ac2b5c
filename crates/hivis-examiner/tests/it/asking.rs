//! The open loop, on paused time with a stand-in for the axon.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hivis_examiner::{Ask, Event, ExamPlan, Outcome, QuestionSet, Told, silent, sit};
use hivis_types::Label;
use tokio::time::Instant;

use crate::world::{Miner, World, as_exam};

fn set(n: u32) -> QuestionSet {
    let (asked, answers) = World::new(3).exam(n, 1, &[Miner { skill: 1.0, silent: 0.0 }]);
    as_exam(&asked, &answers).0
}

/// Answers 0.9 after a while, and notes when it was asked and how many asks were under way.
struct Slow {
    after: Duration,
    begin: Instant,
    asked: Mutex<Vec<Duration>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Slow {
    fn new(after: Duration) -> Arc<Self> {
        Arc::new(Self {
            after,
            begin: Instant::now(),
            asked: Mutex::new(Vec::new()),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }
}

impl Ask for Slow {
    fn name(&self) -> String {
        "slow".to_owned()
    }

    async fn ask(&self, _: Arc<str>, _: Label, _: Duration) -> Told {
        self.asked.lock().expect("not poisoned").push(self.begin.elapsed());
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(self.after).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        Told { prediction: 0.9, outcome: Outcome::Answered, status: Some(200), message: "Success".to_owned() }
    }
}

#[tokio::test(start_paused = true)]
async fn asks_start_on_schedule_however_slow_the_answers_are() {
    let slow = Slow::new(Duration::from_secs(3));
    let plan = ExamPlan { questions: 40, rate: 10.0, ..ExamPlan::default() };
    let sitting = sit(&plan, &set(40), Arc::clone(&slow), &silent).await.expect("a plan that can be done");
    let asked = slow.asked.lock().expect("not poisoned").clone();
    for (i, at) in asked.iter().enumerate() {
        let due = Duration::from_millis(100 * i as u64);
        // Tokio's timer counts whole milliseconds.
        assert!(*at >= due && *at < due + Duration::from_millis(5), "ask {i} at {at:?}");
    }
    assert_eq!(slow.most.load(Ordering::SeqCst), 30);
    assert_eq!(sitting.answers.len(), 40);
    for (i, answer) in sitting.answers.iter().enumerate() {
        assert_eq!((answer.question, answer.outcome, answer.message.as_str()), (i as u32, Outcome::Answered, ""));
        assert!((answer.latency_s - 3.0).abs() < 0.01 && answer.late_s < 0.005, "{answer:?}");
    }
    assert!((sitting.seconds - 6.9).abs() < 0.02, "{}", sitting.seconds);
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_bounded_and_lateness_is_told() {
    let slow = Slow::new(Duration::from_secs(1));
    let plan = ExamPlan { questions: 12, rate: 100.0, in_flight: 4, ..ExamPlan::default() };
    let sitting = sit(&plan, &set(12), Arc::clone(&slow), &silent).await.expect("a plan that can be done");
    assert_eq!(slow.most.load(Ordering::SeqCst), 4);
    let late: Vec<bool> = sitting.answers.iter().map(|a| a.late_s > 0.5).collect();
    assert_eq!(late, [[false; 4], [true; 4], [true; 4]].concat());
}

struct Never;

impl Ask for Never {
    fn name(&self) -> String {
        "never".to_owned()
    }

    async fn ask(&self, _: Arc<str>, _: Label, _: Duration) -> Told {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_never_ends_is_a_timeout() {
    let plan = ExamPlan { questions: 3, timeout_s: 9.0, ..ExamPlan::default() };
    let sitting = sit(&plan, &set(3), Arc::new(Never), &silent).await.expect("a plan that can be done");
    for answer in &sitting.answers {
        assert_eq!((answer.outcome, answer.prediction, answer.status), (Outcome::Timeout, -1.0, Some(408)));
        assert!((answer.latency_s - 9.5).abs() < 0.01, "{answer:?}");
    }
}

struct Panics;

impl Ask for Panics {
    fn name(&self) -> String {
        "panics".to_owned()
    }

    async fn ask(&self, image: Arc<str>, _: Label, _: Duration) -> Told {
        assert!(!image.is_empty(), "the test's questions have no picture");
        unreachable!()
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_asking_is_one_lost_answer() {
    let plan = ExamPlan { questions: 2, ..ExamPlan::default() };
    let sitting = sit(&plan, &set(2), Arc::new(Panics), &silent).await.expect("a plan that can be done");
    assert!(sitting.answers.iter().all(|a| a.outcome == Outcome::Unreadable && a.prediction == -1.0));
}

#[tokio::test(start_paused = true)]
async fn events_tell_every_answer_and_the_standing() {
    let set = set(30);
    let seen: Mutex<Vec<Event>> = Mutex::new(Vec::new());
    let plan = ExamPlan { questions: 30, ..ExamPlan::default() };
    let note = |event: &Event| seen.lock().expect("not poisoned").push(event.clone());
    sit(&plan, &set, Slow::new(Duration::from_millis(50)), &note).await.expect("a plan that can be done");
    let seen = seen.into_inner().expect("not poisoned");
    assert_eq!(seen.len(), 30);
    let roadwork = set.questions.iter().filter(|q| q.label == Label::Roadwork).count() as u32;
    let Some(Event::Answered { standing, .. }) = seen.last() else { panic!("{:?}", seen.last()) };
    // It always says roadwork: right on those, no correlation, and each run of answers earns at most an eighth.
    assert_eq!((standing.done, standing.total, standing.judged, standing.right), (30, 30, 30, roadwork));
    assert_eq!(standing.mcc, 0.0);
    assert!(standing.mean_reward > 0.0 && standing.mean_reward <= 0.125, "{standing:?}");
}

#[tokio::test(start_paused = true)]
async fn impossible_plans_are_refused() {
    let refused = [
        ExamPlan { questions: 0, ..ExamPlan::default() },
        ExamPlan { rate: 0.0, ..ExamPlan::default() },
        ExamPlan { rate: f64::NAN, ..ExamPlan::default() },
        ExamPlan { in_flight: 0, ..ExamPlan::default() },
        ExamPlan { timeout_s: -1.0, ..ExamPlan::default() },
        ExamPlan { replicates: 0, ..ExamPlan::default() },
        ExamPlan { paired_level: 0.7, ..ExamPlan::default() },
    ];
    for plan in refused {
        assert!(sit(&plan, &set(1), Arc::new(Never), &silent).await.is_err(), "{plan:?}");
    }
}
