//! Jobs, spend, health, configuration.
