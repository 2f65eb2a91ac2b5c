//! Lists, pages, one record, tail, counts, exports.

use hivis_store::{ExportFormat, Latency, Md5, RecordFilter, SilenceFilter, StoreError, TailFrom};
use hivis_types::{Hotkey, Label, Record, Silence};
use jiff::Timestamp;

use crate::world::{START, World, record, within};

/// Small ones: these tests are not about pictures.
fn small(n: u64) -> Record {
    let mut small = record(n);
    small.picture.as_mut().unwrap().bytes.truncate(8);
    small
}

fn numbers(records: &[hivis_store::StoredRecord]) -> Vec<u64> {
    records.iter().map(|r| r.record.caller.nonce).collect()
}

#[tokio::test]
async fn lists_are_newest_first_and_filters_hold() {
    let world = World::new().await;
    let mut records: Vec<Record> = (0..10).map(small).collect();
    records[3].silence = Some(Silence::Expired);
    records[4].silence = Some(Silence::NotAPicture);
    records[7].caller.hotkey = Hotkey::new("5Fother");
    // Commits do not come in the order of arrivals.
    records.swap(0, 9);
    world.commit(records).await;
    let at = |n: i64| Some(Timestamp::from_second(START + n).unwrap());
    let all = RecordFilter::default();
    let table = [
        (all.clone(), vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (RecordFilter { limit: 3, ..all.clone() }, vec![9, 8, 7]),
        (RecordFilter { limit: 3, before: Some(small(7).id), ..all.clone() }, vec![6, 5, 4]),
        (RecordFilter { since: at(6), ..all.clone() }, vec![9, 8, 7, 6]),
        (RecordFilter { until: at(2), ..all.clone() }, vec![1, 0]),
        (RecordFilter { since: at(2), until: at(4), ..all.clone() }, vec![3, 2]),
        (RecordFilter { hotkey: Some(Hotkey::new("5Fother")), ..all.clone() }, vec![7]),
        (RecordFilter { silence: Some(SilenceFilter::Silent), ..all.clone() }, vec![4, 3]),
        (RecordFilter { silence: Some(SilenceFilter::Because(Silence::Expired)), ..all.clone() }, vec![3]),
        (
            RecordFilter { silence: Some(SilenceFilter::Answered), limit: 2, before: Some(small(5).id), ..all },
            vec![2, 1],
        ),
    ];
    for (filter, expected) in table {
        let found = world.ledger.list(&filter).await.unwrap();
        assert_eq!(numbers(&found), expected, "{filter:?}");
        assert!(found.iter().all(|r| r.record.judgement.as_ref().unwrap().features.is_empty()));
    }
    let filter = RecordFilter { features: true, limit: 1, ..RecordFilter::default() };
    let found = world.ledger.list(&filter).await.unwrap();
    assert_eq!(found[0].record.judgement, small(9).judgement);
}

#[tokio::test]
async fn one_record_is_found_by_the_beginning_of_its_id() {
    let world = World::new().await;
    world.commit((0..3).map(small)).await;
    let id = small(1).id.to_string();
    for prefix in [id.clone(), id.to_uppercase(), id.replace('-', "")] {
        let story = world.ledger.story(&prefix).await.unwrap();
        assert_eq!(story.stored.record, small(1), "{prefix}");
    }
    let error = world.ledger.story(&id[..8]).await.unwrap_err();
    assert!(matches!(error, StoreError::SeveralRecords { .. }), "{error:?}");
    for nothing in ["", "ffff", "' OR 1=1", "%", &format!("{id}0")] {
        let error = world.ledger.story(nothing).await.unwrap_err();
        assert!(matches!(error, StoreError::NoSuchRecord { .. }), "{nothing}: {error:?}");
    }
}

#[tokio::test]
async fn a_tail_gives_each_record_once_in_the_order_of_commits() {
    let world = World::new().await;
    world.commit((0..3).map(small)).await;
    let mut now = world.ledger.tail(TailFrom::Now).await.unwrap();
    assert!(now.poll().await.unwrap().is_empty());
    let mut last = world.ledger.tail(TailFrom::Last(2)).await.unwrap();
    assert_eq!(numbers(&within(last.next()).await.unwrap()), [1, 2]);
    let mut after = world.ledger.tail(TailFrom::After(small(0).id)).await.unwrap();
    assert_eq!(numbers(&within(after.next()).await.unwrap()), [1, 2]);
    assert!(world.ledger.tail(TailFrom::After(small(99).id)).await.is_err());

    // More than a page, while it is being followed.
    let (writer, handle) = world.writer();
    let follower = tokio::spawn(async move {
        let mut seen = Vec::new();
        while seen.len() < 1200 {
            seen.extend(numbers(&within(now.next()).await.unwrap()));
        }
        seen
    });
    for n in 3..1203 {
        let mut record = small(n);
        record.picture = None;
        writer.offer(record);
    }
    assert_eq!(within(follower).await.unwrap(), (3..1203).collect::<Vec<_>>());
    within(handle.close()).await.unwrap();
    let mut start = world.ledger.tail(TailFrom::Start).await.unwrap();
    assert_eq!(start.poll().await.unwrap().len(), 500);
}

#[tokio::test]
async fn the_summary_counts_by_status_and_reason() {
    let world = World::new().await;
    let empty = world.ledger.summary(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!((empty.records, empty.latency), (0, None));
    assert_eq!(world.ledger.totals().await.unwrap().last, None);
    let mut records: Vec<Record> = (0..100).map(small).collect();
    for (n, record) in records.iter_mut().enumerate() {
        record.timings.total_us = 1000 * (n as u64 + 1);
    }
    (records[1].silence, records[1].status) = (Some(Silence::Overloaded), 503);
    (records[2].silence, records[2].status) = (Some(Silence::Overloaded), 503);
    records[3].silence = Some(Silence::NotAPicture);
    world.commit(records).await;
    let summary = world.ledger.summary(Timestamp::from_second(START + 1).unwrap()).await.unwrap();
    assert_eq!((summary.records, summary.answered), (99, 96));
    assert_eq!(summary.by_status.into_iter().collect::<Vec<_>>(), [(200, 97), (503, 2)]);
    let silences: Vec<_> = summary.by_silence.into_iter().collect();
    assert_eq!(silences, [("not-a-picture".into(), 1), ("overloaded".into(), 2)]);
    // 96 times, 5 ms to 100 ms: the 48th is 52 ms.
    let expected = Latency { records: 96, p50_us: 52_000, p95_us: 96_000, p99_us: 100_000, max_us: 100_000 };
    assert_eq!(summary.latency, Some(expected));
    let totals = world.ledger.totals().await.unwrap();
    assert_eq!((totals.records, totals.pictures, totals.picture_bytes), (100, 100, 800));
    assert_eq!(totals.last, Some(small(99).arrived));
}

#[tokio::test]
async fn exports_hold_every_record_in_csv_and_json_lines() {
    let world = World::new().await;
    let mut records: Vec<Record> = (0..1100)
        .map(|n| {
            let mut r = small(n);
            r.picture = None;
            r
        })
        .collect();
    records[0] = small(0);
    records[0].label = Some(Label::Clear);
    records[1].silence = Some(Silence::BadBody);
    records[1].judgement = None;
    records[1].notes = vec!["a, \"b\"".into(), "line\nbreak".into()];
    world.commit(records).await;

    let everything = RecordFilter { limit: 0, ..RecordFilter::default() };
    let mut csv = Vec::new();
    assert_eq!(world.ledger.export(&everything, ExportFormat::Csv, &mut csv).await.unwrap(), 1100);
    let mut reader = csv::Reader::from_reader(&*csv);
    assert_eq!(reader.headers().unwrap().len(), 36);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1100);
    assert_eq!(&rows[1][35], "a, \"b\"; line\nbreak");
    let lines = String::from_utf8(csv).unwrap().lines().take(2).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(lines, @r"
    seq,id,arrived,protocol,hotkey,peer,uuid,nonce,version,stake,timeout_s,status,prediction,silence,release,engine,precision,probability,batch,batch_left,media,width,height,dhash,picture,picture_bytes,sha256,label,label_source,verify_us,body_us,decode_us,queue_us,engine_us,total_us,notes
    1,01a205b3-d000-7000-8000-000000000000,2026-11-23T00:00:00Z,axon,5Fvalidator,127.0.0.1:40000,uuid-0,0,10005000,1234.5,9,200,0.75,,tiny-1,rten,fp32,0.75,1,idle,image/jpeg,224,224,ffffffffffffffff,stored,8,21c2e41c4da648af2e706b1721c6423de8e6ef067e5ac006c95883451990a0f4,0,testnet,90,80,700,5,9000,10000,
    ");

    let mut json = Vec::new();
    let some = RecordFilter { limit: 700, features: true, ..RecordFilter::default() };
    assert_eq!(world.ledger.export(&some, ExportFormat::JsonLines, &mut json).await.unwrap(), 700);
    let lines: Vec<serde_json::Value> =
        String::from_utf8(json).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 700);
    assert_eq!(lines[0]["id"], small(0).id.to_string());
    assert_eq!(lines[0]["judgement"]["features"].as_array().unwrap().len(), 192);

    let mut json = Vec::new();
    let first = RecordFilter { limit: 1, ..RecordFilter::default() };
    assert_eq!(world.ledger.export(&first, ExportFormat::JsonLines, &mut json).await.unwrap(), 1);
    let md5 = Md5::of(&small(0).picture.unwrap().bytes).to_string();
    let line = String::from_utf8(json).unwrap().replace(&md5, "<md5>").replace(",\"", ",\n\"");
    insta::assert_snapshot!(line, @r#"
    {"seq":1,
    "id":"01a205b3-d000-7000-8000-000000000000",
    "arrived":"2026-11-23T00:00:00Z",
    "protocol":"axon",
    "caller":{"hotkey":"5Fvalidator",
    "peer":"127.0.0.1:40000",
    "uuid":"uuid-0",
    "nonce":0,
    "version":10005000,
    "stake":1234.5},
    "timeout_s":9.0,
    "status":200,
    "prediction":0.75,
    "silence":null,
    "notes":[],
    "judgement":{"release":"tiny-1",
    "engine":"rten",
    "precision":"fp32",
    "probability":0.75,
    "features":[],
    "batch":1,
    "left":"idle"},
    "picture":{"media":"image/jpeg",
    "width":224,
    "height":224,
    "dhash":18446744073709551615},
    "label":"clear",
    "timings":{"verify_us":90,
    "body_us":80,
    "decode_us":700,
    "queue_us":5,
    "engine_us":9000,
    "total_us":10000},
    "picture_state":{"state":"stored",
    "sha256":"21c2e41c4da648af2e706b1721c6423de8e6ef067e5ac006c95883451990a0f4",
    "md5":"<md5>",
    "bytes":8},
    "trusted_label":{"label":"clear",
    "source":"testnet",
    "confidence":1.0,
    "at":"2026-11-23T00:00:00Z"}}
    "#);
}
