//! What the algorithms of this room promise, against scikit-learn and against the plain definitions.

mod drift;
mod gate;
mod peer;
mod principal;
mod rows;
mod spread;
mod vectors;
