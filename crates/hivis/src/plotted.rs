//! What all plots of the page share: colours that read on light and dark, and ink that is the page's own.

use anyhow::anyhow;
use plotters::prelude::RGBColor;

/// Replaced by the page's ink.
pub(crate) const INK: RGBColor = RGBColor(28, 27, 25);
/// Axes and what is only for comparison.
pub(crate) const SOFT: RGBColor = RGBColor(150, 144, 132);
/// What is ours, and what to look at.
pub(crate) const ROAD: RGBColor = RGBColor(217, 101, 11);
/// How plotters writes [`INK`].
const INK_TEXT: &str = "#1C1B19";

/// The name of a whole place on an axis.
pub(crate) fn named(names: &[String], x: f64) -> String {
    let whole = (x - x.round()).abs() < 1e-9 && x >= 0.0;
    names.get(x.round() as usize).filter(|_| whole).cloned().unwrap_or_default()
}

/// A number in few characters.
pub(crate) fn short(y: f64) -> String {
    let digits = if y.abs() >= 10.0 || y == 0.0 {
        0
    } else if y.abs() >= 1.0 {
        1
    } else if y.abs() >= 0.01 {
        3
    } else {
        5
    };
    format!("{y:.digits$}")
}

pub(crate) fn failed(error: &dyn std::fmt::Display) -> anyhow::Error {
    anyhow!("a plot cannot be drawn: {error}")
}

/// With the page's ink, a width that gives way, and a name for those who do not see it. `named` is our own text.
pub(crate) fn of_the_page(svg: &str, named: &str) -> String {
    let head = format!("<svg role=\"img\" aria-label=\"{named}\" ");
    svg.replace(INK_TEXT, "currentColor").replacen("<svg ", &head, 1)
}
