//! Verdicts: written at once, replaced picture by picture, kept batch by batch.

use std::collections::BTreeMap;

use hivis_store::{
    BatchKind, BatchVerdict, KeptGenerated, NewBatch, NewGenerated, ObjectId, StoredVerdict, VerdictFilter,
};
use hivis_types::{Label, Usd};
use jiff::Timestamp;

use crate::world::World;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A batch with these pictures, in this order.
async fn made(world: &World, kind: BatchKind, pictures: &[&[u8]]) -> (i64, Vec<ObjectId>) {
    let (generator, prompts) = ("scenes".to_owned(), "p 1".to_owned());
    let batch = NewBatch { kind, generator, prompts, asked: 9, run: None, slices: Vec::new() };
    let batch = world.ledger.begin_batch(&batch, at(0)).await.unwrap();
    let mut ids = Vec::new();
    for (place, bytes) in pictures.iter().enumerate() {
        let picture = NewGenerated {
            bytes: bytes.to_vec(),
            wanted: Label::Roadwork,
            model: "m".to_owned(),
            mode: "procedural".to_owned(),
            prompt: "a road".to_owned(),
            negative: String::new(),
            prompt_id: "a".to_owned(),
            settings: serde_json::json!({}),
            seed: 7,
            parent: None,
            scene: Some("s".to_owned()),
            slices: Vec::new(),
            cost: Usd::default(),
        };
        let kept = world.ledger.keep_generated(batch, &[picture], at(place as i64)).await.unwrap();
        let [KeptGenerated::New(id, _)] = kept[..] else { panic!("{kept:?}") };
        ids.push(id);
    }
    (batch, ids)
}

fn verdict(id: ObjectId, level: u8, second: i64, reasons: &[&str]) -> StoredVerdict {
    StoredVerdict {
        id,
        level,
        at: at(second),
        passed: reasons.is_empty(),
        reasons: reasons.iter().map(|&reason| reason.to_owned()).collect(),
        figures: BTreeMap::from([("laplacian".to_owned(), 123.5), ("outside".to_owned(), 0.0)]),
        release: Some("tiny-1".to_owned()),
    }
}

fn of_batch(batch: i64, second: i64, passed: Option<bool>, ratio: f64) -> BatchVerdict {
    BatchVerdict {
        batch,
        at: at(second),
        pictures: 2,
        passed,
        reasons: vec!["batch: far".to_owned()],
        figures: BTreeMap::from([("frechet_ratio".to_owned(), ratio)]),
    }
}

#[tokio::test]
async fn the_newest_verdict_of_a_picture_counts_and_batches_keep_all() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let (batch, ids) = made(&world, BatchKind::Night, &[b"one", b"two"]).await;
    let (other, more) = made(&world, BatchKind::Adversarial, &[b"three"]).await;
    let waiting = ledger.to_gate(None, false).await.unwrap();
    let found: Vec<_> = waiting.iter().map(|picture| (picture.id, picture.batch, picture.kind.as_str())).collect();
    assert_eq!(found, [(ids[0], batch, "night"), (ids[1], batch, "night"), (more[0], other, "adversarial")]);
    assert_eq!((waiting[0].wanted, waiting[0].parent, waiting[0].scene.as_str()), (Label::Roadwork, None, "s"));

    let first = [verdict(ids[0], 1, 1, &[]), verdict(ids[0], 2, 1, &[]), verdict(ids[1], 1, 1, &["blurred: 12"])];
    ledger.write_verdicts(&first, &[of_batch(batch, 1, None, 1.25)]).await.unwrap();
    assert_eq!(ledger.to_gate(None, false).await.unwrap(), waiting[2..]);
    assert_eq!(ledger.to_gate(Some(batch), true).await.unwrap(), waiting[..2]);
    assert_eq!(ledger.samples().await.unwrap().len(), 1, "what passed is a sample, what did not is none");

    // Judged again, the first is refused: what level 2 said of it goes too.
    let again = [verdict(ids[0], 1, 2, &["grid: 20 dB", "label: sure"])];
    ledger.write_verdicts(&again, &[of_batch(batch, 2, Some(false), 2.5)]).await.unwrap();
    assert_eq!(ledger.samples().await.unwrap(), []);
    let all = ledger.verdicts(&VerdictFilter::default()).await.unwrap();
    let found: Vec<_> = all.iter().map(|listed| listed.verdict.clone()).collect();
    assert_eq!(found, [again[0].clone(), first[2].clone()]);
    assert_eq!((all[0].generator.as_str(), all[0].prompt.as_str(), all[0].batch), ("scenes", "a road", batch));
    let ratios: Vec<_> = ledger.batch_verdicts().await.unwrap();
    assert_eq!(ratios, [of_batch(batch, 1, None, 1.25), of_batch(batch, 2, Some(false), 2.5)]);

    // A picture that the home does not have: nothing of the group is written.
    let stranger = verdict(ObjectId([9; 32]), 1, 3, &[]);
    let group = [verdict(more[0], 1, 3, &[]), stranger];
    assert!(ledger.write_verdicts(&group, &[]).await.is_err());
    assert_eq!(ledger.to_gate(None, false).await.unwrap(), waiting[2..]);
}

#[tokio::test]
async fn verdicts_are_found_by_the_beginning_of_their_name() {
    let world = World::new().await;
    let (_, ids) = made(&world, BatchKind::Hand, &[b"one", b"two"]).await;
    let verdicts = [verdict(ids[0], 1, 1, &[]), verdict(ids[1], 1, 2, &["light: dark"])];
    world.ledger.write_verdicts(&verdicts, &[]).await.unwrap();
    let count = async |filter: VerdictFilter| world.ledger.verdicts(&filter).await.unwrap().len();
    let named = |text: &str| VerdictFilter { picture: Some(text.to_owned()), ..VerdictFilter::default() };
    assert_eq!(count(named(&ids[1].to_string()[..9])).await, 1);
    assert_eq!(count(named(&ids[1].to_string().to_uppercase())).await, 1);
    for nothing in ["%", "_", "zz", "'"] {
        assert_eq!(count(named(nothing)).await, 0, "{nothing}");
    }
    assert_eq!(count(VerdictFilter { failed: true, ..VerdictFilter::default() }).await, 1);
    assert_eq!(count(VerdictFilter { limit: 1, ..VerdictFilter::default() }).await, 1);
    assert_eq!(count(VerdictFilter { batch: Some(99), ..VerdictFilter::default() }).await, 0);
}
