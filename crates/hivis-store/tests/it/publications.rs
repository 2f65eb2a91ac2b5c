//! Publications and their registrations.

use hivis_store::{NewPublication, Registration, RegistrationKey};
use hivis_types::{Hotkey, ReleaseId};
use jiff::Timestamp;

use crate::world::World;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn new(release: &str, repo: &str) -> NewPublication {
    NewPublication {
        release: ReleaseId::new(release).unwrap(),
        sha256: "ab".repeat(32),
        repo: repo.to_owned(),
        hotkey: Hotkey::new("5FHneW"),
    }
}

#[tokio::test]
async fn a_publication_is_begun_once_and_counts_when_it_was_read_back() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let first = ledger.begin_publication(&new("a", "o/one"), at(0)).await.unwrap();
    assert_eq!((&first.what, first.begun, &first.published), (&new("a", "o/one"), at(0), &None));
    assert_eq!(ledger.begin_publication(&new("a", "o/one"), at(9)).await.unwrap(), first, "taken up, not begun anew");
    let release = ReleaseId::new("a").unwrap();
    assert_eq!(ledger.last_publication(&release).await.unwrap(), None);
    ledger.end_publication(first.seq, "c1", at(1)).await.unwrap();
    // The same commit, seen again later, is the same publication.
    ledger.end_publication(first.seq, "c1", at(5)).await.unwrap();
    let found = ledger.last_publication(&release).await.unwrap().unwrap();
    assert_eq!(found.published, Some(("c1".to_owned(), at(1))));
    let other = ledger.begin_publication(&new("a", "o/two"), at(2)).await.unwrap();
    assert_ne!(other.seq, first.seq);
    ledger.end_publication(other.seq, "d1", at(3)).await.unwrap();
    assert_eq!(ledger.last_publication(&release).await.unwrap().unwrap().what.repo, "o/two");
    ledger.end_publication(first.seq, "c2", at(6)).await.unwrap();
    assert_eq!(ledger.last_publication(&release).await.unwrap().unwrap().what.repo, "o/one");
    assert_eq!(ledger.last_publication(&ReleaseId::new("b").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn a_registration_belongs_to_a_server_and_a_uid() {
    let world = World::new().await;
    let publication = world.ledger.begin_publication(&new("a", "o/one"), at(0)).await.unwrap().seq;
    let key = |server: &str, uid| RegistrationKey { publication, server: server.to_owned(), uid };
    let tried = Registration { tried: at(1), accepted: None, registered: None, said: None };
    world.ledger.note_registration(&key("https://x", 7), &tried).await.unwrap();
    assert_eq!(world.ledger.registration(&key("https://x", 7)).await.unwrap(), Some(tried.clone()));
    let done =
        Registration { accepted: Some(at(2)), registered: Some(at(3)), said: Some("succeeded".to_owned()), ..tried };
    world.ledger.note_registration(&key("https://x", 7), &done).await.unwrap();
    assert_eq!(world.ledger.registration(&key("https://x", 7)).await.unwrap(), Some(done));
    assert_eq!(world.ledger.registration(&key("https://x", 8)).await.unwrap(), None);
    assert_eq!(world.ledger.registration(&key("https://y", 7)).await.unwrap(), None);
    let nowhere = RegistrationKey { publication: 99, ..key("https://x", 7) };
    let none = Registration { tried: at(1), accepted: None, registered: None, said: None };
    assert!(world.ledger.note_registration(&nowhere, &none).await.is_err(), "of no publication");
}
