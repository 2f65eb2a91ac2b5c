//! Data sets as tables: what `datasets` and others write (`tests/tables/make.py`), and what is left of a damaged one.

use std::path::{Path, PathBuf};

use hivis_examiner::pictures::{Entry, read_dataset};
use hivis_examiner::{ExaminerError, PictureBytes};

fn table(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(name)
}

/// Every entry in a line.
fn lines(path: &Path) -> Result<String, ExaminerError> {
    let mut lines = Vec::new();
    read_dataset(path, &mut |entry| {
        lines.push(match entry {
            Entry::Skipped(skipped) => format!("skipped {}: {}", skipped.name, skipped.why),
            Entry::Picture(p) => {
                let bytes = match &p.bytes {
                    PictureBytes::Memory(bytes) => bytes.len(),
                    PictureBytes::File(path) => std::fs::metadata(path).expect("a file").len() as usize,
                };
                assert!(bytes > 10, "{}", p.name);
                format!("{}: {:?} {:?} scene {} [{}]", p.name, p.label, p.origin, p.scene, p.slices.join(" "))
            }
        });
        true
    })?;
    Ok(lines.join("\n"))
}

#[test]
fn a_table_of_the_hub() {
    insta::assert_snapshot!(lines(&table("hub.parquet")).expect("a table"), @r"
    hub#0 0.jpg: Roadwork Real scene s0 [weather:rain night cones]
    hub#1: Clear Real scene s0 []
    hub#2 2.jpg: Roadwork Real scene s1 [weather:snow]
    skipped hub#3 3.jpg: label `-1` is neither roadwork nor none
    skipped hub#4 4.jpg: no bytes in `image`
    hub#5 0.jpg: Roadwork Real scene hub#5 [weather:fog]
    ");
}

#[test]
fn tables_of_others() {
    insta::assert_snapshot!(lines(&table("plain.parquet")).expect("a table"), @r"
    plain#0: Roadwork Real scene plain#0 []
    plain#1: Clear Synthetic scene plain#1 []
    skipped plain#2: label `` is neither roadwork nor none
    ");
    insta::assert_snapshot!(lines(&table("named.parquet")).expect("a table"), @r"
    named#0 100.jpg: Roadwork Real scene named#0 []
    named#1 110.jpg: Clear Real scene named#1 []
    skipped named#2 120.jpg: label `zebra` is neither roadwork nor none
    ");
    for (name, why) in [
        ("no-label.parquet", "no column `label`"),
        ("no-picture.parquet", "no column of pictures"),
        ("empty-rows.parquet", "claims 500000 rows"),
    ] {
        let error = lines(&table(name)).expect_err(name);
        assert!(error.to_string().contains(why) && error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_folder_of_tables_in_their_order() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join("data")).expect("a folder");
    for (from, to) in [("named.parquet", "data/b.parquet"), ("plain.parquet", "data/a.parquet")] {
        std::fs::copy(table(from), home.path().join(to)).expect("a copy");
    }
    std::fs::write(home.path().join("README.md"), "a card").expect("a file");
    let all = lines(home.path()).expect("tables");
    let names: Vec<_> =
        all.lines().map(|line| line.split([':', ' ']).find(|w| w.contains('#')).expect("a row")).collect();
    assert_eq!(names, ["data/a#0", "data/a#1", "data/a#2", "data/b#0", "data/b#1", "data/b#2"]);
    // Whoever has enough says so.
    let mut taken = 0;
    read_dataset(home.path(), &mut |_| {
        taken += 1;
        taken < 4
    })
    .expect("tables");
    assert_eq!(taken, 4);
}

#[test]
fn a_cut_or_damaged_table_is_named_and_harms_nobody() {
    let bytes = std::fs::read(table("hub.parquet")).expect("a table");
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("x.parquet");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("a file");
        lines(&path)
    };
    for length in (0..bytes.len()).step_by(97) {
        let error = read(&bytes[..length]).expect_err("a table that is cut");
        assert!(error.to_string().contains("x.parquet"), "{length}: {error}");
    }
    let mut failed = 0;
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        // Pictures are not checked here, so many a wrong byte goes unseen; none may end the program.
        if let Err(error) = read(&damaged) {
            assert!(error.to_string().contains("x.parquet"), "{at}: {error}");
            failed += 1;
        }
    }
    assert!(failed > bytes.len() / 20, "{failed} of {}", bytes.len());
}

#[test]
fn parts_of_an_imagefolder_are_read_together() {
    let home = tempfile::tempdir().expect("a folder");
    let jpeg = hivis_image::encode_jpeg(&hivis_types::Picture::filled(64, 48, [1, 2, 3]));
    for name in ["train/roadwork/a.jpg", "train/none/b.jpg", "test/pictures/c.jpg", "other/d.jpg", "LICENSE"] {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, &jpeg).expect("a file");
    }
    let csv = "image,label,scene\npictures/c.jpg,1,s7\npictures/gone.jpg,1,s7\n";
    std::fs::write(home.path().join("test/metadata.csv"), csv).expect("a file");
    insta::assert_snapshot!(lines(home.path()).expect("parts"), @r"
    skipped other: outside the data set's parts
    skipped test/pictures/gone.jpg: there is no such file
    test/pictures/c.jpg: Roadwork Real scene s7 []
    train/none/b.jpg: Clear Real scene train/none/b.jpg []
    train/roadwork/a.jpg: Roadwork Real scene train/roadwork/a.jpg []
    ");
}
