//! A simulated world for tests: scenes of varying difficulty, two miners who answer them, no pictures.

use hivis_examiner::interval::Asked as Challenge;
use hivis_examiner::{Answer, Outcome, Question, QuestionSet, Sitting};
use hivis_types::{Label, Level, Origin};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A miner that is right with a chance that falls with the scene's difficulty and the level.
#[derive(Clone, Copy)]
pub(crate) struct Miner {
    pub(crate) skill: f64,
    /// Share of its asks that get no answer.
    pub(crate) silent: f64,
}

pub(crate) struct World {
    rng: ChaCha8Rng,
    scenes: u32,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), scenes: 0 }
    }

    /// `n` challenges as the validator draws them, `per_scene` of each fresh scene, and every miner's answers. Answers
    /// within one scene hang together: its difficulty is drawn once.
    pub(crate) fn exam(&mut self, n: u32, per_scene: u32, miners: &[Miner]) -> (Vec<Challenge>, Vec<Vec<f64>>) {
        let mut asked = Vec::new();
        let mut answers = vec![Vec::new(); miners.len()];
        while asked.len() < n as usize {
            self.scenes += 1;
            let rng = &mut self.rng;
            let label = if rng.random_bool(0.5) { Label::Roadwork } else { Label::Clear };
            let origin = if rng.random_bool(0.5) { Origin::Synthetic } else { Origin::Real };
            let hardness: f64 = rng.random::<f64>().powi(3) + if origin == Origin::Synthetic { 0.1 } else { 0.0 };
            for _ in 0..per_scene.min(n - asked.len() as u32) {
                let level = Level::ALL[rng.random_range(0..4)];
                let scene = format!("scene {}", self.scenes);
                asked.push(Challenge { scene, origin, trained_on: false, label, level: Some(level) });
                for (miner, answers) in miners.iter().zip(&mut answers) {
                    let chance = (miner.skill - 0.4 * hardness - 0.03 * f64::from(u8::from(level))).clamp(0.0, 1.0);
                    let right = rng.random_bool(chance);
                    let sure = 0.5 + 0.5 * rng.random::<f64>() * if right { 1.0 } else { 0.7 };
                    let roadwork = (label == Label::Roadwork) == right;
                    let p = if roadwork { sure.max(0.501) } else { 1.0 - sure };
                    answers.push(if rng.random_bool(miner.silent) { -1.0 } else { p });
                }
            }
        }
        (asked, answers)
    }
}

/// The same as questions and sittings, for the report. Slices: one tag that depends on the scene.
pub(crate) fn as_exam(asked: &[Challenge], answers: &[Vec<f64>]) -> (QuestionSet, Vec<Sitting>) {
    let questions = asked
        .iter()
        .enumerate()
        .map(|(i, a)| Question {
            id: i as u32,
            label: a.label,
            origin: a.origin,
            level: a.level,
            scene: a.scene.clone(),
            slices: vec![format!("weather:{}", if a.scene.len() % 2 == 0 { "rain" } else { "clear" })],
            name: format!("{} {i}", a.scene),
            trained_on: a.trained_on,
            image: "".into(),
        })
        .collect();
    let sitting = |(c, answers): (usize, &Vec<f64>)| Sitting {
        candidate: format!("miner {c}"),
        answers: answers.iter().enumerate().map(|(i, &p)| answer(i as u32, p)).collect(),
        seconds: 1.0,
        footprint: None,
    };
    let set = QuestionSet { source: "a simulated world".to_owned(), questions, skipped: Vec::new() };
    (set, answers.iter().enumerate().map(sitting).collect())
}

pub(crate) fn answer(question: u32, prediction: f64) -> Answer {
    let outcome = if prediction == -1.0 {
        Outcome::Silent
    } else if (0.0..=1.0).contains(&prediction) {
        Outcome::Answered
    } else {
        Outcome::Odd
    };
    let latency_s = 0.01 * f64::from(question % 100);
    Answer { question, prediction, outcome, status: Some(200), message: String::new(), latency_s, late_s: 0.0 }
}
