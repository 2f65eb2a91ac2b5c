//! Rank over days as SVG whose ink is the page's.

use anyhow::Result;
use plotters::prelude::*;

use super::days::{Change, Day};
use crate::earnings::begin_of;
use crate::plotted::{self, INK, ROAD, SOFT};

const SIZE: (u32, u32) = (760, 260);

/// The plot; `None` of fewer than two days with a rank. The best rank is on top. Ours by the chain is a line, TaoStats' word
/// are rings, a change of the release is an upright line.
pub(crate) fn plot(days: &[Day], changes: &[Change]) -> Result<Option<String>> {
    let ranked = days.iter().filter(|day| day.rank.is_some() || day.seen_rank.is_some());
    let place = |day: &Day| begin_of(day.date).as_second() / 86_400;
    let places: Vec<i64> = ranked.clone().map(place).collect();
    let (Some(first), Some(last)) = (places.first().copied(), places.last().copied().filter(|_| places.len() > 1))
    else {
        return Ok(None);
    };
    let x = |day: &Day| (place(day) - first) as f64;
    let most = ranked.clone().flat_map(|day| [day.rank, day.seen_rank]).flatten().max().unwrap_or(1);
    let named: Vec<String> = (0..=last - first)
        .map(|day| {
            jiff::Timestamp::from_second(86_400 * (first + day))
                .map_or_else(|_| String::new(), |at| at.strftime("%m-%d").to_string())
        })
        .collect();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let bottom = f64::from(most) * 1.08 + 1.0;
        let mut chart = ChartBuilder::on(&root)
            .margin(8)
            .x_label_area_size(26)
            .y_label_area_size(46)
            .build_cartesian_2d(-0.5..(last - first) as f64 + 0.5, bottom..0.0)
            .map_err(|e| plotted::failed(&e))?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_labels(named.len().min(10))
            .x_label_formatter(&|x| plotted::named(&named, *x))
            .y_labels(5)
            .y_label_formatter(&|y| format!("{y:.0}"))
            .axis_style(SOFT)
            .label_style(("sans-serif", 13).into_font().color(&INK))
            .draw()
            .map_err(|e| plotted::failed(&e))?;
        for change in changes {
            let x = change.at.as_second() as f64 / 86_400.0 - first as f64 - 0.5;
            let line = LineSeries::new([(x, bottom), (x, 0.0)], SOFT.stroke_width(1));
            chart.draw_series(line).map_err(|e| plotted::failed(&e))?;
        }
        let ours = || ranked.clone().filter_map(|day| Some((x(day), f64::from(day.rank?))));
        chart.draw_series(LineSeries::new(ours(), ROAD.stroke_width(2))).map_err(|e| plotted::failed(&e))?;
        chart.draw_series(ours().map(|at| Circle::new(at, 3, ROAD.filled()))).map_err(|e| plotted::failed(&e))?;
        let theirs = ranked.clone().filter_map(|day| Some((x(day), f64::from(day.seen_rank?))));
        chart.draw_series(theirs.map(|at| Circle::new(at, 6, INK.stroke_width(1)))).map_err(|e| plotted::failed(&e))?;
        root.present().map_err(|e| plotted::failed(&e))?;
    }
    Ok(Some(plotted::of_the_page(&svg, "rank among the miners by day")))
}
