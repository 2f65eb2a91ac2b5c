//! Amounts: the chain counts rao, people count TAO.

/// Rao in one TAO.
pub const RAO_PER_TAO: u64 = 1_000_000_000;

/// `2.5 TAO` of 2,500,000,000 rao: all digits that are there, none that are not.
pub fn tao(rao: u128) -> String {
    let (whole, part) = (rao / u128::from(RAO_PER_TAO), rao % u128::from(RAO_PER_TAO));
    if part == 0 {
        return format!("{whole} TAO");
    }
    format!("{whole}.{} TAO", format!("{part:09}").trim_end_matches('0'))
}

/// Rao of a decimal number of TAO, exactly; `None` for more than nine decimals, a sign, or anything else.
pub fn parse_tao(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 9 {
        return None;
    }
    let part: u64 = format!("{part:0<9}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(RAO_PER_TAO)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::{parse_tao, tao};

    #[test]
    fn tao_is_exact_both_ways() {
        for (rao, text) in [(0, "0"), (1, "0.000000001"), (2_500_000_000, "2.5"), (u64::MAX, "18446744073.709551615")] {
            assert_eq!(tao(u128::from(rao)), format!("{text} TAO"));
            assert_eq!(parse_tao(text), Some(rao), "{text}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1.0000000001", "18446744073.709551616", "1,5", " 1"] {
            assert_eq!(parse_tao(bad), None, "{bad}");
        }
    }
}
