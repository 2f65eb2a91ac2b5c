//! The report as one HTML file: nothing beside it is needed, no script runs, no font is loaded.

use anyhow::{Context as _, Result};
use askama::Template;

use super::gather::Morning;
use super::plot;
use super::sections::{Section, lead, sections, title};

#[derive(Template)]
#[template(path = "night.html")]
struct Page {
    title: String,
    lead: String,
    figures: Vec<[String; 2]>,
    plots: Vec<[String; 2]>,
    panels: Vec<Panel>,
    foot: String,
}

struct Panel {
    title: &'static str,
    lines: Vec<String>,
    head: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
    /// It is told even when there is nothing, and stands out when there is something.
    calls: bool,
}

struct Cell {
    text: String,
    number: bool,
    /// `good`, `bad` or nothing.
    tone: &'static str,
}

/// All of it.
pub(crate) fn html(morning: &Morning) -> Result<String> {
    let page = Page {
        title: title(morning),
        lead: lead(morning),
        figures: figures(morning),
        plots: plot::plots(morning)?,
        panels: sections(morning).into_iter().map(panel).collect(),
        foot: format!(
            "Written by hivis {} at {}. `hivis night report {}` writes it again.",
            env!("CARGO_PKG_VERSION"),
            morning.job.told.strftime("%Y-%m-%d %H:%M UTC"),
            morning.job.id
        ),
    };
    page.render().context("the report cannot be written")
}

/// The figures that a reader looks for first.
fn figures(morning: &Morning) -> Vec<[String; 2]> {
    let unknown = || "not known".to_owned();
    let sat = morning.expected.as_ref();
    let reward = sat.and_then(|sat| sat.reward).map_or_else(unknown, |reward| format!("{:.3}", reward.point));
    let change = morning.exam.as_ref().and_then(|exam| exam.difference);
    let change = change.map_or_else(unknown, |d| format!("{:+.3}", d.reward.point));
    let added = morning.data.as_ref().and_then(|data| {
        let before = data.before.as_ref()?;
        Some(format!("{:+}", data.facts.samples as i64 - before.samples as i64))
    });
    let mined = morning.mined.as_ref().filter(|mined| mined.looked > 0);
    let mined = mined.map_or_else(unknown, |m| format!("{:.1}%", 100.0 * m.hard as f64 / m.looked as f64));
    let day = &morning.health.day;
    let missed = if day.records == 0 { unknown() } else { (day.records - day.answered).to_string() };
    let spent: i64 = morning.spent[0].values().map(|usd| usd.0).sum();
    [
        (reward, "reward to expect of what serves"),
        (change, "of the new release against it"),
        (added.unwrap_or_else(unknown), "samples since the last report"),
        (mined, "of the records were hard"),
        (missed, "challenges missed in 24 hours"),
        (hivis_types::Usd(spent).to_string(), "spent in this turn"),
    ]
    .map(|(figure, caption)| [figure, caption.to_owned()])
    .to_vec()
}

fn panel(section: Section) -> Panel {
    let number = section.numbers();
    let tone = |text: &str| match text {
        "failed" | "blocked" | "worse beyond chance" => "bad",
        "waits" => "call",
        "better beyond chance" => "good",
        _ => "",
    };
    let cell = |at: usize, text: String| Cell { tone: tone(&text), number: number[at], text };
    // One heading over two columns explains nothing.
    let headed = section.head.iter().filter(|head| !head.is_empty()).count() > 1;
    let head = section.head.iter().enumerate().filter(|_| headed);
    let head = head.map(|(at, head)| cell(at, (*head).to_owned())).collect();
    let rows = section.rows.iter();
    let rows = rows.map(|row| row.iter().enumerate().map(|(at, text)| cell(at, text.clone())).collect()).collect();
    let calls = section.title == "What waits for you" && section.lines != ["nothing"];
    Panel { title: section.title, lines: section.lines, head, rows, calls }
}
