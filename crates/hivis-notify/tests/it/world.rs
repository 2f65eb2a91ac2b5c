//! A ledger, channels, and a clock that only the test turns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hivis_notify::{Channel, ChannelRules, Delivered, Item, Kind, Message, Notifier, Parcel, Policy, Teller};
use hivis_store::{Home, Ledger};
use hivis_types::{Alert, Severity};
use jiff::{SignedDuration, Timestamp};

pub(crate) const LIMIT: Duration = Duration::from_secs(10);
pub(crate) const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn alert(rule: &str, severity: Severity) -> Alert {
    Alert {
        rule: rule.to_owned(),
        labels: BTreeMap::new(),
        severity,
        summary: format!("{rule} holds"),
        value: 1.0,
        since: at(0),
        runbook: "https://x.example/runbooks/x".to_owned(),
    }
}

pub(crate) fn channel(name: &str, severities: &[Severity], notifier: impl Notifier + 'static) -> Channel {
    Channel {
        rules: ChannelRules { name: name.to_owned(), severities: severities.iter().copied().collect() },
        fingerprint: "one".to_owned(),
        per_hour: 60,
        spending: None,
        notifier: Arc::new(notifier),
    }
}

/// A message of these summaries, as a channel gets it.
pub(crate) fn parcel(summaries: &[&str]) -> Parcel {
    let item = |(index, summary): (usize, &&str)| Item {
        alert: index as i64 + 1,
        rule: "HivisX".to_owned(),
        labels: BTreeMap::from([("gpu".to_owned(), "0".to_owned())]),
        severity: Severity::Critical,
        summary: (*summary).to_owned(),
        value: Some(1.5),
        since: at(0),
        resolved: None,
        runbook: "https://x.example/runbooks/x".to_owned(),
        flaps: 0,
    };
    let firing = summaries.iter().enumerate().map(item).collect();
    let labels = BTreeMap::from([("alertname".to_owned(), "HivisX".to_owned())]);
    let message = Message { kind: Kind::News, group: "HivisX".to_owned(), labels, firing, ..Message::test(at(60)) };
    Parcel { id: 7, message, unsure: false, page: Some("https://page.example/alerts".to_owned()), at: at(60) }
}

/// A home with a teller.
pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) teller: Teller,
    pub(crate) second: i64,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new(channels: Vec<Channel>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open_or_create(&folder.path().join("home")).unwrap();
        let ledger = home.ledger().await.unwrap();
        let teller = Teller::new(ledger.clone(), Policy::default(), channels, None);
        Self { ledger, teller, second: 0, _folder: folder }
    }

    /// The program begins anew, perhaps with other channels.
    pub(crate) async fn restart(&mut self, channels: Vec<Channel>) {
        self.teller = Teller::new(self.ledger.clone(), Policy::default(), channels, None);
        self.teller.begin(at(self.second)).await.unwrap();
    }

    /// One round of 15 s in which these hold, and a delivery after it.
    pub(crate) async fn round(&mut self, holds: &[Alert]) -> Delivered {
        let now = at(self.second);
        self.teller.round(holds, &BTreeSet::new(), now).await.unwrap();
        self.second += 15;
        self.teller.deliver(now, &mut || 0.5).await
    }

    pub(crate) async fn rounds(&mut self, span: SignedDuration, holds: &[Alert]) {
        for _ in 0..span.as_secs() / 15 {
            self.round(holds).await;
        }
    }
}

/// Runs a script of `tests/peer` with the Python of the peers; gives the last line that begins with `said `, as JSON.
pub(crate) fn python(venv: &Path, script: &str, args: &[&str]) -> serde_json::Value {
    let mut python = Command::new("timeout");
    python.arg("60").arg(venv.join("bin/python")).arg("-B").arg(peer(script)).args(args);
    let done = python.env("NO_PROXY", "127.0.0.1").output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let line = said.lines().rev().find_map(|line| line.strip_prefix("said "));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{said}\n{errors}"))).unwrap()
}

pub(crate) fn peer(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer").join(script)
}
