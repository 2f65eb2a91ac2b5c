//! Lines over named places: batches, weeks, versions.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::plotted::{INK, LINES, SOFT, failed, named, of_the_page};

const SIZE: (u32, u32) = (520, 240);
/// A longer name does not fit along the axis: it stands beneath the plot only.
const SHORT: usize = 28;

/// One line: places on the axis with values.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(usize, f64)>,
}

/// The lines over named places. What is longer than the colours are many is left out.
pub(super) fn plot(series: &[Series], places: &[String], x: &str, y: &str) -> Result<String> {
    let values = || series.iter().flat_map(|line| line.points.iter().map(|(_, value)| *value));
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Err(anyhow!("there is nothing to plot"));
    }
    // What does not change is a line in the middle, not a mountain of its last digit.
    let room = 0.1 * (high - low).max(0.2 * high.abs()).max(1e-6);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let last = places.len().saturating_sub(1) as f64;
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(38)
            .y_label_area_size(66)
            .build_cartesian_2d(-0.5..last + 0.5, low - room..high + room)
            .map_err(|e| failed(&e))?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_labels(places.len().clamp(2, 8))
            .x_label_formatter(&|at| named(places, *at))
            .y_labels(5)
            .x_desc(x)
            .y_desc(if y.len() > SHORT { "" } else { y })
            .axis_style(SOFT)
            .label_style(("sans-serif", 13).into_font().color(&INK))
            .draw()
            .map_err(|e| failed(&e))?;
        for (line, colour) in series.iter().zip(LINES) {
            let points = || line.points.iter().map(|(at, value)| (*at as f64, *value));
            chart.draw_series(LineSeries::new(points(), colour.stroke_width(2))).map_err(|e| failed(&e))?;
            chart.draw_series(points().map(|at| Circle::new(at, 3, colour.filled()))).map_err(|e| failed(&e))?;
        }
        root.present().map_err(|e| failed(&e))?;
    }
    let names: Vec<&str> = series.iter().map(|line| line.name.as_str()).collect();
    Ok(of_the_page(&svg, &format!("{y} by {x}: {}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_have_the_sheets_colours_and_no_style() {
        let line = |name: &str, values: &[f64]| Series {
            name: name.to_owned(),
            points: values.iter().copied().enumerate().collect(),
        };
        let places: Vec<String> = ["1", "<b>2</b>", "3"].map(str::to_owned).to_vec();
        let series = [line("<script>", &[0.1, 0.4, 0.2]), line("b", &[0.3, 0.3, 0.3])];
        let svg = plot(&series, &places, "batch", "kid").expect("a plot");
        assert!(!svg.contains("style=") && !svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains("plot-line plot-0") && svg.contains("plot-dot plot-1"), "{svg}");
        assert!(svg.starts_with("<svg role=\"img\" aria-label=\"kid by batch: &lt;script&gt;, b\""), "{svg}");
        assert!(!svg.contains("#1C1B19") && svg.contains("currentColor"));
        // One value has no spread, and an axis all the same.
        assert!(plot(&[line("a", &[5.0])], &places[..1], "batch", "kid").is_ok());
        assert!(plot(&[], &places, "batch", "kid").is_err());
    }
}
