//! The review queue against a simple model: whatever is decided, undone, shown and left, in whatever order.

use std::collections::BTreeMap;

use hivis_store::{NewDecision, ReviewState, ReviewVerdict};
use hivis_types::{Label, LabelSource};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::reviews::{accept, at, name, new, reject, skip, undo};
use crate::world::{World, record};

const PICTURES: usize = 3;
const PEOPLE: [&str; 4] = ["anna", "ben", "cleo", "dora"];
const LEASE: i64 = 100;

#[derive(Debug, Clone)]
enum Step {
    Decide {
        picture: usize,
        who: usize,
        word: u8,
    },
    Undo {
        picture: Option<usize>,
        who: usize,
        force: bool,
    },
    Next {
        who: usize,
    },
    Leave {
        who: usize,
    },
    /// The clock may go backwards.
    Clock(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (picture, who) = (0..PICTURES, 0..PEOPLE.len());
    let step = prop_oneof![
        5 => (picture.clone(), who.clone(), 0..4u8).prop_map(|(picture, who, word)| Step::Decide { picture, who, word }),
        2 => (proptest::option::of(picture), who.clone(), any::<bool>())
            .prop_map(|(picture, who, force)| Step::Undo { picture, who, force }),
        2 => who.clone().prop_map(|who| Step::Next { who }),
        1 => who.prop_map(|who| Step::Leave { who }),
        1 => (-300..300i64).prop_map(Step::Clock),
    ];
    proptest::collection::vec(step, 1..40)
}

/// What stands on a picture: who, and which word (0 clear, 1 roadwork, 2 reject, 3 skip), in the order of time.
#[derive(Default)]
struct Model {
    words: [Vec<(usize, u8)>; PICTURES],
    /// (picture, who) of all decisions that stand, in the order of time.
    order: Vec<(usize, usize)>,
    /// Who looks at what: from, to.
    leases: BTreeMap<usize, (usize, i64, i64)>,
}

impl Model {
    /// Picture 0 needs one look, 1 needs two, and 2 is labelled clear by the validators' log.
    fn state(&self, picture: usize) -> (ReviewState, Option<Label>) {
        let words = &self.words[picture];
        let looks: Vec<u8> = words.iter().map(|(_, word)| *word).filter(|word| *word < 3).collect();
        let end = |word: u8| match word {
            0 => (ReviewState::Accepted, Some(Label::Clear)),
            1 => (ReviewState::Accepted, Some(Label::Roadwork)),
            _ => (ReviewState::Rejected, None),
        };
        match looks.len() {
            0 if words.is_empty() => (ReviewState::Open, None),
            0 => (ReviewState::Skipped, None),
            1 if picture == 1 || (picture == 2 && looks[0] == 1) => (ReviewState::Second, None),
            1 => end(looks[0]),
            2 if looks[0] != looks[1] => (ReviewState::Conflict, None),
            n => end(looks[n - 1]),
        }
    }

    fn decide(&mut self, picture: usize, who: usize, word: u8) -> bool {
        let mine = self.words[picture].iter().find(|(by, _)| *by == who).map(|(_, word)| *word);
        let settled = matches!(self.state(picture).0, ReviewState::Accepted | ReviewState::Rejected);
        if settled || mine.is_some_and(|mine| mine < 3 || word == 3) {
            return false;
        }
        self.forget(picture, who);
        self.words[picture].push((who, word));
        self.order.push((picture, who));
        self.leases.retain(|at, (holder, ..)| *at != picture || *holder != who);
        true
    }

    fn forget(&mut self, picture: usize, who: usize) {
        self.words[picture].retain(|(by, _)| *by != who);
        self.order.retain(|decision| *decision != (picture, who));
    }

    fn undo(&mut self, picture: Option<usize>, who: usize, force: bool) -> bool {
        let last = self.order.iter().rev().find(|(_, by)| *by == who).map(|(picture, _)| *picture);
        let undone = match (picture, force) {
            (Some(picture), true) => self.words[picture].last().map(|(by, _)| (picture, *by)),
            (Some(picture), false) => (last == Some(picture)).then_some((picture, who)),
            (None, _) => last.map(|picture| (picture, who)),
        };
        undone.is_some_and(|(picture, who)| {
            self.forget(picture, who);
            true
        })
    }

