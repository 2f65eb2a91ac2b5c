//! The wheel's own calendar.
