//! From a miner that cannot answer to a person who knows: alert, Discord and mail, acknowledgement, silence, the end.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hivis_testbed::notify::FakeDiscord;
use hivis_testbed::peers;
use serde_json::{Value, json};

use crate::miner::{DEADLINE, Miner, get, hivis, output, with_release};
use crate::pages::spec;

/// A real SMTP server and what it took; it ends with the test.
struct Mail {
    child: Child,
    port: String,
    mails: Receiver<Value>,
}

impl Mail {
    fn start(venv: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hivis-notify/tests/peer/mail_sink.py");
        let mut python = Command::new(venv.join("bin/python"));
        let mut child =
            python.arg("-B").arg(script).args(["plain", "-"]).stdout(Stdio::piped()).spawn().expect("Python starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let port = lines.next().expect("a port");
        let (send, mails) = channel();
        std::thread::spawn(move || {
            for line in lines {
                let _ = send.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Self { child, port, mails }
    }

    fn next(&self) -> Value {
        self.mails.recv_timeout(DEADLINE).expect("a mail comes")
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home with a release that the pointer does not name any more, and two channels; gives where the pointer lies aside.
fn home(folder: &Path, mail: &Mail) -> (PathBuf, PathBuf) {
    let home = folder.join("home");
    with_release(&home);
    let aside = folder.join("current");
    std::fs::rename(home.join("releases/current"), &aside).expect("the pointer can be moved");
    let config = format!(
        "[notify]\nwait_s = 0\ninterval_min = 0\nsettle_s = 0\nrepeat_h = 0.0005\nround_s = 0.3\nhold_most_s = 0\n\
         [notify.channels.ops]\nkind = \"discord\"\nurl = \"env:OPS_HOOK\"\nseverities = [\"critical\"]\nper_hour = 1000\n\
         [notify.channels.mail]\nkind = \"email\"\nserver = \"localhost\"\nport = {}\ntls = \"none\"\n\
         from = \"hivis@miner.example\"\nto = [\"ann@x.example\"]\nseverities = [\"critical\"]\nper_hour = 1000\n",
        mail.port
    );
    std::fs::write(home.join("hivis.toml"), config).expect("the home is writable");
    (home, aside)
}

fn serve(home: &Path, fake: &FakeDiscord) -> Miner {
    let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
    let mut command = hivis(home, &args);
    command.env("OPS_HOOK", fake.url());
    Miner::follow(command)
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn alerts(miner: &Miner) -> Value {
    let (status, body) = get(&format!("{}api/alerts", miner.page));
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

fn open(miner: &Miner) -> Option<Value> {
    let lists = alerts(miner);
    lists["open"].as_array().expect("a list").iter().find(|alert| alert["rule"] == "HivisNoModel").cloned()
}

/// A POST with the token that the page hands out.
fn post(miner: &Miner, path: &str, body: &Value) -> (u16, Value) {
    let (_, page) = get(&format!("{}alerts", miner.page));
    let token =
        page.split_once("name=\"csrf\" content=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a token").0;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.post(format!("{}{path}", miner.page)).header("x-hivis-csrf", token).json(body);
        let answer = request.send().await.expect("the page answers");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    })
}

/// Messages that say that the model is missing, and that it is there.
fn said(fake: &FakeDiscord, word: &str) -> usize {
    let about = |body: &Value| {
        body["content"].as_str().is_some_and(|text| text.contains(word) && text.contains("HivisNoModel"))
    };
    fake.messages().iter().filter(|message| about(&message.body)).count()
}

#[test]
fn an_alert_reaches_people_is_acknowledged_and_ends() {
    let Some(venv) = peers::environment("watchers") else { return };
    hivis_http::prepare_tls();
    let folder = tempfile::tempdir().expect("a folder");
    let (fake, mail) = (FakeDiscord::start(), Mail::start(&venv));
    let (home, aside) = home(folder.path(), &mail);
    let miner = serve(&home, &fake);

    eventually("the alert on Discord", || said(&fake, "critical") > 0);
    let first = mail.next();
    assert!(first["headers"]["subject"].as_str().expect("text").contains("[critical] HivisNoModel"), "{first}");
    eventually("the alert again", || said(&fake, "still") > 0);

    // A program that ends and begins again knows the alert.
    let before = open(&miner).expect("it holds");
    miner.kill();
    let miner = serve(&home, &fake);
    eventually("the alert after the start", || open(&miner).is_some_and(|now| now["seen"] != before["seen"]));
    let held = open(&miner).expect("it holds");
    assert_eq!((&held["id"], &held["since"], &held["flaps"]), (&before["id"], &before["since"], &before["flaps"]));
    spec("alerts", miner.page.trim_end_matches('/'), &[("HIVIS_ALERTS_HOLD", "1")]);

    let id = held["id"].as_i64().expect("a number");
    let (status, _) = post(&miner, &format!("api/alerts/{id}/ack"), &json!({ "note": "x".repeat(501) }));
    assert_eq!(status, 422);
    let (status, _) = post(&miner, &format!("api/alerts/{id}/ack"), &json!({ "until": "2001-01-01T00:00:00Z" }));
    assert_eq!(status, 422);
    assert_eq!(post(&miner, "api/alerts/999999/ack", &json!({})).0, 404);
    let (status, acked) = post(&miner, &format!("api/alerts/{id}/ack"), &json!({ "note": "I know" }));
    assert_eq!((status, &acked["ack"]["note"]), (200, &json!("I know")));
    // A message may have been on its way; then it is quiet, three times as long as it would take to repeat, while rounds
    // go on.
    eventually("the silence", || {
        let (count, seen) = (said(&fake, "critical"), open(&miner).expect("it holds")["seen"].clone());
        std::thread::sleep(Duration::from_secs(6));
        said(&fake, "critical") == count && open(&miner).expect("it holds")["seen"] != seen
    });

    std::fs::rename(&aside, home.join("releases/current")).expect("the pointer can be moved back");
    eventually("the end on Discord", || said(&fake, "resolved") > 0);
    eventually("the end on the page", || open(&miner).is_none());
    let over = alerts(&miner)["over"].clone();
    assert!(over.as_array().expect("a list").iter().any(|alert| alert["id"] == held["id"]), "{over}");
    assert_eq!(post(&miner, &format!("api/alerts/{id}/ack"), &json!({})).0, 409);
    loop {
        if mail.next()["headers"]["subject"].as_str().expect("text").contains("[resolved] HivisNoModel") {
            break;
        }
    }
    // Other alerts repeat, so a message may be on its way at any moment, but none stays behind while the miner runs.
    eventually("the moment in which every message has arrived", || {
        let sent = output(hivis(&home, &["notify", "list", "--json"]));
        let sent: Value = serde_json::from_slice(&sent.stdout).expect("JSON");
        // On a slow machine some go into one.
        let arrived = |message: &Value| ["sent", "joined"].iter().any(|state| message["state"] == *state);
        sent["messages"].as_array().expect("a list").iter().all(arrived)
    });
    miner.stop();

    let list = output(hivis(&home, &["alerts", "list"]));
    assert!(String::from_utf8_lossy(&list.stdout).contains("HivisNoModel"), "{list:?}");
    let late = output(hivis(&home, &["alerts", "ack", &id.to_string()]));
    assert!(String::from_utf8_lossy(&late.stderr).contains("hint: `hivis alerts list`"), "{late:?}");
    let mut test = hivis(&home, &["notify", "test", "--channel", "ops"]);
    test.env("OPS_HOOK", fake.url());
    let told = output(test);
    assert!(
        told.status.success() && String::from_utf8_lossy(&told.stdout).contains("ops: arrived; its id is"),
        "{told:?}"
    );
    // Without its secret: said, and nothing of it is sent.
    let lost = output(hivis(&home, &["notify", "test", "--channel", "ops"]));
    assert!(!lost.status.success() && String::from_utf8_lossy(&lost.stdout).contains("OPS_HOOK"), "{lost:?}");
    let doctor = output(hivis(&home, &["doctor", "--json"]));
    let doctor: Value = serde_json::from_slice(&doctor.stdout).expect("JSON");
    let channels = doctor["findings"].as_array().into_iter().flatten().filter(|finding| finding["what"] == "notify");
    let channels: Vec<String> = channels.map(|finding| format!("{} {}", finding["state"], finding["text"])).collect();
    assert!(channels.iter().any(|text| text.contains("mend") && text.contains("OPS_HOOK")), "{channels:?}");
    assert!(channels.iter().any(|text| text.contains("ok") && text.contains("takes messages")), "{channels:?}");
}
