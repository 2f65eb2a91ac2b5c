//! The plots of a report: SVG text, colours that print.

use plotters::prelude::*;

use crate::TrainError;

const SIZE: (u32, u32) = (380, 300);
const INK: RGBColor = RGBColor(28, 27, 25);
const SOFT: RGBColor = RGBColor(160, 154, 142);
const ROAD: RGBColor = RGBColor(217, 101, 11);

fn failed(error: &dyn std::fmt::Display) -> TrainError {
    TrainError::Content { what: "a plot".to_owned(), why: error.to_string() }
}

/// A curve in the unit square, with the diagonal as a guide where it means something.
pub(super) fn square(axes: [&str; 2], line: &[(f64, f64)], guide: bool) -> Result<String, TrainError> {
    let guides = if guide { vec![(0.0, 0.0), (1.0, 1.0)] } else { Vec::new() };
    draw(axes, [(0.0, 1.0), (0.0, 1.0)], &[(&guides, SOFT), (line, ROAD)], &[])
}

/// Both losses by epoch; a dot marks the epoch that was kept.
pub(super) fn learning(training: &[(f64, f64)], tuning: &[(f64, f64)], best: usize) -> Result<String, TrainError> {
    let most = training.iter().chain(tuning).map(|p| p.1).fold(0.1, f64::max);
    let epochs = training.len().saturating_sub(1).max(1) as f64;
    let kept: Vec<(f64, f64)> = tuning.get(best).copied().into_iter().collect();
    draw(["epoch", "loss"], [(0.0, epochs), (0.0, 1.05 * most)], &[(training, SOFT), (tuning, ROAD)], &kept)
}

fn draw(
    [x, y]: [&str; 2],
    [across, up]: [(f64, f64); 2],
    lines: &[(&[(f64, f64)], RGBColor)],
    dots: &[(f64, f64)],
) -> Result<String, TrainError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(38)
            .y_label_area_size(48)
            .build_cartesian_2d(across.0..across.1, up.0..up.1)
            .map_err(|e| failed(&e))?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_labels(6)
            .x_label_formatter(&|x| if across.1 > 1.0 { format!("{x:.0}") } else { format!("{x:.1}") })
            .y_labels(6)
            .x_desc(x)
            .y_desc(y)
            .axis_style(SOFT)
            .label_style(("sans-serif", 12).into_font().color(&INK))
            .draw()
            .map_err(|e| failed(&e))?;
        for (line, colour) in lines {
            let series = LineSeries::new(line.iter().copied(), colour.stroke_width(2));
            chart.draw_series(series).map_err(|e| failed(&e))?;
        }
        let dots = dots.iter().map(|&at| Circle::new(at, 4, ROAD.filled()));
        chart.draw_series(dots).map_err(|e| failed(&e))?;
        root.present().map_err(|e| failed(&e))?;
    }
    Ok(svg)
}
