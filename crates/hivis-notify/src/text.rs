//! Texts of strangers made harmless, and cut to a length.

/// One line: no control characters, nothing that turns or hides text.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Marks that turn the direction of writing, or are not seen.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// At most so many UTF-16 units, as Discord's client counts them; an ellipsis where something is missing.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut left = most.saturating_sub(1);
    for c in text.chars() {
        if c.len_utf16() > left {
            break;
        }
        left -= c.len_utf16();
        out.push(c);
    }
    if most > 0 {
        out.push('…');
    }
    out
}

/// Length in UTF-16 units.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// An address that a reader may open, and that cannot break out of a link.
pub(crate) fn link(address: &str) -> Option<&str> {
    let good = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\'' | '(' | ')' | '\\' | '`');
    let web = address.starts_with("https://") || address.starts_with("http://");
    (web && address.len() <= 1_000 && address.chars().all(good)).then_some(address)
}

/// What another program said, for a log: one line of 200 characters.
pub(crate) fn said(text: &str) -> String {
    cut(&clean(text), 200)
}

#[cfg(test)]
mod tests {
    use super::{clean, cut, link};

    #[test]
    fn texts_are_one_harmless_line() {
        assert_eq!(clean("a\r\nBcc: b@c\n\n\td"), "a Bcc: b@c d");
        assert_eq!(clean("x\u{202e}gpj.exe\u{200b}\u{2028}y"), "xgpj.exe y");
        assert_eq!((cut("abcdef", 4), cut("abcd", 4), cut("🚧🚧🚧", 4)), ("abc…".into(), "abcd".into(), "🚧…".into()));
        assert!(link("https://x.example/a#b").is_some() && link("http://127.0.0.1:1/").is_some());
        for bad in ["javascript:alert(1)", "https://x\"onclick=", "https://x) [y](z", "", "https://a b"] {
            assert!(link(bad).is_none(), "{bad}");
        }
    }
}
