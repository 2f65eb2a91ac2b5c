//! `hivis rank`: the chain beside TaoStats, days kept, releases judged.

use std::path::Path;
use std::process::Command;

use hivis_store::{Home, NeuronReading, NewPromotion, PromotionKind, PromotionOutcome, SubnetReading};
use hivis_testbed::taostats::{FakeTaoStats, Fault, KEY, neuron};
use hivis_types::{Hotkey, ReleaseId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::dates::metagraph;
use crate::miner::{BOB, hivis, output};

const NOW: &str = "2026-11-26T20:00:00Z";

fn configure(home: &Path, server: &FakeTaoStats, key: &str) {
    let text = format!("[rank.taostats]\nbase_url = \"{}\"\napi_key = \"{key}\"\n", server.base());
    std::fs::write(home.join("hivis.toml"), text).expect("the home is writable");
}

fn rank(home: &Path, more: &[&str]) -> Command {
    let graph = metagraph(home);
    let mut args = vec!["rank", "--hotkey", BOB, "--metagraph", &graph, "--now", NOW];
    args.extend(more);
    let mut command = hivis(home, &args);
    command.env("THE_KEY", KEY).env("RUST_LOG", "trace");
    command
}

/// What it says as JSON; neither stream holds the key.
fn told(command: Command) -> Value {
    let out = output(command);
    let (said, log) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{log}");
    assert!(!said.contains(KEY) && !log.contains(KEY), "{log}");
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}\n{log}"))
}

#[tokio::test]
async fn the_chains_word_stands_beside_taostats_and_both_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(folder.path()).expect("a home");
    home.ledger().await.expect("a ledger").close().await;
    let server = FakeTaoStats::start();
    let mut validator = neuron(72, 3, "5V", 0.0);
    validator["validator_permit"] = json!(true);
    server.set_neurons(vec![
        validator,
        neuron(72, 7, BOB, 0.005),
        neuron(72, 8, "5Other", 0.0045),
        neuron(72, 9, "5C", 0.2),
    ]);
    let mut old = neuron(72, 7, BOB, 0.003);
    old["timestamp"] = json!("2026-11-20T10:00:00Z");
    server.set_history(vec![old]);
    server.set_subnet(72, 250);
    configure(folder.path(), &server, "env:THE_KEY");
    let said = told(rank(folder.path(), &["--json"]));
    assert_eq!(said["troubles"], json!([]), "{said}");
    assert_eq!(
        (&said["chain"]["rank"], &said["chain"]["miners"], &said["chain"]["block"]),
        (&json!(2), &json!(2), &json!(300_000))
    );
    // 100,000 blocks after its registration nothing is immune; nobody earns less than 0.25 alpha.
    assert_eq!(
        (&said["chain"]["immune_until"], &said["chain"]["before_us"], &said["chain"]["prunable"]),
        (&Value::Null, &json!(0), &json!(3))
    );
    let theirs = &said["taostats"];
    assert_eq!((&theirs["rank"], &theirs["miners"], &theirs["free_places"]), (&json!(2), &json!(3), &json!(6)));
    assert_eq!((&theirs["difference"]["rank"], &theirs["difference"]["blocks"]), (&json!(0), &json!(6_700_000)));
    assert_eq!(theirs["difference"]["emission_rao"], json!(500_000_000 - 250_000_000));
    let days = said["days"].as_array().expect("days");
    let brief: Vec<_> = days.iter().map(|day| (&day["date"], &day["rank"], &day["seen_rank"])).collect();
    assert_eq!(
        brief,
        [(&json!("2026-11-20"), &Value::Null, &Value::Null), (&json!("2026-11-26"), &json!(2), &json!(2))]
    );
    assert_eq!(days[0]["seen_incentive"], json!(0.003));

    // Within a quarter of an hour nobody is asked again; without anybody what is known stands.
    let asked = server.asked().len();
    let again = told(rank(folder.path(), &["--json"]));
    assert_eq!((server.asked().len(), &again["days"]), (asked, &said["days"]));
    let offline = told(rank(folder.path(), &["--json", "--offline"]));
    assert_eq!((&offline["days"], &offline["taostats"]), (&said["days"], &Value::Null));
    let text = String::from_utf8(output(rank(folder.path(), &[])).stdout).expect("text");
    for part in ["rank 2 of 2 miners", "TaoStats, block 7000000", "2026-11-20", "+6700000 blocks"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[tokio::test]
async fn trouble_at_taostats_is_said_and_the_chain_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(folder.path()).expect("a home");
    home.ledger().await.expect("a ledger").close().await;
    let server = FakeTaoStats::start();
    configure(folder.path(), &server, "env:NOTHING_HERE");
    let said = told(rank(folder.path(), &["--json"]));
    assert!(said["troubles"][0].as_str().is_some_and(|text| text.contains("NOTHING_HERE holds no secret")), "{said}");
    assert_eq!(said["chain"]["rank"], json!(2));
    configure(folder.path(), &server, "env:THE_KEY");
    for _ in 0..3 {
        server.fault(Fault::Status(401, vec![]));
    }
    let said = told(rank(folder.path(), &["--json"]));
    assert!(
        said["troubles"][0].as_str().is_some_and(|text| text.contains("refuses the API key") && text.contains("hint:")),
        "{said}"
    );
    // A key in place of its reference is refused without being shown.
    configure(folder.path(), &server, KEY);
    let out = output(rank(folder.path(), &["--json"]));
    let text = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && text.contains("no reference") && !text.contains(KEY), "{text}");
}

