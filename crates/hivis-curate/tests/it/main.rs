//! What the algorithms of this room promise, against scikit-learn and against the plain definitions.

mod peer;
mod rows;
mod spread;
mod vectors;
