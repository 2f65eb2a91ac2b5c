//! Jobs, their lease and their steps: two workers, one home, and clocks that jump.

use std::time::Duration;

use hivis_store::{Claim, Claimant, Job, JobState, Lease, Ledger, NewJob, StepEnd, StepState, Term};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::world::World;

const LENGTH: Duration = Duration::from_mins(2);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn term(second: i64) -> Term {
    Term { now: at(second), length: LENGTH }
}

fn new(kind: &str, second: i64) -> NewJob {
    NewJob { kind: kind.to_owned(), due: at(second), by_hand: false }
}

async fn claim(ledger: &Ledger, id: i64, holder: &str, second: i64) -> Claim {
    let by = Claimant { holder, term: term(second), stalled: None };
    ledger.claim_job(id, &by).await.unwrap().unwrap()
}

fn taken(claim: Claim) -> Job {
    match claim {
        Claim::Taken(job) => job,
        other => panic!("{other:?}"),
    }
}

fn done(said: &str) -> StepEnd {
    StepEnd { state: StepState::Done, said: said.to_owned(), facts: Some(json!({ "n": 7 })), at: at(9) }
}

#[tokio::test]
async fn one_works_and_the_other_hears_who() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let job = ledger.add_job(&new("nightly", 0), at(0)).await.unwrap();
    let other = ledger.add_job(&new("weekly", 1), at(1)).await.unwrap();
    assert_eq!((job.state, ledger.add_job(&new("nightly", 0), at(5)).await.unwrap().id), (JobState::Waiting, job.id));
    let mine = taken(claim(ledger, job.id, "a:1:x", 10).await);
    assert_eq!((mine.state, mine.attempts, mine.begun), (JobState::Running, 1, Some(at(10))));
    for id in [job.id, other.id] {
        let Claim::Held { job: held, far } = claim(ledger, id, "b:2:y", 20).await else { panic!("two holders") };
        assert_eq!((held.id, held.lease.unwrap().holder.as_str(), far), (job.id, "a:1:x", false));
    }
    // Whoever does not hold it writes nothing.
    assert!(!ledger.beat_job(job.id, "b:2:y", term(20)).await.unwrap());
    assert_eq!(ledger.begin_step(job.id, "b:2:y", (0, "mine"), at(20)).await.unwrap(), None);
    assert!(!ledger.end_job(job.id, "b:2:y", None, at(20)).await.unwrap());
    assert!(!ledger.release_job(job.id, "b:2:y").await.unwrap());

    assert_eq!(ledger.begin_step(job.id, "a:1:x", (0, "mine"), at(21)).await.unwrap(), Some(1));
    assert!(ledger.end_step(job.id, "a:1:x", 0, &done("40 picks")).await.unwrap());
    assert_eq!(ledger.begin_step(job.id, "a:1:x", (1, "gate"), at(22)).await.unwrap(), Some(1));
    // It dies. The lease runs out, another goes on; the ended step and what it found are there.
    assert!(matches!(claim(ledger, job.id, "b:2:y", 129).await, Claim::Held { .. }));
    assert_eq!(taken(claim(ledger, job.id, "b:2:y", 130).await).attempts, 2);
    assert!(!ledger.end_step(job.id, "a:1:x", 1, &done("late")).await.unwrap(), "the dead one comes back too late");
    assert_eq!(ledger.begin_step(job.id, "b:2:y", (1, "gate"), at(131)).await.unwrap(), Some(2), "it died in there");
    let steps = ledger.job_steps(job.id).await.unwrap();
    assert_eq!(steps.iter().map(|s| s.state).collect::<Vec<_>>(), [StepState::Done, StepState::Running]);
    assert_eq!((steps[0].said.as_deref(), &steps[0].facts), (Some("40 picks"), &Some(json!({ "n": 7 }))));
    // Given back, that is no death.
    assert!(ledger.release_job(job.id, "b:2:y").await.unwrap());
    assert_eq!(taken(claim(ledger, job.id, "a:1:z", 132).await).attempts, 3);
    assert_eq!(ledger.begin_step(job.id, "a:1:z", (1, "gate"), at(133)).await.unwrap(), Some(2));
    assert!(ledger.end_job(job.id, "a:1:z", Some("gate: no model"), at(140)).await.unwrap());
    let over = ledger.job(job.id).await.unwrap().unwrap();
    assert_eq!((over.state, over.lease, over.error.as_deref()), (JobState::Failed, None, Some("gate: no model")));
    assert_eq!(claim(ledger, job.id, "b:2:y", 150).await, Claim::Over(JobState::Failed));
    assert_eq!(ledger.claim_job(99, &Claimant { holder: "a", term: term(0), stalled: None }).await.unwrap(), None);
    assert_eq!(ledger.open_jobs().await.unwrap().iter().map(|j| j.id).collect::<Vec<_>>(), [other.id]);
    assert_eq!(ledger.earlier_facts("mine", 99, 5).await.unwrap(), [(job.id, json!({ "n": 7 }))]);
    assert_eq!(ledger.earlier_facts("mine", job.id, 5).await.unwrap(), []);
}

