//! Times as people say them.

use std::time::Duration;

/// "about 1 h 40 min".
pub(crate) fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..5 => "a few seconds".to_owned(),
        5..90 => format!("about {seconds} s"),
        90..5400 => format!("about {} min", (seconds + 30) / 60),
        _ => format!("about {} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_plain_words() {
        let cases = [(1, "a few seconds"), (42, "about 42 s"), (600, "about 10 min"), (6000, "about 1 h 40 min")];
        for (seconds, wanted) in cases {
            assert_eq!(words(Duration::from_secs(seconds)), wanted);
        }
    }
}
