//! Tests of the street scenes, from outside.

mod colour;
mod covers;
mod mixes;
mod scenes;