#[tokio::test]
async fn a_lease_from_the_far_future_is_told_and_taken_only_when_its_heart_stands_still() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let job = ledger.add_job(&new("nightly", 0), at(0)).await.unwrap();
    let year = 365 * 86_400;
    taken(claim(ledger, job.id, "a:1:x", year).await);
    // The clock is put right: a year too far ahead.
    let Claim::Held { job: held, far: true } = claim(ledger, job.id, "b:2:y", 0).await else { panic!("not far") };
    let seen = held.lease.unwrap();
    // While its holder lives, its heartbeat mends it; who watched the old one has nothing.
    assert!(ledger.beat_job(job.id, "a:1:x", term(20)).await.unwrap());
    let stalled = Claimant { holder: "b:2:y", term: term(30), stalled: Some(&seen) };
    let Claim::Held { job: held, far: false } = ledger.claim_job(job.id, &stalled).await.unwrap().unwrap() else {
        panic!("the heartbeat did not mend it")
    };
    assert_eq!(held.lease.as_ref().unwrap().until, at(20 + 120));
    let seen = Lease { beat: seen.beat + 1, until: at(140), ..seen };
    assert_eq!(held.lease, Some(seen.clone()));
    let stalled = Claimant { holder: "b:2:y", term: term(-9_000), stalled: Some(&seen) };
    let job = taken(ledger.claim_job(job.id, &stalled).await.unwrap().unwrap());
    assert_eq!(job.lease.unwrap().holder, "b:2:y");
    assert!(!ledger.beat_job(job.id, "a:1:x", term(25)).await.unwrap(), "it must stop");
}

#[tokio::test]
async fn due_times_count_from_the_first_look_on_and_missed_ones_once() {
    let world = World::new().await;
    let ledger = &world.ledger;
    assert_eq!(ledger.scheduled_since(at(500)).await.unwrap(), at(500));
    assert_eq!(ledger.scheduled_since(at(900)).await.unwrap(), at(500));
    assert_eq!(ledger.scheduled_since(at(100)).await.unwrap(), at(500), "an hour back is no other beginning");
    assert_eq!(ledger.scheduled_since(at(-90_000)).await.unwrap(), at(-90_000), "the first look was a wrong clock's");

    let first = ledger.add_job(&new("nightly", 1000), at(1001)).await.unwrap();
    taken(claim(ledger, first.id, "a", 1002).await);
    // Held: it is not taken away.
    let second = ledger.add_job(&new("nightly", 2000), at(1050)).await.unwrap();
    assert_eq!(ledger.job(first.id).await.unwrap().unwrap().state, JobState::Running);
    let third = ledger.add_job(&new("nightly", 3000), at(3000)).await.unwrap();
    for id in [first.id, second.id] {
        let old = ledger.job(id).await.unwrap().unwrap();
        assert_eq!((old.state, old.ended), (JobState::Failed, Some(at(3000))));
        assert!(old.error.unwrap().contains("was not finished"));
    }
    assert_eq!(ledger.open_jobs().await.unwrap(), std::slice::from_ref(&third));
    assert_eq!(ledger.last_due("nightly", at(2999)).await.unwrap().unwrap().id, second.id);
    let by_hand = NewJob { by_hand: true, ..new("nightly", 2500) };
    ledger.add_job(&by_hand, at(2500)).await.unwrap();
    assert_eq!(
        ledger.last_due("nightly", at(2999)).await.unwrap().unwrap().id,
        second.id,
        "by hand is not the calendar"
    );
    assert_eq!(ledger.last_due("weekly", at(9999)).await.unwrap(), None);
    assert_eq!(ledger.jobs(2).await.unwrap().len(), 2);
}

/// What a worker or the world does next.
#[derive(Clone, Debug)]
enum Deed {
    Claim(usize),
    Beat(usize),
    Step(usize),
    Release(usize),
    /// Time passes for all.
    Pass(i64),
    /// The calendar is set; no time passes.
    Set(i64),
    /// This worker looks at the lease of the other, as one who waits does.
    Watch(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..2usize).prop_map(Deed::Claim),
        4 => (0..2usize).prop_map(Deed::Beat),
        2 => (0..2usize).prop_map(Deed::Step),
        1 => (0..2usize).prop_map(Deed::Release),
        4 => (1..90i64).prop_map(Deed::Pass),
        1 => (-7200..7200i64).prop_map(Deed::Set),
        4 => (0..2usize).prop_map(Deed::Watch),
    ]
}

