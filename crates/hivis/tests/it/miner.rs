//! A miner of its own process for a test: a home, a permit for //Alice, and the hotkey //Bob.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// //Alice and //Bob, ss58.
pub(crate) const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
pub(crate) const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// Longest wait for anything that a process should do.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// `hivis --home HOME args...`, with nothing of the tester's own configuration.
pub(crate) fn hivis(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hivis"));
    command.arg("--home").arg(home).args(args).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HIVIS_") || name == "RUST_LOG") {
        command.env_remove(name);
    }
    command
}

/// Runs to the end under a deadline that is far for all but whole days.
pub(crate) fn output(command: Command) -> Output {
    output_within(DEADLINE * 5, command)
}

/// Runs to the end under this deadline.
pub(crate) fn output_within(limit: Duration, mut command: Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hivis starts");
    let (send, receive) = mpsc::channel();
    let id = child.id();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    if let Ok(output) = receive.recv_timeout(limit) {
        return output.expect("the process ends");
    }
    signal(id, "KILL");
    panic!("{command:?} did not end in time");
}

/// Sends a signal by name.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().expect("kill runs");
    assert!(status.success(), "kill -{name} {pid}");
}

/// A served home.
pub(crate) struct Miner {
    child: Child,
    pub(crate) axon: String,
    pub(crate) page: String,
}

impl Miner {
    /// Starts `hivis serve` on kernel ports; the home needs a release (see [`with_release`]).
    pub(crate) fn start(home: &Path) -> Self {
        let permits = format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 1000.0\n");
        std::fs::write(home.join("permits.toml"), permits).expect("the home is writable");
        let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
        Self::follow(hivis(home, &args))
    }

    /// Starts a prepared `hivis serve --json` and waits until it says where it listens.
    pub(crate) fn follow(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("hivis starts");
        let errors = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let (send, receive) = mpsc::channel();
        // Reads to the end, so that the server never blocks on its log.
        std::thread::spawn(move || {
            let mut log = String::new();
            for line in errors.lines().map_while(Result::ok) {
                let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                let field = |name: &str| event["fields"][name].as_str().map(str::to_owned);
                if let (Some(axon), Some(page)) = (field("axon"), field("page")) {
                    let _ = send.send(Ok((axon, page)));
                }
                log.push_str(&line);
                log.push('\n');
            }
            let _ = send.send(Err(log));
        });
        match receive.recv_timeout(DEADLINE).expect("the server says where it listens") {
            Ok((axon, page)) => Self { child, axon, page },
            Err(log) => panic!("the server did not start:\n{log}"),
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, then waits for the drain.
    pub(crate) fn stop(mut self) {
        signal(self.child.id(), "TERM");
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the process can be waited for") {
                assert!(status.success(), "the drain ended with {status}");
                return;
            }
            assert!(Instant::now() < end, "the drain did not end in time");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process can be waited for");
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        // A test that failed leaves no server behind; one that stopped it already has nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home whose current release is the embedded model, made by the shortest demo.
pub(crate) fn with_release(home: &Path) {
    let made = output(hivis(home, &["demo", "--questions", "2", "--rate", "20", "--no-stay", "--no-train"]));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A plain GET over a socket of our own: status and body.
pub(crate) fn get(url: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").expect("an http address");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut socket = std::net::TcpStream::connect(host).expect("the page listens");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    std::io::Write::write_all(&mut socket, request.as_bytes()).expect("the request is sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("the answer is text");
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status line");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}
