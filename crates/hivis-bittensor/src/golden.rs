//! The captured requests and their expected answers, for tests.
