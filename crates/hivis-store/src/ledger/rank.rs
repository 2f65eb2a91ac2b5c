//! Rank as others see it.
