//! The calendar as iCalendar (RFC 5545): whole days, one event each, an alarm for each deadline.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::calendar::{Entry, Kind};

/// Octets of a line without its CRLF (section 3.1).
const LINE: usize = 75;

/// What all events have in common.
pub(crate) struct Stamp<'a> {
    /// Whose calendar it is: part of each UID, so that a calendar holds those of several miners.
    pub(crate) owner: &'a str,
    /// When it is written.
    pub(crate) now: Timestamp,
    /// Days before a deadline on which to remind.
    pub(crate) remind_days: u32,
}

/// The file's text. An entry has the same UID in every export, so that it moves and does not double.
pub(crate) fn ical(entries: &[Entry], stamp: &Stamp<'_>) -> String {
    let mut out = String::new();
    let mut line = |text: &str| fold(&mut out, text);
    for text in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//hivis//dates//EN", "CALSCALE:GREGORIAN"] {
        line(text);
    }
    let now = stamp.now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    for entry in entries {
        let day = |date: jiff::civil::Date| date.strftime("%Y%m%d").to_string();
        // The end of an event is not part of it; the calendar's very last day has none after it.
        let after = entry.date.checked_add(1.day()).unwrap_or(entry.date);
        let about = if entry.about { "about: " } else { "" };
        let mut why = format!("{about}{}\nsource: {}", entry.why, entry.source);
        if let Some(in_force) = entry.in_force {
            why.push_str(if in_force { "\nin force" } else { "\nnot in force" });
        }
        line("BEGIN:VEVENT");
        line(&format!("UID:{}.{}@hivis", escape(&entry.key), escape(stamp.owner)));
        line(&format!("DTSTAMP:{now}"));
        line(&format!("DTSTART;VALUE=DATE:{}", day(entry.date)));
        line(&format!("DTEND;VALUE=DATE:{}", day(after)));
        line(&format!("SUMMARY:{}", escape(&entry.what)));
        line(&format!("DESCRIPTION:{}", escape(&why)));
        line("TRANSP:TRANSPARENT");
        if entry.kind == Kind::Deadline {
            line("BEGIN:VALARM");
            line("ACTION:DISPLAY");
            line(&format!("TRIGGER:-P{}D", stamp.remind_days));
            line(&format!("DESCRIPTION:{}", escape(&entry.what)));
            line("END:VALARM");
        }
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

/// A TEXT value (section 3.3.11). Control characters other than a line's end have no place in one.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A line, continued after a space where it is too long, never within a character (section 3.1).
fn fold(out: &mut String, text: &str) {
    let mut octets = 0;
    for c in text.chars() {
        if octets + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::tests::all;

    #[test]
    fn lines_are_folded_and_texts_escaped() {
        let mut entry = all(false).remove(0);
        entry.what = "Ünï, cödé; \\ \r\nзавтра \u{7} 🦀".repeat(9);
        let stamp = Stamp { owner: "5F", now: Timestamp::UNIX_EPOCH, remind_days: 7 };
        let text = ical(&[entry.clone()], &stamp);
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{text}");
        assert!(text.split("\r\n").any(|line| line.len() > 70), "lines are filled");
        let unfolded = text.replace("\r\n ", "");
        let summary = unfolded.lines().find_map(|line| line.strip_prefix("SUMMARY:")).expect("a summary");
        assert_eq!(summary, "Ünï\\, cödé\\; \\\\ \\nзавтра   🦀".repeat(9));
        let later = Stamp { now: Timestamp::from_second(9).expect("a time"), ..stamp };
        let differing = |a: &str, b: &str| a.lines().zip(b.lines()).filter(|(a, b)| a != b).count();
        assert_eq!(differing(&text, &ical(&[entry], &later)), 1, "only DTSTAMP differs");
    }
}
