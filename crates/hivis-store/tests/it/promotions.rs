//! Moves of the pointer and what came of them.

use hivis_store::{NewAudit, NewPromotion, PromotionKind, PromotionOutcome};
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

#[tokio::test]
async fn moves_come_in_pages_and_the_audit_log_says_who_began_one() {
    let world = World::new().await;
    let id = ReleaseId::new("a").unwrap();
    for second in 0..5 {
        let new = NewPromotion {
            release: id.clone(),
            previous: None,
            kind: PromotionKind::Promote,
            exam: None,
            at: at(second),
        };
        world.ledger.begin_promotion(&new).await.unwrap();
    }
    let page = async |before| {
        let moves = world.ledger.promotions_before(before, 2).await.unwrap();
        moves.into_iter().map(|moved| moved.seq).collect::<Vec<_>>()
    };
    assert_eq!((page(None).await, page(Some(4)).await, page(Some(1)).await), (vec![5, 4], vec![3, 2], vec![]));
    for (second, who, outcome) in [(1, "ann", "begun: exam"), (2, "ben", "refused: ann was faster")] {
        let line = NewAudit {
            at: at(second),
            who: who.to_owned(),
            role: "operator".to_owned(),
            source: String::new(),
            action: "release.promote".to_owned(),
            target: "a".to_owned(),
            outcome: outcome.to_owned(),
        };
        world.ledger.note_audit(&line).await.unwrap();
    }
    let who = async |target: &str, from, to| {
        let line = world.ledger.audit_begun("release.promote", target, (at(from), at(to))).await.unwrap();
        line.map(|line| line.entry.who)
    };
    assert_eq!(who("a", 0, 9).await.as_deref(), Some("ann"), "who was refused began nothing");
    assert_eq!((who("a", 2, 9).await, who("b", 0, 9).await), (None, None));
}
