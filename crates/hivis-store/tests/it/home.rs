//! The folder, its locks, and folders that are no home.

use std::os::unix::fs::PermissionsExt as _;

use hivis_store::{Home, StoreError};

#[test]
fn a_new_home_has_its_folders_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/home");
    let home = Home::open_or_create(&path).unwrap();
    assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    for folder in ["objects/files/md5", "releases", "exams", "reports", "logs"] {
        assert!(home.path().join(folder).is_dir(), "{folder}");
    }
    assert!(home.free_bytes().unwrap() > 0);
    Home::open(&path).expect("it opens again");
    Home::open_or_create(&path).expect("and again");
}

#[test]
fn what_is_no_home_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Home::open(&folder.path().join("nothing")).unwrap_err();
    assert!(matches!(missing, StoreError::NoHome { .. }), "{missing:?}");
    assert!(matches!(Home::open(folder.path()), Err(StoreError::NoHome { .. })), "an empty folder is no home yet");
    assert!(!folder.path().join("objects").exists(), "looking leaves nothing behind");

    fs_err::write(folder.path().join("thesis.txt"), "dear").unwrap();
    let error = Home::open_or_create(folder.path()).unwrap_err();
    assert!(error.to_string().contains("thesis.txt"), "{error}");
    assert!(error.hint().unwrap().contains("--home"));
    assert!(!folder.path().join("objects").exists(), "a stranger's folder is left alone");
}

#[test]
fn a_folder_with_a_configuration_becomes_a_home() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("hivis.toml"), "").unwrap();
    fs_err::write(folder.path().join("notes.txt"), "mine").unwrap();
    Home::open_or_create(folder.path()).unwrap();
}

#[test]
fn a_second_server_is_refused_with_the_first_ones_pid() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open_or_create(folder.path()).unwrap();
    assert_eq!(home.server().unwrap(), None);
    let lock = home.serve_lock().unwrap();
    let error = Home::open(folder.path()).unwrap().serve_lock().unwrap_err();
    let pid = std::process::id();
    assert!(matches!(error, StoreError::ServerRunning { pid: Some(p), .. } if p == pid), "{error:?}");
    assert!(error.to_string().contains(&format!("(process {pid})")), "{error}");
    assert_eq!(home.server().unwrap(), Some(Some(pid)));
    drop(lock);
    assert_eq!(home.server().unwrap(), None);
    home.serve_lock().expect("the lock goes with the server");
}
