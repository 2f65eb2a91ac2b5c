//! What all plots share. On the page their colours are its sheet's, by classes, so that they follow the theme; a file that
//! is looked at alone has them too. SVG without style attributes, which the page's policy would refuse.

use anyhow::anyhow;
use plotters::prelude::RGBColor;

/// The page's ink.
pub(crate) const INK: RGBColor = RGBColor(28, 27, 25);
/// Axes and what is only for comparison.
pub(crate) const SOFT: RGBColor = RGBColor(160, 154, 142);
/// What is ours, and what to look at.
pub(crate) const ROAD: RGBColor = RGBColor(217, 101, 11);
/// Lines side by side.
pub(crate) const LINES: [RGBColor; 6] = [
    RGBColor(179, 79, 0),
    RGBColor(31, 95, 168),
    RGBColor(47, 125, 79),
    RGBColor(138, 62, 168),
    RGBColor(168, 134, 42),
    RGBColor(179, 38, 30),
];

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

/// The plot with the sheet's classes, and with a name for whoever hears it.
pub(crate) fn of_the_page(svg: &str, name: &str) -> String {
    let mut themed = svg.replace(&quoted(INK), "\"currentColor\"");
    let lines = LINES.iter().enumerate().map(|(at, colour)| (*colour, format!("plot-{at}")));
    let own = [(SOFT, "plot-soft".to_owned()), (ROAD, "plot-road".to_owned())];
    for (colour, class) in own.into_iter().chain(lines) {
        let colour = quoted(colour);
        for (of, kind) in [("stroke", "line"), ("fill", "dot")] {
            let own = format!("{of}={colour}");
            themed = themed.replace(&own, &format!("class=\"plot-{kind} {class}\" {own}"));
        }
    }
    themed.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(name)), 1)
}

/// How plotters writes a colour.
fn quoted(RGBColor(r, g, b): RGBColor) -> String {
    format!("\"#{r:02X}{g:02X}{b:02X}\"")
}

/// Names of generators and figures come from files.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
