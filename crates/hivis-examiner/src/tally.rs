//! Counts of a window, and the metrics that scikit-learn makes of them.

use hivis_types::Label;

use crate::reward::{Entry, Metrics};

/// What the reference's `round` makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Class {
    /// Exactly -1: takes its place in the window and is not counted.
    Silent,
    /// Rounds to 0 or 1, ties to even.
    Judged(Label),
    /// Rounds to this other whole number.
    Wild(f64),
    /// NaN or infinite: scikit-learn refuses the window.
    Broken,
    /// No number at all: NumPy refuses the window, outside the reference's guard.
    NotANumber,
}

impl Class {
    pub(crate) fn of(prediction: Option<f64>) -> Self {
        let Some(p) = prediction else { return Self::NotANumber };
        if p == crate::reward::NO_ANSWER {
            return Self::Silent;
        }
        if !p.is_finite() {
            return Self::Broken;
        }
        let rounded = p.round_ties_even();
        if rounded == 0.0 {
            Self::Judged(Label::Clear)
        } else if rounded == 1.0 {
            Self::Judged(Label::Roadwork)
        } else {
            Self::Wild(rounded)
        }
    }
}

/// A window in numbers; entries come and go one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// `[label][class]`, 0 = clear, 1 = roadwork.
    judged: [[u32; 2]; 2],
    wild: u32,
    broken: u32,
    pub(crate) not_a_number: u32,
}

impl Tally {
    fn slot(&mut self, entry: Entry) -> Option<&mut u32> {
        match entry.class {
            Class::Silent => None,
            Class::Judged(class) => Some(&mut self.judged[entry.label as usize][class as usize]),
            Class::Wild(_) => Some(&mut self.wild),
            Class::Broken => Some(&mut self.broken),
            Class::NotANumber => Some(&mut self.not_a_number),
        }
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        if let Some(slot) = self.slot(entry) {
            *slot += 1;
        }
    }

    pub(crate) fn remove(&mut self, entry: Entry) {
        if let Some(slot) = self.slot(entry) {
            *slot -= 1;
        }
    }

    fn plain(&self) -> bool {
        self.wild == 0 && self.broken == 0 && self.not_a_number == 0
    }

    /// Accuracy of the window; `None` when a wild value makes it a matter of the values themselves.
    pub(crate) fn accuracy(&self) -> Option<f64> {
        if self.broken > 0 || self.not_a_number > 0 {
            return Some(0.0);
        }
        (self.wild == 0).then(|| ratio(self.judged[0][0] + self.judged[1][1], self.total()))
    }

    /// Clamped MCC. Any odd value makes it 0: either scikit-learn raises, or all labels are equal.
    pub(crate) fn mcc(&self) -> f64 {
        if self.plain() { matthews(self.judged).max(0.0) } else { 0.0 }
    }

    fn total(&self) -> u32 {
        self.judged.iter().flatten().sum()
    }
}

fn ratio(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

/// Matthews correlation of a 2 x 2 table `[label][class]`; 0 when a row or a column is empty.
pub(crate) fn matthews(table: [[u32; 2]; 2]) -> f64 {
    let [[tn, fp], [fun, tp]] = table.map(|row| row.map(f64::from));
    let spread = (tp + fp) * (tp + fun) * (tn + fp) * (tn + fun);
    if spread == 0.0 { 0.0 } else { (tp * tn - fp * fun) / spread.sqrt() }
}

/// The reference's `get_metrics` on a window; `None` where it raises outside its guard.
pub(crate) fn metrics_of<'a>(window: impl Iterator<Item = &'a Entry> + Clone) -> Option<Metrics> {
    let mut tally = Tally::default();
    for entry in window.clone() {
        tally.add(*entry);
    }
    if tally.not_a_number > 0 {
        return None;
    }
    if tally.broken > 0 {
        return Some(Metrics::default());
    }
    if tally.wild > 0 {
        return Some(wild_metrics(window, tally));
    }
    let [[tn, fp], [fun, tp]] = tally.judged;
    Some(Metrics {
        accuracy: ratio(tp + tn, tally.total()),
        precision: ratio(tp, tp + fp),
        recall: ratio(tp, tp + fun),
        f1: ratio(2 * tp, 2 * tp + fp + fun),
        mcc: matthews(tally.judged).max(0.0),
        auc: area_under_curve(window.filter(|e| e.class != Class::Silent).map(|e| (e.probability, e.label))),
    })
}

/// A wild value makes scikit-learn's precision raise, so everything is 0, but for one case: when all labels are 1, no
/// class is 0 and the wild value is always the same one, there are two classes in all, 1 is one of them, and nothing
/// raises.
fn wild_metrics<'a>(window: impl Iterator<Item = &'a Entry>, tally: Tally) -> Metrics {
    let mut only: Option<f64> = None;
    for entry in window {
        let Class::Wild(value) = entry.class else { continue };
        if entry.label == Label::Clear || only.is_some_and(|seen| seen != value) {
            return Metrics::default();
        }
        only = Some(value);
    }
    let [[tn, fp], [fun, right]] = tally.judged;
    if tn + fp + fun > 0 {
        return Metrics::default();
    }
    let precision = if right > 0 { 1.0 } else { 0.0 };
    let recall = ratio(right, right + tally.wild);
    Metrics { accuracy: recall, precision, recall, f1: ratio(2 * right, 2 * right + tally.wild), mcc: 0.0, auc: 0.0 }
}

/// Chance that a roadwork picture got a higher probability than a clear one, ties half; 0 when a class is absent.
pub(crate) fn area_under_curve(answers: impl Iterator<Item = (f64, Label)>) -> f64 {
    let mut answers: Vec<(f64, Label)> = answers.collect();
    answers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let roadwork = answers.iter().filter(|(_, label)| *label == Label::Roadwork).count();
    let clear = answers.len() - roadwork;
    if roadwork == 0 || clear == 0 {
        return 0.0;
    }
    let (mut below, mut wins) = (0usize, 0.0);
    for tie in answers.chunk_by(|a, b| a.0 == b.0) {
        let hits = tie.iter().filter(|(_, label)| *label == Label::Roadwork).count();
        let misses = tie.len() - hits;
        wins += hits as f64 * (below as f64 + 0.5 * misses as f64);
        below += misses;
    }
    wins / (roadwork as f64 * clear as f64)
}
