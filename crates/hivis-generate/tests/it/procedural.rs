//! The embedded generator: true tags, the same again, and variations of pictures whose label is known.

use hivis_generate::{Generator as _, Mode, Order, Procedural, inspect};
use hivis_image::encode_jpeg;
use hivis_synth::{Mix, View, scene};
use hivis_types::Label;

use crate::world::parent;

fn slices(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|&tag| tag.to_owned()).collect()
}

#[tokio::test]
async fn scenes_have_the_tags_that_were_asked_for() {
    let mut styles = std::collections::BTreeSet::new();
    for (label, tags) in [
        (Label::Roadwork, &["time:night"][..]),
        (Label::Roadwork, &["equipment:excavator"]),
        (Label::Roadwork, &["weather:rain", "equipment:cone"]),
        (Label::Clear, &["weather:fog"]),
        (Label::Clear, &["confuser:hydrant", "equipment:barrier"]),
        (Label::Clear, &["moon:full"]),
    ] {
        let order = Order { count: 2, ..Order::new(label, "").sized(96, 64).seeded(11).of(&slices(tags)) };
        let made = Procedural.make(&order).await.unwrap();
        assert_eq!(made, Procedural.make(&order).await.unwrap(), "the same order, the same pictures");
        for picture in made.pictures.into_iter().map(Result::unwrap) {
            let known = tags
                .iter()
                .filter(|tag| !(tag.starts_with("moon") || label == Label::Clear && tag.starts_with("equipment")));
            for tag in known {
                assert!(picture.slices.iter().any(|slice| slice == tag), "{tag}: {:?}", picture.slices);
            }
            assert_eq!(label == Label::Clear, !picture.slices.iter().any(|slice| slice.starts_with("equipment:")));
            assert_eq!(inspect(&picture.bytes, (96, 64)), Ok(()));
            assert!(
                picture.scene.unwrap().starts_with("procedural/")
                    && !picture.varies
                    && picture.mode == Mode::Procedural
            );
            styles.insert(picture.model);
        }
    }
    assert_eq!(styles.len(), 2, "both styles: {styles:?}");
}

#[tokio::test]
async fn a_labelled_picture_is_varied_and_an_unlabelled_one_is_not() {
    let source = scene(5, &Mix::default()).render(&View::square(80)).picture;
    let parent = hivis_generate::Parent { bytes: encode_jpeg(&source), ..parent() };
    let order =
        Order { count: 3, ..Order::new(Label::Roadwork, "").sized(96, 96).seeded(3).of(&slices(&["time:night"])) };
    let varied = Procedural.make(&order.clone().varying(parent.clone())).await.unwrap();
    for picture in varied.pictures.into_iter().map(Result::unwrap) {
        assert!(picture.varies && picture.mode == Mode::ImageToImage && picture.scene.is_none(), "{}", picture.model);
        assert_eq!(inspect(&picture.bytes, (80, 80)), Ok(()), "nothing is enlarged");
        assert_ne!(picture.bytes, parent.bytes);
    }
    for label in [None, Some(Label::Clear)] {
        let fresh =
            Procedural.make(&order.clone().varying(hivis_generate::Parent { label, ..parent.clone() })).await.unwrap();
        assert!(fresh.pictures.iter().all(|picture| picture.as_ref().is_ok_and(|p| !p.varies)));
    }
    let broken = hivis_generate::Parent { bytes: b"none".to_vec(), ..parent };
    let made = Procedural.make(&order.varying(broken)).await.unwrap();
    assert!(made.pictures.iter().all(Result::is_err));
}
