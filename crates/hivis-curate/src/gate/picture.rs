//! Level 1: one picture.

use hivis_image::quality::Quality;
use serde::Serialize;

use super::label::contradiction;
use super::likeness::{LikeSettings, Likeness};
use super::{Basis, Figures, Limits, Reason, ReasonKind};
use hivis_types::Label;

/// What is known of a picture when it is judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Its measures; `None` when it cannot be read.
    pub quality: Option<Quality>,
    /// Why it cannot be read.
    pub unreadable: Option<String>,
    /// What it looks like.
    pub likeness: Option<(Likeness, LikeSettings)>,
    /// What it was made for, and what each release makes of it (probability of roadwork).
    pub label: Option<(Label, Vec<f64>)>,
    /// A release that is so sure of the other label refuses it; over 1 nothing does.
    pub sureness: f64,
}

impl Evidence {
    /// The measures alone.
    pub fn of(quality: &Quality) -> Self {
        Self { quality: Some(*quality), sureness: 2.0, ..Self::default() }
    }

    /// Bytes that cannot be read, and why.
    pub fn unreadable(why: impl Into<String>) -> Self {
        Self { unreadable: Some(why.into()), sureness: 2.0, ..Self::default() }
    }
}

/// What the gate says of a picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether it may be learned from.
    pub passed: bool,
    /// Why not; empty when it passed.
    pub reasons: Vec<Reason>,
    /// What was measured.
    pub figures: Figures,
}

/// Judges one picture. Every limit is tried, so that the reasons are complete.
pub fn judge(evidence: &Evidence, limits: &Limits) -> Verdict {
    let mut verdict = Verdict { passed: false, reasons: Vec::new(), figures: Figures::new() };
    if let Some(why) = &evidence.unreadable {
        verdict.reasons.push(Reason::new(ReasonKind::Unreadable, why.clone()));
    }
    if let Some(quality) = &evidence.quality {
        measures(quality, limits, &mut verdict);
    }
    if let Some((likeness, settings)) = &evidence.likeness {
        likeness.judge(settings, &mut verdict);
    }
    if let Some((wanted, probabilities)) = &evidence.label {
        label(*wanted, probabilities, evidence.sureness, &mut verdict);
    }
    verdict.figures.retain(|_, value| value.is_finite());
    verdict.passed = verdict.reasons.is_empty();
    verdict
}

/// A limit from above, with words for what was measured.
struct Most<'a> {
    kind: ReasonKind,
    name: &'a str,
    what: &'a str,
    unit: &'a str,
    fixed: f64,
    real: Option<f64>,
}

fn measures(quality: &Quality, limits: &Limits, verdict: &mut Verdict) {
    let (fixed, real) = (&limits.fixed, limits.real());
    let found = quality.laplacian;
    verdict.figures.insert("laplacian".to_owned(), found);
    let by_real = real.map(|real| (real.laplacian, real.tail));
    let blurred = |limit: f64, whose: &str| {
        let words = format!("Laplacian variance {found:.1} at 224 pixels, below {limit:.1} ({whose})");
        Reason::new(ReasonKind::Blurred, words)
    };
    if found < fixed.laplacian && (by_real.is_none() || limits.basis == Basis::Both) {
        verdict.reasons.push(blurred(fixed.laplacian, "fixed limit"));
    } else if let Some(([low, high], tail)) = by_real {
        if found < low {
            verdict.reasons.push(blurred(low, &whose(tail, "lowest")));
        } else if found > high {
            let words = format!("Laplacian variance {found:.1}, over {high:.1} ({})", whose(tail, "highest"));
            verdict.reasons.push(Reason::new(ReasonKind::Noisy, words));
        }
    }
    // A street at night is dark whatever the real set shows: its extremes are limits only where both are asked for.
    let real = real.filter(|_| limits.basis == Basis::Both);
    let most = |kind, name, what, fixed, real: Option<f64>| Most { kind, name, what, unit: "", fixed, real };
    let tail = real.map_or(0.0, |real| real.tail);
    let light = most(
        ReasonKind::Light,
        "outside",
        "of the pixels darker than 20 or brighter than 235,",
        fixed.outside,
        real.map(|r| r.outside),
    );
    let colour = most(
        ReasonKind::OneColour,
        "one_colour",
        "of the pixels in one colour,",
        fixed.one_colour,
        real.map(|r| r.one_colour),
    );
    at_most(&light, quality.outside, tail, verdict);
    at_most(&colour, quality.one_colour, tail, verdict);
    let Some(spectrum) = &quality.spectrum else { return };
    let grid = Most {
        unit: " dB",
        ..most(
            ReasonKind::Grid,
            "grid_db",
            "above its surroundings stands a line of the spectrum,",
            fixed.grid_db,
            real.map(|r| r.grid_db),
        )
    };
    let repeat = Most {
        unit: " deviations",
        ..most(ReasonKind::Watermark, "repeat", "stands a repetition out,", fixed.repeat, real.map(|r| r.repeat))
    };
    at_most(&grid, spectrum.grid.db, tail, verdict);
    at_most(&repeat, spectrum.repeat.strength, tail, verdict);
    verdict.figures.insert("grid_period".to_owned(), spectrum.grid.period);
}

fn at_most(limit: &Most<'_>, found: f64, tail: f64, verdict: &mut Verdict) {
    verdict.figures.insert(limit.name.to_owned(), found);
    let share = limit.unit.is_empty();
    let said = |value: f64| if share { format!("{:.1}%", 100.0 * value) } else { format!("{value:.1}{}", limit.unit) };
    // A share that is the limit is refused; the real set's own extreme is not.
    let (at, whose) = match limit.real {
        _ if found >= limit.fixed => (limit.fixed, "fixed limit".to_owned()),
        Some(real) if found > real => (real, whose(tail, "highest")),
        _ => return,
    };
    let words = format!("{} {} limit {} ({whose})", said(found), limit.what, said(at));
    verdict.reasons.push(Reason::new(limit.kind, words));
}

fn whose(tail: f64, end: &str) -> String {
    format!("the real set's {end} {:.1}%", 100.0 * tail)
}

fn label(wanted: Label, probabilities: &[f64], sureness: f64, verdict: &mut Verdict) {
    if probabilities.is_empty() {
        return;
    }
    let mean = probabilities.iter().sum::<f64>() / probabilities.len() as f64;
    verdict.figures.insert("probability".to_owned(), mean);
    verdict.figures.insert("members".to_owned(), probabilities.len() as f64);
    if let Some(sure) = contradiction(wanted, probabilities, sureness) {
        let (made, shows) = match wanted {
            Label::Roadwork => ("roadwork", "no roadwork"),
            Label::Clear => ("no roadwork", "roadwork"),
        };
        let words =
            format!("made for {made}, and {:.1}% sure to show {shows}, limit {:.1}%", 100.0 * sure, 100.0 * sureness);
        verdict.reasons.push(Reason::new(ReasonKind::Label, words));
    }
}
