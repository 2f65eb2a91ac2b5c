//! The plots of a report: SVG text whose ink is the page's, so that it reads in the dark too.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::gather::Morning;
use crate::night::facts::Span;

const SIZE: (u32, u32) = (520, 260);
const INK: RGBColor = RGBColor(28, 27, 25);
const SOFT: RGBColor = RGBColor(160, 154, 142);
const ROAD: RGBColor = RGBColor(217, 101, 11);
/// How plotters writes [`INK`].
const INK_TEXT: &str = "#1C1B19";

/// Each with its caption; a plot of fewer than two points is left out.
pub(super) fn plots(morning: &Morning) -> Result<Vec<[String; 2]>> {
    let mut plots = Vec::new();
    let nights: Vec<(Span, Span)> =
        morning.trend.iter().filter_map(|night| Some((night.before.reward?, night.after.reward?))).collect();
    if nights.len() > 1 {
        let days: Vec<String> = morning.trend.iter().map(|night| night.due.strftime("%m-%d").to_string()).collect();
        let caption = "Reward to expect by exam, in 90% of deployments: what served (grey) and what was new (orange)";
        plots.push([draw(&nights, &days)?, caption.to_owned()]);
    }
    let now = morning.data.as_ref().map(|data| (morning.job.due, data.facts.samples));
    let counts: Vec<_> = morning.samples.iter().copied().chain(now).collect();
    if counts.len() > 1 {
        let days: Vec<String> = counts.iter().map(|(due, _)| due.strftime("%m-%d").to_string()).collect();
        let counts: Vec<u64> = counts.into_iter().map(|(_, samples)| samples).collect();
        plots.push([grown(&counts, &days)?, "Samples that the home could train on, by report".to_owned()]);
    }
    Ok(plots)
}

/// The name of a whole place on the axis.
fn named(days: &[String], x: f64) -> String {
    let whole = (x - x.round()).abs() < 1e-9 && x >= 0.0;
    days.get(x.round() as usize).filter(|_| whole).cloned().unwrap_or_default()
}

fn failed(error: &dyn std::fmt::Display) -> anyhow::Error {
    anyhow!("a plot cannot be drawn: {error}")
}

fn grown(counts: &[u64], days: &[String]) -> Result<String> {
    let most = counts.iter().copied().max().unwrap_or_default().max(1) as f64;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let last = (counts.len() - 1) as f64;
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(38)
            .y_label_area_size(62)
            .build_cartesian_2d(-0.5..last + 0.5, 0.0..1.08 * most)
            .map_err(|e| failed(&e))?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_labels(counts.len().min(12))
            .x_label_formatter(&|x| named(days, *x))
            .y_labels(5)
            .y_label_formatter(&|y| format!("{y:.0}"))
            .x_desc("report")
            .y_desc("samples")
            .axis_style(SOFT)
            .label_style(("sans-serif", 14).into_font().color(&INK))
            .draw()
            .map_err(|e| failed(&e))?;
        let points = || counts.iter().enumerate().map(|(at, count)| (at as f64, *count as f64));
        chart.draw_series(LineSeries::new(points(), ROAD.stroke_width(2))).map_err(|e| failed(&e))?;
        chart.draw_series(points().map(|at| Circle::new(at, 4, ROAD.filled()))).map_err(|e| failed(&e))?;
        root.present().map_err(|e| failed(&e))?;
    }
    Ok(svg.replace(INK_TEXT, "currentColor"))
}

fn draw(nights: &[(Span, Span)], days: &[String]) -> Result<String> {
    let ends = || nights.iter().flat_map(|(a, b)| [a, b]);
    let low = ends().map(|span| span.low).fold(f64::INFINITY, f64::min);
    let high = ends().map(|span| span.high).fold(f64::NEG_INFINITY, f64::max);
    let room = 0.08 * (high - low).max(0.02);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let last = (nights.len() - 1) as f64;
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(38)
            .y_label_area_size(54)
            .build_cartesian_2d(-0.5..last + 0.5, low - room..high + room)
            .map_err(|e| failed(&e))?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_labels(nights.len().min(12))
            .x_label_formatter(&|x| named(days, *x))
            .y_labels(6)
            .x_desc("exam")
            .y_desc("reward")
            .axis_style(SOFT)
            .label_style(("sans-serif", 14).into_font().color(&INK))
            .draw()
            .map_err(|e| failed(&e))?;
        for (at, (before, after)) in nights.iter().enumerate() {
            for (span, colour, aside) in [(before, SOFT, -0.08), (after, ROAD, 0.08)] {
                let x = at as f64 + aside;
                let bar = LineSeries::new([(x, span.low), (x, span.high)], colour.stroke_width(2));
                chart.draw_series(bar).map_err(|e| failed(&e))?;
                let dot = Circle::new((x, span.point), 4, colour.filled());
                chart.draw_series([dot]).map_err(|e| failed(&e))?;
            }
        }
        root.present().map_err(|e| failed(&e))?;
    }
    Ok(svg.replace(INK_TEXT, "currentColor"))
}
