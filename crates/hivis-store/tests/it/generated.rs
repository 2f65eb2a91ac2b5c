//! Orders to generators: files before rows, the same bytes once, and the hard cases that wait.

use std::collections::BTreeMap;
use std::time::Duration;

use hivis_store::{
    BatchKind, Keep, KeptGenerated, NewBatch, NewGenerated, NewMiningRun, NewPick, ObjectId, StoredLabel,
};
use hivis_types::{Label, LabelSource, Usd};
use jiff::Timestamp;

use crate::world::{START, World, picture, record};

fn now() -> Timestamp {
    Timestamp::from_second(START + 86_400).unwrap()
}

fn new_batch() -> NewBatch {
    NewBatch {
        kind: BatchKind::Night,
        generator: "comfyui".into(),
        prompts: "night 1".into(),
        asked: 4,
        run: None,
        slices: vec!["time:night".into()],
    }
}

/// Words that a careless writer of JSON or SQL would break.
const PROMPT: &str = "a \"quoted\" {brace} {{ two }}\n\ttab, 道路工事, it's 100% \\ \u{1F6A7}";

fn new_picture(n: u64) -> NewGenerated {
    NewGenerated {
        bytes: picture(1_000_000 + n, 22_000).bytes,
        wanted: if n.is_multiple_of(2) { Label::Roadwork } else { Label::Clear },
        model: "sd_xl_base_1.0".into(),
        mode: "text-to-image".into(),
        prompt: PROMPT.into(),
        negative: "drawing".into(),
        prompt_id: "night/cones".into(),
        settings: serde_json::json!({ "steps": 25, "guidance": 8.0 }),
        seed: u64::MAX - n,
        parent: None,
        scene: None,
        slices: vec!["time:night".into()],
        cost: Usd(39_000),
    }
}

#[tokio::test]
async fn a_picture_is_kept_with_its_story_and_the_same_bytes_once() {
    let world = World::new().await;
    let batch = world.ledger.begin_batch(&new_batch(), now()).await.unwrap();
    let group = [new_picture(0), new_picture(1), new_picture(0)];
    let kept = world.ledger.keep_generated(batch, &group, now()).await.unwrap();
    let first = ObjectId::of(&group[0].bytes);
    assert!(matches!(kept[0], KeptGenerated::New(id, _) if id == first), "{kept:?}");
    assert_eq!(kept[2], KeptGenerated::Twin(first));
    let open = world.ledger.batch(batch).await.unwrap().unwrap();
    assert_eq!((open.made, open.roadwork, open.cost, open.ended), (2, 1, Usd(78_000), None));

    let refused = BTreeMap::from([("safety filter".to_owned(), 2)]);
    world.ledger.end_batch(batch, &refused, Some("cap of the week reached"), now()).await.unwrap();
    let ended = world.ledger.batches(10).await.unwrap().remove(0);
    assert_eq!((ended.refused, ended.stopped.as_deref()), (refused, Some("cap of the week reached")));
    assert_eq!((ended.kind, ended.slices.as_slice()), (BatchKind::Night, &["time:night".to_owned()][..]));

    let pictures = world.ledger.generated(batch).await.unwrap();
    let found = pictures.iter().find(|picture| picture.id == first).unwrap();
    assert_eq!((&*found.prompt, found.seed, found.cost), (PROMPT, u64::MAX, Usd(39_000)));
    assert_eq!((found.settings["steps"].as_u64(), found.parent.as_deref()), (Some(25), None));
    assert_eq!(found.scene, format!("generated/{first}"));
    assert_eq!(std::fs::read(&found.path).unwrap(), group[0].bytes);

    // Retention never takes them.
    let keep = Keep { age: Duration::ZERO, bytes: 0 };
    world.home.retain(&world.ledger, &keep, Timestamp::from_second(START + 90 * 86_400).unwrap()).await.unwrap();
    assert_eq!(world.object_files().len(), 2);
    assert_eq!(world.ledger.drop_generated(batch, &[first]).await.unwrap(), 1);
    assert_eq!(world.ledger.batch(batch).await.unwrap().unwrap().made, 1);
}

#[tokio::test]
async fn a_generator_that_gives_its_source_back_made_nothing() {
    let world = World::new().await;
    world.commit([record(3)]).await;
    let batch = world.ledger.begin_batch(&new_batch(), now()).await.unwrap();
    let source = NewGenerated { bytes: picture(3, 22_000).bytes, ..new_picture(0) };
    let kept = world.ledger.keep_generated(batch, &[source], now()).await.unwrap();
    assert!(matches!(kept[0], KeptGenerated::Known(_)), "{kept:?}");
    assert_eq!(world.ledger.generated(batch).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn hard_cases_wait_until_they_are_varied() {
    let world = World::new().await;
    world.commit((0..3).map(record)).await;
    assert_eq!(world.ledger.unvaried_picks().await.unwrap(), Vec::new());
    mined(&world, 0..3).await;
    let label = StoredLabel { label: Label::Roadwork, source: LabelSource::Testnet, confidence: 1.0, at: now() };
    world.ledger.label(record(1).id, label).await.unwrap();

    let picks = world.ledger.unvaried_picks().await.unwrap();
    assert_eq!(picks.iter().map(|pick| pick.place).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!((picks[1].label, picks[0].label), (Some(Label::Roadwork), None));
    assert_eq!((&picks[1].scene, &picks[1].record), (&record(1).id.to_string(), &record(1).id.to_string()));

    let order = NewBatch { run: Some(1), ..new_batch() };
    let batch = world.ledger.begin_batch(&order, now()).await.unwrap();
    let child = NewGenerated { parent: Some(picks[0].id), scene: Some(picks[0].scene.clone()), ..new_picture(0) };
    world.ledger.keep_generated(batch, &[child], now()).await.unwrap();
    assert_eq!(world.ledger.generated(batch).await.unwrap()[0].parent, Some(picks[0].id.to_string()));
    let left = || async { world.ledger.unvaried_picks().await.unwrap().len() };
    assert_eq!(left().await, 2, "one has a child");
    world.ledger.end_batch(batch, &BTreeMap::new(), Some("a cap"), now()).await.unwrap();
    assert_eq!(left().await, 2, "an order that was stopped leaves the others waiting");
    mined(&world, 2..3).await;
    let picks = world.ledger.unvaried_picks().await.unwrap();
    assert_eq!((picks.len(), picks[0].run), (1, 2), "the newest run counts");
}

/// A mining run that picked the pictures of these records, in their order.
async fn mined(world: &World, records: std::ops::Range<u64>) {
    let run = NewMiningRun {
        kind: "night".into(),
        at: now(),
        since: now(),
        release: None,
        looked: 3,
        hard: 3,
        settings: serde_json::json!({}),
        coverage: serde_json::json!([]),
        facts: serde_json::json!({}),
    };
    let pick = |n: u64| NewPick {
        record: n as i64 + 1,
        sha256: ObjectId::of(&picture(n, 22_000).bytes),
        probability: 0.5,
        reasons: vec!["uncertain".into()],
        score: 0.5,
        cluster: None,
        slices: Vec::new(),
    };
    world.ledger.write_mining_run(&run, &records.map(pick).collect::<Vec<_>>()).await.unwrap();
}
