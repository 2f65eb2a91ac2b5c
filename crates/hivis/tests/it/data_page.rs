//! The page Data: versions and their difference, the map, and all of it in a browser.

use std::path::Path;

use hivis_store::{Embeddings, Home, Import, NewDataset, NewPicture, ObjectId};
use hivis_types::{Label, Origin, Picture};
use jiff::Timestamp;
use serde_json::Value;

use crate::miner::{Miner, get, hivis, output, with_release};
use crate::pages::spec;
use crate::review::run;

fn bytes(n: u8) -> Vec<u8> {
    hivis_image::encode_png(&Picture::filled(48, 32, [n, 200 - n, 90]))
}

/// Imports the pictures 0 to before `until` as data set `name`, roadwork where `roadwork` says so.
async fn imported(home: &Path, name: &str, until: u8, roadwork: fn(u8) -> bool) {
    let home = Home::open(home).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    let new = NewDataset { name: name.to_owned(), source: "/a/folder".to_owned(), revision: None };
    let import: Import = ledger.begin_import(&new, Timestamp::now()).await.expect("an import");
    let picture = |n: u8| NewPicture {
        bytes: bytes(n),
        name: format!("<b>{n}</b>.png"),
        label: if roadwork(n) { Label::Roadwork } else { Label::Clear },
        origin: Origin::Real,
        scene: format!("scene {n}"),
        slices: vec!["weather:rain".to_owned()],
    };
    let pictures: Vec<NewPicture> = (0..until).map(picture).collect();
    ledger.import(&import, &pictures).await.expect("pictures");
    ledger.end_import(&import, Timestamp::now()).await.expect("an end");
    ledger.close().await;
}

/// A home that serves, with two versions of the data and features of its pictures.
fn filled(home: &Path) {
    with_release(home);
    run(imported(home, "one", 40, |n| n % 2 == 0));
    let version = || {
        let made = output(hivis(home, &["data", "version", "create", "--json"]));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    version();
    run(imported(home, "one", 60, |n| n % 2 == 0 && n != 10));
    version();
    let ids: Vec<(ObjectId, [f32; 3])> =
        (0..60).map(|n| (ObjectId::of(&bytes(n)), [f32::from(n), f32::from(n % 5), 1.0])).collect();
    features(home, &ids);
}

/// Keeps features as those of the release that serves.
fn features<const N: usize>(home: &Path, rows: &[(ObjectId, [f32; N])]) {
    let home = Home::open(home).expect("a home");
    let folder = home.cache().join("embeddings").join(format!("test-{N}.00000000"));
    let mut kept = Embeddings::open(&folder, &[0.5; N]).expect("a space");
    kept.append(rows.iter().map(|(id, row)| (*id, row.as_slice()))).expect("rows");
    let current = home.releases().current().expect("a pointer").expect("a release");
    std::fs::write(folder.join("releases"), format!("{current}\n")).expect("a file");
    // Only one space is the release's.
    for other in std::fs::read_dir(home.cache().join("embeddings")).expect("spaces") {
        let other = other.expect("a space").path();
        if other != folder {
            std::fs::remove_dir_all(other).expect("removed");
        }
    }
}

fn asked(miner: &Miner, path: &str) -> (u16, Value) {
    let (status, body) = get(&format!("{}{path}", miner.page));
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[test]
fn versions_are_compared_and_pictures_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    filled(&home);
    let miner = Miner::start(&home);
    let (status, versions) = asked(&miner, "api/data/versions?limit=1");
    assert_eq!((status, &versions["more"]), (200, &Value::Bool(true)), "{versions}");
    let newest = versions["versions"][0]["name"].as_str().expect("a name").to_owned();
    let (_, older) = asked(&miner, &format!("api/data/versions?before={newest}"));
    let oldest = older["versions"][0]["name"].as_str().expect("a name").to_owned();
    let (status, diff) = asked(&miner, &format!("api/data/diff?from={oldest}&to={newest}"));
    assert_eq!(status, 200, "{diff}");
    let counts: Vec<(&str, u64)> = diff["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|c| (c["what"].as_str().expect("a word"), c["pictures"].as_u64().expect("a number")))
        .collect();
    assert!(counts.contains(&("added", 20)) && counts.contains(&("relabelled", 1)), "{diff}");
    let relabelled = diff["changes"].as_array().expect("changes").iter().find(|c| c["what"] == "relabelled");
    let sample = &relabelled.expect("one")["samples"][0];
    assert_eq!(sample["sha256"], ObjectId::of(&bytes(10)).to_string());
    assert!(sample["said"].as_str().is_some_and(|said| said.starts_with("roadwork, ") && said.contains("→ none, ")));
    let (_, back) = asked(&miner, &format!("api/data/diff?from={newest}&to={oldest}"));
    assert!(
        back["changes"].as_array().is_some_and(|c| c.iter().any(|c| c["what"] == "removed" && c["pictures"] == 20))
    );
    assert_eq!(asked(&miner, &format!("api/data/diff?from={newest}&to={newest}")).1["changes"], serde_json::json!([]));
    for (path, status) in [
        ("api/data/diff?from=v9.9.9&to=latest", 404),
        ("api/data/versions?before=v9.9.9", 404),
        ("api/data/picture/zz", 404),
        (&format!("api/data/picture/{}", "0".repeat(64)), 404),
        ("api/data/diff?from=latest", 400),
    ] {
        assert_eq!(asked(&miner, path).0, status, "{path}");
    }
    let id = ObjectId::of(&bytes(10));
    let (_, story) = asked(&miner, &format!("api/data/picture/{id}"));
    let facts = serde_json::to_string(&story["facts"]).expect("JSON");
    assert!(facts.contains("one: <b>10</b>.png") && facts.contains("no roadwork"), "{story}");
    let (_, sets) = asked(&miner, "api/data/sets");
    assert_eq!((&sets["sets"][0]["name"], &sets["sets"][0]["pictures"]), (&"one".into(), &60.into()), "{sets}");
    for path in ["api/data/slices", "api/data/trends"] {
        assert_eq!(asked(&miner, path).0, 200, "{path}");
    }
    miner.stop();
}

#[test]
fn the_page_data_in_a_browser() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    filled(&home);
    let miner = Miner::start(&home);
    spec("data", miner.page.trim_end_matches('/'), &[]);
    assert!(home.join("cache/embeddings/test-3.00000000/map.bin").exists(), "places are kept beside the features");
    miner.stop();
}

#[test]
fn a_hundred_thousand_points_are_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    with_release(&home);
    // Groups as features have them: places about twelve middles.
    let row = |n: u32| {
        let group = f64::from(n % 12);
        let at = |k: u32| ((f64::from(n) * 0.618 * f64::from(k + 1)).fract() - 0.5) as f32;
        (
            ObjectId::of(&n.to_le_bytes()),
            std::array::from_fn::<f32, 8, _>(|k| (group * (k + 1) as f64).sin() as f32 * 2.0 + at(k as u32)),
        )
    };
    features(&home, &(0..100_000).map(row).collect::<Vec<_>>());
    let miner = Miner::start(&home);
    spec("data", miner.page.trim_end_matches('/'), &[("HIVIS_MANY", "1")]);
    miner.stop();
}
