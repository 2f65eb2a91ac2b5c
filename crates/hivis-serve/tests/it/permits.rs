//! `permits.toml`: what is understood and what is refused.

use std::error::Error;

use hivis_serve::Permits;
use insta::assert_snapshot;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// `ok N` or the error with its causes.
fn parsed(text: &str) -> String {
    match Permits::parse(text) {
        Ok(permits) => format!("ok {}", permits.len()),
        Err(error) => {
            let mut chain = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                chain = format!("{chain}: {cause}");
                source = cause.source();
            }
            chain
        }
    }
}

#[test]
fn a_list_and_an_empty_list() {
    assert_eq!(parsed(""), "ok 0");
    assert_eq!(parsed(&format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 0\n")), "ok 1", "a whole number is a stake");
}

#[test]
fn what_is_odd_is_refused_and_named() {
    let one = |rest: &str| format!("[[permit]]\nhotkey = \"{ALICE}\"\n{rest}\n");
    assert_snapshot!(parsed("[[permit]]\nhotkey = \"5Grw\"\nstake = 1.0"), @"permit 1: `5Grw` is no ss58 address");
    assert_snapshot!(parsed(&one("stake = -1.0")), @"permit 1: stake -1 is not a number of at least 0");
    assert_snapshot!(parsed(&one("stake = nan")), @"permit 1: stake NaN is not a number of at least 0");
    assert_snapshot!(
        parsed(&format!("{}{}", one("stake = 1.0"), one("stake = 2.0"))),
        @"permit 2: 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY stands twice in the permit list"
    );
    let unknown = parsed(&one("stake = 1.0\nstakes = 2.0"));
    assert!(unknown.contains("line 4") && unknown.contains("unknown field `stakes`"), "{unknown}");
    let missing = parsed(&one(""));
    assert!(missing.contains("missing field `stake`"), "{missing}");
    assert!(parsed("[[permits]]").contains("unknown field `permits`"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Permits::read("/nowhere/permits.toml".as_ref()).unwrap_err();
    assert_snapshot!(error, @"cannot read the permit list /nowhere/permits.toml");
}
