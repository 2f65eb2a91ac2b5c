//! The first seven days, each with its figure.

use serde::Serialize;

/// Pictures that a first head should learn from.
const PICTURES: u64 = 1_000;
/// Accuracy on pictures that were not trained on.
const ACCURACY: f64 = 0.96;
/// 95 of 100 answers are faster, milliseconds.
const ANSWER_MS: f64 = 100.0;
/// Hours of a day in which a challenge was answered.
const HOURS: u32 = 24;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Whether a server runs on the home and would judge.
    pub(crate) answering: bool,
    /// Labelled and recorded pictures in the home.
    pub(crate) pictures: u64,
    /// Accuracy of the serving release on pictures that it did not learn from, and which.
    pub(crate) accuracy: Option<(f64, String)>,
    /// 95th percentile of the last day's answers, milliseconds, and how many answers there were.
    pub(crate) answer_ms: Option<(f64, u64)>,
    /// `OWNER/NAME@revision` of the serving release.
    pub(crate) published: Option<String>,
    /// Our uid.
    pub(crate) uid: Option<u16>,
    /// Where the chain says that we listen.
    pub(crate) announced: Option<String>,
    /// Of the last 24 hours, those in which a challenge was answered.
    pub(crate) hours: u32,
    /// Requests of the last day, and those of them that failed by our doing (5xx).
    pub(crate) failed: (u64, u64),
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Item {
    /// The day it should be done by, from 1.
    pub(crate) day: u8,
    /// What.
    pub(crate) what: &'static str,
    /// Whether it is.
    pub(crate) done: bool,
    /// The figure that says so.
    pub(crate) figure: String,
}

/// The list.
pub(crate) fn checklist(facts: &Facts) -> Vec<Item> {
    let item = |day, what, done, figure| Item { day, what, done, figure };
    let missing = || "not yet".to_owned();
    let (requests, failed) = facts.failed;
    vec![
        item(
            1,
            "machine up",
            facts.answering,
            if facts.answering { "answering" } else { "no server answers" }.to_owned(),
        ),
        item(2, "1,000 pictures in hand", facts.pictures >= PICTURES, format!("{} pictures", facts.pictures)),
        item(
            3,
            "head trained, accuracy 96%",
            facts.accuracy.as_ref().is_some_and(|(accuracy, _)| *accuracy >= ACCURACY),
            facts.accuracy.as_ref().map_or_else(
                || "no exam of the serving release".to_owned(),
                |(accuracy, of)| format!("{:.1}% on {of}", 100.0 * accuracy),
            ),
        ),
        item(
            4,
            "answer below 100 ms",
            facts.answer_ms.is_some_and(|(ms, _)| ms < ANSWER_MS),
            facts.answer_ms.map_or_else(
                || "no answer in the last day".to_owned(),
                |(ms, of)| format!("95% of {of} answers within {ms:.0} ms"),
            ),
        ),
        item(5, "published", facts.published.is_some(), facts.published.clone().unwrap_or_else(missing)),
        item(5, "registered", facts.uid.is_some(), facts.uid.map_or_else(missing, |uid| format!("uid {uid}"))),
        item(6, "announced", facts.announced.is_some(), facts.announced.clone().unwrap_or_else(missing)),
        item(
            7,
            "stable for a day",
            facts.hours >= HOURS && failed == 0,
            format!("{} of 24 hours with an answer, {failed} of {requests} requests failed", facts.hours),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_home_has_done_nothing_and_a_good_one_all() {
        let empty = checklist(&Facts::default());
        assert!(empty.iter().all(|item| !item.done && !item.figure.is_empty()), "{empty:?}");
        let good = Facts {
            answering: true,
            pictures: 1000,
            accuracy: Some((0.96, "home".to_owned())),
            answer_ms: Some((99.9, 5000)),
            published: Some("me/model@abc".to_owned()),
            uid: Some(7),
            announced: Some("1.2.3.4:8091".to_owned()),
            hours: 24,
            failed: (5000, 0),
        };
        assert!(checklist(&good).iter().all(|item| item.done), "{:?}", checklist(&good));
        let close = Facts {
            pictures: 999,
            accuracy: Some((0.9599, "home".to_owned())),
            answer_ms: Some((100.0, 5000)),
            hours: 23,
            ..good.clone()
        };
        let undone: Vec<&str> = checklist(&close).into_iter().filter(|i| !i.done).map(|i| i.what).collect();
        assert_eq!(
            undone,
            ["1,000 pictures in hand", "head trained, accuracy 96%", "answer below 100 ms", "stable for a day"]
        );
        assert!(!checklist(&Facts { failed: (5000, 1), ..good })[7].done);
    }
}
