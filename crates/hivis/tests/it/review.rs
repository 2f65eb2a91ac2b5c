//! `hivis review`: pictures of data sets that contradict each other and generated ones, decided by two people, at the
//! command line, at a terminal and over HTTP.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use hivis_store::{Home, Import, NewDataset, NewPicture, ObjectId};
use hivis_types::{Label, Origin, Picture};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::miner::{DEADLINE, Miner, hivis, output, with_release};

/// What the tests do as somebody else than the program does it in here.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// Picture `n`, as PNG.
fn bytes(n: u8) -> Vec<u8> {
    hivis_image::encode_png(&Picture::filled(24, 16, [n, 80, 120]))
}

fn id(n: u8) -> String {
    ObjectId::of(&bytes(n)).to_string()
}

/// Pictures 0 and 1, of which two data sets say different things.
async fn contradicted(home: &Path) {
    let home = Home::open_or_create(home).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    for (name, label) in [("one", Label::Clear), ("two", Label::Roadwork)] {
        let begun = Timestamp::now();
        let source = name.to_owned();
        let new = NewDataset { name: name.to_owned(), source, revision: None };
        let import: Import = ledger.begin_import(&new, begun).await.expect("an import");
        let picture = |n: u8| NewPicture {
            bytes: bytes(n),
            name: format!("{n}.png"),
            label,
            origin: Origin::Real,
            scene: format!("scene {n}"),
            slices: Vec::new(),
        };
        ledger.import(&import, &[picture(0), picture(1)]).await.expect("pictures");
        ledger.end_import(&import, Timestamp::now()).await.expect("an end");
    }
    ledger.close().await;
}

/// Pictures 100 to 100 + n, generated on an order for roadwork, let through by the gate.
pub(crate) async fn generated(home: &Path, n: u8) {
    let home = Home::open_or_create(home).expect("a home");
    let ledger = home.ledger().await.expect("a ledger");
    let mut rows =
        vec!["INSERT INTO batches VALUES (1, 'hand', 'sdxl', 'night 1', 9, 0, 0, '{}', NULL, NULL, NULL);".to_owned()];
    for k in 100..100 + n {
        let put = home.objects().put(&bytes(k)).expect("a picture");
        rows.push(format!(
            "INSERT INTO objects VALUES (x'{0}', x'{1}', 100, 0, 0.5, NULL);
            INSERT INTO generated VALUES (x'{0}', 1, 0, 1, 'xl-1.0', 'text-to-image', 'two cones' || char(10) || 'at \"night\"',
                '', 'night/cones', '{{}}', {k}, NULL, 's{k}', '[\"time:night\"]', 0);
            INSERT INTO verdicts VALUES (x'{0}', 1, 0, 1, '[]', '{{}}', NULL);",
            put.id, put.md5
        ));
    }
    sql(ledger.path(), &rows.concat()).await;
    ledger.close().await;
}

pub(crate) async fn sql(ledger: &Path, text: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(ledger);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("the ledger");
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.expect("rows");
}

pub(crate) fn json_of(home: &Path, args: &[&str]) -> Value {
    let out = output(hivis(home, &[&["review"], args, &["--json"]].concat()));
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn says(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, &[&["review"], args].concat()));
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text")
}

/// What a refused command says; it must hold a hint.
fn refuses(home: &Path, args: &[&str]) -> String {
    let out = output(hivis(home, &[&["review"], args].concat()));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
    assert!(said.contains("hint:") || said.contains("Usage:") || said.contains("--help"), "{args:?}: {said}");
    said
}

