//! Features out of the ledger.

use hivis_store::ObjectId;
use hivis_types::{Precision, ReleaseId};

use crate::world::{World, record, within};

#[tokio::test]
async fn features_come_from_the_newest_record_of_a_release() {
    let world = World::new().await;
    // Records 1 and 4 show one picture; record 2 is another release's, 3 another precision's, 5 was not judged.
    let mut records: Vec<_> = (1..=5).map(record).collect();
    records[3].picture = records[0].picture.clone();
    records[1].judgement.as_mut().unwrap().release = ReleaseId::new("other").unwrap();
    records[2].judgement.as_mut().unwrap().precision = Precision::Int8;
    records[4].judgement = None;
    let ids: Vec<ObjectId> = records.iter().map(|r| ObjectId::of(&r.picture.as_ref().unwrap().bytes)).collect();
    let newest = records[3].judgement.as_ref().unwrap().features.clone();
    world.commit(records).await;

    let release = |name: &str| ReleaseId::new(name).unwrap();
    let ask = |releases: Vec<ReleaseId>| {
        let (ids, ledger) = (ids.clone(), world.ledger.clone());
        async move { within(ledger.served_features(&ids, &releases, Precision::Fp32)).await.unwrap() }
    };
    assert_eq!(ask(vec![]).await, []);
    assert_eq!(ask(vec![release("tiny-1")]).await, [(ids[0], newest)]);
    let mut both = ask(vec![release("tiny-1"), release("other")]).await;
    both.sort_by_key(|(id, _)| *id);
    let mut wanted = [ids[0], ids[1]];
    wanted.sort();
    assert_eq!(both.iter().map(|(id, _)| *id).collect::<Vec<_>>(), wanted);
}
