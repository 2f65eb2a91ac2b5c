//! The scheduler with stations that only note what was asked of them, and a clock that the test winds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use hivis_store::{Home, Job, JobState, Ledger, NewJob, StepState};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::watch;

use super::due::tests::times;
use super::*;

/// No test waits longer for anything.
const DEADLINE: Duration = Duration::from_mins(1);

/// Calendar and passed time, wound by hand.
#[derive(Clone)]
struct Wound(Arc<watch::Sender<(Timestamp, Duration)>>);

impl Wound {
    fn at(text: &str) -> Self {
        Self(Arc::new(watch::channel((text.parse().expect("a time"), Duration::ZERO)).0))
    }

    fn pass(&self, time: Duration) {
        self.0.send_modify(|(now, passed)| (*now, *passed) = (*now + time, *passed + time));
    }

    /// Somebody sets the clock.
    fn set(&self, by: SignedDuration) {
        self.0.send_modify(|(now, _)| *now += by);
    }
}

impl Clock for Wound {
    fn now(&self) -> Timestamp {
        self.0.borrow().0
    }

    fn passed(&self) -> Duration {
        self.0.borrow().1
    }

    async fn sleep(&self, time: Duration) {
        let until = self.passed() + time;
        let mut receiver = self.0.subscribe();
        receiver.wait_for(|(_, passed)| *passed >= until).await.expect("the clock lives as long as the test");
    }
}

/// What a fake does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Fails,
    Waits,
    Panics,
    Hangs,
    HangsUntilAsked,
}

/// Notes what it is asked for.
#[derive(Default)]
struct Fake {
    acts: Mutex<BTreeMap<Step, Act>>,
    calls: Mutex<Vec<(Step, usize)>>,
    submitted: Option<Date>,
}

impl Fake {
    fn with(acts: &[(Step, Act)]) -> Arc<Self> {
        Arc::new(Self { acts: Mutex::new(acts.iter().copied().collect()), ..Self::default() })
    }

    /// The steps that were asked for, in their order.
    fn asked(&self) -> Vec<Step> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(step, _)| *step).collect()
    }

    async fn act(&self, step: Step, at: &Context) -> Result<Ended> {
        let done = at.earlier.iter().filter(|s| s.state == StepState::Done).count();
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push((step, done));
        let act = self.acts.lock().unwrap_or_else(PoisonError::into_inner).get(&step).copied();
        match act {
            None => Ok(Ended::Done { said: format!("{} done", step.as_str()), facts: json!({ "of": step }) }),
            Some(Act::Fails) => bail!("it broke"),
            Some(Act::Waits) => Ok(Ended::Waits { why: "hivis release promote x".to_owned() }),
            Some(Act::Panics) => panic!("a fake panics"),
            Some(Act::Hangs) => std::future::pending().await,
            Some(Act::HangsUntilAsked) => {
                at.stop.wait().await;
                bail!("stopped")
            }
        }
    }
}

impl Stations for Fake {
    async fn mine(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Mine, at).await
    }
    async fn synthesise(&self, at: &Context) -> Result<Ended> {
        if let Some(facts) = at.facts(Step::Mine) {
            assert_eq!(*facts, json!({ "of": "mine" }), "what mining found is there after a crash too");
        }
        self.act(Step::Synthesise, at).await
    }
    async fn adversarial(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Adversarial, at).await
    }
    async fn gate(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Gate, at).await
    }
    async fn review(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Review, at).await
    }
    async fn version(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Version, at).await
    }
    async fn train(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Train, at).await
    }
    async fn exam(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Exam, at).await
    }
    async fn promote(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Promote, at).await
    }
    async fn report(&self, at: &Context) -> Result<Ended> {
        self.act(Step::Report, at).await
    }
    async fn would(&self, step: Step, _: &Context) -> Result<String> {
        if step == Step::Gate {
            bail!("no model");
        }
        Ok(format!("would {}", step.as_str()))
    }
    async fn submitted(&self) -> Result<Option<Date>> {
        Ok(self.submitted)
    }
}

struct World {
    ledger: Ledger,
    clock: Wound,
    _folder: tempfile::TempDir,
}

