//! Final blocks as they come.

use std::time::Duration;

use hivis_chain::metagraph::metagraph;
use hivis_chain::{Chain, ChainSettings, Fault};

use crate::world::{Clock, chain, node, settings, soon};

#[tokio::test]
async fn only_final_blocks_come_and_never_twice() {
    let node = node();
    let chain = chain(&[&node]);
    let mut heads = chain.heads();
    let first = soon(heads.next()).await.block_number();
    assert_eq!(first, u64::from(node.head()));
    // Two blocks that are best and are left again.
    node.seal_best();
    node.seal_best();
    node.reorganise(2, true);
    assert_eq!(soon(chain.at_head()).await.expect("a head").block_number(), first, "best is not final");
    node.finalise();
    let second = soon(heads.next()).await;
    assert_eq!(second.block_number(), first + 1);
    let kept = chain.online().await.expect("a client").at_block(first + 1).await.expect("the block");
    assert_eq!(kept.block_hash(), second.block_hash(), "the one that was kept");
    let last = node.seal();
    assert_eq!(soon(heads.next()).await.block_number(), u64::from(last));
}

#[tokio::test]
async fn blocks_go_on_after_a_cut_and_never_back() {
    let (first, behind) = (node(), node());
    for _ in 0..5 {
        first.seal();
    }
    let chain = chain(&[&first, &behind]);
    let mut heads = chain.heads();
    let seen = soon(heads.next()).await.block_number();
    first.faults(|f| f.refuse = true);
    first.cut();
    // The other one has the same past, five blocks late.
    let next = async {
        let at = heads.next().await;
        at.block_number()
    };
    let late = async {
        while behind.connections() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while u64::from(behind.head()) <= seen {
            behind.seal();
        }
    };
    let (next, ()) = soon(async { tokio::join!(next, late) }).await;
    assert_eq!(next, seen + 1);
    assert_eq!(chain.status().endpoint, Some(behind.url()));
}

#[tokio::test]
async fn a_head_that_does_not_grow_is_left() {
    let (stuck, growing) = (node(), node());
    let endpoints = [stuck.url(), growing.url()];
    let patient = settings(&endpoints, &Clock::new());
    let chain = Chain::new(ChainSettings { stale_after: Duration::from_secs(2), ..patient }).expect("settings");
    let mut heads = chain.heads();
    let seen = soon(heads.next()).await.block_number();
    let mut statuses = chain.statuses();
    let next = async { heads.next().await.block_number() };
    let grow = async {
        let gone = |status: &hivis_chain::Status| matches!(status.last_fault, Some((_, Fault::Stuck { seconds: 2 })));
        statuses.wait_for(gone).await.expect("the chain lives");
        growing.seal();
    };
    let (next, ()) = soon(async { tokio::join!(next, grow) }).await;
    assert_eq!(next, seen + 1);
    assert_eq!(chain.status().endpoint, Some(growing.url()));
}

#[tokio::test]
async fn an_upgrade_midway_is_read_by_its_own_metadata() {
    let node = node();
    let chain = chain(&[&node]);
    let mut heads = chain.heads();
    let before = soon(heads.next()).await;
    let old = metagraph(&before, 72).await.expect("a metagraph");
    node.upgrade(461);
    node.seal();
    let at = soon(heads.next()).await;
    assert_eq!((before.spec_version(), at.spec_version()), (424, 461));
    let new = metagraph(&at, 72).await.expect("a metagraph");
    assert_eq!(old.neurons, new.neurons);
    assert_eq!(new.block, old.block + 1);
    // The block before is still read by the older one.
    assert_eq!(metagraph(&before, 72).await.expect("a metagraph"), old);
    assert_eq!(chain.status().head.map(|head| head.spec), Some(461));
}
