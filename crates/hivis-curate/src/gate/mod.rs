//! Which generated pictures are good enough.
//!
//! Level 1 looks at each picture ([`judge`]): its measures against fixed limits or against quantiles of the real set
//! ([`Limits`]), whether it is a picture that is there already or one that only judges ([`Likeness`]), and what the
//! releases make of the label it was made for ([`contradiction`]). A batch is judged as a whole ([`judge_batch`]): how far its
//! features are from real ones, in units of how far real ones are from each other. Level 2 ([`second`]) spreads a choice
//! over the best fifth.
//!
//! ```
//! use hivis_curate::gate::{Evidence, Fixed, Limits, judge};
//! let black = hivis_image::Picture::filled(512, 512, [0; 3]);
//! let evidence = Evidence::of(&hivis_image::quality::quality(&black));
//! let verdict = judge(&evidence, &Limits::fixed(Fixed::default()));
//! assert!(!verdict.passed && verdict.reasons[0].to_string().starts_with("blurred: "));
//! ```

mod batch;
mod figures;
mod frechet;
mod kid;
mod label;
mod likeness;
mod limits;
mod picture;
mod reason;
mod second;

pub use batch::{BatchReport, BatchSettings, FID_LIMIT, INCEPTION_LEAST, fixed_fid, judge_batch};
pub use figures::{Figures, median, quantile};
pub use frechet::frechet;
pub use kid::{KidSettings, kid, mmd2};
pub use label::{Consensus, consensus, contradiction};
pub use likeness::{Known, LikeSettings, Likeness, Near, likeness, mean_nearest};
pub use limits::{Basis, Fixed, LEAST_REAL, Limits, RealSet};
pub use picture::{Evidence, Verdict, judge};
pub use reason::{Reason, ReasonKind};
pub use second::{Choice, SecondSettings, second};
