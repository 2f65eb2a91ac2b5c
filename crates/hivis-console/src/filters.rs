//! What our templates do to text, beside askama's own.

#![expect(
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    unreachable_pub,
    reason = "what askama's macro makes of a filter"
)]

use std::fmt::Display;

use askama::filters::Safe;

/// Our own sentences have commands between backticks: those are set as code. All of it is escaped.
#[askama::filter_fn]
pub(crate) fn said(text: impl Display, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
    Ok(Safe(coded(&text.to_string())))
}

fn coded(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    let parts: Vec<&str> = text.split('`').collect();
    for (at, part) in parts.iter().enumerate() {
        // A backtick that none closes is just one.
        let closed = at % 2 == 1 && at + 1 < parts.len();
        let [begin, end] = if closed { ["<code>", "</code>"] } else { ["", ""] };
        let open = if at % 2 == 1 && !closed { "`" } else { "" };
        html.extend([begin, open, &escaped(part), end]);
    }
    html
}

fn escaped(text: &str) -> String {
    let safe = |c: char| match c {
        '&' => "&#38;".to_owned(),
        '<' => "&#60;".to_owned(),
        '>' => "&#62;".to_owned(),
        '"' => "&#34;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_code_and_all_is_text() {
        assert_eq!(coded("run `hivis exam` first"), "run <code>hivis exam</code> first");
        assert_eq!(coded("`<b>` & \"'"), "<code>&#60;b&#62;</code> &#38; &#34;&#39;");
        assert_eq!(coded("one ` alone"), "one ` alone");
        assert_eq!(coded("`a` and ` b"), "<code>a</code> and ` b");
        assert_eq!(coded(""), "");
    }
}
