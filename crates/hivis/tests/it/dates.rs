//! `hivis dates`: the calendar on the terminal, as JSON, and as a file that a real parser reads.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use hivis_testbed::peers::environment;
use serde_json::{Value, json};

use crate::miner::{ALICE, BOB, Miner, get, hivis, output, with_release};

/// A metagraph at block 1,000 with //Bob as uid 7, read at noon of 2026-11-26.
pub(crate) fn metagraph(home: &Path) -> String {
    let neuron = |uid: u16, hotkey: &str, permit: bool, incentive: f64| {
        json!({ "uid": uid, "hotkey": hotkey, "coldkey": "5C", "active": true, "validator_permit": permit,
            "stake": 12.5, "incentive": incentive, "dividends": 0.0, "emission": 0.25, "consensus": 0.0,
            "registered_at": 200_000, "last_update": 200_100, "axon": null })
    };
    let neurons = [neuron(3, ALICE, true, 0.0), neuron(7, BOB, false, 0.004), neuron(8, "5Other", false, 0.006)];
    let graph = json!({ "netuid": 72, "block": 300_000, "tempo": 360, "immunity_blocks": 5000, "neurons": neurons,
        "read_at": "2026-11-26T12:00:00Z", "alpha_price_rao": 50_000_000 });
    let file = home.join("metagraph.json");
    std::fs::write(&file, graph.to_string()).expect("the home is writable");
    file.to_str().expect("a plain path").to_owned()
}

const CONFIG: &str = "[dates]\nretrain_days = [60, 45]\n\n[[dates.token]]\nname = \"Hub; token, \\\"main\\\" — für Zürich, a name that is rather long\"\nexpires = 2026-11-20\n\n[[dates.entry]]\nname = \"pay the machine\"\ndate = \"2026-12-24\"\nwhy = \"prepaid\"\n";

fn dates(home: &Path, more: &[&str]) -> Command {
    let graph = metagraph(home);
    let mut args = vec!["dates", "--hotkey", BOB, "--metagraph", &graph, "--now", "2026-11-26T23:59:59Z"];
    args.extend(more);
    hivis(home, &args)
}

