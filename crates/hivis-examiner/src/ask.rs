//! Asks at a steady rate, whatever the answers do.
//!
//! An open loop: ask `i` starts at `i / rate` after the first. A slow axon does not slow the examiner down, as it does
//! not slow the network of validators down. What is bounded is the number of asks under way; when it is reached the next
//! ask starts late, and how late is kept.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hivis_types::Label;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::answer::{Answer, Asked, Outcome, Sitting, Standing};
use crate::reward::{Entry, HISTORY, History};
use crate::score::{ALPHA, MovingAverage, Neuron};
use crate::{Event, ExamPlan, ExaminerError, Question, QuestionSet, Sink};

/// What one ask gave, before the examiner's clock is added.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What the reward code gets; -1 when there was no answer.
    pub prediction: f64,
    /// What became of the ask.
    pub outcome: Outcome,
    /// The status, when there was one.
    pub status: Option<u16>,
    /// What is said about a failure.
    pub message: String,
}

/// Someone who can be asked: an axon behind HTTP, or a stand-in in a test.
pub trait Ask: Send + Sync + 'static {
    /// Who it is, for the report.
    fn name(&self) -> String;

    /// One question with its timeout. Must end by the timeout, or soon after; the examiner does not wait longer. The truth
    /// is for those who pass it on, as a validator of testnet does; a miner is not to see it before it has answered.
    fn ask(&self, image: Arc<str>, truth: Label, timeout: Duration) -> impl Future<Output = Told> + Send;
}

/// How long after the timeout a candidate's own clock is trusted to end the ask.
const GRACE: Duration = Duration::from_millis(500);
/// Longest failure message that is kept, in characters.
const MESSAGE: usize = 200;

/// Asks every question of one candidate.
pub async fn sit<A: Ask>(
    plan: &ExamPlan,
    set: &QuestionSet,
    candidate: Arc<A>,
    events: Sink<'_>,
) -> Result<Sitting, ExaminerError> {
    plan.check()?;
    let name = candidate.name();
    let begin = Instant::now();
    let room = Arc::new(Semaphore::new(plan.in_flight));
    let mut table = Table::new(set.questions.len());
    let mut asks: JoinSet<Answer> = JoinSet::new();
    for (place, question) in set.questions.iter().enumerate() {
        let due = begin + Duration::from_secs_f64(place as f64 / plan.rate);
        // Answers are shown while the next ask waits for its time, and for its room.
        let permit = {
            let start = async {
                tokio::time::sleep_until(due).await;
                Arc::clone(&room).acquire_owned().await.expect("nobody closes the semaphore: this is a bug")
            };
            tokio::pin!(start);
            loop {
                tokio::select! {
                    biased;
                    permit = &mut start => break permit,
                    Some(ended) = asks.join_next() => table.take(set, ended, events),
                }
            }
        };
        let late = Instant::now().saturating_duration_since(due);
        let (candidate, image, id) = (Arc::clone(&candidate), Arc::clone(&question.image), question.id);
        let (truth, timeout) = (question.label, plan.timeout());
        asks.spawn(async move {
            let _permit = permit;
            let begin = Instant::now();
            let told = tokio::time::timeout(timeout + GRACE, candidate.ask(image, truth, timeout)).await;
            answer(id, &told.unwrap_or_else(|_| overdue(timeout)), begin.elapsed(), late)
        });
    }
    while let Some(ended) = asks.join_next().await {
        table.take(set, ended, events);
    }
    Ok(Sitting { candidate: name, answers: table.finish(set), seconds: begin.elapsed().as_secs_f64(), footprint: None })
}

/// Asks every question of a candidate that answers in place, one after the other: nothing waits, so the latency is the
/// candidate's own. Blocks meanwhile.
pub fn sit_here(
    set: &QuestionSet,
    candidate: String,
    judge: &mut dyn FnMut(&Question) -> Told,
    events: Sink<'_>,
) -> Sitting {
    let begin = Instant::now();
    let mut table = Table::new(set.questions.len());
    for question in &set.questions {
        let asked = Instant::now();
        let told = judge(question);
        table.take(set, Ok(answer(question.id, &told, asked.elapsed(), Duration::ZERO)), events);
    }
    Sitting { candidate, answers: table.finish(set), seconds: begin.elapsed().as_secs_f64(), footprint: None }
}

fn overdue(timeout: Duration) -> Told {
    Told {
        prediction: crate::reward::NO_ANSWER,
        outcome: Outcome::Timeout,
        status: Some(408),
        message: format!("no answer within {:.1} seconds", timeout.as_secs_f64()),
    }
}

fn answer(question: u32, told: &Told, latency: Duration, late: Duration) -> Answer {
    let message = if told.outcome == Outcome::Answered { "" } else { told.message.as_str() };
    Answer {
        question,
        prediction: told.prediction,
        outcome: told.outcome,
        status: told.status,
        message: message.chars().take(MESSAGE).collect(),
        latency_s: latency.as_secs_f64(),
        late_s: late.as_secs_f64(),
    }
}

/// Collects answers in any order and keeps the standing.
struct Table {
    answers: Vec<Option<Answer>>,
    history: History,
    score: MovingAverage,
    standing: Standing,
}

impl Table {
    fn new(total: usize) -> Self {
        Self {
            answers: vec![None; total],
            history: History::new(),
            score: MovingAverage::new(vec![Neuron::default()], &[0.0], ALPHA),
            standing: Standing { total: total as u32, ..Standing::default() },
        }
    }

    fn take(&mut self, set: &QuestionSet, ended: Result<Answer, tokio::task::JoinError>, events: Sink<'_>) {
        // A task that panicked leaves a gap; `finish` fills it.
        let Ok(answer) = ended else { return };
        let Some((place, question)) = locate(set, answer.question) else { return };
        self.stand(question, &answer);
        events(&Event::Answered { asked: Asked::from(question), answer: answer.clone(), standing: self.standing });
        self.answers[place] = Some(answer);
    }

    fn stand(&mut self, question: &Question, answer: &Answer) {
        let reward = self.history.push(Entry::new(Some(answer.prediction), question.label));
        self.score.update(&[0], &[reward]).expect("one reward for the one UID: this is a bug");
        let s = &mut self.standing;
        s.done += 1;
        s.judged += u32::from(answer.outcome == Outcome::Answered);
        s.right += u32::from(answer.right(question.label) == Some(true));
        s.reward = reward;
        s.mean_reward += (reward - s.mean_reward) / f64::from(s.done);
        s.mcc = self.history.metrics(HISTORY).map_or(0.0, |m| m.mcc);
        s.score = self.score.scores()[0];
    }

    fn finish(self, set: &QuestionSet) -> Vec<Answer> {
        let lost = |question: &Question| {
            let told = Told {
                prediction: crate::reward::NO_ANSWER,
                outcome: Outcome::Unreadable,
                status: None,
                message: "the asking task failed".to_owned(),
            };
            answer(question.id, &told, Duration::ZERO, Duration::ZERO)
        };
        self.answers.into_iter().zip(&set.questions).map(|(a, q)| a.unwrap_or_else(|| lost(q))).collect()
    }
}

/// Ids are places in a set that this crate made; a set from a file may be cut.
fn locate(set: &QuestionSet, id: u32) -> Option<(usize, &Question)> {
    let near = set.questions.get(id as usize).filter(|q| q.id == id).map(|q| (id as usize, q));
    near.or_else(|| set.questions.iter().enumerate().find(|(_, q)| q.id == id))
}
