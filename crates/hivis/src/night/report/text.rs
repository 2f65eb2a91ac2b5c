//! The report for a terminal or a mail.

use std::fmt::Write as _;

use super::gather::Morning;
use super::sections::{Section, lead, sections, title};

/// Columns up to which a line of prose runs.
const WIDE: usize = 100;

/// All of it.
pub(crate) fn text(morning: &Morning) -> String {
    let title = title(morning);
    let mut out = format!("{title}\n{}\n\n", "=".repeat(title.chars().count()));
    wrap(&mut out, "", &lead(morning));
    for section in sections(morning) {
        let _ = write!(out, "\n{}\n", section.title);
        for line in &section.lines {
            wrap(&mut out, "  ", line);
        }
        grid(&mut out, &section);
    }
    out
}

/// The table, indented; the last column is text where it has no heading of a number.
fn grid(out: &mut String, section: &Section) {
    if section.rows.is_empty() {
        return;
    }
    let columns = section.head.len();
    let mut widths: Vec<usize> = section.head.iter().map(|head| head.chars().count()).collect();
    for row in &section.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let number = section.numbers();
    let mut line = |cells: &[&str]| {
        let mut text = String::from(" ");
        for (at, cell) in cells.iter().enumerate().take(columns) {
            let (width, left) = (widths[at], !number[at]);
            let _ = if left { write!(text, " {cell:<width$} ") } else { write!(text, " {cell:>width$} ") };
        }
        let _ = writeln!(out, "{}", text.trim_end());
    };
    if section.head.iter().filter(|head| !head.is_empty()).count() > 1 {
        line(&section.head.clone());
    }
    for row in &section.rows {
        line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

fn wrap(out: &mut String, indent: &str, line: &str) {
    let mut at = String::from(indent);
    for word in line.split(' ') {
        if at.chars().count() + word.chars().count() > WIDE && at.trim() != "" {
            let _ = writeln!(out, "{}", at.trim_end());
            at = String::from(indent);
        }
        at.push_str(word);
        at.push(' ');
    }
    let _ = writeln!(out, "{}", at.trim_end());
}