#[test]
fn the_calendar_is_shown_and_read_by_a_real_parser() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    with_release(home);
    std::fs::write(home.join("hivis.toml"), CONFIG).expect("the home is writable");
    let out = output(dates(home, &["--json"]));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let told: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let entries = told["entries"].as_array().expect("entries");
    let of = |key: &str| {
        entries.iter().find(|e| e["key"].as_str().is_some_and(|k| k.starts_with(key))).expect("it is there")
    };
    // 100,000 blocks of 12 s are 13 days 21 h 20 min.
    assert_eq!((&of("registration")["date"], &of("registration")["about"]), (&json!("2026-11-12"), &json!(true)));
    assert_eq!((&of("immunity")["date"], &of("immunity")["state"]), (&json!("2026-11-13"), &json!("passed")));
    assert_eq!((&of("token")["days_left"], &of("token")["state"]), (&json!(-6), &json!("overdue")));
    assert_eq!((&of("entry")["days_left"], &of("entry")["state"]), (&json!(28), &json!("coming")));
    assert_eq!(of("full-reward")["in_force"], json!(false));
    assert!(of("full-reward")["source"].as_str().expect("a text").contains("not in force"));
    assert_eq!(entries.iter().filter(|e| e["key"].as_str().is_some_and(|k| k.starts_with("retrain-"))).count(), 2);
    assert!(told["model"]["release"].is_string() && told["trouble"].is_null(), "{told}");

    let shown = output(dates(home, &[]));
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for part in
        ["OVERDUE", "about 2026-11-12", "(not in force)", "full reward to day 45, period ends at day 90: not in force"]
    {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }

    let file = home.join("miner.ics");
    let plain = file.to_str().expect("a plain path");
    assert!(output(dates(home, &["--ics", plain])).status.success());
    let written = std::fs::read(&file).expect("a calendar");
    let printed = output(dates(home, &["--ics", "-"])).stdout;
    assert_eq!(String::from_utf8_lossy(&printed), String::from_utf8_lossy(&written), "the same again");
    let lines: Vec<&[u8]> = written.split(|byte| *byte == b'\n').collect();
    assert!(lines.iter().all(|line| line.is_empty() || (line.ends_with(b"\r") && line.len() <= 76)));
    let Some(venv) = environment("icalendar") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer/read_ics.py");
    let mut peer = Command::new("timeout");
    peer.arg("60").arg(venv.join("bin/python")).args(["-B", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut peer = peer.spawn().expect("python starts");
    peer.stdin.take().expect("stdin is piped").write_all(&written).expect("the peer reads");
    let read = peer.wait_with_output().expect("it ends");
    let read: Value = serde_json::from_slice(&read.stdout).expect("what the peer read");
    let events = read["events"].as_array().expect("events");
    assert_eq!((&read["errors"], events.len()), (&json!([]), entries.len()));
    for (event, entry) in events.iter().zip(entries) {
        assert_eq!(
            (&event["start"], &event["summary"], &event["errors"]),
            (&entry["date"], &entry["what"], &json!([]))
        );
        assert_eq!(event["uid"], format!("{}.{BOB}@hivis", entry["key"].as_str().expect("a key")));
        assert_eq!(event["stamp"], "2026-11-26T23:59:59+00:00");
        let why = event["description"].as_str().expect("a text");
        assert!(
            why.contains(entry["why"].as_str().expect("a text"))
                && why.contains(entry["source"].as_str().expect("a text"))
        );
        let deadline =
            ["retrain", "token", "entry"].iter().any(|k| entry["key"].as_str().expect("a key").starts_with(k));
        assert_eq!(event["alarms"], if deadline { json!(["-7"]) } else { json!([]) });
    }
}

#[test]
fn the_page_shows_the_registration_of_the_last_metagraph() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    with_release(home);
    std::fs::rename(metagraph(home), home.join("metagraph-72.json")).expect("one folder");
    let miner = Miner::start(home);
    let (status, body) = get(&format!("{}api/system", miner.page));
    let view: Value = serde_json::from_str(&body).expect("JSON");
    let shown = |what: &str| {
        let all = view["dates"].as_array().unwrap_or_else(|| panic!("{status} {body}"));
        all.iter().find(|day| day["what"].as_str().is_some_and(|text| text.contains(what))).cloned()
    };
    let registered = shown("registered on subnet 72 as uid 7").expect("the registration");
    assert_eq!((&registered["date"], &registered["state"]), (&json!("2026-11-12"), &json!("passed")));
    assert_eq!(shown("immunity ends").expect("the end of immunity")["date"], "2026-11-13");
    miner.stop();
}

#[test]
fn what_is_not_known_is_left_out_and_what_is_wrong_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    hivis_store::Home::open_or_create(&home).expect("a home");
    let out = output(hivis(&home, &["dates", "--hotkey", BOB]));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.contains("note: registration and immunity are not known"), "{said}");
    let wrong = [
        ("[[dates.token]]\nname = \"a\"\nexpires = \"soon\"\n", "`soon` is no day"),
        ("[[dates.token]]\nname = \"a\"\nexpires = 7\n", "2027-01-31"),
        (
            "[[dates.entry]]\nname = \"a\"\ndate = \"2027-01-31\"\n[[dates.entry]]\nname = \"a\"\ndate = \"2027-02-01\"\n",
            "two [[dates.entry]]",
        ),
        ("[dates]\nretrain_days = [4000000]\n", "too many"),
        ("[dates]\nfull_reward = 1\n", "full_reward"),
    ];
    for (config, why) in wrong {
        std::fs::write(home.join("hivis.toml"), config).expect("the home is writable");
        let out = output(hivis(&home, &["dates", "--hotkey", BOB]));
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains(why) && said.contains("hint:"), "{config}: {said}");
    }
}
