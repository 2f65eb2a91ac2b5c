//! Runs, exams compared, promotions.
