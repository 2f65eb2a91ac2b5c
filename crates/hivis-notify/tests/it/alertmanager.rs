//! A real Alertmanager sends to the same sink: our body has its shape, field by field.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hivis_notify::{Notifier as _, Secret, Webhook};
use hivis_testbed::notify::FakeHook;
use hivis_testbed::peers::environment;
use hivis_testbed::ports::Port;
use serde_json::Value;

use crate::world::{LIMIT, at, parcel};

struct Alertmanager(Child);

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Names and kinds of values, all the way down; maps of labels only as maps.
fn shape(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(_) if name.ends_with("abels") || name.ends_with("nnotations") => "map".into(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), shape(value, name))).collect(),
        Value::Array(list) => list.first().map_or(Value::Null, |first| vec![shape(first, name)].into()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "bool".into(),
        Value::Null => Value::Null,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_webhook_has_the_shape_of_alertmanagers() {
    let Some(program) = environment("prometheus-alertmanager") else { return };
    let (theirs, ours) = (FakeHook::start(), FakeHook::start());
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "route: {{receiver: ops, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers:\n- name: ops\n  webhook_configs: [{{url: \"{}\", send_resolved: true}}]\n",
        theirs.url()
    );
    std::fs::write(folder.path().join("am.yml"), config).unwrap();
    let held = Port::reserve();
    let port = held.number();
    if !Command::new("unshare").args(["--map-root-user", "--mount", "true"]).status().is_ok_and(|s| s.success()) {
        println!("skipped: no name space of our own, and Debian's Alertmanager wants its templates in /usr/share");
        return;
    }
    // The package is unpacked, not installed: its /usr/share takes the place of the system's for this process alone.
    let child = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", "mount --rbind \"$0/usr/share\" /usr/share && exec \"$@\""])
        .arg(&program)
        .arg(program.join("usr/bin/prometheus-alertmanager"))
        .arg(format!("--config.file={}", folder.path().join("am.yml").display()))
        .arg(format!("--storage.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(["--cluster.listen-address=", "--log.level=error"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let _alertmanager = Alertmanager(child);
    // It installs what the client below needs too.
    let hook = Webhook::new("ops", &Secret::new(ours.url()), None, LIMIT).unwrap();
    let end = Instant::now() + Duration::from_mins(1);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |resolved: bool| {
        let mut alert = serde_json::json!([{
            "labels": { "alertname": "HivisX", "severity": "critical", "gpu": "0" },
            "annotations": { "summary": "x", "runbook_url": "https://x.example/runbooks/x" },
            "generatorURL": "https://page.example/alerts",
        }]);
        if resolved {
            alert[0]["endsAt"] = (jiff::Timestamp::now() - Duration::from_secs(1)).to_string().into();
        }
        let url = format!("http://127.0.0.1:{port}/api/v2/alerts");
        let sent = client.post(url).header("content-type", "application/json").body(alert.to_string()).send().await;
        sent.is_ok_and(|answer| answer.status().is_success())
    };
    let wait = async |count: usize| {
        while theirs.deliveries().len() < count {
            assert!(Instant::now() < end, "Alertmanager did not send");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    while !post(false).await {
        assert!(Instant::now() < end, "Alertmanager did not start");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    wait(1).await;
    assert!(post(true).await);
    wait(2).await;

    let mut message = parcel(&["x"]);
    hook.send(&message).await.unwrap();
    let mut over = std::mem::take(&mut message.message.firing);
    over[0].resolved = Some(at(60));
    message.message.over = over;
    hook.send(&message).await.unwrap();
    for (theirs, ours) in theirs.deliveries().iter().zip(ours.deliveries()) {
        let (theirs, ours) = (theirs.json(), ours.json());
        assert_eq!(shape(&theirs, ""), shape(&ours, ""), "\n{theirs:#}\n{ours:#}");
        for same in [
            "version",
            "groupKey",
            "status",
            "receiver",
            "groupLabels",
            "commonLabels",
            "commonAnnotations",
            "truncatedAlerts",
        ] {
            assert_eq!(theirs[same], ours[same], "{same}");
        }
        assert_eq!(theirs["alerts"][0]["status"], ours["alerts"][0]["status"]);
        assert_eq!(theirs["alerts"][0]["fingerprint"].as_str().unwrap().len(), 16);
        assert_eq!(ours["alerts"][0]["fingerprint"].as_str().unwrap().len(), 16);
    }
    let open = &theirs.deliveries()[0].json()["alerts"][0]["endsAt"];
    assert_eq!(open, &ours.deliveries()[0].json()["alerts"][0]["endsAt"], "what has no end");
}
