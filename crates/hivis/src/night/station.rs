//! What a step is given, what it gives back, and who does it.

use anyhow::Result;
use hivis_store::{JobStep, StepState};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use tokio::sync::watch;

use super::{Kind, Step};

/// Asks everything that works under it to stop.
#[derive(Debug)]
pub(crate) struct StopSwitch(watch::Sender<bool>);

/// Hears whether it should stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl StopSwitch {
    pub(crate) fn new() -> (Self, Stop) {
        let (send, receive) = watch::channel(false);
        (Self(send), Stop(receive))
    }

    pub(crate) fn ask(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// For threads that compute: asked now and then.
    pub(crate) fn asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Done when it is asked; never when nobody can ask any more.
    pub(crate) async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What a step knows.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The job's number; 0 in a dry run.
    pub(crate) job: i64,
    /// Which turn it is.
    pub(crate) kind: Kind,
    /// When it was due, UTC.
    pub(crate) due: Timestamp,
    /// When the job was first begun, UTC.
    pub(crate) begun: Timestamp,
    /// Now, UTC.
    pub(crate) now: Timestamp,
    /// The steps before it, with what they found; those of before a crash too.
    pub(crate) earlier: Vec<JobStep>,
    /// Asked when the program ends.
    #[cfg_attr(all(not(feature = "train"), not(test)), expect(dead_code, reason = "only trainings look at it"))]
    pub(crate) stop: Stop,
}

impl Context {
    /// What an earlier step of this job found, if it is done.
    pub(crate) fn facts(&self, step: Step) -> Option<&Value> {
        let done = |s: &&JobStep| s.name == step.as_str() && s.state == StepState::Done;
        self.earlier.iter().find(done)?.facts.as_ref()
    }
}

/// How a step ended, if it did not fail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ended {
    /// It did its work.
    Done {
        /// One line for a person.
        said: String,
        /// What later steps and the report need.
        facts: Value,
    },
    /// There was nothing for it to do.
    Skipped {
        /// Why.
        why: String,
    },
    /// A person has to go on.
    Waits {
        /// What for, with the command.
        why: String,
    },
}

impl Ended {
    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped { why: why.into() }
    }
}

/// Those who do the steps. A step that was cut off is begun again, so each must be able to.
pub(crate) trait Stations: Send + Sync + 'static {
    /// [`Step::Mine`]
    fn mine(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Synthesise`]
    fn synthesise(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Adversarial`]
    fn adversarial(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Gate`]
    fn gate(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Review`]
    fn review(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Version`]
    fn version(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Train`]
    fn train(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Exam`]
    fn exam(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Promote`]
    fn promote(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;
    /// [`Step::Report`]
    fn report(&self, at: &Context) -> impl Future<Output = Result<Ended>> + Send;

    /// What a step would do, with counts, for a dry run; changes nothing.
    fn would(&self, step: Step, at: &Context) -> impl Future<Output = Result<String>> + Send;
    /// The day that retraining days count from.
    fn submitted(&self) -> impl Future<Output = Result<Option<Date>>> + Send;
}

/// Lets the right one do it.
pub(super) async fn run<S: Stations>(stations: &S, step: Step, at: &Context) -> Result<Ended> {
    match step {
        Step::Mine => stations.mine(at).await,
        Step::Synthesise => stations.synthesise(at).await,
        Step::Adversarial => stations.adversarial(at).await,
        Step::Gate => stations.gate(at).await,
        Step::Review => stations.review(at).await,
        Step::Version => stations.version(at).await,
        Step::Train => stations.train(at).await,
        Step::Exam => stations.exam(at).await,
        Step::Promote => stations.promote(at).await,
        Step::Report => stations.report(at).await,
    }
}