#[test]
fn two_people_settle_what_data_sets_contradict() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    run(contradicted(&home));
    let filled = json_of(&home, &["fill"]);
    assert_eq!((&filled["queued"]["disagreement"], &filled["waiting"]), (&json!(2), &json!(2)), "{filled}");
    assert_eq!(json_of(&home, &["fill"])["queued"], json!({}), "nothing twice");
    assert!(says(&home, &["list"]).contains("2 open"));

    let file = folder.path().join("look.png");
    let next = json_of(&home, &["next", "--as", "Anna", "--picture", file.to_str().expect("a text")]);
    let number = next["number"].to_string();
    let shown = std::fs::read(&file).expect("the picture is written out");
    assert_eq!(next["id"], ObjectId::of(&shown).to_string());
    assert_eq!(next["words"].as_array().expect("words").len(), 2, "{next}");
    let other = json_of(&home, &["next", "--as", "ben"])["number"].to_string();
    assert_ne!(number, other, "one picture is shown to one person");

    let said = refuses(&home, &["accept", &number, "--as", "anna"]);
    assert!(said.contains("needs a label"), "{said}");
    let settled = json_of(&home, &["accept", &number, "--as", "anna", "--label", "roadwork", "--note", "a cone"]);
    assert_eq!((&settled["state"], &settled["contradicts"]), (&json!("second"), &json!("dataset one")), "{settled}");
    let said = refuses(&home, &["accept", &number, "--as", "ANNA", "--label", "none"]);
    assert!(said.contains("you have looked") && said.contains("another reviewer"), "{said}");
    let id = next["id"].as_str().expect("an id");
    let blind = json_of(&home, &["next", "--as", "cleo"]);
    assert_eq!((blind["id"].as_str(), &blind["decisions"]), (Some(id), &json!([])), "a second look is one's own");
    let settled = json_of(&home, &["accept", &id[..12], "--as", "cleo", "--label", "roadwork"]);
    assert_eq!((&settled["state"], &settled["label"]), (&json!("accepted"), &json!("roadwork")), "{settled}");
    let said = refuses(&home, &["reject", &number, "--as", "ben", "--reason", "light"]);
    assert!(said.contains("cleo accepted it as roadwork"), "{said}");

    let listed = output(hivis(&home, &["data", "list", "--json"]));
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed["disputed"], 1, "a person settled one of two: {listed}");
    let said = says(&home, &["undo", "--as", "cleo"]);
    assert!(said.contains("undid the accept of cleo") && said.contains("is second"), "{said}");
    let said = says(&home, &["show", &number]);
    assert!(said.contains("a cone") && said.contains("undone by cleo"), "{said}");
    json_of(&home, &["reject", &number, "--as", "cleo", "--reason", "artefact"]);
    json_of(&home, &["accept", &number, "--as", "dora", "--label", "none"]);
    let agreement = json_of(&home, &["agreement"]);
    assert_eq!(
        (&agreement[0]["n"], &agreement[0]["same"], &agreement[1]["people"]),
        (&json!(1), &json!(0), &json!(["anna", "cleo"]))
    );
    assert!(says(&home, &["agreement"]).contains("anna and cleo"));
}

