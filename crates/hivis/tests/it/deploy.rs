//! `hivis doctor --deploy` on pictures of machines: files below a root, and what commands say there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::miner::{hivis, output};
use crate::release::told;

/// What is looked at, the files that differ from [`GOOD`], the state, and a part of the text.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// A machine that is as it should be.
const GOOD: [(&str, &str); 8] = [
    (
        "proc/net/tcp",
        "  sl  local_address rem_address   st\n   0: 00000000:1F9B 00000000:0000 0A\n   1: 0100007F:1F9C 00000000:0000 0A\n",
    ),
    ("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n"),
    ("etc/ssh/sshd_config.d/hivis.conf", "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"),
    ("commands/ufw status", "Status: active\n\n22/tcp  ALLOW  Anywhere\n8091/tcp  ALLOW  Anywhere\n"),
    ("commands/timedatectl show --property=NTPSynchronized --value", "yes\n"),
    ("proc/self/mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw\n"),
    ("proc/self/limits", "Limit   Soft Limit  Hard Limit  Units\nMax open files            65536   524288   files\n"),
    ("proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:   12000000 kB\nSwapTotal:       2000000 kB\n"),
];

/// What is found of each subject on a machine that differs from the good one by `files`: the worst state, and all texts.
fn findings(home: &Path, files: &[(&str, &str)]) -> BTreeMap<String, (String, String)> {
    let root = tempfile::tempdir().expect("a folder");
    for (path, text) in GOOD.iter().chain(files) {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        if text.is_empty() {
            std::fs::remove_file(&path).expect("it was there");
        } else {
            std::fs::write(path, text).expect("it can be written");
        }
    }
    let root = root.path().to_str().expect("a plain path");
    let mut command = hivis(home, &["doctor", "--deploy", "--root", root, "--json"]);
    command.env("HIVIS_WALLET_PATH", home.join("wallets"));
    let out = output(command);
    let said: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", told(&out)));
    let mut found: BTreeMap<String, (String, String)> = BTreeMap::new();
    for finding in said["findings"].as_array().expect("findings") {
        let word = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        assert_eq!(word("state") == "ok", word("mend").is_empty(), "{finding}");
        let entry = found.entry(word("what")).or_insert_with(|| (word("state"), String::new()));
        if word("state") == "mend" {
            entry.0 = word("state");
        }
        writeln!(entry.1, "{} -> {}", word("text"), word("mend")).expect("a text takes a line");
    }
    found
}

fn home(toml: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(home.path().join("objects")).expect("it can be made");
    let file = home.path().join("hivis.toml");
    std::fs::write(&file, toml).expect("it can be written");
    for (path, mode) in [(file.as_path(), 0o600), (home.path(), 0o700)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("modes");
    }
    home
}

/// What is found of the machine alone.
const MACHINE: [&str; 11] = [
    "axon",
    "outside",
    "page",
    "firewall",
    "ssh",
    "file modes",
    "clock sync",
    "file system",
    "open files",
    "memory",
    "engine",
];

#[test]
fn a_good_machine_is_good() {
    let home = home("");
    let found = findings(home.path(), &[]);
    for what in MACHINE {
        let wanted = if what == "outside" { "note" } else { "ok" };
        assert_eq!(found.get(what).map(|f| f.0.as_str()), Some(wanted), "{what}: {found:?}");
    }
    let plain = output(hivis(home.path(), &["doctor", "--json"]));
    let plain: Value = serde_json::from_slice(&plain.stdout).unwrap_or_else(|_| panic!("{}", told(&plain)));
    let names: Vec<&str> =
        plain["findings"].as_array().expect("findings").iter().filter_map(|f| f["what"].as_str()).collect();
    assert!(!names.contains(&"ssh") && names.contains(&"hotkey"), "only with --deploy: {names:?}");
}

