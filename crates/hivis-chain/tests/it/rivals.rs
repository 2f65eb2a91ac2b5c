//! Races, lost connections, lost extrinsics, forks: whatever happens, a registration is paid once or not at all.

use std::time::Duration;

use hivis_chain::ChainError;
use hivis_chain::extrinsic::{CallBytes, Era, Extrinsic, Runtime, Terms, Unsigned};
use hivis_chain::submit::{Intent as _, Outcome, Step};
use hivis_testbed::node::UNIT;

use crate::ground::{NETUID, World, world};

/// An extrinsic of the coldkey with this nonce, made by "another program".
async fn rival(world: &World, nonce: u64, call: impl FnOnce(&Runtime) -> CallBytes) -> Extrinsic {
    let at = world.chain.at_head().await.expect("a head");
    let runtime = Runtime::at(&at).expect("a runtime");
    let era = Era::mortal(64, at.block_number(), at.block_hash().0);
    let unsigned = Unsigned::new(&runtime, call(&runtime), Terms { nonce, tip: 0, era }).expect("an extrinsic");
    unsigned.sign(&world.coldkey).expect("a signature")
}

/// Into the pool, past our own client.
async fn submit(world: &World, extrinsic: &Extrinsic) {
    let at = world.chain.at_head().await.expect("a head");
    at.tx().from_bytes(extrinsic.bytes.clone()).submit().await.expect("accepted");
}

/// How often a registration was paid for.
fn paid(world: &World, before: u64) -> u64 {
    let burn = world.node.read(|state| state.subnet(NETUID).burn);
    (before - world.balance() + UNIT / 100) / burn
}

fn uid(world: &World) -> Option<u16> {
    world.node.read(|state| state.subnet(NETUID).uid(&world.hotkey.public()))
}

#[tokio::test]
async fn a_connection_cut_right_after_sending_is_found_out_in_the_blocks() {
    let world = world(461).await;
    let before = world.balance();
    world.node.faults(|f| f.cut_on_submit = 1);
    let (done, steps) = world.carry(&world.registration(), &world.coldkey, |_| {}).await;
    assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?} {steps:?}");
    assert!(steps.iter().any(|s| matches!(s, Step::Looking { .. })), "{steps:?}");
    assert_eq!((paid(&world, before), world.node.accepted()), (1, 1));
}

#[tokio::test]
async fn a_connection_cut_while_waiting_is_found_out_too() {
    let world = world(424).await;
    let before = world.balance();
    let node = world.node.clone();
    let cut = move |step: &Step| {
        if matches!(step, Step::Ready) {
            node.cut();
        }
    };
    let (done, steps) = world.carry(&world.registration(), &world.coldkey, cut).await;
    assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?} {steps:?}");
    assert_eq!((paid(&world, before), world.node.accepted()), (1, 1));
}

#[tokio::test]
async fn an_extrinsic_that_the_node_forgets_expires_and_is_not_sent_twice() {
    let world = world(461).await;
    let before = world.balance();
    world.node.faults(|f| f.swallow = 1);
    let (done, steps) = world.carry(&world.registration(), &world.coldkey, |_| {}).await;
    let error = done.expect_err("it expires");
    let ChainError::Expired { last_block, .. } = &error else { panic!("{error}") };
    assert!(u64::from(world.node.head()) >= *last_block, "not before its era is over");
    assert!(error.to_string().contains("nothing was spent"), "{error}");
    assert_eq!(steps.iter().filter(|s| matches!(s, Step::Sent { .. })).count(), 1);
    assert_eq!((paid(&world, before), uid(&world)), (0, None));
}

#[tokio::test]
async fn a_nonce_used_by_another_program_is_read_again() {
    // Without a fault the node itself says that the nonce is outdated.
    for fault in [None, Some((1014, "Priority is too low: (1 vs 1)"))] {
        let world = world(461).await;
        let before = world.balance();
        if let Some((code, text)) = fault {
            world.node.faults(|f| {
                f.fail.insert("author_submitAndWatchExtrinsic".to_owned(), (code, text.to_owned()));
            });
        }
        let (node, key) = (world.node.clone(), world.coldkey.public());
        let on = move |step: &Step| match step {
            // Between our look at the nonce and our sending the other program's extrinsic was included.
            Step::Sent { nonce: 0, .. } => node.change(|state| state.accounts.get_mut(&key).expect("it").nonce = 1),
            Step::Again { .. } => node.faults(|f| f.fail.clear()),
            _ => {}
        };
        let (done, steps) = world.carry(&world.registration(), &world.coldkey, on).await;
        let Ok(Outcome::Done(_)) = done else { panic!("{fault:?}: {done:?} {steps:?}") };
        assert_eq!(nonces(&steps), [0, 1], "{steps:?}");
        assert_eq!((paid(&world, before), world.node.accepted()), (1, 1));
    }
}

