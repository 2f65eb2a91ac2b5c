//! Features that are kept: torn tails, damaged rows, several at once.

use std::path::{Path, PathBuf};

use hivis_store::{Embeddings, ObjectId, StoreError};
use proptest::prelude::*;

const WIDTH: usize = 5;
const ANCHOR: [f32; WIDTH] = [0.25, -1.0, 0.0, 7.5, 1e-9];
/// Bytes before the first row, and of a row.
const HEAD: usize = 16 + 4 * WIDTH;
const ROW: usize = 36 + 4 * WIDTH;

fn id(n: u8) -> ObjectId {
    ObjectId::of(&[n])
}

fn row(n: u8) -> [f32; WIDTH] {
    std::array::from_fn(|at| f32::from(n) + at as f32 / 8.0)
}

fn open(folder: &Path) -> Embeddings {
    Embeddings::open(folder, &ANCHOR).unwrap()
}

/// Appends rows of these numbers; how many were new.
fn append(space: &mut Embeddings, numbers: impl IntoIterator<Item = u8>) -> usize {
    let rows: Vec<(ObjectId, [f32; WIDTH])> = numbers.into_iter().map(|n| (id(n), row(n))).collect();
    space.append(rows.iter().map(|(id, row)| (*id, &row[..]))).unwrap()
}

fn file(folder: &Path) -> PathBuf {
    folder.join("features.bin")
}

#[test]
fn a_picture_is_kept_once_and_found_by_whoever_reads() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("space");
    assert_eq!(Embeddings::anchor_of(&folder).unwrap(), None);
    let mut reader = open(&folder);
    assert!(reader.ids().is_empty() && !folder.exists(), "looking makes nothing");
    let (mut one, mut other) = (open(&folder), open(&folder));
    assert_eq!(append(&mut one, [1, 2, 1]), 2);
    assert_eq!(append(&mut other, [2, 3]), 1, "what the other has written meanwhile is seen first");
    reader.refresh().unwrap();
    assert_eq!(reader.ids(), [id(1), id(2), id(3)]);
    assert_eq!((reader.get(id(2)), reader.get(id(4))), (Some(&row(2)[..]), None));
    assert_eq!((reader.rows().len(), reader.damaged()), (3 * WIDTH, 0));
    assert_eq!(Embeddings::anchor_of(&folder).unwrap(), Some(ANCHOR.to_vec()));
    assert_eq!(std::fs::metadata(file(&folder)).unwrap().len() as usize, HEAD + 3 * ROW);
}

#[test]
fn what_is_no_such_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    append(&mut open(folder), [1]);
    let refused = |anchor: &[f32]| match Embeddings::open(folder, anchor).unwrap_err() {
        StoreError::BadEmbeddings { reason, .. } => reason,
        other => panic!("{other}"),
    };
    assert_eq!(refused(&[0.25, -1.0, 0.0, 7.5, 2e-9]), "it belongs to another backbone");
    assert_eq!(refused(&ANCHOR[..4]), "it belongs to another backbone");
    let whole = std::fs::read(file(folder)).unwrap();
    let with = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        std::fs::write(file(folder), bytes).unwrap();
    };
    with(8, 2);
    assert_eq!(refused(&ANCHOR), "it is of version 2, this hivis knows 1");
    with(0, b'X');
    assert_eq!(refused(&ANCHOR), "it holds no features");
    with(14, 255);
    assert_eq!(refused(&ANCHOR), "it says that a picture has 16711685 features");
    std::fs::write(file(folder), b"HIVIX").unwrap();
    assert_eq!(refused(&ANCHOR), "it holds no features");
}

#[test]
fn writers_in_several_threads_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let new: usize = std::thread::scope(|scope| {
        let write = |from: u8| {
            scope.spawn(move || {
                let mut space = open(folder);
                (from..from + 60).map(|n| append(&mut space, [n])).sum::<usize>()
            })
        };
        let threads: Vec<_> = [0, 30, 60].map(write).into();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let space = open(folder);
    assert_eq!((new, space.ids().len(), space.damaged()), (120, 120, 0));
    assert!((0..120).all(|n| space.get(id(n)) == Some(&row(n))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// A writer that died at any byte costs at most the row that it was writing.
    #[test]
    fn a_file_that_ends_anywhere_opens_and_goes_on(rows in 0_u8..9, cut in 0.0..1.0_f64) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        append(&mut open(folder), 0..rows);
        let whole = std::fs::read(file(folder)).unwrap();
        let left = (whole.len() as f64 * cut) as usize;
        std::fs::write(file(folder), &whole[..left]).unwrap();

        let mut space = open(folder);
        let kept = left.saturating_sub(HEAD) / ROW;
        prop_assert_eq!(space.ids(), (0..kept as u8).map(id).collect::<Vec<_>>());
        prop_assert_eq!(append(&mut space, 0..rows), usize::from(rows) - kept);
        prop_assert_eq!(std::fs::read(file(folder)).unwrap(), whole, "what was lost is written again, the same");
    }

    /// A byte that went bad costs its own row.
    #[test]
    fn a_bad_byte_costs_one_row(rows in 1_u8..9, at in 0.0..1.0_f64, flip in 1_u8..) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        append(&mut open(folder), 0..rows);
        let mut bytes = std::fs::read(file(folder)).unwrap();
        let at = HEAD + ((bytes.len() - HEAD) as f64 * at) as usize;
        bytes[at] ^= flip;
        std::fs::write(file(folder), bytes).unwrap();

        let mut space = open(folder);
        let bad = ((at - HEAD) / ROW) as u8;
        prop_assert_eq!(space.damaged(), 1);
        prop_assert_eq!(space.ids(), (0..rows).filter(|n| *n != bad).map(id).collect::<Vec<_>>());
        prop_assert_eq!(append(&mut space, 0..rows), 1);
        let space = open(folder);
        prop_assert!((0..rows).all(|n| space.get(id(n)) == Some(&row(n))));
    }
}

#[test]
fn the_newest_rows_are_read_without_the_others() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Embeddings::newest(folder.path(), 10, 1 << 20).unwrap().is_none());
    let anchor = [1.0, 2.0];
    let mut all = Embeddings::open(folder.path(), &anchor).unwrap();
    let rows: Vec<(ObjectId, [f32; 2])> = (0..9u8).map(|n| (ObjectId([n; 32]), [f32::from(n), 0.5])).collect();
    all.append(rows.iter().map(|(id, row)| (*id, row.as_slice()))).unwrap();
    for (most, bytes, expected) in [(3, 1 << 20, 6..9u8), (100, 1 << 20, 0..9), (100, 2 * 44, 7..9), (0, 99, 9..9)] {
        let some = Embeddings::newest(folder.path(), most, bytes).unwrap().unwrap();
        let ids: Vec<ObjectId> = expected.clone().map(|n| ObjectId([n; 32])).collect();
        assert_eq!(some.ids(), ids, "{most} rows, {bytes} bytes");
        assert_eq!(some.rows().len(), 2 * ids.len());
        assert_eq!(some.get(ObjectId([8; 32])), ids.last().map(|_| [8.0, 0.5].as_slice()));
    }
}
