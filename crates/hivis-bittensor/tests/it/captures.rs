//! Every capture, replayed on the axon's side with the clock of its own moment.

use hivis_bittensor::golden::{Answer, Capture, Expected};

use crate::golden;
use crate::small_axon::{SmallAxon, statuses};

/// On the day of the captures; the clock where a capture's own nonce is no time.
const THAT_DAY: u64 = 1_795_427_316_000_000_000;

/// Captures that need user code which hivis does not have: they test our dendrite only.
const USER_CODE: [&str; 3] = ["priority_timeout", "blacklist_crash", "forward_raises"];

/// "Where hivis differs": these are 401.
fn refused_by_hivis(name: &str) -> bool {
    name.ends_with("_old_version_nonce") || name == "bt9_missing_signature"
}

#[test]
fn golden_captures_on_the_axon() {
    let mut replayed = 0;
    let files = golden::wire_files(golden::is_capture);
    for (name, text) in &files {
        let capture = Capture::read(text);
        let (Some(request), Some(captured)) = (&capture.request, &capture.answer) else { continue };
        if USER_CODE.iter().any(|case| name.ends_with(case)) {
            continue;
        }
        let nonce = request.header("bt_header_dendrite_nonce").and_then(|text| text.parse().ok());
        let now = clock(captured).or(nonce).filter(|now| *now > THAT_DAY / 2).unwrap_or(THAT_DAY);
        let mut axon = SmallAxon::new();
        axon.permitted = !name.ends_with("_blacklisted");
        let answer = axon.answer(request, now);
        let expected = if refused_by_hivis(name) {
            Expected { http: 401, bt: Some(401) }
        } else {
            Expected { http: captured.status, bt: captured.bt_status() }
        };
        assert_eq!(statuses(&answer), expected, "{name}");
        same_fields(name, captured, &answer, expected.http == captured.status);
        replayed += 1;
    }
    assert!(files.is_empty() || replayed > 0, "no capture could be replayed");
}

/// The axon's clock in a signed refusal.
fn clock(captured: &Answer) -> Option<u64> {
    captured.header("bt_header_axon_nonce")?.parse().ok()
}

/// Beyond the statuses: the same headers are there, and those that only echo have the same values.
fn same_fields(name: &str, captured: &Answer, answer: &http::Response<bytes::Bytes>, same_status: bool) {
    if !same_status {
        return;
    }
    for (header, value) in &captured.headers {
        if ["date", "server", "content-length"].contains(&header.as_str()) {
            continue;
        }
        let ours = answer.headers().get(header).unwrap_or_else(|| panic!("{name}: no {header}")).to_str().unwrap();
        let echoed = header.starts_with("bt_header_dendrite_") && !header.ends_with("_port")
            || ["name", "timeout", "content-type", "computed_body_hash", "bt_header_axon_hotkey"]
                .contains(&header.as_str());
        if echoed {
            assert_eq!(ours, value, "{name}: {header}");
        }
    }
}