    fn next(&mut self, who: usize, now: i64) -> Option<usize> {
        let live = |lease: &(usize, i64, i64)| now < lease.2 && lease.2 - now <= 2 * (lease.2 - lease.1);
        let free = |at: &usize| {
            let waits = self.state(*at).0.waits() && self.words[*at].iter().all(|(by, _)| *by != who);
            waits && self.leases.get(at).is_none_or(|lease| lease.0 == who || !live(lease))
        };
        let urgent = |at: &usize| {
            let mine = self.leases.get(at).is_some_and(|lease| lease.0 == who);
            (!mine, self.state(*at).0 != ReviewState::Conflict, *at)
        };
        let picture = (0..PICTURES).filter(free).min_by_key(urgent)?;
        self.leases.retain(|_, lease| lease.0 != who);
        self.leases.insert(picture, (who, now, now + LEASE));
        Some(picture)
    }
}

fn decision(who: usize, word: u8, now: i64) -> NewDecision {
    let who = PEOPLE[who];
    match word {
        0 => accept(who, Label::Clear, now),
        1 => accept(who, Label::Roadwork, now),
        2 => reject(who, now),
        _ => skip(who, now),
    }
}

async fn follow(steps: Vec<Step>) {
    let world = World::new().await;
    world.commit((1..=3).map(record)).await;
    let ledger = &world.ledger;
    let says = |source, label| hivis_store::StoredLabel { label, source, confidence: 1.0, at: at(0) };
    ledger.label(record(3).id, says(LabelSource::ValidatorLog, Label::Clear)).await.unwrap();
    let list = [new(1, 0.9, 1), new(2, 0.8, 2), new(3, 0.7, 1)];
    let numbers = ledger.queue_reviews(9, at(0), at(0), &list).await.unwrap();
    let (mut model, mut now) = (Model::default(), 1000);
    for step in steps {
        match step {
            Step::Decide { picture, who, word } => {
                let done = ledger.decide_review(numbers[picture], &decision(who, word, now)).await;
                assert_eq!(done.is_ok(), model.decide(picture, who, word), "{step:?}: {done:?}");
            }
            Step::Undo { picture, who, force } => {
                let done = ledger.undo_review(&undo(PEOPLE[who], picture.map(|at| numbers[at]), force)).await;
                assert_eq!(done.is_ok(), model.undo(picture, who, force), "{step:?}: {done:?}");
            }
            Step::Next { who } => {
                let lease = SignedDuration::from_secs(LEASE);
                let shown = ledger.next_review(&name(PEOPLE[who]), lease, at(now)).await.unwrap();
                let expected = model.next(who, now).map(|picture| numbers[picture]);
                assert_eq!(shown.map(|review| review.number), expected, "{step:?}");
            }
            Step::Leave { who } => {
                ledger.leave_reviews(&name(PEOPLE[who])).await.unwrap();
                model.leases.retain(|_, lease| lease.0 != who);
            }
            Step::Clock(by) => now += by,
        }
    }
    for (picture, number) in numbers.iter().enumerate() {
        let story = ledger.review_story(&number.to_string()).await.unwrap();
        let (state, label) = model.state(picture);
        assert_eq!(story.review.state, state, "picture {picture}");
        let words = ledger.labels(record(picture as u64 + 1).id).await.unwrap();
        let person = words.iter().find(|word| word.source == LabelSource::Person).map(|word| word.label);
        assert_eq!(person, label, "the person's label is what the decisions come to, picture {picture}");
        let stands = story.decisions.iter().filter(|decision| decision.undone.is_none());
        assert_eq!(stands.clone().count(), model.words[picture].len());
        assert!(stands.clone().all(|d| (d.verdict == ReviewVerdict::Accept) == d.label.is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_queue_does_what_the_model_does(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(follow(steps));
    }
}
