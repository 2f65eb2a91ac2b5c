//! `hivis watch` with the real programs: Prometheus scrapes a served miner, Alertmanager tells a webhook, a mailbox and
//! a Discord.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hivis_testbed::peers::environment;
use hivis_testbed::ports::Port;
use hivis_types::Severity;
use hivis_watch::export::{self, Contacts, Way};
use hivis_watch::{Expr, Thresholds, rules};
use serde_json::Value;

use crate::miner::{BOB, DEADLINE, Miner, get, hivis, output, with_release};

/// Killed when the test is over.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    fn start(program: &Path, folder: &Path, args: &[String]) -> Self {
        let mut command = Command::new(program);
        command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("the server starts"))
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The result of an instant query.
fn query(prometheus: &str, text: &str) -> Vec<Value> {
    let coded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let mut socket = std::net::TcpStream::connect(prometheus).expect("Prometheus listens");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    // 1.0: an answer in one piece.
    write!(socket, "GET /api/v1/query?query={coded} HTTP/1.0\r\n\r\n").expect("the question is sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("the answer is text");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{text}: {error}: {answer}"));
    assert_eq!(answer["status"], "success", "{text}: {answer}");
    answer["data"]["result"].as_array().expect("a vector").clone()
}

/// Debian's Alertmanager opens its templates by a path of the system, where a package that is only unpacked has nothing:
/// a copy of the program with another path of the same length, and the templates beside it.
fn moved(alertmanager: &Path, folder: &Path) -> PathBuf {
    const SHARE: &[u8] = b"/usr/share/prometheus/alertmanager";
    let mut program = std::fs::read(alertmanager.join("usr/bin/prometheus-alertmanager")).expect("it is installed");
    let here = [b".".as_slice(), &[b'/'; SHARE.len() - 1]].concat();
    let places: Vec<usize> = (0..program.len() - SHARE.len()).filter(|&at| program[at..].starts_with(SHARE)).collect();
    for at in places {
        program[at..at + SHARE.len()].copy_from_slice(&here);
    }
    for name in ["default.tmpl", "email.tmpl"] {
        let shared = alertmanager.join("usr/share/prometheus/alertmanager").join(name);
        std::fs::copy(shared, folder.join(name)).expect("a template");
    }
    let file = folder.join("alertmanager");
    std::fs::write(&file, program).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("it may run");
    file
}

/// Whether something listens.
fn listens(port: u16) -> Option<()> {
    std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
}

/// What a rule compares, without its comparisons: it must have data where all is well, too.
fn parts(expr: &Expr, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Keep(left, _, right) | Expr::And(left, right) | Expr::Or(left, right) | Expr::Unless(left, right) => {
            parts(left, found);
            parts(right, found);
        }
        Expr::Number(_) | Expr::Now | Expr::Absent(_) => {}
        other => {
            found.insert(other.promql());
        }
    }
}

/// Metrics that a miner without GPU, chain, reviews and a night does not have, and why.
const EMPTY: [(&str, &str); 12] = [
    ("500|503", "nothing failed"),
    ("DCGM_", "no GPU"),
    ("hivis_axon_last_validator", "no chain: nobody is listed"),
    ("hivis_axon_listed_validators", "no chain"),
    ("hivis_axon_permits_read", "no chain"),
    ("hivis_home_full_in", "known after half an hour"),
    ("hivis_drift", "nothing to compare with yet"),
    ("hivis_review_acceptance", "nobody has reviewed"),
    ("hivis_night", "no night yet"),
    ("hivis_ledger_dropped", "nothing was dropped"),
    ("hivis_ledger_queued", "set while records wait"),
    ("hivis_axon_refusals", "nobody was refused"),
];