#[tokio::test]
async fn another_program_that_did_the_same_is_enough() {
    let world = world(461).await;
    let before = world.balance();
    let (node, cold, hot) = (world.node.clone(), world.coldkey.public(), world.hotkey.public());
    let on = move |step: &Step| {
        if matches!(step, Step::Sent { .. }) {
            node.change(|state| {
                state.accounts.get_mut(&cold).expect("it").nonce += 1;
                state.subnet_mut(NETUID).neurons[200].hotkey = hot;
            });
        }
    };
    let (done, steps) = world.carry(&world.registration(), &world.coldkey, on).await;
    assert!(matches!(&done, Ok(Outcome::Already(said)) if said.contains("uid 200")), "{done:?}");
    assert_eq!((nonces(&steps).len(), before - world.balance(), world.node.accepted()), (1, 0, 0));
}

#[tokio::test]
async fn a_race_that_is_always_lost_ends() {
    let world = world(461).await;
    let (node, key) = (world.node.clone(), world.coldkey.public());
    let on = move |step: &Step| {
        if matches!(step, Step::Sent { .. }) {
            node.change(|state| state.accounts.get_mut(&key).expect("it").nonce += 1);
        }
    };
    let (done, steps) = world.carry(&world.registration(), &world.coldkey, on).await;
    assert!(matches!(done, Err(ChainError::Overtaken { tries: 3 })), "{done:?}");
    assert_eq!((nonces(&steps), world.node.accepted()), (vec![0, 1, 2], 0));
}

fn nonces(steps: &[Step]) -> Vec<u64> {
    steps.iter().filter_map(|step| if let Step::Sent { nonce, .. } = step { Some(*nonce) } else { None }).collect()
}

#[tokio::test]
async fn what_an_earlier_run_left_in_the_pool_is_waited_for() {
    let world = world(461).await;
    let before = world.balance();
    let registration = world.registration();
    let earlier = rival(&world, 0, |runtime| registration.call(runtime).expect("a call")).await;
    submit(&world, &earlier).await;
    let (done, steps) = world.carry(&registration, &world.coldkey, |_| {}).await;
    assert!(matches!(done, Ok(Outcome::Already(_))), "{done:?} {steps:?}");
    assert_eq!(steps, [Step::Waiting { nonce: 0 }]);
    assert_eq!((paid(&world, before), world.node.accepted()), (1, 1));
}

#[tokio::test]
async fn a_fork_that_drops_the_block_is_not_taken_for_success() {
    for lost in [false, true] {
        let world = world(461).await;
        let before = world.balance();
        let (registration, coldkey) = (world.registration(), world.coldkey.clone());
        let (send, mut steps) = tokio::sync::mpsc::unbounded_channel();
        let chain = world.chain.clone();
        let task = tokio::spawn(async move {
            let mut on = |step: Step| send.send(step).expect("a listener");
            hivis_chain::submit::carry_out(&chain, &registration, &coldkey, crate::ground::PATIENCE, &mut on).await
        });
        wait_for(&mut steps, |s| matches!(s, Step::Ready)).await;
        world.node.seal_best();
        wait_for(&mut steps, |s| matches!(s, Step::InBlock { .. })).await;
        assert!(!task.is_finished(), "a block that is not final is no success");
        world.node.reorganise(1, lost);
        assert_eq!(uid(&world), None);
        world.node.auto(Duration::from_millis(10));
        let done = tokio::time::timeout(Duration::from_secs(30), task).await.expect("an end").expect("no panic");
        world.node.stop();
        if lost {
            assert!(matches!(done, Err(ChainError::Expired { .. })), "{done:?}");
        } else {
            assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
        }
        assert_eq!(paid(&world, before), u64::from(!lost));
    }
}

async fn wait_for(steps: &mut tokio::sync::mpsc::UnboundedReceiver<Step>, is: impl Fn(&Step) -> bool) {
    let found = async {
        while let Some(step) = steps.recv().await {
            if is(&step) {
                return;
            }
        }
        panic!("it ended before");
    };
    tokio::time::timeout(Duration::from_secs(10), found).await.expect("the step in time");
}

#[tokio::test]
async fn a_chain_that_stays_away_leaves_it_open_and_says_until_when() {
    let mut world = world(461).await;
    let node = world.node.clone();
    let away = move |step: &Step| {
        if matches!(step, Step::Ready) {
            node.faults(|f| f.refuse = true);
            node.cut();
        }
    };
    world.node.seal();
    let (done, _) = world.carry(&world.registration(), &world.coldkey, away).await;
    let error = done.expect_err("nobody knows");
    assert!(matches!(error, ChainError::Uncertain { last_block: Some(_), .. }), "{error}");
    assert!(error.hint().expect("a hint").contains("spends nothing twice"), "{error}");
    // And when it is back, the next run finds what the first one did.
    world.node.faults(|f| f.refuse = false);
    world.chain = hivis_chain::Chain::connect(crate::ground::settings(&world.node)).await.expect("it is back");
    let (done, steps) = world.carry(&world.registration(), &world.coldkey, |_| {}).await;
    assert!(matches!(done, Ok(Outcome::Already(_))), "{done:?} {steps:?}");
    assert_eq!(world.node.accepted(), 1);
}
