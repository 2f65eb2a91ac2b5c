//! The curve of a training and how honest its probabilities are.

use anyhow::Result;
use plotters::prelude::*;

use crate::plotted::{INK, ROAD, SOFT, failed, of_the_page};

const SIZE: (u32, u32) = (520, 260);

type Points = [(f64, f64)];

/// Both losses by pass, from 1; a dot marks the one that was kept, from 0.
pub(super) fn learning(training: &Points, tuning: &Points, kept: Option<usize>) -> Result<String> {
    let most = training.iter().chain(tuning).map(|point| point.1).fold(0.05, f64::max);
    let last = training.last().map_or(2.0, |point| point.0).max(2.0);
    let dots: Vec<(f64, f64)> = kept.and_then(|at| tuning.get(at)).copied().into_iter().collect();
    let axes = Axes { x: (1.0, last), y: (0.0, 1.08 * most), names: ["pass", "loss"], label: "Loss by pass" };
    draw(&axes, &[(training, SOFT), (tuning, ROAD)], &dots)
}

/// Share of roadwork by mean probability; the diagonal is honest.
pub(super) fn calibration(bins: &Points) -> Result<String> {
    let names = ["called so likely", "found so often"];
    let axes = Axes { x: (0.0, 1.0), y: (0.0, 1.0), names, label: "Calibration" };
    draw(&axes, &[(&[(0.0, 0.0), (1.0, 1.0)], SOFT), (bins, ROAD)], bins)
}

struct Axes {
    x: (f64, f64),
    y: (f64, f64),
    names: [&'static str; 2],
    label: &'static str,
}

fn draw(axes: &Axes, lines: &[(&Points, RGBColor)], dots: &Points) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(38)
            .y_label_area_size(52)
            .build_cartesian_2d(axes.x.0..axes.x.1, axes.y.0..axes.y.1)
            .map_err(|e| failed(&e))?;
        let whole = axes.x.1 > 1.0;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_labels(if whole { (axes.x.1 - axes.x.0) as usize + 1 } else { 6 }.min(12))
            .x_label_formatter(&|x| if whole { format!("{x:.0}") } else { format!("{x:.1}") })
            .y_labels(6)
            .x_desc(axes.names[0])
            .y_desc(axes.names[1])
            .axis_style(SOFT)
            .label_style(("sans-serif", 14).into_font().color(&INK))
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
    Ok(of_the_page(&svg, axes.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_has_a_class_and_no_element_has_two() {
        let learned = learning(&[(1.0, 0.5), (2.0, 0.3)], &[(1.0, 0.6), (2.0, 0.4)], Some(1)).expect("a plot");
        let honest = calibration(&[(0.1, 0.2), (0.9, 0.8)]).expect("a plot");
        for svg in [learned, honest] {
            let bare = svg.split('<').any(|element| element.contains('#') && !element.contains("class="));
            assert!(!bare && !svg.contains("style="), "a colour without a class: {svg}");
            let twice = svg.split('<').any(|element| element.matches("class=").count() > 1);
            assert!(!twice, "two classes on one element: {svg}");
            assert!(svg.contains("plot-line plot-road") && svg.contains("plot-line plot-soft"), "{svg}");
        }
    }
}
