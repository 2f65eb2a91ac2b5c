//! Faults of the house: a second server, corrupt weights, a server without permits.

use crate::miner::{BOB, Miner, get, hivis, output, with_release};

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
