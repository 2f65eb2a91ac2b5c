//! Faults of the house: a second server, corrupt weights, a server without permits.

use std::process::{Command, Stdio};

use crate::miner::{BOB, Miner, get, hivis, output, with_release};

/// Opens two listeners as file descriptors 3 and 4 and becomes the server, as systemd's socket activation does.
const ACTIVATE: &str = r"
import os, socket, sys
listeners = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)]
print(*(l.getsockname()[1] for l in listeners), flush=True)
# Out of the way first, so that neither copy lands on the other.
high = [os.dup2(l.fileno(), 100 + i) for i, l in enumerate(listeners)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
os.environ.update(LISTEN_FDS='2', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn sockets_may_come_from_systemd() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let mut command = Command::new("python3");
    command.args(["-c", ACTIVATE, env!("CARGO_BIN_EXE_hivis"), "--home"]).arg(home.path());
    // The addresses are wrong on purpose: what is handed over wins.
    command.args(["serve", "--addr", "192.0.2.1:1", "--page", "192.0.2.1:2", "--hotkey", "//Bob", "--json"]);
    let miner = Miner::follow({
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    });
    assert!(miner.axon.starts_with("127.0.0.1:") && miner.page.starts_with("http://127.0.0.1:"), "{}", miner.axon);
    assert_eq!(get(&format!("{}healthz", miner.page)).0, 200);
    miner.stop();
}

#[test]
fn a_second_server_on_one_home_is_refused_by_name() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let miner = Miner::start(home.path());
    let second = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob"];
    let out = output(hivis(home.path(), &second));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.contains(&miner.id().to_string()), "{said}");
    // The first one goes on.
    let (status, body) = get(&format!("{}readyz", miner.page));
    assert_eq!(status, 200, "{body}");
    miner.stop();
}

#[test]
fn corrupt_weights_are_refused_in_one_line() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let current = std::fs::read_to_string(home.path().join("releases/current")).expect("a pointer");
    let graph = home.path().join("releases").join(current.trim()).join("model.onnx");
    let mut bytes = std::fs::read(&graph).expect("a graph");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    let mut permissions = std::fs::metadata(&graph).expect("a graph").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    std::fs::set_permissions(&graph, permissions).expect("the mode can be changed");
    std::fs::write(&graph, bytes).expect("the graph is writable");
    let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob"];
    let out = output(hivis(home.path(), &args));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.contains("model.onnx"), "{said}");
}

#[test]
fn a_home_without_permits_says_so_on_readyz() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let miner = Miner::start(home.path());
    std::fs::write(home.path().join("permits.toml"), "").expect("the home is writable");
    let end = std::time::Instant::now() + crate::miner::DEADLINE;
    loop {
        let (status, body) = get(&format!("{}readyz", miner.page));
        if status == 503 {
            assert!(body.contains("no permits"), "{body}");
            break;
        }
        assert!(std::time::Instant::now() < end, "the emptied list was not read again");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let exam = ["exam", "--axon", &miner.axon, "--axon-hotkey", BOB, "--questions", "2", "--rate", "20", "--json"];
    let out = output(hivis(home.path(), &exam));
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(told.contains("refused"), "{told}\n{}", String::from_utf8_lossy(&out.stderr));
    miner.stop();
}
