//! What the morning report counts, of rows as the other stations write them.

use std::collections::BTreeMap;

use hivis_store::{Home, Made, Mined, Reviewed};
use hivis_types::Usd;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::world::{World, record};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

async fn connect(home: &Home) -> SqliteConnection {
    SqliteConnectOptions::new().filename(home.path().join("ledger.db")).connect().await.unwrap()
}

/// Times are seconds in the rows below: 100 is before the night, 1000 in it.
const ROWS: &str = "
INSERT INTO mining_runs (id, kind, at_us, since_us, \"release\", looked, hard, settings, coverage, facts) VALUES (1, 'night', 100000000, 0, NULL, 500, 30, '{}', '{}', '{}'),
    (2, 'night', 1000000000, 0, NULL, 812, 62, '{}', '{}', '{}');
INSERT INTO picks (run, place, record, sha256, probability, reasons, score, slices) SELECT 2, 0, 1, sha256, 0.5, '[]', 0.9, '[]' FROM records WHERE seq = 1;
INSERT INTO batches (id, kind, generator, prompts, asked, begun_us, ended_us, refused, stopped) VALUES (1, 'night', 'old', 'p/1', 9, 100000000, NULL, '{\"late\": 1}', NULL),
    (2, 'night', 'sdxl', 'p/1', 6, 1000000000, NULL, '{\"black\": 2}', 'the cap'),
    (3, 'night', 'scenes', 'p/1', 1, 1000000000, NULL, '{}', NULL);
INSERT INTO generated (sha256, batch, at_us, wanted, model, mode, prompt, negative, prompt_id, settings, seed, parent,
    scene, slices, cost_micro) SELECT sha256, CASE seq WHEN 1 THEN 1 WHEN 5 THEN 3 ELSE 2 END, 1000000000, 1, 'm', 'text-to-image',
    'p', 'n', 'one', '{}', 7, NULL, 's', '[]', 40000 FROM records;
INSERT INTO verdicts (sha256, level, at_us, passed, reasons, figures) SELECT sha256, 1, 1000000000, seq = 2,
    CASE seq WHEN 3 THEN '[\"blurred\", \"label\"]' ELSE '[]' END, '{}' FROM records WHERE seq IN (2, 3);
INSERT INTO spend (id, what, booked_us, booked, pictures, settled_us, settled) VALUES (1, 'synth:sdxl', 100000000, 9000000, 1, NULL, NULL),
    (2, 'synth:sdxl', 1000000000, 50000, 1, 1000000001, 40000), (3, 'synth:sdxl', 1000000000, 60000, 1, NULL, NULL),
    (4, 'machine', 1000000000, 1, 0, 1000000001, 0);
INSERT INTO reviews (id, sha256, record, why, priority, queued_us, wanted, state) SELECT seq, sha256, seq, 'generated', 1.0, 0, CASE seq WHEN 3 THEN 2 ELSE 1 END,
    CASE seq WHEN 3 THEN 'second' WHEN 4 THEN 'open' WHEN 5 THEN 'skipped' ELSE 'accepted' END FROM records;
INSERT INTO decisions (seq, review, reviewer, verdict, label, reason, note, at_us, undone_us) VALUES (1, 2, 'ann', 'accept', 1, NULL, NULL, 1000000000, NULL),
    (2, 3, 'ann', 'reject', NULL, 'light', NULL, 1000000000, NULL), (3, 4, 'ann', 'accept', 1, NULL, NULL, 1000000000, 1),
    (4, 5, 'ann', 'skip', NULL, NULL, NULL, 1000000000, NULL), (5, 1, 'ann', 'accept', 1, NULL, NULL, 100000000, NULL);
DELETE FROM generated WHERE sha256 IN (SELECT sha256 FROM records WHERE seq = 6);
INSERT INTO decisions (seq, review, reviewer, verdict, label, reason, note, at_us, undone_us) VALUES (6, 6, 'bob', 'accept', 0, NULL, NULL, 1000000000, NULL);
UPDATE records SET picture_lost = 'queue' WHERE seq = 4;
";

#[tokio::test]
async fn a_night_is_counted_from_the_rows_of_all_stations() {
    let world = World::new().await;
    world.commit((1..=6).map(record)).await;
    let mut connection = connect(&world.home).await;
    sqlx::raw_sql(ROWS).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let ledger = &world.ledger;

    let mined = ledger.last_mining(at(500)).await.unwrap();
    assert_eq!(mined, Some(Mined { at: at(1000), looked: 812, hard: 62, picked: 1 }));
    assert_eq!(ledger.last_mining(at(1001)).await.unwrap(), None);

    let reasons = |all: &[(&str, u64)]| all.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect();
    let sdxl = Made {
        generator: "sdxl".to_owned(),
        asked: 6,
        made: 3,
        passed: 1,
        refused: 1,
        reasons: reasons(&[("black", 2), ("blurred", 1), ("label", 1)]),
        stopped: vec!["the cap".to_owned()],
    };
    let scenes = Made { generator: "scenes".to_owned(), asked: 1, made: 1, ..Made::default() };
    assert_eq!(ledger.made_since(at(500)).await.unwrap(), [scenes, sdxl], "in the order of their names");

    let spent = |all: &[(&str, i64)]| -> BTreeMap<String, Usd> {
        all.iter().map(|(what, micro)| ((*what).to_owned(), Usd(*micro))).collect()
    };
    let booked = "what nobody settled counts as booked";
    assert_eq!(
        ledger.spent_since(at(500)).await.unwrap(),
        spent(&[("machine", 0), ("synth:sdxl", 100_000)]),
        "{booked}"
    );
    assert_eq!(ledger.spent_since(at(0)).await.unwrap()["synth:sdxl"], Usd(9_100_000));

    let reviewed = ledger.reviewed_since(at(500)).await.unwrap();
    let generated = BTreeMap::from([("scenes".to_owned(), [0, 0, 1]), ("sdxl".to_owned(), [1, 1, 0])]);
    // 3 wants a second reviewer, the decision on 4 was undone.
    assert_eq!(reviewed, Reviewed { open: 2, others: [1, 0, 0], generated });
    assert_eq!(ledger.lost_since(at(0)).await.unwrap(), BTreeMap::from([("queue".to_owned(), 1)]));
}

#[tokio::test]
async fn an_empty_home_has_nothing_to_count() {
    let world = World::new().await;
    let ledger = &world.ledger;
    assert_eq!(ledger.last_mining(at(0)).await.unwrap(), None);
    assert_eq!(ledger.made_since(at(0)).await.unwrap(), []);
    assert_eq!(ledger.spent_since(at(0)).await.unwrap(), BTreeMap::new());
    assert_eq!(ledger.reviewed_since(at(0)).await.unwrap(), Reviewed::default());
    assert_eq!(ledger.lost_since(at(0)).await.unwrap(), BTreeMap::new());
}
