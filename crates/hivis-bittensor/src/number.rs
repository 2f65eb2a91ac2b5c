//! Numbers and JSON as Python reads and writes them: the other side of the wire is Python.

use serde_json::Value;

/// `str(float)`: the shortest form that reads back, always with `.0` or an exponent, exponent form below 1e-4 and from
/// 1e16. Not finite: `nan`, `inf`, `-inf`.
pub(crate) fn python_float(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = x.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{x:e}");
        let (digits, exponent) = text.split_once('e').expect("`{:e}` writes an exponent: this is a bug");
        let exponent: i32 = exponent.parse().expect("`{:e}` writes a whole exponent: this is a bug");
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let text = x.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// `float(text)`; `None` where Python raises.
pub(crate) fn read_float(text: &str) -> Option<f64> {
    without_underscores(text)?.parse().ok()
}

/// `int(text)`; `None` where Python raises. Beyond 128 bits it saturates, which no rule here can tell apart.
pub(crate) fn read_int(text: &str) -> Option<i128> {
    let text = without_underscores(text)?;
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, &text[..]),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i128>().unwrap_or(i128::MAX);
    Some(if negative { -size } else { size })
}

/// Python lets single underscores stand between digits.
fn without_underscores(text: &str) -> Option<String> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let wrong = |(at, byte): (usize, &u8)| *byte == b'_' && !(digit(at.checked_sub(1)) && digit(Some(at + 1)));
    if bytes.iter().enumerate().any(wrong) { None } else { Some(text.replace('_', "")) }
}

/// `json.loads`: JSON, and besides it `NaN`, `Infinity`, `-Infinity` and numbers beyond a double's range. Those four
/// come out as texts, which every reader of a number here takes as well.
pub(crate) fn read_json(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) => std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| serde_json::from_str(&quote_odd_numbers(text.trim_start_matches('\u{feff}'))).ok())
            .ok_or(error),
    }
}

/// Puts quotes around the numbers that only Python takes; texts are left as they are.
fn quote_odd_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ if is_bare(first) => rest.find(|c| !is_bare(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let too_large =
            || token.parse::<f64>().is_ok_and(f64::is_infinite) && token.contains(|c: char| c.is_ascii_digit());
        if matches!(token, "NaN" | "Infinity" | "-Infinity") {
            out.extend(['"']);
            out.push_str(token);
            out.push('"');
        } else if is_bare(first) && too_large() {
            out.push_str(if token.starts_with('-') { "\"-inf\"" } else { "\"inf\"" });
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

/// Bytes of the string literal that `text` starts with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A float as pydantic's lax mode reads it: a number, a text that parses, or a truth value.
pub(crate) fn lax_float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => read_float(text),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        _ => None,
    }
}

/// A whole number as pydantic's lax mode reads it: also `1.0`, `"1"` and a truth value.
pub(crate) fn lax_int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < 9e18).map(|x| x as i64))
        }
        Value::String(text) => read_int(text).and_then(|n| i64::try_from(n).ok()),
        Value::Bool(truth) => Some(i64::from(*truth)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_python_writes_them() {
        for (x, text) in [
            (5.0, "5.0"),
            (12.0, "12.0"),
            (4.9591064453125e-05, "4.9591064453125e-05"),
            (0.0001, "0.0001"),
            (0.00011658668518066406, "0.00011658668518066406"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (9007199254740993.0, "9007199254740992.0"),
            (1e-7, "1e-07"),
            (1e300, "1e+300"),
            (-2.5, "-2.5"),
            (0.0, "0.0"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(python_float(x), text);
        }
    }

    #[test]
    fn integers_read_as_python_reads_them() {
        for (text, value) in [
            ("5", Some(5)),
            (" +5 ", Some(5)),
            ("-7", Some(-7)),
            ("1_000", Some(1000)),
            ("007", Some(7)),
            ("1__0", None),
            ("_1", None),
            ("", None),
            ("+", None),
            ("1.0", None),
            ("abc", None),
            ("0x10", None),
        ] {
            assert_eq!(read_int(text), value, "{text}");
        }
        assert_eq!(read_int(&"9".repeat(60)), Some(i128::MAX));
    }

    #[test]
    fn json_reads_as_python_reads_it() {
        let read = |text: &str| read_json(text.as_bytes()).map(|v| v.to_string()).ok();
        for (text, value) in [
            ("{\"a\": NaN, \"NaN\": [Infinity, -Infinity]}", Some(r#"{"NaN":["Infinity","-Infinity"],"a":"NaN"}"#)),
            ("{\"a\": \"NaN \\\" NaN\", \"b\": 1e400}", Some(r#"{"a":"NaN \" NaN","b":"inf"}"#)),
            ("[-1e999, 2]", Some(r#"["-inf",2]"#)),
            ("{\"a\": nan}", None),
            ("{\"a\": inf}", None),
            ("{\"image\":", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), value, "{text}");
        }
    }
}
