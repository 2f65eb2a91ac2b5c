//! Intents carried out on a node that verifies and applies them; what stands against them is said before a signature.

use hivis_bittensor::{Keypair, ss58};
use hivis_chain::account;
use hivis_chain::extrinsic::Commitment;
use hivis_chain::intent::{Announcement, Committing, Registration, prove};
use hivis_chain::submit::{Intent, Outcome, Plan, Planned, Step, plan};
use hivis_chain::{Chain, ChainError, ChainSettings};
use hivis_testbed::node::UNIT;

use crate::ground::{NETUID, World, settings, world};

async fn planned<I: Intent>(chain: &Chain, intent: &I) -> Plan {
    match plan(chain, intent).await.expect("a plan") {
        Planned::Plan(plan) => *plan,
        Planned::Already(said) => panic!("{said}"),
    }
}

/// What a plan says against it; nothing may have been sent.
async fn refused<I: Intent>(world: &World, intent: &I) -> (String, String) {
    let error = plan(&world.chain, intent).await.expect_err("a refusal");
    assert_eq!(world.node.accepted(), 0, "nothing is sent");
    (error.to_string(), error.hint().unwrap_or_default())
}

#[tokio::test]
async fn a_registration_is_planned_paid_once_and_known_afterwards() {
    for spec in [424, 461] {
        let world = world(spec).await;
        let registration = world.registration();
        let burn = world.node.read(|state| state.subnet(NETUID).burn);
        let dry = planned(&world.chain, &registration).await;
        assert_eq!((dry.price, dry.spec), (burn, spec));
        assert_eq!(dry.shown.call, "register_limit");
        let args: Vec<_> = dry.shown.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let hotkey = world.hotkey.hotkey();
        assert_eq!(args, ["netuid=72", &format!("hotkey={hotkey}"), "limit_price=2 TAO (2000000000 rao)"]);
        assert_eq!(world.node.accepted(), 0, "a dry run sends nothing");

        let before = world.balance();
        let (done, steps) = world.carry(&registration, &world.coldkey, |_| {}).await;
        let Ok(Outcome::Done(included)) = done else { panic!("{done:?}") };
        assert!(included.events.contains(&"SubtensorModule.NeuronRegistered".to_owned()), "{included:?}");
        assert_eq!(included.fee, Some(dry.fee));
        assert_eq!(u128::from(before - world.balance()), dry.cost());
        assert!(matches!(steps[0], Step::Sent { nonce: 0, last_block: Some(_), .. }), "{steps:?}");
        assert!(steps.contains(&Step::Ready), "{steps:?}");

        let (again, steps) = world.carry(&registration, &world.coldkey, |_| {}).await;
        let Ok(Outcome::Already(said)) = again else { panic!("{again:?}") };
        assert!(said.contains(hotkey.as_str()) && said.contains("uid"), "{said}");
        assert_eq!((steps.len(), world.node.accepted()), (0, 1));
    }
}

#[tokio::test]
async fn what_stands_against_a_registration_is_said_before_a_signature() {
    let world = world(461).await;
    let registration = world.registration();
    let burn = world.node.read(|state| state.subnet(NETUID).burn);
    let (said, hint) = refused(&world, &Registration { cap: burn - 1, ..registration }).await;
    assert!(said.contains("registration costs") && hint.contains("--max-cost"), "{said} {hint}");
    planned(&world.chain, &Registration { cap: burn, ..registration }).await;

    let (said, hint) = refused(&world, &Registration { coldkey: registration.hotkey, ..registration }).await;
    assert!(said.contains("as hotkey and as coldkey") && hint.contains("new-hotkey"), "{said} {hint}");

    let owned = world.node.read(|state| state.subnet(1).neurons[0].hotkey);
    let (said, _) = refused(&world, &Registration { hotkey: owned, ..registration }).await;
    assert!(said.contains("belongs to the coldkey"), "{said}");

    let poor = Keypair::from_uri("//poor").expect("a key").public();
    let (said, hint) = refused(&world, &Registration { coldkey: poor, ..registration }).await;
    assert!(said.contains("has 0 TAO to spend and needs") && hint.contains("nothing was spent"), "{said} {hint}");
    // Exactly what it takes: price, fee, and what an account must keep.
    let (fee, keep) = (planned(&world.chain, &registration).await.fee as u64, 500);
    world.node.change(|state| state.set_balance(poor, burn + fee + keep));
    planned(&world.chain, &Registration { coldkey: poor, ..registration }).await;
    world.node.change(|state| state.set_balance(poor, burn + fee + keep - 1));
    refused(&world, &Registration { coldkey: poor, ..registration }).await;

    world.node.change(|state| state.subnet_mut(NETUID).set("registration_allowed", false));
    let (said, _) = refused(&world, &registration).await;
    assert!(said.contains("takes no registrations now"), "{said}");
}

