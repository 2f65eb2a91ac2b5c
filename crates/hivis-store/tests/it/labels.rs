//! Who may overwrite whom.

use hivis_store::{Disagreement, RecordFilter, StoredLabel};
use hivis_types::{Label, LabelSource};
use jiff::Timestamp;

use crate::world::{World, record};

fn says(source: LabelSource, label: Label) -> StoredLabel {
    StoredLabel { label, source, confidence: 0.9, at: Timestamp::from_second(1_800_000_000).unwrap() }
}

#[tokio::test]
async fn the_most_trusted_source_counts_whatever_comes_after_it() {
    use Label::{Clear, Roadwork};
    use LabelSource::{Consensus, Dataset, Person, SourceFound, Testnet, ValidatorLog, Wanted};
    let world = World::new().await;
    world.commit([record(1)]).await;
    let id = record(1).id;
    // (what is said, what counts after it, whether sources differ)
    let table = [
        (says(Consensus, Clear), says(Consensus, Clear), false),
        (says(Wanted, Roadwork), says(Wanted, Roadwork), true),
        (says(Dataset, Clear), says(Dataset, Clear), true),
        (says(Testnet, Roadwork), says(Dataset, Clear), true),
        (says(Dataset, Roadwork), says(Dataset, Roadwork), true),
        (says(Consensus, Roadwork), says(Dataset, Roadwork), false),
        (says(SourceFound, Clear), says(Dataset, Roadwork), true),
        (says(Person, Clear), says(Person, Clear), true),
        (says(ValidatorLog, Roadwork), says(Person, Clear), true),
    ];
    for (said, counts, disagreement) in table {
        let labelled = world.ledger.label(id, said).await.unwrap();
        assert_eq!((labelled.counts, labelled.disagreement), (counts, disagreement), "after {said:?}");
    }
    let sources: Vec<_> = world.ledger.labels(id).await.unwrap().into_iter().map(|l| l.source).collect();
    assert_eq!(sources, [Person, Dataset, ValidatorLog, Testnet, SourceFound, Wanted, Consensus]);
    assert!(world.ledger.label(record(2).id, says(Person, Clear)).await.is_err(), "no such record");
    assert_eq!(world.ledger.totals().await.unwrap().labelled, 1);
}

#[tokio::test]
async fn a_testnet_label_is_recorded_and_disagreements_can_be_listed() {
    let world = World::new().await;
    let labelled = |n, label| {
        let mut record = record(n); // judged 0.75: roadwork
        record.label = label;
        record
    };
    world.commit([labelled(1, Some(Label::Roadwork)), labelled(2, Some(Label::Clear)), labelled(3, None)]).await;
    let labels = world.ledger.labels(record(2).id).await.unwrap();
    assert_eq!(labels.len(), 1);
    assert_eq!(
        (labels[0].label, labels[0].source, labels[0].at),
        (Label::Clear, LabelSource::Testnet, record(2).arrived)
    );

    let list = async |disagreement| {
        let filter = RecordFilter { disagreement: Some(disagreement), ..RecordFilter::default() };
        let found = world.ledger.list(&filter).await.unwrap();
        found.into_iter().map(|r| r.record.caller.nonce).collect::<Vec<_>>()
    };
    assert_eq!(list(Disagreement::Answer).await, [2]);
    assert_eq!(list(Disagreement::Labels).await, [0u64; 0]);
    world.ledger.label(record(1).id, says(LabelSource::Person, Label::Clear)).await.unwrap();
    assert_eq!(list(Disagreement::Answer).await, [2, 1]);
    assert_eq!(list(Disagreement::Labels).await, [1]);
    let story = world.ledger.story_of(record(1).id).await.unwrap();
    assert_eq!(story.stored.record.label, Some(Label::Roadwork), "what came over the wire stays what it was");
    assert_eq!(story.stored.trusted_label.unwrap().source, LabelSource::Person);
}
