//! Where a login leads back to: a path of ours, and never somebody else's page.

use std::fmt::Write as _;

/// Longest path that is kept, in bytes.
const LONGEST: usize = 512;

/// The path with its question mark where it is one of ours, else `/`. `//host`, `/\host`, a scheme, and everything that
/// could end a header line are nobody's.
pub(crate) fn local(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && next.len() <= LONGEST;
    let plain = next.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\');
    // Not back to the door itself.
    let page = !["/login", "/logout", "/api/"].iter().any(|door| next.starts_with(door));
    if own && plain && page { next } else { "/" }
}

/// The address of the login page that leads back to `path`.
pub(crate) fn login(path: &str) -> String {
    let next = local(path);
    let mut address = "/login".to_owned();
    if next == "/" {
        return address;
    }
    address.push_str("?next=");
    for byte in next.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                address.push(char::from(byte));
            }
            other => {
                let _ = write!(address, "%{other:02X}");
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_led_back_to() {
        for own in ["/", "/review", "/challenge/7?tab=members&x=%2F", "/api"] {
            assert_eq!(local(own), own);
        }
        let strangers = [
            "",
            "review",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=y",
            "/a b",
            "/\tevil",
            "/\u{2215}evil",
            "/login?next=/login",
            "/logout",
            "/api/review/queue",
            &format!("/{}", "a".repeat(600)),
        ];
        for other in strangers {
            assert_eq!(local(other), "/", "{other:?}");
        }
    }

    #[test]
    fn a_path_is_one_value_of_the_query() {
        assert_eq!(login("/"), "/login");
        assert_eq!(login("/data?a=b&c=d#e"), "/login?next=/data%3Fa%3Db%26c%3Dd%23e");
        assert_eq!(login("//evil.example"), "/login");
    }
}
