//! The service: its files as systemd reads them, what is told to systemd, and what the hardening must not break.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::miner::{ALICE, DEADLINE, Miner, hivis, output, with_release};
use crate::release::told;

/// Worst exposure that `systemd-analyze security` may give, in tenths: 0 is best, 100 worst.
const EXPOSURE: u32 = 20;

fn install(root: &Path, more: &[&str]) -> Output {
    let root = root.to_str().expect("a plain path");
    let args = [&["install-service", "--root", root, "--binary", "/bin/true"], more].concat();
    let mut command = hivis(Path::new("/var/lib/hivis"), &args);
    command.env_remove("XDG_CONFIG_HOME");
    output(command)
}

fn analyze(args: &[&str]) -> Option<Output> {
    let runtime = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("systemd-analyze");
    let done = command.args(args).env("SYSTEMD_COLORS", "0").env("XDG_RUNTIME_DIR", runtime.path()).output();
    if done.is_err() {
        println!("skipped: systemd-analyze is not installed");
    }
    done.ok()
}

#[test]
fn files_that_are_as_they_should_be_are_left_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let first = install(root.path(), &[]);
    assert!(first.status.success(), "{}", told(&first));
    for line in ["systemctl daemon-reload", "enable --now hivis.socket", "systemd-sysusers", "never the coldkey"] {
        assert!(told(&first).contains(line), "{}", told(&first));
    }
    let units = root.path().join("etc/systemd/system");
    let service = units.join("hivis.service");
    let text = std::fs::read_to_string(&service).expect("it is written");
    for line in [
        "ExecStart=/bin/true --home /var/lib/hivis serve --wallet-path /etc/hivis/wallets",
        "Type=notify",
        "User=hivis",
        "StateDirectory=hivis",
        "ProtectSystem=strict",
        "MemoryDenyWriteExecute=yes",
        "LimitNOFILE=2048",
        "TimeoutStopSec=40",
        "PrivateDevices=yes",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    let socket = std::fs::read_to_string(units.join("hivis.socket")).expect("it is written");
    let streams: Vec<&str> = socket.lines().filter_map(|line| line.strip_prefix("ListenStream=")).collect();
    assert_eq!(streams, ["0.0.0.0:8091", "127.0.0.1:8092"], "the axon's first");

    let again = install(root.path(), &["--json"]);
    let said: Value = serde_json::from_slice(&again.stdout).unwrap_or_else(|_| panic!("{}", told(&again)));
    let states: Vec<&Value> = said["files"].as_array().expect("files").iter().map(|f| &f["state"]).collect();
    assert_eq!(states, ["unchanged", "unchanged", "unchanged"]);

    let mine = text.replace("RestartSec=2", "RestartSec=99");
    std::fs::write(&service, &mine).expect("it can be written");
    let differs = install(root.path(), &[]);
    let said = told(&differs);
    assert!(!differs.status.success() && said.contains("--force"), "{said}");
    assert!(said.contains("- RestartSec=99") && said.contains("+ RestartSec=2"), "{said}");
    assert_eq!(std::fs::read_to_string(&service).expect("it is there"), mine);
    assert!(install(root.path(), &["--force"]).status.success());
    assert_eq!(std::fs::read_to_string(&service).expect("it is there"), text);
}

#[test]
fn the_units_follow_the_configuration() {
    let root = tempfile::tempdir().expect("a folder");
    let home = root.path().join("srv/miner");
    std::fs::create_dir_all(&home).expect("a folder");
    let toml = "[serve]\naddr = \"0.0.0.0:9100\"\npage = \"127.0.0.1:9101\"\nconnections = 5000\ndrain_s = 60.0\n[model]\nengine = \"onnxruntime\"\nprovider = \"cuda\"\n";
    std::fs::write(home.join("hivis.toml"), toml).expect("it can be written");
    let path = root.path().to_str().expect("a plain path");
    let args = ["install-service", "--root", path, "--binary", "/opt/hivis"];
    let done = output(hivis(Path::new("/srv/miner"), &args));
    assert!(done.status.success(), "{}", told(&done));
    let read = |name: &str| std::fs::read_to_string(root.path().join("etc/systemd/system").join(name)).expect("a file");
    let (service, socket) = (read("hivis.service"), read("hivis.socket"));
    assert!(socket.contains("ListenStream=0.0.0.0:9100\nListenStream=127.0.0.1:9101"), "{socket}");
    for line in ["ReadWritePaths=/srv/miner", "LimitNOFILE=8192", "TimeoutStopSec=90", "DevicePolicy=closed"] {
        assert!(service.contains(line), "{line} is not in\n{service}");
    }
    assert!(!service.contains("\nMemoryDenyWriteExecute") && !service.contains("StateDirectory"), "{service}");

    for hidden in ["/home/me/hivis", "/root/hivis", "/tmp/hivis"] {
        let done = output(hivis(Path::new("/srv/miner"), &["install-service", "--print", "--binary", hidden]));
        assert!(!done.status.success() && told(&done).contains("does not see"), "{}", told(&done));
    }
    let strange = output(hivis(Path::new("/srv/my miner"), &["install-service", "--print", "--binary", "/opt/hivis"]));
    assert!(
        !strange.status.success() && told(&strange).contains("cannot stand in a systemd unit"),
        "{}",
        told(&strange)
    );
}

