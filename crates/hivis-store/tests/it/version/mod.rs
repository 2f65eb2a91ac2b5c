//! Versions of the data: what they hold, what a power cut leaves, and what the real git and DVC make of them.

mod crash;
mod dvc;
mod lines;
mod plain;
mod remote;

use std::path::Path;
use std::process::{Command, Output};

use hivis_store::{
    CutDone, DataVersion, NewContent, NewDataset, NewPicture, NewVersion, ObjectId, StoreError, VersionName,
    VersionOptions, Versions,
};
use hivis_types::{Label, Origin};
use jiff::Timestamp;
use serde_json::json;

use crate::world::{START, World, picture};

/// Bytes of a picture of these tests.
const BYTES: usize = 3000;

fn now() -> Timestamp {
    Timestamp::from_second(START).unwrap()
}

fn bytes(n: u64) -> Vec<u8> {
    picture(n, BYTES).bytes
}

fn id(n: u64) -> ObjectId {
    ObjectId::of(&bytes(n))
}

/// Puts pictures into the home, as a data set's.
async fn import(world: &World, pictures: impl IntoIterator<Item = u64>) {
    let row = |n| NewPicture {
        bytes: bytes(n),
        name: format!("{n}.jpg"),
        label: Label::Roadwork,
        origin: Origin::Real,
        scene: n.to_string(),
        slices: Vec::new(),
    };
    let rows: Vec<NewPicture> = pictures.into_iter().map(row).collect();
    let new = NewDataset { name: "streets".into(), source: "here".into(), revision: None };
    let begun = world.ledger.begin_import(&new, now()).await.unwrap();
    world.ledger.import(&begun, &rows).await.unwrap();
}

/// A line as the program writes it, as far as this room looks at it.
fn content(n: u64, label: &str) -> NewContent {
    let name = format!("{}.jpg", &id(n).to_string()[..16]);
    let line = json!({ "file_name": format!("pictures/{name}"), "label": label, "sha256": id(n).to_string() });
    NewContent { id: id(n), name, line: line.to_string() }
}

/// A version of these pictures, all labelled so.
fn version(name: &str, pictures: impl IntoIterator<Item = u64>, label: &str) -> NewVersion {
    NewVersion {
        name: name.parse().unwrap(),
        at: now(),
        message: format!("message of {name}"),
        facts: json!({ "why": name }),
        notes: format!("### Added\n\n- what {name} brings"),
        pictures: pictures.into_iter().map(|n| content(n, label)).collect(),
    }
}

/// The lock, with an identity of its own, so that no configuration of the tester matters.
fn lock(world: &World) -> Versions {
    lock_with(world, |options| options)
}

fn lock_with(world: &World, change: impl FnOnce(VersionOptions) -> VersionOptions) -> Versions {
    let identity = Some(("Tester".to_owned(), "tester@example.com".to_owned()));
    let options = change(VersionOptions { identity, ..VersionOptions::default() });
    world.home.lock_versions(&world.ledger, options).unwrap()
}

async fn cut(world: &World, new: &NewVersion) -> Result<CutDone, StoreError> {
    lock(world).cut(new).await
}

async fn named(world: &World, name: &str) -> DataVersion {
    world.ledger.version_named(name).await.unwrap()
}

const V1: &str = "v1.0.0-20261123";
const V2: &str = "v1.1.0-20261123";

/// Two versions: pictures 0 to 5, then 2 to 7 with other lines.
async fn two_versions() -> World {
    let world = World::new().await;
    import(&world, 0..8).await;
    cut(&world, &version(V1, 0..6, "roadwork")).await.unwrap();
    cut(&world, &version(V2, 2..8, "none")).await.unwrap();
    world
}

/// git or dvc in `folder`, with nothing of the tester's configuration; it must do what it is told.
fn run(program: &Path, folder: &Path, args: &[&str]) -> String {
    let out = told(program, folder, args);
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{} {args:?}: {said}", program.display());
    said
}

fn told(program: &Path, folder: &Path, args: &[&str]) -> Output {
    // DVC keeps settings and a lock in the user's folders.
    let own = folder.parent().unwrap().join("own");
    Command::new(program)
        .args(args)
        .current_dir(folder)
        .env("HOME", &own)
        .env("XDG_CONFIG_HOME", &own)
        .env("XDG_CACHE_HOME", &own)
        .env("DVC_GLOBAL_CONFIG_DIR", &own)
        .env("DVC_SITE_CACHE_DIR", own.join("site"))
        .env("DVC_NO_ANALYTICS", "1")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "User"), ("GIT_AUTHOR_EMAIL", "user@example.com")])
        .envs([("GIT_COMMITTER_NAME", "User"), ("GIT_COMMITTER_EMAIL", "user@example.com")])
        .output()
        .unwrap()
}

fn git(folder: &Path, args: &[&str]) -> String {
    run(Path::new("git"), folder, args).trim().to_owned()
}

/// What a version's folder holds: every file with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("metadata.jsonl".to_owned(), fs_err::read(folder.join("metadata.jsonl")).unwrap())];
    for entry in fs_err::read_dir(folder.join("pictures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push((name, fs_err::read(&path).unwrap()));
    }
    files.sort();
    files
}

/// The same of a version as it should be.
fn expected(new: &NewVersion, numbers: impl IntoIterator<Item = u64>) -> Vec<(String, Vec<u8>)> {
    let mut lines: Vec<(String, String)> = new.pictures.iter().map(|c| (c.name.clone(), c.line.clone())).collect();
    lines.sort();
    let table: String = lines.iter().flat_map(|(_, line)| [line.as_str(), "\n"]).collect();
    let mut files: Vec<(String, Vec<u8>)> = numbers.into_iter().map(|n| (content(n, "").name, bytes(n))).collect();
    files.push(("metadata.jsonl".to_owned(), table.into_bytes()));
    files.sort();
    files
}

fn name(text: &str) -> VersionName {
    text.parse().unwrap()
}
