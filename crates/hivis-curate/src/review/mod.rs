//! What people should look at, what they decided, and what follows from it.
//!
//! The model: a [`Doubt`] gives a picture its [`priority`], and [`choose`] picks a week's queue so that no kind of
//! picture starves. Decisions come back as counts: [`agreement`] says how far two people see the same, a [`Rate`] how
//! much of a generator's or a prompt's work is accepted, and [`judge`] which of the rules that calls for.

mod agreement;
mod priority;
mod rate;
mod rules;
mod week;

pub use agreement::{Agreement, agreement};
pub use priority::{Doubt, choose, double, priority};
pub use rate::{Interval, Rate, wilson};
pub use rules::{Judgement, Rules, Subject, Verdict, Weekly, judge};
pub use week::Week;
