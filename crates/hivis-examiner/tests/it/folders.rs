//! Pictures from folders, and questions made of them.

use std::path::Path;

use hivis_examiner::pictures::Pictures;
use hivis_examiner::{
    Event, ExamPlan, ExaminerError, Library, LibraryPicture, PictureBytes, Scenes, questions, silent,
};
use hivis_types::{Label, Origin, Picture};

fn write(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

fn jpeg(shade: u8) -> Vec<u8> {
    hivis_image::encode_jpeg(&Picture::filled(64, 48, [shade, 100, 200 - shade / 2]))
}

fn skips(library: &Library) -> Vec<String> {
    library.skipped().iter().map(|s| format!("{}: {}", s.name, s.why)).collect()
}

#[test]
fn class_folders() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    write(root, "roadwork/a.jpg", &jpeg(10));
    write(root, "Roadwork/synthetic/b.PNG", &jpeg(20));
    write(root, "None/deep/c.jpeg", &jpeg(30));
    write(root, "clear/d.webp", &jpeg(40));
    write(root, "clear/readme.txt", b"hello");
    write(root, "clear/.hidden.jpg", &jpeg(1));
    write(root, "other/e.jpg", &jpeg(50));
    write(root, "f.jpg", &jpeg(60));
    let library = Library::from_folder(root).expect("class folders");
    let found: Vec<_> = library.pictures().iter().map(|p| (p.name.as_str(), p.label, p.origin)).collect();
    assert_eq!(
        found,
        [
            ("None/deep/c.jpeg", Label::Clear, Origin::Real),
            ("Roadwork/synthetic/b.PNG", Label::Roadwork, Origin::Synthetic),
            ("clear/d.webp", Label::Clear, Origin::Real),
            ("roadwork/a.jpg", Label::Roadwork, Origin::Real),
        ]
    );
    insta::assert_snapshot!(skips(&library).join("\n"), @r"
    clear/readme.txt: not a .jpg, .jpeg, .png or .webp file
    f.jpg: outside the class folders
    other: a folder that names no class
    ");
}

#[test]
fn metadata_files() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    for i in 0..4 {
        write(root, &format!("pictures/{i}.jpg"), &jpeg(10 * i));
    }
    let csv = "file_name,label,origin,scene,weather\n\
               pictures/0.jpg,1,real,s0,rain\n\
               \"pictures/1.jpg\",None,synthetic,s0,\n\
               pictures/2.jpg,maybe,,,\n\
               ../3.jpg,1,,,\n\
               pictures/9.jpg,0,,,\n\
               ,0,,,\n\
               pictures/3.jpg,roadwork,i2i,,snow\n";
    write(root, "metadata.csv", csv.as_bytes());
    let library = Library::from_folder(root).expect("a metadata file");
    let found: Vec<_> = library
        .pictures()
        .iter()
        .map(|p| (p.name.as_str(), p.label, p.origin, p.scene.as_str(), p.slices.join(" ")))
        .collect();
    assert_eq!(
        found,
        [
            ("pictures/0.jpg", Label::Roadwork, Origin::Real, "s0", "weather:rain".to_owned()),
            ("pictures/1.jpg", Label::Clear, Origin::Synthetic, "s0", String::new()),
            ("pictures/3.jpg", Label::Roadwork, Origin::Synthetic, "pictures/3.jpg", "weather:snow".to_owned()),
        ]
    );
    insta::assert_snapshot!(skips(&library).join("\n"), @r"
    pictures/2.jpg: label `maybe` is neither roadwork nor none
    ../3.jpg: the path leaves the folder
    pictures/9.jpg: there is no such file
    line 7: no file_name
    ");

    // JSON lines win over CSV, and values of any type are understood.
    let lines = "{\"file_name\": \"pictures/0.jpg\", \"label\": 0, \"slices\": [\"time:night\", \"own\"]}\n\n\
                 {\"file_name\": \"pictures/1.jpg\", \"label\": true, \"weather\": null}\n";
    write(root, "metadata.jsonl", lines.as_bytes());
    let library = Library::from_folder(root).expect("a metadata file");
    let found: Vec<_> = library.pictures().iter().map(|p| (p.label, p.slices.clone())).collect();
    assert_eq!(found, [(Label::Clear, vec!["time:night".to_owned(), "own".to_owned()]), (Label::Roadwork, Vec::new())]);

    write(root, "metadata.jsonl", b"{\"file_name\": ");
    let error = Library::from_folder(root).expect_err("half a line");
    assert!(matches!(error, ExaminerError::Metadata { line: 1, .. }), "{error}");
}

#[test]
fn folders_of_no_use() {
    let home = tempfile::tempdir().expect("a folder");
    let missing = Library::from_folder(&home.path().join("none-such")).expect_err("no folder");
    assert!(matches!(missing, ExaminerError::Read(_)), "{missing}");
    let empty = Library::from_folder(home.path()).expect_err("nothing in it");
    assert!(matches!(empty, ExaminerError::Layout { .. }), "{empty}");
    write(home.path(), "roadwork/a.jpg", &jpeg(1));
    let mut single = Library::from_folder(home.path()).expect("one class folder");
    let error = questions(&ExamPlan::default(), &mut single, &silent).expect_err("one class only");
    assert!(matches!(error, ExaminerError::OneClass { label: Label::Clear, .. }), "{error}");
}

fn library(n: u8, broken: bool) -> Library {
    let picture = |i: u8| LibraryPicture {
        bytes: PictureBytes::Memory(if broken && i.is_multiple_of(5) {
            vec![0xff, 0xd8, 0xff, 0x00].into()
        } else {
            jpeg(i).into()
        }),
        name: format!("picture {i}"),
        label: if i.is_multiple_of(2) { Label::Clear } else { Label::Roadwork },
        origin: if i % 4 < 2 { Origin::Real } else { Origin::Synthetic },
        scene: format!("scene {i}"),
        slices: Vec::new(),
        trained_on: i.is_multiple_of(3),
    };
    Library::new("memory", (0..n).map(picture))
}

#[test]
fn questions_repeat_and_a_longer_exam_starts_the_same() {
    let plan = ExamPlan { questions: 24, seed: 5, ..ExamPlan::default() };
    let first = questions(&plan, &mut library(40, false), &silent).expect("questions");
    let again = questions(&plan, &mut library(40, false), &silent).expect("questions");
    assert_eq!(first, again);
    let longer = ExamPlan { questions: 30, ..plan.clone() };
    let longer = questions(&longer, &mut library(40, false), &silent).expect("questions");
    assert_eq!(first.questions, longer.questions[..24]);
    let other = ExamPlan { seed: 6, ..plan };
    assert_ne!(first, questions(&other, &mut library(40, false), &silent).expect("questions"));
    for q in &first.questions {
        let sent = q.picture().expect("a JPEG");
        assert_eq!((sent.width(), sent.height()), (224, 224));
    }
    // Every picture once before any comes again: 24 questions over four piles of ten.
    let mut names: Vec<_> = first.questions.iter().map(|q| q.name.as_str()).collect();
    names.sort_unstable();
    let distinct = {
        names.dedup();
        names.len()
    };
    assert!(distinct >= 22, "{distinct} distinct pictures of 24");
}

#[test]
fn a_set_survives_a_file() {
    let plan = ExamPlan { questions: 3, ..ExamPlan::default() };
    let set = questions(&plan, &mut library(12, false), &silent).expect("questions");
    let text = serde_json::to_string(&set).expect("JSON");
    assert_eq!(serde_json::from_str::<hivis_examiner::QuestionSet>(&text).expect("ours"), set);
}

#[test]
fn broken_pictures_are_replaced_and_told() {
    let made = std::sync::atomic::AtomicU32::new(0);
    let note = |event: &Event| {
        if let Event::Made { done, total } = event {
            assert!(*done <= *total);
            made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let plan = ExamPlan { questions: 30, ..ExamPlan::default() };
    let set = questions(&plan, &mut library(40, true), &note).expect("questions");
    assert_eq!((set.questions.len(), made.into_inner()), (30, 30));
    assert!(!set.skipped.is_empty());
    for skip in &set.skipped {
        let number: u32 = skip.name.trim_start_matches("picture ").parse().expect("a number");
        assert_eq!(number % 5, 0, "{skip:?}");
        assert!(!skip.why.is_empty());
    }

    let junk = LibraryPicture { bytes: PictureBytes::Memory(b"junk".to_vec().into()), ..one(0) };
    let other = LibraryPicture { label: Label::Roadwork, ..junk.clone() };
    let error = questions(&plan, &mut Library::new("junk", [junk, other]), &silent).expect_err("no picture at all");
    assert!(matches!(error, ExaminerError::Unreadable { .. }), "{error}");
}

fn one(i: u8) -> LibraryPicture {
    library(i + 1, false).pictures()[usize::from(i)].clone()
}

#[test]
fn scenes_have_the_wanted_label_and_style() {
    let plan = ExamPlan { questions: 24, seed: 9, ..ExamPlan::default() };
    let mut scenes = Scenes::new(hivis_synth::Mix::default()).sized(240, 180);
    let set = questions(&plan, &mut scenes, &silent).expect("questions");
    let count = |f: &dyn Fn(&hivis_examiner::Question) -> bool| set.questions.iter().filter(|q| f(q)).count();
    assert!((4..=20).contains(&count(&|q| q.label == Label::Roadwork)));
    assert!((4..=20).contains(&count(&|q| q.origin == Origin::Synthetic)));
    assert!(set.questions.iter().all(|q| q.slices.iter().any(|s| s.starts_with("weather:"))), "{:?}", set.questions[0]);
    let scenes: std::collections::HashSet<_> = set.questions.iter().map(|q| &q.scene).collect();
    assert_eq!(scenes.len(), 24);
    if let Some(path) = std::env::var_os("HIVIS_LOOK") {
        let cells: Vec<_> = set
            .questions
            .iter()
            .filter_map(|q| {
                let level = q.level.map_or_else(String::new, |level| level.to_string());
                let caption = format!("{:?}\n{} level {level}", q.label, q.origin.as_str());
                Some(hivis_examiner::Captioned { picture: q.picture()?, caption })
            })
            .collect();
        let sheet = hivis_examiner::contact_sheet(&cells);
        std::fs::write(path, hivis_image::encode_png(&sheet)).expect("a writable path");
    }
}