#[test]
fn a_real_prometheus_scrapes_and_a_real_alertmanager_tells() {
    let (Some(prometheus), Some(alertmanager)) = (environment("prometheus"), environment("prometheus-alertmanager"))
    else {
        return;
    };
    let Some(watchers) = environment("watchers") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    with_release(&home);
    let miner = Miner::start(&home);
    let page = miner.page.trim_start_matches("http://").trim_end_matches('/').to_owned();
    // These servers do not say which port the kernel gave.
    let ports = [Port::reserve(), Port::reserve()];
    let [server, manager] = ports.each_ref().map(|port| port.address().to_string());
    // Nobody listens on the second target: that rule fires.
    let nobody = Port::reserve();
    let dead = nobody.address().to_string();
    let config = format!(
        "[watch]\ntargets = [\"{page}\", \"{dead}\"]\nalertmanager = \"{manager}\"\nrunbooks = \"http://{page}/runbooks\"\n\
         [[dates.entry]]\nname = \"the first of a far year\"\ndate = \"2099-01-01\"\n"
    );
    std::fs::write(home.join("hivis.toml"), config).expect("a file");
    let to = folder.path().join("watch");
    let made = output(hivis(&home, &["watch", "export", "--to", to.to_str().expect("text")]));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // Once a second instead of every 15, and nothing is waited for longer: a test has no hour.
    let faster = |file: &str, pairs: &[(&str, &str)]| {
        let text = std::fs::read_to_string(to.join(file)).expect("it was exported");
        let text = pairs.iter().fold(text, |text, (from, to)| text.replace(from, to));
        std::fs::write(to.join(file), text).expect("a file");
    };
    faster("prometheus.yml", &[("15s", "1s")]);
    faster("hivis-rules.yml", &[("15s", "1s"), ("for: \"1m\"", "for: \"1s\""), ("for: 1m", "for: 1s")]);

    let (told, webhook) = sink(200);
    let (said, discord) = sink(204);
    let (mails, mail, _smtp) = mailbox(&watchers);
    let mailbox = export::Mail {
        to: "you@example.org".to_owned(),
        from: "hivis@example.org".to_owned(),
        server: mail.address().to_string(),
        user: None,
        password: None,
        starttls: false,
        ca_file: None,
    };
    let ways = [
        Way::Webhook(format!("http://{webhook}/hook")),
        Way::Discord(format!("http://{discord}/api/webhooks/7/secret")),
        Way::Mail(mailbox),
    ];
    let receiver = |(number, way)| export::Receiver {
        name: format!("number {number}"),
        severities: BTreeSet::from([Severity::Critical]),
        way,
    };
    let receivers = ways.into_iter().enumerate().map(receiver).collect();
    let contacts = Contacts { receivers, ..Contacts::default() };
    let routes = export::alertmanager(&contacts, &rules(&Thresholds::default()));
    std::fs::write(to.join("alertmanager.yml"), routes.replace("\"10s\"", "\"1s\"").replace(" 10s", " 1s"))
        .expect("a file");
    let args = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>();
    let _manager = Server::start(
        &moved(&alertmanager, &to),
        &to,
        &args(&[
            "--config.file=alertmanager.yml",
            "--storage.path=am",
            "--cluster.listen-address=",
            &format!("--web.listen-address={manager}"),
        ]),
    );
    let _server = Server::start(
        &prometheus.join("usr/bin/prometheus"),
        &to,
        &args(&["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", &format!("--web.listen-address={server}")]),
    );
    until("Alertmanager listens", || listens(ports[1].number()));
    until("Prometheus listens", || listens(ports[0].number()));

    let ask = |questions: &str| {
        let asked = output(hivis(
            &home,
            &["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", questions, "--rate", "20", "--json"],
        ));
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    };
    ask("10");
    until("Prometheus scrapes", || (query(&server, "up == 1").len() == 1).then_some(()));
    ask("30");

    // Every query of a dashboard, and what every rule compares, has data, or the reason why not is known.
    let mut queries = BTreeSet::new();
    for dashboard in export::dashboards(&Thresholds::default()) {
        queries.extend(dashboard.panels.iter().flat_map(|panel| panel.queries.iter().map(export::Query::promql)));
    }
    for rule in rules(&Thresholds::default()) {
        parts(&rule.expr, &mut queries);
        // As it is, it is at least understood.
        query(&server, &rule.expr.promql());
    }
    assert!(queries.len() > 60, "{}", queries.len());
    let asked_at = Instant::now();
    let mut without: BTreeSet<String> = queries;
    while asked_at.elapsed() < DEADLINE {
        without.retain(|text| query(&server, text).is_empty());
        if without.iter().all(|text| EMPTY.iter().any(|(metric, _)| text.contains(metric))) {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    let unexplained: Vec<&String> =
        without.iter().filter(|text| !EMPTY.iter().any(|(metric, _)| text.contains(metric))).collect();
    assert!(unexplained.is_empty(), "no data: {unexplained:#?}");

    // The dead target's alert reaches all three.
    let hook: Value = serde_json::from_str(&until("the webhook is told", || about_dead(&told, &dead))).expect("JSON");
    let alert = &hook["alerts"][0];
    assert_eq!(
        (&alert["labels"]["alertname"], &alert["labels"]["severity"]),
        (&"HivisDown".into(), &"critical".into())
    );
    assert_eq!(alert["annotations"]["runbook_url"], format!("http://{page}/runbooks/down"));
    let (status, runbook) = get(alert["annotations"]["runbook_url"].as_str().expect("text"));
    assert!(status == 200 && runbook.contains("The miner does not answer"), "{status} {runbook}");
    let form: Value = serde_json::from_str(&until("Discord is told", || said.try_recv().ok())).expect("JSON");
    let embed = &form["embeds"][0];
    assert_eq!(embed["title"], "FIRING: HivisDown", "{form}");
    assert!(embed["description"].as_str().expect("text").contains("do not answer"), "{form}");
    let letter = until("a mail comes", || mails.try_recv().ok());
    assert!(letter.contains("HivisDown") && letter.contains("runbooks/down"), "{letter}");

    // The same by the program's own eyes: the miner is well but for what this test knows, the dead one is down.
    let well = check(&home, &["--page", &page]);
    let firing: BTreeSet<&str> =
        well["firing"].as_array().expect("a list").iter().filter_map(|one| one["rule"].as_str()).collect();
    // A machine of tests may be full or busy.
    let usual = BTreeSet::from([
        "HivisLatencyHigh",
        "HivisLatencyVeryHigh",
        "HivisDiskLow",
        "HivisMemoryHigh",
        "HivisDiskVeryLow",
    ]);
    assert!(firing.is_subset(&usual), "{well}");
    let down = check(&home, &["--page", &dead]);
    assert_eq!(down["firing"][0]["rule"], "HivisDown", "{down}");
    miner.stop();
}

/// `hivis watch check --json`; its exit code says whether something fires.
fn check(home: &Path, args: &[&str]) -> Value {
    let args = [&["watch", "check", "--json", "--seconds", "2"][..], args].concat();
    let said = output(hivis(home, &args));
    let told: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let fires = !told["firing"].as_array().expect("a list").is_empty();
    assert_eq!(said.status.code(), Some(i32::from(fires)), "{told}");
    told
}

fn about_dead(told: &Receiver<String>, dead: &str) -> Option<String> {
    told.try_iter().find(|body| body.contains(dead))
}

/// An HTTP server that takes every body and answers with `status`.
fn sink(status: u16) -> (Receiver<String>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut long = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    long = value.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let mut body = vec![0; long];
            if reader.read_exact(&mut body).is_ok() {
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = reader.get_mut().write_all(answer.as_bytes());
                let _ = send.send(String::from_utf8_lossy(&body).into_owned());
            }
        }
    });
    (receive, address)
}

