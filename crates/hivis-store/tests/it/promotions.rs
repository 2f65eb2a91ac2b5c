//! Moves of the pointer and what came of them.

use hivis_store::{NewPromotion, PromotionKind, PromotionOutcome};
use hivis_types::ReleaseId;
use jiff::Timestamp;

use crate::world::World;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

#[tokio::test]
async fn an_outcome_belongs_to_the_newest_move_of_its_release() {
    let world = World::new().await;
    let id = |name: &str| ReleaseId::new(name).unwrap();
    let moved = async |release: &str, previous: Option<&str>, kind, second| {
        let new = NewPromotion { release: id(release), previous: previous.map(id), kind, exam: None, at: at(second) };
        world.ledger.begin_promotion(&new).await.unwrap()
    };
    let first = moved("a", None, PromotionKind::Import, 0).await;
    let second = moved("b", Some("a"), PromotionKind::Promote, 1).await;
    let third = moved("a", Some("b"), PromotionKind::Rollback, 2).await;
    let serving = PromotionOutcome { serving: true, at: at(3), reason: None };
    let refused = PromotionOutcome { serving: false, at: at(4), reason: Some("the canary died".to_owned()) };
    world.ledger.end_promotion(&id("a"), &serving).await.unwrap();
    world.ledger.end_promotion(&id("b"), &refused).await.unwrap();
    // That it serves is the last word.
    world.ledger.end_promotion(&id("a"), &refused).await.unwrap();
    world.ledger.end_promotion(&id("c"), &serving).await.unwrap();

    let all = world.ledger.promotions(10).await.unwrap();
    assert_eq!(all.iter().map(|p| p.seq).collect::<Vec<_>>(), [third, second, first]);
    assert_eq!(all[0].outcome, Some(serving.clone()));
    assert_eq!((all[1].outcome.clone(), all[1].previous.clone()), (Some(refused), Some(id("a"))));
    assert_eq!((all[2].outcome.clone(), all[2].kind, all[2].at), (None, PromotionKind::Import, at(0)));
    assert_eq!(world.ledger.promotion(second).await.unwrap().as_ref(), Some(&all[1]));
    assert_eq!(world.ledger.last_promotion(&id("a")).await.unwrap().as_ref(), Some(&all[0]));
    assert_eq!(world.ledger.last_promotion(&id("c")).await.unwrap(), None);
    // Mended, a refused one may come to serve.
    world.ledger.end_promotion(&id("b"), &serving).await.unwrap();
    assert_eq!(world.ledger.promotion(second).await.unwrap().unwrap().outcome, Some(serving));
    assert_eq!(world.ledger.promotion(99).await.unwrap(), None);
    assert_eq!(world.ledger.promotions(1).await.unwrap().len(), 1);
}
