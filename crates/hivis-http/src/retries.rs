//! When to ask again.

use std::time::Duration;

/// How often to ask, and how long to wait between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Tries of one question; 0 counts as 1.
    pub tries: u32,
    /// Pause after the first; it doubles each time.
    pub first: Duration,
    /// Longest pause, that of a `Retry-After` too: who wants more gets an error.
    pub longest: Duration,
}

impl Default for Retries {
    /// Five tries, from one second up to a minute apart.
    fn default() -> Self {
        Self { tries: 5, first: Duration::from_secs(1), longest: Duration::from_mins(1) }
    }
}

/// What came of one try that failed.
#[derive(Debug)]
pub enum Trouble<E> {
    /// May go away; the server may have said when.
    Passing(E, Option<Duration>),
    /// Will not.
    Lasting(E),
}

/// Counts the tries of one question.
#[derive(Debug)]
pub struct Tries {
    retries: Retries,
    left: u32,
    pause: Duration,
}

impl Retries {
    /// Before the first try.
    pub fn begin(self) -> Tries {
        Tries { retries: self, left: self.tries.max(1), pause: self.first }
    }
}

impl Tries {
    /// After a try that failed: how long to wait for the next, beside what is to be told; or the error, when there is no next.
    pub fn after<E>(&mut self, trouble: Trouble<E>) -> Result<(E, Duration), E> {
        let (error, wanted) = match trouble {
            Trouble::Lasting(error) => return Err(error),
            Trouble::Passing(error, wanted) => (error, wanted),
        };
        self.left = self.left.saturating_sub(1);
        let wait = wanted.unwrap_or(self.pause);
        if self.left == 0 || wait > self.retries.longest {
            return Err(error);
        }
        self.pause = (self.pause * 2).min(self.retries.longest);
        Ok((error, wait))
    }

    /// Something came: the count begins anew.
    pub fn progress(&mut self) {
        (self.left, self.pause) = (self.retries.tries.max(1), self.retries.first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_a_server_may_want_another() {
        let s = Duration::from_secs;
        let mut tries = Retries { tries: 6, first: s(1), longest: s(3) }.begin();
        let waits = [None, None, Some(s(2)), None, None].map(|wanted| tries.after(Trouble::Passing((), wanted)));
        assert_eq!(waits, [1, 2, 2, 3, 3].map(|seconds| Ok(((), s(seconds)))));
        assert_eq!(tries.after(Trouble::Passing("the sixth", None)), Err("the sixth"));
        tries.progress();
        assert_eq!(tries.after(Trouble::Passing((), None)), Ok(((), s(1))));
        assert_eq!(tries.after(Trouble::Passing("too long", Some(s(4)))), Err("too long"));
        assert_eq!(tries.after(Trouble::Lasting("no")), Err("no"));
        assert!(Retries { tries: 0, ..Retries::default() }.begin().after(Trouble::Passing((), None)).is_err());
    }
}
