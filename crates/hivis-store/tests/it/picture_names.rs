//! Every picture of the home, and what people call it.

use hivis_store::{NewDataset, NewPicture, ObjectId, PictureName, StoredLabel};
use hivis_types::{Label, LabelSource, Origin};
use jiff::Timestamp;

use crate::world::{World, picture, record};

fn said(source: LabelSource, label: Label) -> StoredLabel {
    StoredLabel { label, source, confidence: 1.0, at: Timestamp::UNIX_EPOCH }
}

#[tokio::test]
async fn pictures_are_listed_once_and_named() {
    let world = World::new().await;
    let mut again = record(3);
    again.picture = record(1).picture;
    again.picture.as_mut().unwrap().dhash = Some(77);
    world.commit([record(1), record(2)]).await;
    world.commit([again]).await;
    let new = NewDataset { name: "streets".to_owned(), source: "./streets".to_owned(), revision: None };
    let import = world.ledger.begin_import(&new, Timestamp::UNIX_EPOCH).await.unwrap();
    let of_dataset = |n: u64, name: &str| NewPicture {
        bytes: picture(n, 22_000).bytes,
        name: name.to_owned(),
        label: Label::Roadwork,
        origin: Origin::Real,
        scene: "1".to_owned(),
        slices: vec!["time:night".to_owned()],
    };
    world.ledger.import(&import, &[of_dataset(2, "both.jpg"), of_dataset(9, "alone.jpg")]).await.unwrap();
    world.ledger.label(record(1).id, said(LabelSource::Testnet, Label::Roadwork)).await.unwrap();
    world.ledger.label(record(3).id, said(LabelSource::ValidatorLog, Label::Clear)).await.unwrap();
    world.ledger.label(record(2).id, said(LabelSource::Consensus, Label::Clear)).await.unwrap();

    let here = world.ledger.pictures_here().await.unwrap();
    assert!(here.is_sorted_by_key(|picture| picture.id));
    let of = |n: u64| ObjectId::of(&picture(n, 22_000).bytes);
    let found = |n: u64| here.iter().find(|p| p.id == of(n)).map(|p| (p.record, p.dhash));
    assert_eq!(here.len(), 3);
    assert_eq!(found(1), Some((Some(3), Some(77))), "the newest record's");
    assert_eq!(found(9), Some((None, None)));

    let names = world.ledger.picture_names(&[of(1), of(2), of(9), ObjectId([1; 32])]).await.unwrap();
    let name = |n: u64| names[&of(n)].clone();
    let (one, three) = (record(2).id.to_string(), record(3).id.to_string());
    let wanted = PictureName { record: Some(three.clone()), label: Some(Label::Clear), ..PictureName::default() };
    assert_eq!(name(1), wanted, "the validators' log is trusted more than testnet");
    assert_eq!(name(1).said(), format!("record {three}"));
    let dataset = Some("streets/both.jpg".to_owned());
    let wanted = PictureName { record: Some(one), dataset, label: Some(Label::Roadwork), ..PictureName::default() };
    assert_eq!(name(2), wanted, "the data set is trusted more than members");
    assert_eq!((name(9).said(), names.len()), ("streets/alone.jpg".to_owned(), 3));
    world.ledger.label_picture(of(9), said(LabelSource::Person, Label::Clear)).await.unwrap();
    assert_eq!(world.ledger.picture_names(&[of(9)]).await.unwrap()[&of(9)].label, Some(Label::Clear));

    let text = of(9).to_string();
    for digits in [&text[..10], &text, &text[..11].to_uppercase()] {
        let found = world.ledger.picture_beginning(digits).await.unwrap();
        assert_eq!(found.map(|(id, _)| id), Some(of(9)), "{digits}");
    }
    for nothing in ["", "zz", "0000000000", &format!("{text}0")] {
        assert_eq!(world.ledger.picture_beginning(nothing).await.unwrap(), None, "{nothing}");
    }
}
