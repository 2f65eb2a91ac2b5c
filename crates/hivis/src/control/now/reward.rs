//! The reward to expect, with its interval, from the best source that there is.
//!
//! First what validators logged of us, then labelled answers of the release that serves, then its newest own exam. The
//! first two are answers with their truth; their interval is built by the examiner, as an exam's is.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hivis_console::Reward;
use hivis_examiner::interval::{Asked, Pool, Resampling, Shard, forecast, replicates};
use hivis_serve::Health;
use hivis_store::{Home, Ledger, TrueAnswer};
use hivis_types::{Hotkey, Label, Level, Origin};
use jiff::{SignedDuration, Timestamp};

use crate::exam_file::ExamFile;

/// Fewer answers than the reward's own window of 100 say little.
const LEAST: usize = 100;
/// Answers that are drawn from: the newest.
const MOST: u32 = 1_000;
/// How far back the log counts.
const LOGGED: SignedDuration = SignedDuration::from_hours(24 * 7);
/// It is drawn anew after so long, or when another release serves.
const FRESH: Duration = Duration::from_mins(10);
/// A third of an exam's: 5% of 300 are 15, enough for two digits.
const HOW: Resampling = Resampling { deployment: 300, replicates: 300, seed: 72 };

/// What was found, and when.
#[derive(Default)]
pub(crate) struct Estimate {
    kept: Option<(Instant, Option<String>, Found)>,
}

/// A reward, or what would bring one.
type Found = (Option<Reward>, Option<String>);

impl Estimate {
    pub(crate) async fn of(
        &mut self,
        home: &Home,
        ledger: &Ledger,
        health: &Health,
        hotkey: Option<&Hotkey>,
    ) -> Result<Found> {
        let serving = health.release.as_ref().map(ToString::to_string);
        if let Some((at, release, found)) = &self.kept
            && *release == serving
            && at.elapsed() < FRESH
        {
            return Ok(found.clone());
        }
        let found = find(home, ledger, health, hotkey).await?;
        self.kept = Some((Instant::now(), serving, found.clone()));
        Ok(found)
    }
}

async fn find(home: &Home, ledger: &Ledger, health: &Health, hotkey: Option<&Hotkey>) -> Result<Found> {
    if let Some(hotkey) = hotkey {
        let since = Timestamp::now().saturating_sub(LOGGED).unwrap_or(Timestamp::UNIX_EPOCH);
        let (answers, mean) = ledger.answers_logged(hotkey, since, MOST).await?;
        let from = format!("from {} answers that validators logged in 7 days", answers.len());
        if let Some(mut reward) = drawn(answers, from).await? {
            if let Some(mean) = mean {
                reward.from = format!("{}; they paid {mean:.2} on average", reward.from);
            }
            return Ok((Some(reward), None));
        }
    }
    let Some(release) = &health.release else {
        return Ok((None, Some("No release serves, so there is no reward to expect.".to_owned())));
    };
    let answers = ledger.answers_known(release, MOST).await?;
    let from = format!("from {} answers of this release whose label is known", answers.len());
    if let Some(reward) = drawn(answers, from).await? {
        return Ok((Some(reward), None));
    }
    let (at, id) = (home.clone(), release.clone());
    let exam = tokio::task::spawn_blocking(move || ExamFile::newest_of(&at, &id)).await;
    let exam = exam.context("reading the exams panicked")??;
    let reward = exam.and_then(|exam| {
        let place = exam.candidates.iter().position(|sitter| sitter.release == *release)?;
        let pool = exam.report.candidates.get(place)?.headline()?;
        let reward = pool.forecast?.from_full.reward;
        let from =
            format!("from its own exam of {}, {} questions", exam.made.strftime("%Y-%m-%d %H:%M UTC"), pool.questions);
        Some(Reward { point: reward.point, low: reward.low, high: reward.high, from })
    });
    let missing =
        "Nothing says what it will earn yet: `hivis exam` measures it, and labels or the validators' log do later.";
    let missing = reward.is_none().then(|| missing.to_owned());
    Ok((reward, missing))
}

/// `None` of too few answers, or of one label only.
async fn drawn(answers: Vec<TrueAnswer>, from: String) -> Result<Option<Reward>> {
    if answers.len() < LEAST {
        return Ok(None);
    }
    let draw = move || {
        let asked = |(at, answer): (usize, &TrueAnswer)| Asked {
            scene: at.to_string(),
            origin: Origin::Real,
            trained_on: false,
            label: answer.label,
            // A challenge carries no level; one for all draws from all.
            level: Some(Level::ALL[0]),
        };
        let both = |label: Label| answers.iter().any(|answer| answer.label == label);
        if !both(Label::Clear) || !both(Label::Roadwork) {
            return None;
        }
        let asked: Vec<Asked> = answers.iter().enumerate().map(asked).collect();
        let pool = Pool::new(&asked, &[answers.iter().map(|answer| answer.prediction).collect()]);
        let runs = replicates(&pool, &HOW, Shard::WHOLE)?;
        let reward = forecast(&pool, &HOW, &runs)?.pop()?.from_full.reward;
        Some(Reward { point: reward.point, low: reward.low, high: reward.high, from })
    };
    tokio::task::spawn_blocking(draw).await.context("drawing the reward panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(n: usize, wrong_every: usize) -> Vec<TrueAnswer> {
        let answer = |at: usize| {
            let label = if at.is_multiple_of(2) { Label::Roadwork } else { Label::Clear };
            let right = !at.is_multiple_of(wrong_every);
            let roadwork = (label == Label::Roadwork) == right;
            TrueAnswer { prediction: if roadwork { 0.9 } else { 0.1 }, label }
        };
        (0..n).map(answer).collect()
    }

    #[tokio::test]
    async fn answers_with_their_truth_give_a_reward_and_its_interval() {
        assert_eq!(drawn(answers(99, 10), String::new()).await.expect("a draw"), None);
        let mut same = answers(200, 10);
        same.retain(|answer| answer.label == Label::Clear);
        assert_eq!(drawn(same, String::new()).await.expect("a draw"), None);
        let good = drawn(answers(400, 100), "here".into()).await.expect("a draw").expect("a reward");
        let poor = drawn(answers(400, 4), String::new()).await.expect("a draw").expect("a reward");
        assert!(0.0 <= poor.low && poor.low <= poor.point && poor.point <= poor.high, "{poor:?}");
        assert!(poor.high < good.low && good.high <= 1.0, "{poor:?} {good:?}");
        assert_eq!(good.from, "here");
    }
}
