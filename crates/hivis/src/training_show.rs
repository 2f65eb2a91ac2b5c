//! How a training goes, on standard error.

use std::io::IsTerminal;

use hivis_train::training::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on a terminal, a line now and then in a pipe.
pub(crate) struct Show<F> {
    bar: ProgressBar,
    plain: bool,
    estimate: F,
}

impl<F: Fn(usize, usize) -> String> Show<F> {
    /// `estimate` gives the time for so many views and steps, in words.
    pub(crate) fn new(estimate: F) -> Self {
        let plain = !std::io::stderr().is_terminal();
        let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} pictures  {msg}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self { bar, plain, estimate }
    }

    pub(crate) fn show(&mut self, at: Progress) {
        match at {
            Progress::Work { views, steps } => {
                let time = (self.estimate)(views, steps);
                self.bar.println(format!("features of {views} views, then up to {steps} steps of the head: {time}"));
                if self.plain {
                    eprintln!("features of {views} views, then up to {steps} steps of the head: {time}");
                }
            }
            Progress::Features { done, total } => {
                self.bar.set_length(total as u64);
                self.bar.set_position(done as u64);
                self.bar.set_message("features");
                if self.plain && done == total {
                    eprintln!("features of {total} pictures are there");
                }
            }
            Progress::Head { step } => {
                let told =
                    if step == 0 { "the head trains".to_owned() } else { format!("the head goes on at step {step}") };
                if self.plain {
                    eprintln!("{told}");
                }
                self.bar.set_message(told);
            }
            Progress::Epoch { epoch, losses } => {
                self.bar.set_message(format!("epoch {epoch}, tuning loss {:.4}", losses.validation));
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
