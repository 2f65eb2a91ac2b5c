//! Who may ask: `permits.toml`, the metagraph, and the two together.

use std::error::Error;

use hivis_serve::{Alarm, AxonSettings, Permits};
use hivis_types::{Hotkey, Metagraph, Neuron};
use insta::assert_snapshot;
use jiff::{Timestamp, ToSpan};

use crate::{
    asking::Ask,
    world::{World, hotkey, permits},
};

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

/// A metagraph of these (hotkey, permit, stake).
fn metagraph(neurons: &[(&str, bool, f64)]) -> Metagraph {
    let neuron = |(uid, (hotkey, validator_permit, stake)): (u16, &(&str, bool, f64))| Neuron {
        uid,
        hotkey: Hotkey::new(*hotkey),
        coldkey: Hotkey::new(ALICE),
        active: true,
        validator_permit: *validator_permit,
        stake: *stake,
        incentive: 0.0,
        dividends: 0.0,
        emission: 0.0,
        consensus: 0.0,
        registered_at: 0,
        last_update: 0,
        axon: None,
    };
    let neurons = (0..).zip(neurons).map(neuron).collect();
    Metagraph { netuid: 72, block: 40, tempo: 360, immunity_blocks: 5000, neurons }
}

#[test]
fn the_metagraph_lets_in_permitted_validators_with_enough_stake() {
    let graph = metagraph(&[
        ("strong", true, 2000.0),
        ("weak", true, 999.9),
        ("miner", false, 5000.0),
        ("odd", true, f64::NAN),
        ("at the limit", true, 1000.0),
    ]);
    let read = Timestamp::UNIX_EPOCH;
    let permits = Permits::from_metagraph(&graph, 1000.0, read);
    let stake = |hotkey: &str| permits.stake(&Hotkey::new(hotkey));
    assert_eq!(stake("strong"), Some(2000.0));
    assert_eq!(stake("at the limit"), Some(1000.0));
    assert_eq!([stake("weak"), stake("miner"), stake("odd"), stake("stranger")], [None; 4]);
    let roster = permits.roster().expect("from the metagraph");
    assert_eq!((roster.block, roster.read, roster.validators), (40, read, 2));
}

#[test]
fn a_file_adds_to_the_metagraph_and_wins_over_it() {
    let listed = Permits::from_metagraph(&metagraph(&[(ALICE, true, 2000.0)]), 0.0, Timestamp::UNIX_EPOCH);
    let bob = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
    let file = format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 1\n[[permit]]\nhotkey = \"{bob}\"\nstake = 7\n");
    let both = listed.with_file(&Permits::parse(&file).expect("a good file"));
    let (alice, bob) = (Hotkey::new(ALICE), Hotkey::new(bob));
    assert_eq!((both.stake(&alice), both.is_listed(&alice)), (Some(1.0), true));
    assert_eq!((both.stake(&bob), both.is_listed(&bob)), (Some(7.0), false));
    assert_eq!((both.len(), both.roster().map(|r| r.validators)), (2, Some(1)));
}

#[tokio::test]
async fn a_listed_validator_is_told_from_a_caller_of_the_file() {
    let world = World::start(AxonSettings::default());
    let alice = hotkey("Alice");
    let graph = metagraph(&[(alice.as_str(), true, 50.0)]);
    let began = Timestamp::now();
    world.axon.set_permits(Permits::from_metagraph(&graph, 0.0, began).with_file(&permits()));
    // Nobody has been here, and the limit of half an hour is not reached.
    assert_eq!(world.axon.alarms(began), []);
    let later = began + 40.minutes();
    assert!(matches!(world.axon.alarms(later)[..], [Alarm::NoValidator { listed: 1, .. }]));

    assert_eq!(world.send(Ask::grey(1).by("Charlie").bytes()).await.status, 200);
    let health = world.axon.health();
    assert_eq!((health.last_verified.is_some(), health.last_validator), (true, None), "only the file knows Charlie");
    assert_eq!(world.send(Ask::grey(1).by("Alice").bytes()).await.status, 200);
    let health = world.axon.health();
    assert!(health.last_validator.is_some() && health.roster.is_some_and(|r| r.block == 40), "{health:?}");
    assert_eq!(world.axon.alarms(began + 20.minutes()), []);

    // The next reading leaves Alice out: she is refused, and so is whoever was never listed.
    world.axon.set_permits(Permits::from_metagraph(&metagraph(&[]), 0.0, began));
    for stranger in ["Alice", "Charlie", "Dave"] {
        assert_eq!(world.send(Ask::grey(1).by(stranger).bytes()).await.status, 403, "{stranger}");
    }
}
