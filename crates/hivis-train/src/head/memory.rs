//! A step that does not fit the device's memory is made of smaller batches.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How a step's rows are cut: `batch` rows at a time, `accumulate` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) batch: usize,
    pub(super) accumulate: usize,
}

/// Calls `attempt` until it does not run out of memory, each time with half the rows and twice the parts. What else goes
/// wrong is passed on, and so is the last failure of a batch of one row. `attempt` must leave nothing behind when it fails.
pub(super) fn fitting<T>(cut: &mut Cut, mut attempt: impl FnMut(Cut) -> T) -> T {
    loop {
        match catch_unwind(AssertUnwindSafe(|| attempt(*cut))) {
            Ok(made) => return made,
            Err(panic) if cut.batch > 1 && is_out_of_memory(&*panic) => {
                *cut = Cut { batch: cut.batch.div_ceil(2), accumulate: cut.accumulate * 2 };
            }
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Backends say so in a panic's text and have no type for it.
fn is_out_of_memory(panic: &(dyn std::any::Any + Send)) -> bool {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or_default().to_ascii_lowercase();
    ["out of memory", "outofmemory", "out_of_memory", "memory allocation"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_until_it_fits() {
        let mut cut = Cut { batch: 32, accumulate: 1 };
        let mut tried = Vec::new();
        let made = fitting(&mut cut, |cut| {
            tried.push(cut.batch);
            assert!(cut.batch <= 8, "Out of memory: cannot allocate {} rows", cut.batch);
            cut.batch * cut.accumulate
        });
        assert_eq!((made, tried), (32, vec![32, 16, 8]));
        assert_eq!(cut, Cut { batch: 8, accumulate: 4 });
    }

    #[test]
    fn other_panics_and_one_row_pass() {
        let other = catch_unwind(|| fitting(&mut Cut { batch: 32, accumulate: 1 }, |_| panic!("a bug")));
        assert_eq!(other.unwrap_err().downcast_ref::<&str>(), Some(&"a bug"));
        let one = catch_unwind(|| fitting(&mut Cut { batch: 2, accumulate: 1 }, |_| panic!("CUDA out of memory")));
        assert!(one.is_err());
    }
}
