//! The wheel by itself: what is due when, who does it, step by step, and what is told in the morning.
//!
//! A [`Kind`] of turn is a list of [`Step`]s; that is all the plan there is. The [`Scheduler`] looks at the clock and the
//! ledger, makes the jobs that are due, and lets a [`Worker`] run one at a time under a lease. What a step does is the
//! business of [`Stations`]: the real ones are in `house`, those of the tests are fakes. What ended stays ended, so that a
//! worker that comes after a crash goes on behind the last step that is whole.

mod clock;
mod dry;
mod due;
mod facts;
mod house;
mod plan;
pub(crate) mod report;
mod scheduler;
mod station;
#[cfg(feature = "train")]
mod training;
mod worker;

#[cfg(test)]
mod tests;

pub(crate) use clock::{Clock, WallClock};
pub(crate) use dry::dry;
pub(crate) use due::Times;
#[cfg(feature = "train")]
pub(crate) use facts::{ExamFacts, Sat, shaped};
pub(crate) use house::House;
pub(crate) use plan::{Kind, Step};
pub(crate) use scheduler::Scheduler;
#[cfg(test)]
use scheduler::Turn;
pub(crate) use station::{Context, Ended, Stations, Stop, StopSwitch};
pub(crate) use worker::{BEAT, LENGTH, Outcome, Worker, holder};
