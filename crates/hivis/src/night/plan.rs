//! Turns of the wheel as data.

use serde::Serialize;

/// What is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Every night: what was hard today.
    Nightly,
    /// Once a week: the spread of a week, people, and a larger training.
    Weekly,
    /// On the first: pictures that the serving release gets wrong.
    Monthly,
    /// On a day of the calendar: a model for the next submission.
    Retrain,
}

/// One station's part in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// Find what was hard, and pick a spread of it.
    Mine,
    /// Make pictures of it.
    Synthesise,
    /// Make pictures that the serving release gets wrong.
    Adversarial,
    /// Throw away what is bad.
    Gate,
    /// Queue what people should look at.
    Review,
    /// Cut a version of the data.
    Version,
    /// Train a head.
    Train,
    /// Let it sit the exam beside what serves.
    Exam,
    /// Let it serve, or say who may.
    Promote,
    /// Write what happened and why.
    Report,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Nightly, Self::Weekly, Self::Monthly, Self::Retrain];

    /// The name in the ledger, on the command line and in tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Nightly => "nightly",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Retrain => "retrain",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its steps, in their order.
    pub(crate) fn plan(self) -> &'static [Step] {
        use Step::{Adversarial, Exam, Gate, Mine, Promote, Report, Review, Synthesise, Train, Version};
        match self {
            Self::Nightly => &[Mine, Synthesise, Gate, Version, Train, Exam, Promote, Report],
            Self::Weekly => &[Mine, Review, Gate, Version, Train, Exam, Promote, Report],
            Self::Monthly => &[Adversarial, Gate, Report],
            Self::Retrain => &[Version, Train, Exam, Promote, Report],
        }
    }
}

impl Step {
    pub(crate) const ALL: [Self; 10] = [
        Self::Mine,
        Self::Synthesise,
        Self::Adversarial,
        Self::Gate,
        Self::Review,
        Self::Version,
        Self::Train,
        Self::Exam,
        Self::Promote,
        Self::Report,
    ];

    /// The name in the ledger, in the configuration and in tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Synthesise => "synthesise",
            Self::Adversarial => "adversarial",
            Self::Gate => "gate",
            Self::Review => "review",
            Self::Version => "version",
            Self::Train => "train",
            Self::Exam => "exam",
            Self::Promote => "promote",
            Self::Report => "report",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    /// Steps on which this one builds: when one of them fails, it is not tried. What is not named here runs all the same:
    /// a generator that is down is no reason not to train on what people labelled.
    pub(crate) fn builds_on(self) -> &'static [Self] {
        match self {
            Self::Synthesise | Self::Review => &[Self::Mine],
            Self::Gate => &[Self::Synthesise, Self::Adversarial],
            Self::Train => &[Self::Version],
            Self::Exam => &[Self::Train],
            Self::Promote => &[Self::Exam],
            Self::Mine | Self::Adversarial | Self::Version | Self::Report => &[],
        }
    }
}
