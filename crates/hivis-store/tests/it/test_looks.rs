//! Looks at the test part.

use hivis_store::NewTestLook;
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::world::World;

#[tokio::test]
async fn every_look_at_a_split_is_kept_in_its_order() {
    let world = World::new().await;
    let look = |seed: u64, release: Option<&str>, second: i64| NewTestLook {
        at: Timestamp::from_second(1_800_000_000 + second).unwrap(),
        release: release.map(|name| ReleaseId::new(name).unwrap()),
        split_seed: seed,
        data: "0123456789abcdef".to_owned(),
        pictures: 812,
        why: "final report".to_owned(),
    };
    // The highest seed does not fit SQLite's integer as it is; a clock that went back does not reorder looks.
    let looks = [look(u64::MAX, Some("a"), 9), look(72, None, 1), look(u64::MAX, Some("a"), 2)];
    let mut numbers = Vec::new();
    for look in &looks {
        numbers.push(world.ledger.note_test_look(look).await.unwrap());
    }
    let found = world.ledger.test_looks(u64::MAX).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|found| (found.seq, found.look)).collect();
    assert_eq!(found, [(numbers[0], looks[0].clone()), (numbers[2], looks[2].clone())]);
    let found = world.ledger.test_looks(72).await.unwrap();
    assert_eq!((found.len(), &found[0].look), (1, &looks[1]));
    assert_eq!(world.ledger.test_looks(73).await.unwrap(), []);
}