#[tokio::test]
async fn a_release_is_judged_by_what_came_before_and_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::open_or_create(folder.path()).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    let now: Timestamp = NOW.parse().expect("a time");
    let hours = |back: i64| now.saturating_sub(SignedDuration::from_hours(back)).expect("a time");
    // Three weeks, a reading every 72 minutes; the second release came ten days ago and brought a tenth more.
    for reading in 0..420_i64 {
        let at = now.saturating_sub(SignedDuration::from_mins(72 * (419 - reading))).expect("a time");
        let gain = if at >= hours(240) { 1.1 } else { 1.0 };
        let wobble = 1.0 + 0.02 * (reading * 7919 % 13 - 6) as f64 / 6.0;
        let block = 300_000 + 361 * reading as u64;
        let ours = NeuronReading {
            netuid: 72,
            hotkey: Hotkey::new(BOB),
            block,
            at,
            uid: 7,
            tempo: 360,
            registered_at: 5,
            incentive: 0.004 * wobble * gain,
            rank: Some(if gain > 1.0 { 20 } else { 60 }),
            miners: 200,
            emission_rao: 1,
            stake_rao: 1,
            price_rao: None,
        };
        ledger.keep_reading(&ours).await.expect("kept");
        let subnet =
            SubnetReading { netuid: 72, block, at, miners: 200, earning: 150, median_incentive: 0.004, registered: 0 };
        let validators = [Hotkey::new("5V"), Hotkey::new(if reading < 300 { "5W" } else { "5X" })];
        assert!(ledger.keep_subnet(&subnet, &validators, 360).await.expect("kept"));
        assert!(!ledger.keep_subnet(&subnet, &validators, 360).await.expect("kept"), "once a payout");
    }
    for (name, at) in [("one", hours(500)), ("two", hours(240)), ("three", hours(30))] {
        let release = ReleaseId::new(name).expect("a name");
        let new =
            NewPromotion { release: release.clone(), previous: None, kind: PromotionKind::Promote, exam: None, at };
        ledger.begin_promotion(&new).await.expect("written");
        let outcome = PromotionOutcome { serving: true, at, reason: None };
        ledger.end_promotion(&release, &outcome).await.expect("written");
    }
    assert_eq!(ledger.validator_sets(72, hours(1)).await.expect("sets").len(), 1, "only what was in force then");
    ledger.close().await;
    let said = told({
        let mut command = hivis(folder.path(), &["rank", "releases", "--hotkey", BOB, "--now", NOW, "--json"]);
        command.env("RUST_LOG", "error");
        command
    });
    let [three, two] = &said.as_array().expect("changes")[..] else { panic!("{said}") };
    assert_eq!(
        (&two["to"], &two["verdict"]["is"], &two["by"]),
        (&json!("two"), &json!("helped"), &json!("incentive-against-median"))
    );
    let difference = &two["measures"][1]["difference"];
    assert!((difference["point"].as_f64().expect("a number") - 0.1).abs() < 0.01, "{difference}");
    assert!(difference["low"].as_f64() > Some(0.05) && difference["high"].as_f64() < Some(0.15), "{difference}");
    assert!(two["beside"].to_string().contains("validators: 1 came, 1 went"), "{two}");
    assert_eq!(three["verdict"], json!({ "is": "too-early", "days": 3 }), "{three}");
    let text = output(hivis(folder.path(), &["rank", "releases", "--hotkey", BOB, "--now", NOW]));
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("it helped (by incentive-against-median)") && text.contains("too early to say: 3 more days"),
        "{text}"
    );
    // The plot: one file, with the page's ink and no style of its own.
    let file = folder.path().join("rank.svg");
    let drawn = output(hivis(
        folder.path(),
        &["rank", "--hotkey", BOB, "--now", NOW, "--offline", "--plot", file.to_str().expect("a path")],
    ));
    assert!(drawn.status.success());
    let svg = std::fs::read_to_string(file).expect("a plot");
    assert!(svg.contains("currentColor") && !svg.contains("style=") && svg.contains("role=\"img\""), "{svg}");
}
