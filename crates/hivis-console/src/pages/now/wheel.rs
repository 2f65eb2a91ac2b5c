//! The wheel as a drawing: ten stations on a ring, or on a track of two columns for a narrow screen.
//!
//! Only geometry is made here; the template writes the SVG, with classes and without styles, so that both themes and the
//! policy of the page hold.

use super::source::StationLook;

/// Stations, and where each leads.
const STATIONS: [(&str, &str); 10] = [
    ("asked", "/challenge"),
    ("recorded", "/challenge"),
    ("mined", "/data"),
    ("made", "/data"),
    ("gated", "/data"),
    ("reviewed", "/review"),
    ("versioned", "/data"),
    ("trained", "/releases"),
    ("proved", "/releases"),
    ("released", "/releases"),
];

/// One station, placed.
pub(crate) struct Placed {
    pub(crate) name: String,
    pub(crate) href: &'static str,
    pub(crate) count: String,
    pub(crate) said: String,
    pub(crate) class: &'static str,
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Where its name begins or ends, and how it is aligned.
    pub(crate) name_x: f64,
    pub(crate) name_y: f64,
    pub(crate) anchor: &'static str,
}

/// An arc between two stations.
pub(crate) struct Arc {
    pub(crate) path: String,
    pub(crate) class: &'static str,
}

/// One drawing.
pub(crate) struct Drawing {
    pub(crate) class: &'static str,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) radius: f64,
    pub(crate) stations: Vec<Placed>,
    pub(crate) arcs: Vec<Arc>,
}

/// Radius of a station.
const RADIUS: f64 = 27.0;

/// The drawings for a wide and for a narrow screen.
pub(crate) fn drawings(stations: &[StationLook]) -> [Drawing; 2] {
    let ring = |at: usize| {
        // The first at the top left of the middle, then clockwise.
        let angle = (-90.0 + 36.0 * at as f64 - 18.0).to_radians();
        let (x, y) = (angle.cos(), angle.sin());
        (450.0 + 330.0 * x, 172.0 + 118.0 * y, x, y)
    };
    let wide = drawing(stations, "wide", (900.0, 344.0), |at| {
        let (x, y, across, down) = ring(at);
        // Outside the ring, where no arrow goes.
        match across {
            across if across > 0.9 => (x, y, x + RADIUS + 9.0, y + 5.0, "start"),
            across if across < -0.9 => (x, y, x - RADIUS - 9.0, y + 5.0, "end"),
            _ => (x, y, x, if down > 0.0 { y + RADIUS + 17.0 } else { y - RADIUS - 9.0 }, "middle"),
        }
    });
    // Down on the right, up on the left: a ring that was pressed together.
    let narrow = drawing(stations, "narrow", (350.0, 460.0), |at| {
        let (right, place) = if at < 5 { (true, at) } else { (false, 9 - at) };
        let (x, y) = (if right { 222.0 } else { 128.0 }, 44.0 + 93.0 * place as f64);
        let gap = RADIUS + 9.0;
        if right { (x, y, x + gap, y + 5.0, "start") } else { (x, y, x - gap, y + 5.0, "end") }
    });
    [wide, narrow]
}

fn drawing(
    looks: &[StationLook],
    class: &'static str,
    (width, height): (f64, f64),
    place: impl Fn(usize) -> (f64, f64, f64, f64, &'static str),
) -> Drawing {
    let look = |name: &str| looks.iter().find(|look| look.name == name);
    let stations: Vec<Placed> = STATIONS
        .iter()
        .enumerate()
        .map(|(at, (name, href))| {
            let (x, y, name_x, name_y, anchor) = place(at);
            let look = look(name);
            let count = look.map_or(0, |look| look.count);
            let class = match look {
                Some(look) if look.at_work => "work",
                Some(look) if look.count > 0 => "done",
                _ => "idle",
            };
            let said = look.map_or_else(|| "not known".to_owned(), |look| look.said.clone());
            Placed { name: (*name).to_owned(), href, count: short(count), said, class, x, y, name_x, name_y, anchor }
        })
        .collect();
    let arcs = (0..stations.len())
        .map(|at| {
            let (from, to) = (&stations[at], &stations[(at + 1) % stations.len()]);
            let class = if from.class == "idle" || to.class == "idle" { "idle" } else { "done" };
            Arc { path: arrow((from.x, from.y), (to.x, to.y)), class }
        })
        .collect();
    Drawing { class, width, height, radius: RADIUS, stations, arcs }
}

/// From the edge of one circle to the edge of the next, with a head.
fn arrow(from: (f64, f64), to: (f64, f64)) -> String {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let gap = RADIUS + 5.0;
    let (x1, y1) = (from.0 + ux * gap, from.1 + uy * gap);
    let (x2, y2) = (to.0 - ux * gap, to.1 - uy * gap);
    let head = |side: f64| {
        let (hx, hy) = (x2 - 7.0 * ux - 5.0 * side * uy, y2 - 7.0 * uy + 5.0 * side * ux);
        format!("M{hx:.1} {hy:.1}L{x2:.1} {y2:.1}")
    };
    format!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}{}{}", head(1.0), head(-1.0))
}

/// A count that fits into a circle.
fn short(count: u64) -> String {
    match count {
        0..=9_999 => count.to_string(),
        10_000..=999_999 => format!("{}k", count / 1000),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stations_lie_apart_and_inside() {
        for drawing in drawings(&[]) {
            assert_eq!(drawing.stations.len(), 10);
            for (at, one) in drawing.stations.iter().enumerate() {
                assert!(one.x - RADIUS > 0.0 && one.x + RADIUS < drawing.width, "{} {}", drawing.class, one.name);
                assert!(one.y - RADIUS > 0.0 && one.y + RADIUS < drawing.height, "{} {}", drawing.class, one.name);
                assert!((0.0..drawing.height).contains(&one.name_y));
                for other in &drawing.stations[at + 1..] {
                    let apart = (one.x - other.x).hypot(one.y - other.y);
                    assert!(apart > 2.0 * RADIUS + 16.0, "{}: {} and {}: {apart}", drawing.class, one.name, other.name);
                }
            }
        }
    }

    #[test]
    fn counts_fit() {
        for (count, text) in [(0, "0"), (9_999, "9999"), (12_345, "12k"), (999_999, "999k"), (1_234_567, "1.2M")] {
            assert_eq!(short(count), text);
        }
    }
}