#[test]
fn rates_tell_what_to_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    run(generated(home, 30));
    std::fs::write(home.join("hivis.toml"), "[review]\nweek = 24\ndouble = 0.0\nreviewer = \"anna\"\n")
        .expect("a file");
    assert!(says(home, &["rates"]).contains("no generated picture was decided"));
    assert_eq!(json_of(home, &["fill"])["queued"], json!({ "generated": 24 }), "the week's quota");
    let next = says(home, &["next"]);
    assert!(next.contains("roadwork") && next.contains(r#"two cones\nat \"night\""#), "{next}");
    for at in 1..=24 {
        let number = at.to_string();
        match at {
            1..=3 => json_of(home, &["accept", &number]),
            4 => json_of(home, &["accept", &number, "--label", "none"]),
            _ => json_of(home, &["reject", &number, "--reason", "equipment"]),
        };
    }
    let rates = json_of(home, &["rates"]);
    let row = &rates["rows"][0];
    assert_eq!(
        (&row["verdict"], &row["rate"]["good"], &row["rate"]["n"]),
        (&json!("switch-generator"), &json!(3), &json!(24))
    );
    assert_eq!((&row["relabelled"], &rates["rows"][1]["verdict"]), (&json!(1), &json!("change-prompts")), "{rates}");
    let said = says(home, &["rates"]);
    assert!(said.contains("switch generator") && said.contains("night/cones"), "{said}");
    assert_eq!(json_of(home, &["fill"])["room"]["room"], 0, "the week was full");
}

#[test]
fn bad_input_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = folder.path().join("none");
    for args in [&["list"] as &[&str], &["fill"], &["accept", "1"], &["rates"], &["next"]] {
        let said = refuses(&none, args);
        assert!(said.contains("there is no home") && !none.exists(), "{said}");
    }
    let home = folder.path().join("home");
    run(contradicted(&home));
    json_of(&home, &["fill"]);
    for unknown in ["99", "zz", "ffffffff"] {
        let said = refuses(&home, &["skip", unknown]);
        assert!(said.contains(&format!("no review is `{unknown}`")), "{said}");
    }
    let said = refuses(&home, &["skip", "1", "--as", "a\u{1b}[31mb"]);
    assert!(said.contains("no reviewer's name") && !said.contains('\u{1b}'), "{said:?}");
    assert!(refuses(&home, &["reject", "1"]).contains("--reason"));
    assert!(refuses(&home, &["reject", "1", "--reason", "ugly"]).contains("artefact"));
    assert!(refuses(&home, &["accept", "1", "--label", "maybe"]).contains("roadwork"));
    assert!(refuses(&home, &["undo", "--force"]).contains("<ID>"));
    assert!(refuses(&home, &["undo", "--as", "nobody"]).contains("no decision of nobody stands"));
    for (line, why) in
        [("double = 2.0", "no share"), ("switch_below = 0.9", "out of order"), ("lease = 1", "unknown field")]
    {
        std::fs::write(home.join("hivis.toml"), format!("[review]\n{line}\n")).expect("a file");
        let said = refuses(&home, &["list"]);
        assert!(said.contains(why), "{line}: {said}");
    }
    std::fs::remove_file(home.join("hivis.toml")).expect("the file was there");
    run(sql(
        &home.join("ledger.db"),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0);",
    ));
    assert!(says(&home, &["list"]).contains("2 open"), "a newer ledger can be read");
    for args in [&["fill"] as &[&str], &["skip", "1"], &["next"], &["undo"]] {
        let said = refuses(&home, args);
        assert!(said.contains("reading only") && said.contains("newer hivis"), "{said}");
    }
}

/// A person at a terminal; gives the exit code and what the terminal showed.
fn sits(home: &Path, answers: &[&str], file: &Path) -> (i64, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/reviewer.py");
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).arg(json!(answers).to_string());
    command.arg(env!("CARGO_BIN_EXE_hivis")).arg("--home").arg(home);
    command.args(["review", "next", "--as", "anna", "--picture"]).arg(file);
    let out = output(command);
    let said: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{out:?}"));
    assert_eq!(said["typed"], answers.len(), "{said}");
    (said["code"].as_i64().expect("a code"), said["shown"].as_str().expect("a text").to_owned())
}

#[test]
fn a_person_decides_at_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    run(contradicted(&home));
    run(generated(&home, 3));
    std::fs::write(home.join("hivis.toml"), "[review]\ndouble = 0.0\n").expect("a file");
    json_of(&home, &["fill"]);
    let file: PathBuf = folder.path().join("look.png");
    // The disputed ones come first and need a label; the undone one is shown again.
    let answers = ["a", "r", "an", "u", "s", "what", "r", "4", "r light", "a"];
    let (code, shown) = sits(&home, &["q"], &file);
    assert!(code == 0 && shown.contains("0 done. 5 wait for anna"), "{shown}");
    let (code, shown) = sits(&home, &answers, &file);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("0 done, 5 to go") && shown.contains("4 done, 1 to go"), "{shown}");
    assert!(shown.contains("undid the accept of anna") && shown.contains("a, ar, an, r, s, u or q, please"), "{shown}");
    assert!(shown.contains("5 done. Nothing waits for anna; 1 wait for another reviewer"), "{shown}");
    let all = json_of(&home, &["list", "--all"]);
    let mut states: Vec<&str> =
        all["reviews"].as_array().expect("reviews").iter().filter_map(|r| r["state"].as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["accepted", "rejected", "rejected", "second", "skipped"], "{all}");
    let last = std::fs::read(&file).expect("a picture");
    assert!((100..103).any(|n| last == bytes(n)), "the last one shown was a generated one");
    let (code, shown) = sits(&home, &[], &file);
    assert!(code == 0 && shown.contains("0 done. Nothing waits for anna"), "{shown}");
}