#[tokio::test]
async fn only_the_key_that_the_call_is_for_signs() {
    let world = world(461).await;
    let (done, steps) = world.carry(&world.registration(), &world.hotkey, |_| {}).await;
    let error = done.expect_err("the coldkey must sign");
    assert!(matches!(error, ChainError::WrongKey { .. }), "{error}");
    assert!(error.hint().expect("a hint").contains("coldkey"));
    assert_eq!((steps.len(), world.node.accepted()), (0, 0));
}

#[tokio::test]
async fn another_chain_is_never_signed_for() {
    let world = world(461).await;
    let other = ChainSettings { genesis: Some([7; 32]), ..settings(&world.node) };
    let chain = Chain::new(other).expect("settings");
    let error = plan(&chain, &world.registration()).await.expect_err("another chain");
    assert!(error.hint().expect("a hint").contains("another chain"), "{error}");
}

#[tokio::test]
async fn an_axon_is_announced_once_changed_after_the_limit_and_withdrawn() {
    let world = world(424).await;
    let (said, hint) = refused(&world, &world.announcement(8091)).await;
    assert!(said.contains("is not registered on subnet 72") && hint.contains("hivis register"), "{said} {hint}");
    world.register().await;
    world.node.change(|state| state.subnet_mut(NETUID).set("serving_rate_limit", 50));

    let dry = planned(&world.chain, &world.announcement(8091)).await;
    assert_eq!((dry.cost(), dry.free), (0, 0), "free, from a hotkey without an account");
    assert!(dry.shown.args.contains(&("ip".to_owned(), "8.8.8.8".to_owned())), "{:?}", dry.shown);
    let (done, _) = world.carry(&world.announcement(8091), &world.hotkey, |_| {}).await;
    assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
    let at = world.chain.at_head().await.expect("a head");
    let there = account::axon(&at, NETUID, &world.hotkey.public()).await.expect("a read").expect("an axon");
    assert_eq!((there.axon, there.version), (Some(([8, 8, 8, 8], 8091).into()), 10_005_000));

    let (done, steps) = world.carry(&world.announcement(8091), &world.hotkey, |_| {}).await;
    assert!(matches!(&done, Ok(Outcome::Already(said)) if said.contains("8.8.8.8:8091")), "{done:?}");
    assert!(steps.is_empty());

    let soon = plan(&world.chain, &world.announcement(8092)).await.expect_err("the limit");
    assert!(matches!(soon, ChainError::TooSoon { wait: 1..=50, .. }), "{soon}");
    // The first block that the limit allows is known exactly.
    let ChainError::TooSoon { wait, .. } = soon else { unreachable!() };
    for _ in 1..wait {
        world.node.seal();
    }
    assert!(matches!(plan(&world.chain, &world.announcement(8092)).await, Err(ChainError::TooSoon { wait: 1, .. })));
    world.node.seal();
    assert_eq!(u64::from(world.node.head()), there.block + 50);
    let (done, _) = world.carry(&world.announcement(8092), &world.hotkey, |_| {}).await;
    assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");

    world.node.change(|state| state.subnet_mut(NETUID).set("serving_rate_limit", 0));
    let nowhere = Announcement { axon: None, ..world.announcement(8092) };
    let (done, _) = world.carry(&nowhere, &world.hotkey, |_| {}).await;
    assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
    let (done, _) = world.carry(&nowhere, &world.hotkey, |_| {}).await;
    assert!(matches!(&done, Ok(Outcome::Already(said)) if said.contains("no axon")), "{done:?}");
}

