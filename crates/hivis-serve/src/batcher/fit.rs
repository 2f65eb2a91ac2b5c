//! How long a batch takes: `a * n + b`, learned from the batches that were seen.

use std::time::Duration;

/// Weight that an observation keeps each time a newer one comes: the last twenty or so batches decide.
const KEEP: f64 = 0.95;
/// Below this variance of the batch sizes a slope would be read out of noise.
const LEAST_VARIANCE: f64 = 0.01;

/// Least squares over exponentially fading sums.
///
/// While all batches had one size there is no slope to see; then a batch is taken to cost the same whatever its size,
/// the optimist's line: who is let in wrongly expires and loses nothing, who is refused wrongly loses an answer. (The
/// pessimist's, in proportion to the size, made eight of a single cold batch and shed bursts that would have arrived.)
/// Neither the slope nor the time of an empty batch is ever negative.
#[derive(Clone, Debug, Default)]
pub(super) struct Fit {
    weight: f64,
    n: f64,
    t: f64,
    nn: f64,
    nt: f64,
}

impl Fit {
    /// Learns that a batch of `size` took `time`.
    pub(super) fn learn(&mut self, size: usize, time: Duration) {
        let (n, t) = (size as f64, time.as_secs_f64());
        self.weight = self.weight * KEEP + 1.0;
        self.n = self.n * KEEP + n;
        self.t = self.t * KEEP + t;
        self.nn = self.nn * KEEP + n * n;
        self.nt = self.nt * KEEP + n * t;
    }

    /// The line `(a, b)`: seconds a picture more, seconds a batch. Zero before the first batch.
    pub(super) fn line(&self) -> (f64, f64) {
        if self.weight == 0.0 || self.n == 0.0 {
            return (0.0, 0.0);
        }
        let (mean_n, mean_t) = (self.n / self.weight, self.t / self.weight);
        let variance = self.nn / self.weight - mean_n * mean_n;
        if variance < LEAST_VARIANCE {
            return (0.0, mean_t);
        }
        let slope = (self.nt / self.weight - mean_n * mean_t) / variance;
        let start = mean_t - slope * mean_n;
        if slope < 0.0 {
            (0.0, mean_t)
        } else if start < 0.0 {
            (self.nt / self.nn, 0.0)
        } else {
            (slope, start)
        }
    }

    /// How long a batch of `size` will take; zero for none.
    pub(super) fn predict(&self, size: usize) -> Duration {
        if size == 0 {
            return Duration::ZERO;
        }
        let (a, b) = self.line();
        Duration::from_secs_f64(a * size as f64 + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `(size, milliseconds)` and gives the line in milliseconds, rounded.
    fn line(batches: &[(usize, f64)]) -> (f64, f64) {
        let mut fit = Fit::default();
        for &(size, ms) in batches {
            fit.learn(size, Duration::from_secs_f64(ms / 1e3));
        }
        let (a, b) = fit.line();
        ((a * 1e3 * 100.0).round() / 100.0, (b * 1e3 * 100.0).round() / 100.0)
    }

    #[test]
    fn finds_the_line_and_never_a_negative_one() {
        assert_eq!(line(&[]), (0.0, 0.0), "nothing seen");
        assert_eq!(line(&[(1, 9.0), (4, 24.0), (8, 44.0)]), (5.0, 4.0), "5 ms a picture and 4 ms a batch");
        assert_eq!(line(&[(8, 20.0), (8, 20.0), (8, 20.0)]), (0.0, 20.0), "one size: no slope");
        assert_eq!(line(&[(1, 20.0), (8, 20.0)]), (0.0, 20.0), "a fixed time");
        assert_eq!(line(&[(1, 1.0), (8, 100.0)]).1, 0.0, "never less than nothing for a batch");
        assert_eq!(line(&[(1, 100.0), (8, 1.0)]).0, 0.0, "never faster with more pictures");
    }

    #[test]
    fn forgets() {
        let mut fit = Fit::default();
        for _ in 0..100 {
            fit.learn(1, Duration::from_millis(500));
            fit.learn(8, Duration::from_millis(500));
        }
        for _ in 0..100 {
            fit.learn(1, Duration::from_millis(10));
            fit.learn(8, Duration::from_millis(10));
        }
        assert_eq!(fit.predict(8).as_millis(), 10);
    }
}