/// A request to the page: its status and its body.
fn http(page: &str, line: &str, body: &str) -> (u16, Vec<u8>) {
    let host = page.trim_start_matches("http://").trim_end_matches('/');
    let mut socket = std::net::TcpStream::connect(host).expect("the page listens");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nX-Hivis-Reviewer: ben\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(body.as_bytes())).expect("the request is sent");
    let mut all = Vec::new();
    socket.read_to_end(&mut all).expect("an answer");
    let split = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let status = String::from_utf8_lossy(&all[..split]).split(' ').nth(1).and_then(|s| s.parse().ok());
    (status.expect("a status"), all[split + 4..].to_vec())
}

#[test]
fn a_served_home_is_reviewed_over_http() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    with_release(&home);
    run(generated(&home, 3));
    std::fs::write(home.join("hivis.toml"), "[review]\ndouble = 1.0\n").expect("a file");
    json_of(&home, &["fill"]);
    let miner = Miner::start(&home);
    let ask = |line: &str, body: &str| {
        let (status, body) = http(&miner.page, line, body);
        (status, serde_json::from_slice::<Value>(&body).unwrap_or_default())
    };
    let (status, queue) = ask("GET /api/review/queue", "");
    assert_eq!((status, queue["reviews"].as_array().map(Vec::len)), (200, Some(3)), "{queue}");
    assert!(queue["reviews"][0]["path"].is_null(), "no place on the disk is told");
    let (_, next) = ask("POST /api/review/next", "{}");
    let number = next["number"].to_string();
    let (status, picture) = http(&miner.page, &format!("GET /api/review/{number}/picture"), "");
    assert_eq!((status, next["id"].as_str()), (200, Some(&*ObjectId::of(&picture).to_string())));

    json_of(&home, &["reject", &number, "--as", "anna", "--reason", "context"]);
    let (_, story) = ask(&format!("GET /api/review/{number}"), "");
    assert_eq!((&story["state"], &story["decisions"]), (&json!("second"), &json!([])), "a second look is one's own");
    let decision = format!("POST /api/review/{number}/decision");
    let (status, said) = ask(&decision, r#"{"verdict":"reject"}"#);
    assert!(status == 422 && said["error"].as_str().is_some_and(|e| e.contains("needs a reason")), "{said}");
    let (status, settled) = ask(&decision, r#"{"verdict":"accept"}"#);
    assert_eq!((status, &settled["state"]), (200, &json!("conflict")), "{settled}");
    let (status, said) = ask(&decision, r#"{"verdict":"accept"}"#);
    assert_eq!((status, &said["decided"]["by"]), (409, &json!("ben")), "{said}");
    let settled = json_of(&home, &["accept", &number, "--as", "cleo"]);
    assert_eq!((&settled["state"], &settled["label"]), (&json!("accepted"), &json!("roadwork")));
    let (status, said) = ask("POST /api/review/undo", &json!({ "review": number, "force": true }).to_string());
    assert_eq!((status, &said["reviewer"]), (200, &json!("cleo")), "{said}");
    for path in ["rates", "agreement"] {
        let (status, said) = ask(&format!("GET /api/review/{path}"), "");
        assert!(status == 200 && (said.is_array() || said["rows"].is_array()), "{said}");
    }
    assert_eq!(ask("GET /api/review/999", "").0, 404);
    miner.stop();
}

#[test]
fn two_processes_decide_one_picture_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    run(generated(home, 1));
    std::fs::write(home.join("hivis.toml"), "[review]\ndouble = 0.0\n").expect("a file");
    json_of(home, &["fill"]);
    let start = |name: &str| {
        let mut command = hivis(home, &["review", "accept", &id(100), "--as", name, "--json"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().expect("hivis starts")
    };
    let both = [start("anna"), start("ben")].map(|child| child.wait_with_output().expect("it ends"));
    let won: Vec<bool> = both.iter().map(|out| out.status.success()).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{both:?}");
    let said = both.iter().map(|out| String::from_utf8_lossy(&out.stderr)).collect::<String>();
    assert!(said.contains("is decided:") && said.contains("accepted it as roadwork"), "{said}");
}