/// The model: who holds the lease, until which calendar second, and how often the heart beat.
#[derive(Default)]
struct Model {
    /// Calendar and true time, in seconds: the first may be set, the second only passes.
    calendar: i64,
    passed: i64,
    holder: Option<usize>,
    until: i64,
    beat: u64,
    /// What each worker saw last of the other's lease, and since when it has not changed.
    watched: [Option<(Lease, i64)>; 2],
    steps: u32,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn two_workers_and_a_clock_that_jumps_hold_one_lease(deeds in proptest::collection::vec(deed(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let ledger = &world.ledger;
            let names = ["a:1:x", "b:2:y"];
            let id = ledger.add_job(&new("nightly", 0), at(0)).await.unwrap().id;
            let mut model = Model::default();
            for deed in deeds {
                match deed {
                    Deed::Pass(seconds) => (model.calendar, model.passed) = (model.calendar + seconds, model.passed + seconds),
                    Deed::Set(seconds) => model.calendar += seconds,
                    Deed::Watch(who) => {
                        let lease = ledger.job(id).await.unwrap().unwrap().lease.filter(|l| l.holder != names[who]);
                        let same = model.watched[who].as_ref().map(|(seen, _)| seen) == lease.as_ref();
                        if !same {
                            model.watched[who] = lease.map(|lease| (lease, model.passed));
                        }
                    }
                    Deed::Claim(who) => {
                        let stalled = model.watched[who].as_ref()
                            .filter(|(_, since)| model.passed - since >= LENGTH.as_secs() as i64);
                        let by = Claimant { holder: names[who], term: term(model.calendar), stalled: stalled.map(|(l, _)| l) };
                        let still = stalled.is_some_and(|(seen, _)| {
                            model.holder == Some(1 - who) && seen.beat == model.beat && seen.until == at(model.until)
                        });
                        let free = model.holder.is_none_or(|h| h == who) || model.until <= model.calendar || still;
                        match ledger.claim_job(id, &by).await.unwrap().unwrap() {
                            Claim::Taken(job) => {
                                assert!(free, "two holders");
                                (model.holder, model.until) = (Some(who), model.calendar + 120);
                                model.beat += 1;
                                assert_eq!(job.lease.unwrap().until, at(model.until));
                            }
                            Claim::Held { job, far } => {
                                assert!(!free, "nobody holds it, and it was refused");
                                assert_eq!(job.lease.unwrap().holder, names[1 - who]);
                                assert_eq!(far, model.until - model.calendar > 180);
                            }
                            Claim::Over(state) => panic!("{state:?}"),
                        }
                    }
                    Deed::Beat(who) => {
                        let kept = ledger.beat_job(id, names[who], term(model.calendar)).await.unwrap();
                        assert_eq!(kept, model.holder == Some(who));
                        if kept {
                            model.until = model.calendar + 120;
                            model.beat += 1;
                        }
                    }
                    Deed::Step(who) => {
                        let begun = ledger.begin_step(id, names[who], (model.steps, "step"), at(model.calendar)).await.unwrap();
                        assert_eq!(begun.is_some(), model.holder == Some(who), "only the holder writes");
                        let ended = ledger.end_step(id, names[who], model.steps, &done("ok")).await.unwrap();
                        assert_eq!(ended, begun.is_some());
                        model.steps += u32::from(ended);
                    }
                    Deed::Release(who) => {
                        let gave = ledger.release_job(id, names[who]).await.unwrap();
                        assert_eq!(gave, model.holder == Some(who));
                        if gave {
                            model.holder = None;
                        }
                    }
                }
                let lease = ledger.job(id).await.unwrap().unwrap().lease;
                assert_eq!(lease.map(|l| l.holder), model.holder.map(|who| names[who].to_owned()));
            }
            assert_eq!(ledger.job_steps(id).await.unwrap().len() as u32, model.steps, "an ended step stays ended");
        });
    }
}

/// The longest that a dead worker can hold up the home, whatever became of the clock.
#[tokio::test]
async fn nobody_waits_longer_than_a_lease_for_a_dead_one() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let id = ledger.add_job(&new("nightly", 0), at(0)).await.unwrap().id;
    taken(claim(ledger, id, "dead", 0).await);
    let back = SignedDuration::from_hours(-24 * 365).as_secs();
    let Claim::Held { job, far: true } = claim(ledger, id, "b", back).await else { panic!() };
    let seen = job.lease.unwrap();
    let by = Claimant { holder: "b", term: term(back + 120), stalled: Some(&seen) };
    taken(ledger.claim_job(id, &by).await.unwrap().unwrap());
}
