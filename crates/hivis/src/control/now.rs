//! The reward to expect and the wheel.