#[tokio::test]
async fn a_commitment_is_written_once_and_read_back() {
    for (spec, name) in [(424, "roadwork"), (461, "a-name-that-is-too-long-for-one-field-of-the-chain")] {
        let world = world(spec).await;
        world.register().await;
        let commitment = Commitment::new(&format!("natix/{name}"), &"ab".repeat(20), [5; 32]).expect("a commitment");
        let committing = Committing { netuid: NETUID, hotkey: world.hotkey.public(), commitment: commitment.clone() };
        let (done, _) = world.carry(&committing, &world.hotkey, |_| {}).await;
        assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
        let at = world.chain.at_head().await.expect("a head");
        let there = account::commitment(&at, NETUID, &world.hotkey.public()).await.expect("a read");
        assert_eq!(Commitment::parse(&there.expect("a commitment").fields), Some(commitment));
        let (done, steps) = world.carry(&committing, &world.hotkey, |_| {}).await;
        assert!(matches!(&done, Ok(Outcome::Already(said)) if said.contains("natix/")), "{done:?}");
        assert!(steps.is_empty());
    }
}

#[tokio::test]
async fn a_failure_in_a_block_has_its_name_its_docs_and_a_hint() {
    let world = world(461).await;
    let before = world.balance();
    let node = world.node.clone();
    let raise = move |step: &Step| {
        if matches!(step, Step::Sent { .. }) {
            node.change(|state| state.subnet_mut(NETUID).burn = 5 * UNIT);
        }
    };
    let (done, _) = world.carry(&world.registration(), &world.coldkey, raise).await;
    let error = done.expect_err("the price rose");
    let ChainError::Failed { failure, .. } = &error else { panic!("{error}") };
    assert_eq!(failure.name, "SubtensorModule.RegistrationPriceLimitExceeded");
    assert!(!failure.docs.is_empty() && error.hint().expect("a hint").contains("--max-cost"), "{error}");
    assert!(before - world.balance() < UNIT / 100, "only the fee was paid");
}

#[tokio::test]
async fn the_pools_own_codes_have_names() {
    let world = world(461).await;
    world.register().await;
    world.node.change(|state| state.subnet_mut(NETUID).set("serving_rate_limit", 0));
    let (done, _) = world.carry(&world.announcement(1000), &world.hotkey, |_| {}).await;
    assert!(done.is_ok(), "{done:?}");
    let node = world.node.clone();
    let limit = move |step: &Step| {
        if matches!(step, Step::Sent { .. }) {
            node.change(|state| state.subnet_mut(NETUID).set("serving_rate_limit", 1_000_000));
        }
    };
    let (done, _) = world.carry(&world.announcement(1001), &world.hotkey, limit).await;
    let error = done.expect_err("the pool refuses");
    let ChainError::Rejected { rejection } = &error else { panic!("{error}") };
    assert_eq!((rejection.code, rejection.name), (1010, Some("ServingRateLimitExceeded")));
    assert!(error.hint().expect("a hint").contains("wait"), "{error}");
}

#[tokio::test]
async fn work_is_not_begun_where_the_runtime_has_no_such_call() {
    let world = world(461).await;
    let keys = (NETUID, world.hotkey.public(), world.coldkey.public());
    let error = prove(&world.chain, keys, 1, 0, &mut |_| {}).await.expect_err("no such call");
    assert!(matches!(error, ChainError::NoCall { spec: 461, .. }), "{error}");
}

#[tokio::test]
async fn no_secret_is_in_an_error_or_a_debug() {
    let world = world(461).await;
    let (done, steps) = world.carry(&world.registration(), &world.hotkey, |_| {}).await;
    let shown =
        format!("{done:?} {steps:?} {:?} {:?}", world.coldkey, planned(&world.chain, &world.registration()).await);
    assert!(shown.contains(ss58::encode(&world.coldkey.public()).as_str()), "public keys may be there");
    // The mini secret of //Alice, as `subkey inspect //Alice` prints it.
    let secret = "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
    let seed = hex::decode(secret).expect("hex").try_into().expect("32 bytes");
    assert_eq!(Keypair::from_mini_secret(&seed).public(), world.coldkey.public(), "it is the secret");
    assert!(!shown.contains(secret));
}