#[test]
fn what_is_wrong_with_a_machine_is_said_with_its_mend() {
    let table = "  sl  local_address rem_address   st\n";
    let open_page = format!("{table}   0: 00000000:1F9C 00000000:0000 0A\n");
    let no_rule = "Status: active\n\n22/tcp  ALLOW  Anywhere\n";
    let page_rule = "Status: active\n\n8091:8092/tcp  ALLOW  Anywhere\n";
    let nft = "table inet filter {\n chain input {\n  type filter hook input priority 0; policy drop;\n  tcp dport 22 accept\n }\n}\n";
    let cases: [Case<'_>; 14] = [
        ("page", &[("proc/net/tcp", &open_page)], "mend", "0.0.0.0:8092"),
        ("ssh", &[("etc/ssh/sshd_config.d/hivis.conf", "")], "mend", "passwords may log in"),
        (
            "ssh",
            &[(
                "commands/sshd -T",
                "passwordauthentication no\nkbdinteractiveauthentication no\npermitrootlogin yes\n",
            )],
            "note",
            "root",
        ),
        ("ssh", &[("etc/ssh/sshd_config", "")], "ok", "no SSH server"),
        ("firewall", &[("commands/ufw status", no_rule)], "mend", "ufw allow 8091/tcp"),
        ("firewall", &[("commands/ufw status", page_rule)], "mend", "8092"),
        ("firewall", &[("commands/ufw status", ""), ("commands/nft list ruleset", nft)], "mend", "nft add rule"),
        ("firewall", &[("commands/ufw status", "")], "note", "none was found"),
        (
            "clock sync",
            &[("commands/timedatectl show --property=NTPSynchronized --value", "no\n")],
            "mend",
            "set-ntp true",
        ),
        ("file system", &[("proc/self/mountinfo", "22 1 0:1 / / rw - overlay overlay rw\n")], "mend", "volume"),
        ("open files", &[("proc/self/limits", "Max open files            1024   524288   files\n")], "mend", "1280"),
        ("memory", &[("proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\n")], "mend", "1.0 GB"),
        (
            "memory limit",
            &[("proc/self/cgroup", "0::/box\n"), ("sys/fs/cgroup/box/memory.max", "500000000\n")],
            "mend",
            "0.5 GB",
        ),
        (
            "memory limit",
            &[("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "8000000000\n")],
            "ok",
            "8.0 GB",
        ),
    ];
    let home = home("");
    for (what, files, state, text) in cases {
        let found = findings(home.path(), files);
        let (got, said) = found.get(what).unwrap_or_else(|| panic!("{what} is not there: {found:?}"));
        assert!(got == state && said.contains(text), "{what}: {got}, {said}");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_said() {
    let toml = "[serve]\naddr = \"127.0.0.1:8091\"\npage = \"0.0.0.0:8092\"\n[model]\nengine = \"onnxruntime\"\nprovider = \"cuda\"\nruntime_library = \"/nowhere/libonnxruntime.so\"\n";
    let wrong = home(toml);
    let found = findings(wrong.path(), &[]);
    for (what, text) in [
        ("axon", "no validator gets there"),
        ("page", "there are no accounts"),
        ("library", "is not there"),
        ("driver", "not loaded"),
    ] {
        assert!(found[what].0 == "mend" && found[what].1.contains(text), "{what}: {:?}", found[what]);
    }
    let version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  575.57.08  Sat May 24 07:35:33 UTC 2025\n";
    let gpu = "commands/nvidia-smi --query-gpu=name,memory.total --format=csv,noheader";
    let files = [("proc/driver/nvidia/version", version), (gpu, "NVIDIA GeForce RTX 3090, 24576 MiB\n")];
    let driver = &findings(wrong.path(), &files)["driver"];
    assert!(driver.0 == "ok" && driver.1.contains("575.57.08: NVIDIA GeForce RTX 3090"), "{driver:?}");

    let open = home("");
    let key = open.path().join("wallets/default/hotkeys/default");
    std::fs::create_dir_all(key.parent().expect("a folder")).expect("it can be made");
    std::fs::write(&key, "{}").expect("it can be written");
    for (path, mode) in [(&key, 0o644), (&open.path().join("hivis.toml"), 0o666)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("modes");
    }
    let modes = &findings(open.path(), &[])["file modes"];
    assert!(modes.0 == "mend" && modes.1.contains("chmod 600") && modes.1.contains("chmod go-w"), "{modes:?}");
    let ipv6 = home("[serve]\naddr = \"[::]:8091\"\n");
    assert!(findings(ipv6.path(), &[])["axon"].1.contains("IPv6"));
}
