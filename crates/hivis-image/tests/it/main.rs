//! Integration tests of the picture room.

mod corpus;
mod decode;
mod golden;
mod golden_cases;
mod golden_distribution;
mod golden_encode;
mod golden_geometry;
mod mutations;
mod properties;
mod quality;
mod variation;
