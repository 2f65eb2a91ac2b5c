//! What was hard, and a spread of it that is worth learning from.
//!
//! [`Rules::weigh`] says of one judged picture why it is hard and how much (`score`). [`spread()`] picks from the hard
//! ones so that they do not all show the same ([`Spread`]). [`Guesser`] guesses what recorded pictures show, and
//! [`coverage()`] says how much of that a pick covers. Everything is a pure function of what comes in and of the seed.

mod coverage;
mod guess;
mod score;
mod spread;
mod twins;

pub use coverage::{Coverage, coverage};
pub use guess::{GuessSettings, Guesser, UNKNOWN};
pub use score::{Hard, Judged, Reason, Rules, entropy_bits};
pub use spread::{Picked, Pool, Spread, SpreadSettings, spread};
pub use twins::{TwinSettings, cosine_distance, twins};
