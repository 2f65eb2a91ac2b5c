//! Values over time with their limits, as SVG whose ink is the page's.

use anyhow::Result;
use plotters::prelude::*;

use super::report::Question;
use crate::plotted::{self, INK, ROAD, SOFT};

const SIZE: (u32, u32) = (560, 220);

/// The plot of a question; `None` of fewer than two windows. Windows lie at even distances, with their times beneath.
pub(crate) fn plot(question: &Question) -> Result<Option<String>> {
    let points = &question.points;
    if points.len() < 2 {
        return Ok(None);
    }
    let most =
        points.iter().flat_map(|point| [Some(point.value), point.limit]).flatten().fold(f64::MIN_POSITIVE, f64::max);
    let days: Vec<String> = points.iter().map(|point| point.at.strftime("%m-%d %H:%M").to_string()).collect();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let last = (points.len() - 1) as f64;
        let mut chart = ChartBuilder::on(&root)
            .margin(8)
            .x_label_area_size(26)
            .y_label_area_size(58)
            .build_cartesian_2d(-0.5..last + 0.5, 0.0..1.1 * most)
            .map_err(|e| plotted::failed(&e))?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_labels(4)
            .x_label_formatter(&|x| plotted::named(&days, *x))
            .y_labels(4)
            .y_label_formatter(&|y| plotted::short(*y))
            .axis_style(SOFT)
            .label_style(("sans-serif", 13).into_font().color(&INK))
            .draw()
            .map_err(|e| plotted::failed(&e))?;
        let limits = points.iter().enumerate().filter_map(|(at, point)| Some((at as f64, point.limit?)));
        chart.draw_series(LineSeries::new(limits, SOFT.stroke_width(2))).map_err(|e| plotted::failed(&e))?;
        let values = points.iter().enumerate().map(|(at, point)| (at as f64, point.value));
        chart.draw_series(LineSeries::new(values, INK.stroke_width(1))).map_err(|e| plotted::failed(&e))?;
        let over = points.iter().enumerate().filter(|(_, point)| point.limit.is_some_and(|limit| point.value > limit));
        let dots = over.map(|(at, point)| Circle::new((at as f64, point.value), 4, ROAD.filled()));
        chart.draw_series(dots).map_err(|e| plotted::failed(&e))?;
        root.present().map_err(|e| plotted::failed(&e))?;
    }
    Ok(Some(plotted::of_the_page(&svg, &format!("{} by window", question.kind.as_str()))))
}
