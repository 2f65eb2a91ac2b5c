//! Readings of our neuron.

use hivis_store::NeuronReading;
use hivis_types::Hotkey;
use jiff::Timestamp;

use crate::world::World;

/// A reading at `block`, 12 s a block, of tempo 360.
fn reading(block: u64) -> NeuronReading {
    NeuronReading {
        netuid: 72,
        hotkey: Hotkey::new("5Fours"),
        block,
        at: Timestamp::from_second(1_800_000_000 + 12 * block as i64).unwrap(),
        uid: 7,
        tempo: 360,
        registered_at: 10,
        incentive: 0.004,
        rank: Some(12),
        miners: 240,
        emission_rao: u64::from(u32::MAX) + block,
        stake_rao: 5_000_000_000,
        price_rao: None,
    }
}

#[test]
fn a_payout_is_where_the_subtensor_pays() {
    // `blocks_until_next_epoch(netuid, tempo, block)` is 0: tempo - (block + netuid + 1) % (tempo + 1).
    let pays = |block: u64| (block + 72 + 1) % 361 == 360;
    for block in 1..2000 {
        let (before, here) = (reading(block - 1), reading(block));
        assert_eq!(here.payout() - before.payout(), u64::from(pays(block)), "block {block}");
        assert!(here.payout_block() <= block && (here.payout_block() == 0 || pays(here.payout_block())));
    }
}

#[tokio::test]
async fn one_reading_a_payout_is_kept() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let first = reading(1000);
    assert!(ledger.keep_reading(&first).await.unwrap());
    assert!(!ledger.keep_reading(&first).await.unwrap(), "the same block again");
    assert!(!ledger.keep_reading(&NeuronReading { incentive: 0.5, ..reading(1003) }).await.unwrap(), "the same payout");
    let other = NeuronReading { hotkey: Hotkey::new("5Fother"), ..reading(1000) };
    assert!(ledger.keep_reading(&other).await.unwrap(), "another key");
    let again = NeuronReading { registered_at: 1001, ..reading(1002) };
    assert!(ledger.keep_reading(&again).await.unwrap(), "registered anew within the payout");
    let (priced, unranked) = (Some(12_345_678), NeuronReading { rank: None, ..reading(1400) });
    let last = NeuronReading { price_rao: priced, ..unranked };
    assert!(ledger.keep_reading(&last).await.unwrap());

    let ours = Hotkey::new("5Fours");
    let kept = ledger.readings(Some(&ours), Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(kept, [first, again, last.clone()]);
    assert_eq!(ledger.readings(Some(&ours), last.at).await.unwrap(), [last]);
    assert_eq!(ledger.readings(None, Timestamp::UNIX_EPOCH).await.unwrap().len(), 4);
}