#[test]
fn systemd_accepts_the_units_and_finds_them_tight() {
    for (name, toml) in [
        ("rten", ""),
        ("cuda", "[model]\nengine = \"onnxruntime\"\nprovider = \"cuda\"\n"),
        ("openvino", "[model]\nengine = \"onnxruntime\"\nprovider = \"openvino\"\n"),
    ] {
        let root = tempfile::tempdir().expect("a folder");
        let home = root.path().join("var/lib/hivis");
        std::fs::create_dir_all(&home).expect("a folder");
        std::fs::write(home.join("hivis.toml"), toml).expect("it can be written");
        assert!(install(root.path(), &[]).status.success());
        let units = root.path().join("etc/systemd/system");
        let path = |name: &str| units.join(name).to_str().expect("a plain path").to_owned();
        let (service, socket) = (path("hivis.service"), path("hivis.socket"));
        let Some(done) = analyze(&["verify", "--man=no", "--recursive-errors=no", &service, &socket]) else { return };
        assert!(done.status.success() && done.stderr.is_empty(), "{name}: {}", told(&done));
        let threshold = format!("--threshold={EXPOSURE}");
        let Some(done) = analyze(&["security", "--offline=true", "--no-pager", &threshold, &service]) else { return };
        let said = told(&done);
        println!("{name}: {}", said.lines().rfind(|line| line.contains("exposure")).unwrap_or_default());
        assert!(done.status.success(), "{name}: {said}");
    }
    let account = tempfile::tempdir().expect("a folder");
    let mut command = hivis(&account.path().join("home"), &["install-service", "--user", "--binary", "/bin/true"]);
    command.env("HOME", account.path());
    let done = output(command);
    assert!(done.status.success() && told(&done).contains("systemctl --user"), "{}", told(&done));
    let units = account.path().join(".config/systemd/user");
    let [service, socket] =
        ["hivis.service", "hivis.socket"].map(|name| units.join(name).to_str().expect("a plain path").to_owned());
    let Some(done) = analyze(&["verify", "--user", "--man=no", "--recursive-errors=no", &service, &socket]) else {
        return;
    };
    assert!(done.status.success() && done.stderr.is_empty(), "{}", told(&done));
}

#[test]
fn systemd_hears_when_it_answers_and_when_it_drains() {
    let home = tempfile::tempdir().expect("a folder");
    let permits = format!("[[permit]]\nhotkey = \"{ALICE}\"\nstake = 1000.0\n");
    std::fs::write(home.path().join("permits.toml"), permits).expect("it can be written");
    std::fs::write(home.path().join("hivis.toml"), "").expect("it can be written");
    let manager = home.path().join("logs.notify");
    let socket = UnixDatagram::bind(&manager).expect("a socket");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let args = ["serve", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0", "--hotkey", "//Bob", "--json"];
    let mut command = hivis(home.path(), &args);
    command.env("NOTIFY_SOCKET", &manager);
    let miner = Miner::follow(command);
    let hear = || {
        let mut word = [0; 64];
        let length = socket.recv(&mut word).expect("a word");
        String::from_utf8_lossy(&word[..length]).into_owned()
    };
    assert_eq!(hear(), "READY=1");
    miner.stop();
    assert_eq!(hear(), "STOPPING=1");
}

/// Sets what `MemoryDenyWriteExecute=yes` sets on a new kernel (`PR_SET_MDWE`, kept by what is started), then starts hivis.
const DENY: &str = "import ctypes, os, sys\n\
    if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0: sys.exit(77)\n\
    os.execv(sys.argv[1], sys.argv[1:])";

#[test]
fn the_built_in_engine_writes_no_machine_code() {
    let home = tempfile::tempdir().expect("a folder");
    with_release(home.path());
    let mut command = Command::new("python3");
    command.args(["-c", DENY, env!("CARGO_BIN_EXE_hivis"), "--home"]).arg(home.path());
    let args = ["demo", "--questions", "2", "--rate", "20", "--no-stay", "--no-train"];
    command.args(args).stdin(std::process::Stdio::null());
    let done = output(command);
    if done.status.code() == Some(77) {
        println!("skipped: this kernel has no PR_SET_MDWE (6.3 has)");
        return;
    }
    assert!(done.status.success(), "{}", told(&done));
}