/// A mail server that prints each mail on one line.
const MAILBOX: &str = "
import sys, time, base64
from aiosmtpd.controller import Controller
class Sink:
    async def handle_DATA(self, server, session, envelope):
        import email
        mail = email.message_from_bytes(envelope.content)
        text = ' '.join(p.get_payload(decode=True).decode() for p in mail.walk() if not p.is_multipart())
        print((str(mail['Subject']) + ' ' + text).replace('\\n', ' '), flush=True)
        return '250 OK'
Controller(Sink(), hostname='127.0.0.1', port=int(sys.argv[1])).start()
print('ready', flush=True)
time.sleep(300)
";

fn mailbox(watchers: &Path) -> (Receiver<String>, Port, Server) {
    let port = Port::reserve();
    let mut command = Command::new(watchers.join("bin/python"));
    command.args(["-c", MAILBOX, &port.number().to_string()]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("Python starts");
    let lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let (send, receive) = channel();
    std::thread::spawn(move || lines.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    assert_eq!(receive.recv_timeout(DEADLINE).expect("the mail server starts"), "ready");
    (receive, port, Server(child))
}

#[test]
fn rules_are_listed_with_the_users_thresholds() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    hivis_store::Home::open_or_create(home).expect("a home");
    std::fs::write(home.join("hivis.toml"), "[watch]\nlatency_ms = 123\n[serve]\nunvisited_min = 7\n").expect("a file");
    let listed = output(hivis(home, &["watch", "rules", "--json"]));
    let rules: Value = serde_json::from_slice(&listed.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&listed.stderr)));
    let expr = |name: &str| {
        let rule = rules.as_array().expect("a list").iter().find(|rule| rule["name"] == name);
        rule.expect("the rule is there")["expr"].as_str().expect("text").to_owned()
    };
    assert!(expr("HivisLatencyHigh").ends_with("> 0.123"), "{}", expr("HivisLatencyHigh"));
    assert!(expr("HivisNoValidator").contains("> 420"), "{}", expr("HivisNoValidator"));
    let refused = |config: &str| {
        std::fs::write(home.join("hivis.toml"), config).expect("a file");
        let said = output(hivis(home, &["watch", "rules"]));
        assert!(!said.status.success());
        String::from_utf8_lossy(&said.stderr).into_owned()
    };
    assert!(refused("[watch]\nobjective = 1.5\n").contains("watch.objective = 1.5 is out of range"));
    assert!(refused("[watch]\nspend_share = [0.9, 0.8, 1.1]\n").contains("out of order"));
    assert!(refused("[watch]\nlatency = 80\n").contains("latency"));
}
