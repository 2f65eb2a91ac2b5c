//! How far a long work is: a bar on a terminal, a line now and then in a pipe. Everything goes to standard error.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::duration;

/// Lines in a pipe, for a work whose size is known.
const PLAIN_LINES: u64 = 10;
/// In a pipe, one line for so many things whose number is not known.
const PLAIN_EVERY: u64 = 1000;
/// After this time it is known well enough how long the rest takes; it is told when that is worth a word.
const TRIED: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(30);

/// Counts bytes of a known size, or things of an unknown number.
pub(crate) struct Meter {
    bar: ProgressBar,
    plain: bool,
    done: AtomicU64,
    total: AtomicU64,
    what: &'static str,
    begun: Instant,
    estimated: AtomicBool,
}

impl Meter {
    /// Bytes; how many is said by [`Meter::total`].
    pub(crate) fn bytes() -> Self {
        Self::new("", "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}  {msg}")
    }

    /// Things such as `pictures`.
    pub(crate) fn things(what: &'static str) -> Self {
        Self::new(what, "{spinner} {pos} {msg}")
    }

    fn new(what: &'static str, template: &str) -> Self {
        let plain = !std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        Self {
            bar,
            plain,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            what,
            begun: Instant::now(),
            estimated: AtomicBool::new(false),
        }
    }

    pub(crate) fn total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.bar.set_length(total);
    }

    pub(crate) fn add(&self, more: u64) {
        let before = self.done.fetch_add(more, Ordering::Relaxed);
        let (now, total) = (before + more, self.total.load(Ordering::Relaxed));
        self.estimate(now, total);
        if !self.plain {
            self.bar.inc(more);
            return;
        }
        let step = if self.what.is_empty() { (total / PLAIN_LINES).max(1) } else { PLAIN_EVERY };
        if now / step > before / step {
            if self.what.is_empty() {
                eprintln!("{} of {}", HumanBytes(now), HumanBytes(total));
            } else {
                eprintln!("{now} {}", self.what);
            }
        }
    }

    /// Says once, when that is known and long, how long the rest will take.
    fn estimate(&self, now: u64, total: u64) {
        let passed = self.begun.elapsed();
        if passed < TRIED || now == 0 || total <= now || self.estimated.swap(true, Ordering::Relaxed) {
            return;
        }
        let rest = passed.mul_f64((total - now) as f64 / now as f64);
        if rest >= LONG {
            self.say(&format!("{} to go", duration::words(rest)));
        }
    }

    /// A line beside the bar.
    pub(crate) fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
