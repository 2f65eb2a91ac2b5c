//! Mail: aiosmtpd takes it, Python's own parser reads it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hivis_notify::{ChannelError, Email, EmailSettings, MailTls, Notifier as _, Secret, SendError};
use hivis_testbed::peers::environment;
use serde_json::Value;

use crate::world::{LIMIT, parcel, peer};

/// A real SMTP server; it ends with the test.
struct Sink {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: u16,
}

impl Sink {
    fn start(venv: &Path, mode: &str, pem: &Path) -> Self {
        let mut python = Command::new(venv.join("bin/python"));
        python.arg("-B").arg(peer("mail_sink.py")).arg(mode).arg(pem);
        let mut child = python.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Self { child, lines, port }
    }

    /// The next mail as the parser reads it.
    fn mail(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings(port: u16, tls: MailTls) -> EmailSettings {
    EmailSettings {
        server: "localhost".into(),
        port,
        tls,
        login: None,
        from: "hivis <hivis@miner.example>".into(),
        to: vec!["ann@x.example".into(), "Bob B <bob@x.example>".into()],
        limit: LIMIT,
    }
}

/// A certificate for `localhost`, with its key, in one file.
fn certificate(folder: &Path) -> std::path::PathBuf {
    let pem = folder.join("cert.pem");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&pem)
        .arg("-out")
        .arg(folder.join("only.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let only = std::fs::read_to_string(folder.join("only.pem")).unwrap();
    let key = std::fs::read_to_string(&pem).unwrap();
    std::fs::write(&pem, key + &only).unwrap();
    pem
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_stay_where_they_belong() {
    let Some(venv) = environment("watchers") else { return };
    let mut sink = Sink::start(&venv, "plain", Path::new("-"));
    let email = Email::new(&settings(sink.port, MailTls::None)).unwrap();
    let mut first = parcel(&["<script>alert(1)</script> & \"q\"\u{e4}"]);
    first.message.firing[0].rule = "X\r\nBcc: evil@x.example\r\n\r\nbody".into();
    let receipt = email.send(&first).await.unwrap();
    let mail = sink.mail();
    assert_eq!(mail["to"], serde_json::json!(["ann@x.example", "bob@x.example"]), "the envelope");
    assert_eq!(mail["headers"]["bcc"], Value::Null);
    let subject = mail["headers"]["subject"].as_str().unwrap();
    assert!(subject.starts_with("[hivis] [critical] X Bcc: evil@x.example body: <script>"), "{subject}");
    assert_eq!(mail["headers"]["message-id"].as_str(), receipt.provider_id.as_deref());
    assert_eq!(mail["headers"]["auto-submitted"], "auto-generated");
    assert_eq!(mail["defects"], serde_json::json!([]));
    let html = mail["html"].as_str().unwrap();
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot;\u{e4}") && !html.contains("<script>"),
        "{html}"
    );
    assert!(mail["text"].as_str().unwrap().contains("what to do: https://x.example/runbooks/x"));

    // The same message again has the same id; another of the group answers to the same thread.
    email.send(&first).await.unwrap();
    let again = sink.mail();
    assert_eq!(again["headers"]["message-id"], mail["headers"]["message-id"]);
    let mut second = parcel(&["later"]);
    second.id = 8;
    email.send(&second).await.unwrap();
    let later = sink.mail();
    assert_ne!(later["headers"]["message-id"], mail["headers"]["message-id"]);
    assert_eq!(later["headers"]["references"], mail["headers"]["references"]);
    assert_eq!(later["headers"]["in-reply-to"], mail["headers"]["in-reply-to"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_wanted_and_checked() {
    let Some(venv) = environment("watchers") else { return };
    let folder = tempfile::tempdir().unwrap();
    let pem = certificate(folder.path());
    let trusted = || Some(std::fs::read(folder.path().join("only.pem")).unwrap());
    for (mode, good, stranger) in [
        ("starttls", MailTls::StartTls(trusted()), MailTls::StartTls(None)),
        ("implicit", MailTls::Implicit(trusted()), MailTls::Implicit(None)),
    ] {
        let mut sink = Sink::start(&venv, mode, &pem);
        let login = Some(("ann".to_owned(), Secret::new("pass-word")));
        let with = |tls: MailTls, login| Email::new(&EmailSettings { login, ..settings(sink.port, tls) }).unwrap();
        let (good, wrong, stranger) = (
            with(good.clone(), login.clone()),
            with(good, Some(("ann".into(), Secret::new("no-word")))),
            with(stranger, login),
        );
        good.send(&parcel(&["x"])).await.unwrap();
        assert_eq!(sink.mail()["login"], "ann", "{mode}");
        let error = stranger.send(&parcel(&["x"])).await.unwrap_err();
        assert!(matches!(error, SendError::Unreachable { .. }), "{mode}: {error}");
        let error = wrong.send(&parcel(&["x"])).await.unwrap_err();
        assert!(
            matches!(error, SendError::Refused { .. }) && !error.to_string().contains("no-word"),
            "{mode}: {error}"
        );
    }
    // A server that offers no TLS gets nothing, and a far one is never spoken to in the clear.
    let sink = Sink::start(&venv, "plain", Path::new("-"));
    let email = Email::new(&settings(sink.port, MailTls::StartTls(None))).unwrap();
    assert!(email.send(&parcel(&["x"])).await.is_err());
    let far = EmailSettings { server: "mail.x.example".into(), ..settings(25, MailTls::None) };
    assert!(matches!(Email::new(&far).err(), Some(ChannelError::Clear { .. })));
    let nobody = EmailSettings { to: vec!["a@b\r\nRCPT TO:<c@d>".into()], ..settings(25, MailTls::None) };
    assert!(matches!(Email::new(&nobody).err(), Some(ChannelError::Mailbox { what: "to", .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_left_in_time() {
    let Some(venv) = environment("watchers") else { return };
    for mode in ["hang-at-greeting", "hang-after-data"] {
        let sink = Sink::start(&venv, mode, Path::new("-"));
        let email =
            Email::new(&EmailSettings { limit: Duration::from_secs(1), ..settings(sink.port, MailTls::None) }).unwrap();
        let error = email.send(&parcel(&["x"])).await.unwrap_err();
        assert!(matches!(error, SendError::Unsure { .. }), "{mode}: {error}");
    }
    let sink = Sink::start(&venv, "refuse", Path::new("-"));
    let email = Email::new(&settings(sink.port, MailTls::None)).unwrap();
    let error = email.send(&parcel(&["x"])).await.unwrap_err();
    assert!(matches!(error, SendError::Unreachable { .. }) && error.to_string().contains("450"), "{error}");
}
