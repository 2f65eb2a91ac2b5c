//! Alerts over time, what was acknowledged, and messages that wait or went.