impl World {
    /// A home whose scheduler looked first at noon of Wednesday, 2026-11-25.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Home::open_or_create(folder.path()).expect("a home").ledger().await.expect("a ledger");
        let clock = Wound::at("2026-11-25T12:00:00Z");
        ledger.scheduled_since(clock.now()).await.expect("a beginning");
        Self { ledger, clock, _folder: folder }
    }

    fn scheduler(&self, holder: &str, fake: &Arc<Fake>) -> (Scheduler<Fake, Wound>, StopSwitch) {
        let (switch, stop) = StopSwitch::new();
        let worker = Worker {
            ledger: self.ledger.clone(),
            stations: Arc::clone(fake),
            clock: self.clock.clone(),
            holder: holder.to_owned(),
            off: Vec::new(),
            stop,
            tell: Box::new(|_, _| {}),
        };
        (Scheduler::new(worker, times()), switch)
    }

    async fn jobs(&self) -> Vec<Job> {
        self.ledger.jobs(100).await.expect("jobs")
    }

    async fn states(&self, job: i64) -> Vec<(String, StepState)> {
        let steps = self.ledger.job_steps(job).await.expect("steps");
        steps.into_iter().map(|step| (step.name, step.state)).collect()
    }
}

/// Waits until the fake was asked for `step` so many times.
async fn until(fake: &Fake, step: Step, times: usize) {
    let waiting = async {
        while fake.asked().iter().filter(|asked| **asked == step).count() < times {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.expect("the step is begun in time");
}

fn worked(turn: Turn) -> (Job, Outcome) {
    match turn {
        Turn::Worked(job, outcome) => (job, outcome),
        other => panic!("{other:?}"),
    }
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn what_is_due_runs_and_what_was_missed_is_made_up_once() {
    let (world, fake) = (World::new().await, Fake::with(&[]));
    let (mut scheduler, _switch) = world.scheduler("a", &fake);
    let next = Some("2026-11-26T02:00:00Z".parse().expect("a time"));
    assert_eq!(scheduler.turn().await.expect("a look"), Turn::Idle(next), "nothing from before it began");
    world.clock.pass(14 * Duration::from_hours(1));
    let (job, outcome) = worked(scheduler.turn().await.expect("a night"));
    assert_eq!((job.kind.as_str(), Some(job.due), outcome), ("nightly", next, Outcome::Done));
    assert_eq!(fake.asked(), Kind::Nightly.plan());
    assert!(matches!(scheduler.turn().await.expect("a look"), Turn::Idle(Some(_))), "once");

    // The machine is off for three weeks; four kinds of nights were missed, the days of retraining among them.
    let fake = Arc::new(Fake { submitted: Some(date(2026, 10, 1)), ..Fake::default() });
    let (mut scheduler, _switch) = world.scheduler("b", &fake);
    world.clock.pass(21 * DAY);
    let mut kinds = Vec::new();
    while let Turn::Worked(job, outcome) = scheduler.turn().await.expect("a turn") {
        assert_eq!(outcome, Outcome::Done);
        kinds.push((job.kind, job.due.to_string()));
    }
    let expected = [
        ("retrain", "2026-11-30T02:00:00Z"),
        ("monthly", "2026-12-01T04:00:00Z"),
        ("weekly", "2026-12-13T23:00:00Z"),
        ("nightly", "2026-12-17T02:00:00Z"),
    ];
    let expected: Vec<_> = expected.map(|(kind, due)| (kind.to_owned(), due.to_owned())).to_vec();
    assert_eq!(kinds, expected, "each once, in the order in which they were due");
    assert_eq!(world.jobs().await.len(), 5);
}

#[tokio::test]
async fn a_night_that_was_killed_goes_on_after_its_last_whole_step() {
    for (place, &step) in Kind::Nightly.plan().iter().enumerate() {
        let (world, fake) = (World::new().await, Fake::with(&[(step, Act::Hangs)]));
        world.clock.pass(DAY);
        let (mut first, _switch) = world.scheduler("a", &fake);
        let killed = tokio::spawn(async move { first.turn().await });
        until(&fake, step, 1).await;
        killed.abort();
        fake.acts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (mut second, _other) = world.scheduler("b", &fake);
        let Turn::Held { job, far: false } = second.turn().await.expect("a look") else { panic!("the lease counts") };
        assert_eq!(job.lease.expect("a lease").holder, "a");
        world.clock.pass(LENGTH);
        let (job, outcome) = worked(second.turn().await.expect("a night"));
        assert_eq!((outcome, job.attempts), (Outcome::Done, 2));
        let plan = Kind::Nightly.plan();
        let asked: Vec<Step> = plan[..=place].iter().chain(&plan[place..]).copied().collect();
        assert_eq!(fake.asked(), asked, "only {} was begun again", step.as_str());
        let calls = fake.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(calls.last(), Some(&(Step::Report, plan.len() - 1)), "it knows what the first one did");
    }
}

#[tokio::test]
async fn two_nights_on_one_home_are_one_and_one_who_says_who() {
    let (world, fake) = (World::new().await, Fake::with(&[(Step::Train, Act::HangsUntilAsked)]));
    world.clock.pass(DAY);
    let (mut a, stop_a) = world.scheduler("a", &fake);
    let a = tokio::spawn(async move { a.turn().await });
    until(&fake, Step::Train, 1).await;
    let other = Fake::with(&[]);
    let (mut b, _stop_b) = world.scheduler("b", &other);
    // Hours of training, each heartbeat in its time: the lease is never to be had.
    for _ in 0..5 {
        let Turn::Held { job, .. } = b.turn().await.expect("a look") else { panic!("two nights") };
        let before = job.lease.expect("a lease");
        assert_eq!(before.holder, "a");
        world.clock.pass(BEAT);
        let beaten = async {
            loop {
                let job = world.ledger.job(job.id).await.expect("the ledger").expect("the job");
                if job.lease.expect("a lease").beat > before.beat {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(DEADLINE, beaten).await.expect("a heartbeat");
    }
    stop_a.ask();
    let (_, outcome) = worked(a.await.expect("no panic").expect("a turn"));
    assert_eq!(outcome, Outcome::Stopped);
    let job = &world.jobs().await[0];
    assert_eq!((job.state, &job.lease), (JobState::Waiting, &None), "the lease is given back");
    let (job, outcome) = worked(b.turn().await.expect("a night"));
    assert_eq!((outcome, job.attempts), (Outcome::Done, 2));
    assert_eq!(other.asked(), &Kind::Nightly.plan()[4..]);
    let steps = world.ledger.job_steps(job.id).await.expect("steps");
    assert_eq!(steps[4].attempts, 1, "a stop is no death");
}

#[tokio::test]
async fn one_that_lost_its_lease_stops_and_writes_nothing() {
    let (world, fake) = (World::new().await, Fake::with(&[(Step::Train, Act::Hangs)]));
    world.clock.pass(DAY);
    let (mut a, _stop_a) = world.scheduler("a", &fake);
    let a = tokio::spawn(async move { a.turn().await });
    until(&fake, Step::Train, 1).await;
    // The clock jumps ahead: a's lease seems to be over.
    world.clock.set(SignedDuration::from_hours(1));
    let (mut b, _stop_b) = world.scheduler("b", &Fake::with(&[]));
    let (job, outcome) = worked(b.turn().await.expect("a night"));
    assert_eq!(outcome, Outcome::Done);
    let before = world.ledger.job_steps(job.id).await.expect("steps");
    world.clock.pass(BEAT);
    let (_, outcome) = worked(a.await.expect("no panic").expect("a turn"));
    assert_eq!(outcome, Outcome::Lost);
    assert_eq!(world.ledger.job_steps(job.id).await.expect("steps"), before);
    assert_eq!(world.jobs().await[0].state, JobState::Done);
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_second_night_and_no_second_holder() {
    let (world, fake) = (World::new().await, Fake::with(&[]));
    let (mut a, _stop) = world.scheduler("a", &fake);
    world.clock.pass(DAY);
    assert_eq!(worked(a.turn().await.expect("a night")).1, Outcome::Done);
    for hours in [2, 12, 20] {
        world.clock.set(SignedDuration::from_hours(-hours));
        assert!(matches!(a.turn().await.expect("a look"), Turn::Idle(_)), "{hours} hours back");
        world.clock.set(SignedDuration::from_hours(hours));
        assert!(matches!(a.turn().await.expect("a look"), Turn::Idle(_)), "and forth again");
    }
    assert_eq!(world.jobs().await.len(), 1);

    // One dies while the clock is a year ahead; then the clock is put right.
    world.clock.set(SignedDuration::from_hours(24 * 365));
    let hanging = Fake::with(&[(Step::Adversarial, Act::Hangs)]);
    let (mut dead, _switch) = world.scheduler("dead", &hanging);
    let dead = tokio::spawn(async move { dead.turn().await });
    until(&hanging, Step::Adversarial, 1).await;
    dead.abort();
    world.clock.set(SignedDuration::from_hours(-24 * 365));
    world.clock.pass(3 * DAY);
    let Turn::Held { far: true, .. } = a.turn().await.expect("a look") else { panic!("a far lease is told") };
    world.clock.pass(LENGTH / 2);
    assert!(matches!(a.turn().await.expect("a look"), Turn::Held { far: true, .. }), "not yet");
    world.clock.pass(LENGTH / 2);
    let mut done = Vec::new();
    while let Turn::Worked(job, outcome) = a.turn().await.expect("a turn") {
        done.push((job.kind, outcome));
    }
    let expected = ["nightly", "monthly"].map(|kind| (kind.to_owned(), Outcome::Done));
    assert_eq!(done, expected, "tonight's, and the one that was begun; not what is due in a year");
    let today: Vec<_> = world.jobs().await.into_iter().filter(|job| job.due.to_string().starts_with("2026")).collect();
    assert_eq!(today.len(), 2, "the night of a year ahead is not in the way of this one: {today:?}");
}

#[tokio::test]
async fn a_failed_step_blocks_what_builds_on_it_and_nothing_else() {
    use StepState::{Blocked, Done, Failed};
    let (world, fake) = (World::new().await, Fake::with(&[(Step::Synthesise, Act::Fails), (Step::Exam, Act::Panics)]));
    let (mut a, _stop) = world.scheduler("a", &fake);
    world.clock.pass(DAY);
    let (job, outcome) = worked(a.turn().await.expect("a night"));
    assert_eq!(outcome, Outcome::Failed("synthesise: it broke".to_owned()));
    let states: Vec<StepState> = world.states(job.id).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [Done, Failed, Blocked, Done, Done, Failed, Blocked, Done]);
    let asked = [Step::Mine, Step::Synthesise, Step::Version, Step::Train, Step::Exam, Step::Report];
    assert_eq!(fake.asked(), asked, "the report is always written");
    let steps = world.ledger.job_steps(job.id).await.expect("steps");
    assert!(steps[5].said.as_deref().is_some_and(|said| said.contains("panicked")), "{:?}", steps[5]);
    let over = &world.jobs().await[0];
    assert_eq!((over.state, over.error.as_deref()), (JobState::Failed, Some("synthesise: it broke")));
    world.clock.pass(3 * DAY);
    assert!(matches!(a.turn().await.expect("the next night"), Turn::Worked(..)), "the next one is not blocked");
}

#[tokio::test]
async fn a_step_that_waits_for_a_person_holds_nothing_up() {
    let (world, fake) = (World::new().await, Fake::with(&[(Step::Promote, Act::Waits)]));
    let (mut a, _stop) = world.scheduler("a", &fake);
    a.worker.off = vec![Step::Synthesise];
    world.clock.pass(DAY);
    let (job, outcome) = worked(a.turn().await.expect("a night"));
    assert_eq!(outcome, Outcome::Done);
    let steps = world.ledger.job_steps(job.id).await.expect("steps");
    let of = |step: Step| steps.iter().find(|s| s.name == step.as_str()).expect("the step");
    assert_eq!(of(Step::Promote).state, StepState::Waits);
    assert_eq!(of(Step::Promote).said.as_deref(), Some("hivis release promote x"));
    assert_eq!(of(Step::Synthesise).said.as_deref(), Some("switched off by night.off"));
    assert_eq!(of(Step::Gate).state, StepState::Done, "what is left out blocks nothing");
}

#[tokio::test]
async fn a_step_that_kills_the_process_is_given_up() {
    let (world, fake) = (World::new().await, Fake::with(&[(Step::Gate, Act::Hangs)]));
    world.clock.pass(DAY);
    for death in 1..=3 {
        let (mut a, _stop) = world.scheduler(&format!("a{death}"), &fake);
        let a = tokio::spawn(async move { a.turn().await });
        until(&fake, Step::Gate, death).await;
        a.abort();
        world.clock.pass(LENGTH);
    }
    let (mut b, _stop) = world.scheduler("b", &fake);
    let (_, outcome) = worked(b.turn().await.expect("a night"));
    let Outcome::Failed(why) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("gate: hivis died in this step 3 times"), "{why}");
    assert_eq!(fake.asked().last(), Some(&Step::Report));
}

#[tokio::test]
async fn a_dry_run_asks_and_changes_nothing() {
    let (world, fake) = (World::new().await, Fake::with(&[]));
    let said = dry(&*fake, Kind::Monthly, &[Step::Report], world.clock.now()).await.expect("a dry run");
    let said: Vec<&str> = said.iter().map(|would| would.says.as_str()).collect();
    assert_eq!(said, ["would adversarial", "not known: no model", "nothing: switched off by night.off"]);
    assert_eq!((fake.asked(), world.jobs().await), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_plan_that_this_hivis_does_not_know_is_in_nobodys_way() {
    let (world, fake) = (World::new().await, Fake::with(&[]));
    let strange = NewJob { kind: "yearly".to_owned(), due: world.clock.now(), by_hand: false };
    world.ledger.add_job(&strange, world.clock.now()).await.expect("a job");
    let (mut a, _stop) = world.scheduler("a", &fake);
    world.clock.pass(DAY);
    assert!(matches!(worked(a.turn().await.expect("a turn")).1, Outcome::Failed(_)));
    assert_eq!(worked(a.turn().await.expect("a turn")).1, Outcome::Done);
}
