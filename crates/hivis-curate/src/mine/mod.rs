//! What was hard, and a spread of it.
