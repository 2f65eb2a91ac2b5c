//! Records to mine, and runs with their picks.

use std::collections::BTreeSet;

use hivis_store::{Keep, NewMiningRun, NewPick, ObjectId, StoredLabel};
use hivis_types::{Label, LabelSource, Record, ReleaseId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::world::{START, World, record};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

fn judged(n: u64, probability: f32) -> Record {
    let mut record = record(n);
    record.judgement.as_mut().unwrap().probability = probability;
    record
}

fn run_at(at: Timestamp) -> NewMiningRun {
    NewMiningRun {
        kind: "night".to_owned(),
        at,
        since: at - SignedDuration::from_hours(24),
        release: Some(ReleaseId::new("tiny-1").unwrap()),
        looked: 100,
        hard: 7,
        settings: json!({ "confidence": 0.7 }),
        coverage: json!([]),
        facts: json!({ "scenes": 3 }),
    }
}

fn pick_of(seq: i64, picture: ObjectId) -> NewPick {
    NewPick {
        record: seq,
        sha256: picture,
        probability: 0.5,
        reasons: vec!["uncertain".to_owned(), "band:0.4-0.6".to_owned()],
        score: 0.75,
        cluster: None,
        slices: vec!["time:night".to_owned()],
    }
}

#[tokio::test]
async fn judged_records_come_in_pages_with_the_label_that_counts() {
    let world = World::new().await;
    let silent = Record { judgement: None, ..record(3) };
    let blind = Record { picture: None, ..record(4) };
    world.commit([judged(1, 0.25), judged(2, 0.5), silent, blind, judged(6, 0.875)]).await;
    let says = |source, label| StoredLabel { label, source, confidence: 0.5, at: at(9) };
    world.ledger.label(record(2).id, says(LabelSource::Testnet, Label::Clear)).await.unwrap();
    world.ledger.label(record(6).id, says(LabelSource::Dataset, Label::Clear)).await.unwrap();
    let all = world.ledger.judged(at(0), 0, 100).await.unwrap();
    let seen: Vec<_> = all.iter().map(|r| (r.id.clone(), r.probability, r.dhash)).collect();
    let wanted = [(1, 0.25), (2, 0.5), (6, 0.875)];
    assert_eq!(seen, wanted.map(|(n, p)| (record(n).id.to_string(), p, Some(n ^ u64::MAX))));
    assert_eq!(all[1].label, Some(says(LabelSource::Testnet, Label::Clear)));
    // A person's word on the picture outranks a data set's on the record; one of lower trust does not.
    let person = says(LabelSource::Person, Label::Roadwork);
    world.ledger.label_picture(all[2].sha256, person).await.unwrap();
    world.ledger.label_picture(all[1].sha256, says(LabelSource::Consensus, Label::Roadwork)).await.unwrap();
    world.ledger.label_picture(all[0].sha256, person).await.unwrap();

    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = world.ledger.judged(at(0), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        pages.push(page.len());
        for record in page {
            let label = record.label.map(|l| (l.source, l.label));
            let wanted = match record.seq {
                2 => (LabelSource::Testnet, Label::Clear),
                _ => (LabelSource::Person, Label::Roadwork),
            };
            assert_eq!(label, Some(wanted), "{record:?}");
        }
    }
    assert_eq!(pages, [2, 1]);
    assert_eq!(world.ledger.judged(at(2), 0, 100).await.unwrap().len(), 2, "since counts");
    assert_eq!(world.ledger.judged_count(at(0)).await.unwrap(), 4, "the one without a picture was judged too");
    let newest = world.ledger.judged_of(&[all[0].sha256, ObjectId([7; 32])]).await.unwrap();
    assert_eq!(newest.iter().map(|r| r.seq).collect::<Vec<_>>(), [1]);
    assert_eq!(
        world.ledger.judged_at(&[5, 99, 2, 3]).await.unwrap(),
        all[1..]
            .iter()
            .map(|r| {
                let label = if r.seq == 5 { Some(person) } else { r.label };
                hivis_store::JudgedRecord { label, ..r.clone() }
            })
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn features_are_read_for_those_that_are_asked_for() {
    let world = World::new().await;
    let mut without = record(2);
    without.judgement.as_mut().unwrap().features = Vec::new();
    world.commit([record(1), without, record(3)]).await;
    let found = world.ledger.record_features(&[1, 2, 99]).await.unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(Some(&found[&1]), record(1).judgement.map(|j| j.features).as_ref());
}

#[tokio::test]
async fn a_run_is_read_back_and_its_pictures_stay() {
    let world = World::new().await;
    world.commit([judged(1, 0.5), judged(2, 0.9), judged(3, 0.4)]).await;
    let all = world.ledger.judged(at(0), 0, 10).await.unwrap();
    let picks = [pick_of(3, all[2].sha256), NewPick { cluster: Some(4), ..pick_of(1, all[0].sha256) }];
    let id = world.ledger.write_mining_run(&run_at(at(100)), &picks).await.unwrap();
    let run = world.ledger.mining_run(id).await.unwrap().unwrap();
    assert_eq!((run.looked, run.hard, run.picks, run.at), (100, 7, 2, at(100)));
    assert_eq!((&run.facts, run.release.as_deref()), (&json!({ "scenes": 3 }), Some("tiny-1")));
    assert_eq!(world.ledger.mining_runs(10).await.unwrap(), [run]);
    assert_eq!(world.ledger.mining_run(id + 1).await.unwrap(), None);

    let read = world.ledger.picks(id).await.unwrap();
    let places: Vec<_> = read.iter().map(|p| (p.place, p.record.clone(), p.cluster)).collect();
    assert_eq!(places, [(0, record(3).id.to_string(), None), (1, record(1).id.to_string(), Some(4))]);
    assert_eq!((&read[0].reasons, read[0].score, read[0].label), (&picks[0].reasons, 0.75, None));

    // Not again within the time; a run from the future counts too.
    let both = BTreeSet::from([all[0].sha256, all[2].sha256]);
    assert_eq!(world.ledger.picked_since(at(100)).await.unwrap(), both);
    assert_eq!(world.ledger.picked_since(at(101)).await.unwrap(), BTreeSet::new());

    // Retention takes only what nobody picked; a pick of what is gone is left out.
    let keep = Keep { age: std::time::Duration::ZERO, bytes: 0 };
    world.home.retain(&world.ledger, &keep, at(1_000_000)).await.unwrap();
    let left: Vec<_> = world.ledger.judged(at(0), 0, 10).await.unwrap().iter().map(|r| r.seq).collect();
    assert_eq!(left, [1, 3]);
    let late = [pick_of(2, all[1].sha256), pick_of(1, all[0].sha256)];
    let id = world.ledger.write_mining_run(&run_at(at(200)), &late).await.unwrap();
    let read = world.ledger.picks(id).await.unwrap();
    assert_eq!(read.iter().map(|p| (p.place, p.record.clone())).collect::<Vec<_>>(), [(1, record(1).id.to_string())]);
}

#[tokio::test]
async fn a_run_that_cannot_be_written_is_not_there_at_all() {
    let world = World::new().await;
    world.commit([judged(1, 0.5)]).await;
    let picture = world.ledger.judged(at(0), 0, 10).await.unwrap()[0].sha256;
    // The second names no record.
    let picks = [pick_of(1, picture), pick_of(99, picture)];
    assert!(world.ledger.write_mining_run(&run_at(at(1)), &picks).await.is_err());
    assert_eq!(world.ledger.mining_runs(10).await.unwrap(), []);
    assert_eq!(world.ledger.picked_since(at(0)).await.unwrap(), BTreeSet::new());
}
