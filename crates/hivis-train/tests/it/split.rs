//! The split and its proof.

use std::collections::{BTreeMap, BTreeSet};

use hivis_image::FineHash;
use hivis_train::split::{ALIKE, Held, Member, Out, Part, Plan, Shared, part, plan, prove, read_held, write};
use hivis_types::{Label, LabelSource, Origin};
use proptest::prelude::*;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 72;

fn key(number: u64) -> String {
    // Spread, so that numbers do not tell the order of keys.
    format!("{:064x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// A picture with a look of its own.
fn member(number: u64) -> Member {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    Member {
        key: key(number),
        trusted: LabelSource::Dataset,
        source: "streets".to_owned(),
        name: format!("{number}.jpg"),
        scene: None,
        label: if rng.random() { Label::Roadwork } else { Label::Clear },
        origin: Origin::Real,
        hash: Some(FineHash(rng.random())),
    }
}

fn in_scene(number: u64, scene: &str) -> Member {
    Member { scene: Some(scene.to_owned()), ..member(number) }
}

/// The first scene after `from` whose name puts it into `wanted`.
fn scene_of(wanted: Part, from: u64) -> String {
    (from..from + 1_000)
        .map(|n| format!("scene {n}"))
        .find(|scene| part(SEED, scene) == wanted)
        .expect("some name fits")
}

/// `member` looking like `other`, so many bits away.
fn like(member: Member, other: &Member, bits: u32) -> Member {
    let mut hash = other.hash.expect("the other has a look");
    for bit in 0..bits {
        hash.0[(bit / 64) as usize] ^= 1 << (bit % 64);
    }
    Member { hash: Some(hash), ..member }
}

fn places(rows: &[Member], plan: &Plan) -> BTreeMap<String, Result<Part, Out>> {
    rows.iter().zip(&plan.rows).map(|(row, placed)| (row.name.clone(), placed.place)).collect()
}

/// Groups of like pictures, some with scenes, some pictures twice under other labels.
fn world(seed: u64, groups: u64) -> Vec<Member> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = Vec::new();
    for group in 0..groups {
        let first = member(seed.wrapping_mul(1_000_003).wrapping_add(1_000 * group));
        for nth in 0..rng.random_range(1..5_u64) {
            let number = seed.wrapping_mul(1_000_003).wrapping_add(1_000 * group + nth);
            let mut row = like(member(number), &first, rng.random_range(0..=40));
            row.name = format!("{group}/{nth}");
            if rng.random_bool(0.4) {
                row.scene = Some(format!("scene {}", rng.random_range(0..groups)));
            }
            if rng.random_bool(0.1) {
                row.hash = None;
            }
            if rng.random_bool(0.1) {
                let trusted = [LabelSource::Dataset, LabelSource::Person, LabelSource::Wanted][rng.random_range(0..3)];
                let label = if rng.random() { Label::Roadwork } else { Label::Clear };
                rows.push(Member {
                    trusted,
                    label,
                    source: "again".into(),
                    name: format!("{group}/{nth} again"),
                    ..row.clone()
                });
            }
            rows.push(row);
        }
    }
    rows
}

/// Rows that are tied, by comparing all with all.
fn tied(rows: &[Member]) -> Vec<(usize, usize)> {
    let mut tied = Vec::new();
    for (b, other) in rows.iter().enumerate() {
        for (a, one) in rows[..b].iter().enumerate() {
            let alike = one.hash.zip(other.hash).is_some_and(|(one, other)| one.distance(&other) <= ALIKE);
            if alike || one.key == other.key || (one.scene.is_some() && one.scene == other.scene) {
                tied.push((a, b));
            }
        }
    }
    tied
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_changes_nothing(seed: u64) {
        let rows = world(seed, 40);
        let mut shuffled = rows.clone();
        shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let (one, other) = (plan(&rows, SEED, &Held::new()), plan(&shuffled, SEED, &Held::new()));
        prop_assert_eq!(places(&rows, &one), places(&shuffled, &other));
        prop_assert_eq!(&one.held, &other.held);
        prop_assert_eq!(prove(&rows, &one), prove(&shuffled, &other));
    }

    #[test]
    fn what_is_tied_is_never_in_two_parts(seed: u64, earlier: u64) {
        let rows = world(seed, 40);
        // Held parts contradict each other as badly as can be.
        let mut rng = ChaCha8Rng::seed_from_u64(earlier);
        let some = rows.iter().filter(|_| rng.random_bool(0.3)).map(|row| row.key.clone()).collect::<BTreeSet<_>>();
        let held: Held = some.into_iter().map(|key| (key, Part::ALL[rng.random_range(0..4)])).collect();
        for held in [Held::new(), held] {
            let plan = plan(&rows, SEED, &held);
            for (a, b) in tied(&rows) {
                if let (Ok(one), Ok(other)) = (plan.rows[a].place, plan.rows[b].place) {
                    prop_assert_eq!(one, other, "{} and {}", &rows[a].name, &rows[b].name);
                }
                prop_assert_eq!(&plan.rows[a].scene, &plan.rows[b].scene);
            }
            for (row, placed) in rows.iter().zip(&plan.rows) {
                if let (Ok(here), Some(scene)) = (placed.place, &row.scene) {
                    prop_assert_eq!(here, part(SEED, scene), "a given scene's name decides");
                }
            }
            let counted: Vec<&str> =
                rows.iter().zip(&plan.rows).filter(|(_, p)| p.place.is_ok()).map(|(r, _)| &*r.key).collect();
            prop_assert_eq!(counted.len(), counted.iter().collect::<BTreeSet<_>>().len(), "a picture counts once");
            let proof = prove(&rows, &plan);
            prop_assert!(proof.nearest.iter().all(|pair| pair.distance > ALIKE));
            prop_assert!(proof.apart.iter().all(|two| two.least.is_none_or(|least| least > ALIKE)));
        }
    }

    #[test]
    fn unrelated_rows_change_nothing(seed: u64) {
        let rows = world(seed, 30);
        let mut more: Vec<Member> = world(!seed, 30);
        for row in &mut more {
            row.scene = row.scene.take().map(|scene| format!("another {scene}"));
            row.name = format!("more/{}", row.name);
        }
        more.extend(rows.iter().cloned());
        let (before, after) = (plan(&rows, SEED, &Held::new()), plan(&more, SEED, &Held::new()));
        let after = places(&more, &after);
        for (name, place) in places(&rows, &before) {
            prop_assert_eq!(after[&name], place, "{}", name);
        }
    }

    #[test]
    fn with_what_is_held_nothing_ever_moves(seed: u64) {
        // Like pictures and scenes come in batches, in any order.
        let mut rows = world(seed, 40);
        rows.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut held = Held::new();
        let mut ever: BTreeMap<String, BTreeSet<Part>> = BTreeMap::new();
        for count in [rows.len() / 4, rows.len() / 2, rows.len()] {
            let plan = plan(&rows[..count], SEED, &held);
            for (row, placed) in rows.iter().zip(&plan.rows) {
                ever.entry(row.key.clone()).or_default().extend(placed.place.ok());
            }
            held = plan.held;
        }
        for (key, parts) in ever {
            prop_assert!(parts.len() <= 1, "{} was in {:?}", key, parts);
            prop_assert_eq!(held.get(&key), parts.first());
        }
    }
}

#[test]
fn shares_hold_without_given_scenes() {
    let rows: Vec<Member> = (0..20_000).map(|n| Member { hash: None, ..member(n) }).collect();
    let plan = plan(&rows, SEED, &Held::new());
    let proof = prove(&rows, &plan);
    for (part, size) in &proof.parts {
        let wanted = part.percent() as f64;
        // Four deviations.
        let bound = 4.0 * (wanted * (100.0 - wanted) / rows.len() as f64).sqrt();
        assert!((size.percent - wanted).abs() < bound && !size.off, "{part:?}: {size:?}");
    }
    let scenes: usize = proof.parts.values().map(|size| size.scenes).sum();
    assert_eq!((scenes, proof.without_hash), (20_000, 20_000));
}

#[test]
fn a_bridge_puts_out_what_was_learned_from() {
    let [train, tune, test] = [Part::Train, Part::Tune, Part::Test].map(|part| scene_of(part, 0));
    let (a, b) = (in_scene(1, &train), in_scene(2, &train));
    let (c, d) = (in_scene(3, &test), in_scene(4, &tune));
    let apart = [a.clone(), b.clone(), c.clone(), d.clone()];
    let before = plan(&apart, SEED, &Held::new());
    let before: Vec<_> = before.rows.iter().map(|row| row.place).collect();
    assert_eq!(before, [Ok(Part::Train), Ok(Part::Train), Ok(Part::Test), Ok(Part::Tune)]);

    // It looks like a training picture and like a test picture, which are too far apart to be joined themselves.
    let mut c = like(c, &a, ALIKE + 9);
    let bridge = like(member(5), &a, ALIKE);
    assert!(c.hash.unwrap().distance(&bridge.hash.unwrap()) <= ALIKE);
    let rows = [a.clone(), b.clone(), c.clone(), d.clone(), bridge];
    let bridged = plan(&rows, SEED, &Held::new());
    let places: Vec<_> = bridged.rows.iter().map(|row| row.place).collect();
    // The other picture of the training scene is out with it; the bridge itself claims nothing and is out too.
    assert_eq!(places, [Err(Out::Joined), Err(Out::Joined), Ok(Part::Test), Ok(Part::Tune), Err(Out::Joined)]);
    assert_eq!(prove(&rows, &bridged).out, BTreeMap::from([(Out::Joined, 3)]));

    // Of two judged parts the more closed one keeps its pictures.
    c = like(c, &d, 3);
    let judged = plan(&[a, b, c, d], SEED, &Held::new());
    let places: Vec<_> = judged.rows.iter().map(|row| row.place).collect();
    assert_eq!(places, [Ok(Part::Train), Ok(Part::Train), Ok(Part::Test), Err(Out::Joined)]);
}

#[test]
fn generated_twins_follow_their_scene() {
    for wanted in Part::ALL {
        let scene = scene_of(wanted, 9);
        let twin = Member { origin: Origin::Synthetic, trusted: LabelSource::Wanted, ..in_scene(2, &scene) };
        let plan = plan(&[in_scene(1, &scene), twin], SEED, &Held::new());
        assert!(plan.rows.iter().all(|row| row.place == Ok(wanted) && row.scene == scene));
    }
}

#[test]
fn a_picture_without_scene_goes_where_what_it_looks_like_goes() {
    for wanted in Part::ALL {
        let given = in_scene(1, &scene_of(wanted, 0));
        let copy = like(member(2), &given, ALIKE);
        let other = like(member(3), &given, ALIKE + 1);
        let near = plan(&[given.clone(), copy], SEED, &Held::new());
        assert_eq!((near.rows[1].place, &near.rows[1].scene), (Ok(wanted), given.scene.as_ref().unwrap()));
        let far = plan(&[given, other.clone()], SEED, &Held::new());
        assert_eq!((far.rows[1].place, &far.rows[1].scene), (Ok(part(SEED, &other.key)), &other.key));
    }
}

#[test]
fn of_one_picture_the_most_trusted_label_counts_and_equals_cancel() {
    let said = |number, trusted, source: &str, label| Member {
        trusted,
        source: source.to_owned(),
        name: format!("{source}/{number}"),
        label,
        ..member(number)
    };
    let (clear, work) = (Label::Clear, Label::Roadwork);
    let rows = [
        said(1, LabelSource::Dataset, "a", clear),
        said(1, LabelSource::Person, "me", work),
        said(2, LabelSource::Dataset, "a", clear),
        said(2, LabelSource::Dataset, "b", work),
        said(3, LabelSource::Dataset, "a", work),
        said(3, LabelSource::Dataset, "b", work),
        // Looks like the last, and was asked for as clear.
        like(said(4, LabelSource::Wanted, "generator", clear), &member(3), 5),
    ];
    let plan = plan(&rows, SEED, &Held::new());
    let out: Vec<_> = plan.rows.iter().map(|row| row.place.err()).collect();
    let (differ, repeated) = (Some(Out::LabelsDiffer), Some(Out::Repeated));
    assert_eq!(out, [repeated, None, differ, differ, None, repeated, None]);

    let table: Vec<_> = prove(&rows, &plan)
        .disagreements
        .into_iter()
        .map(|found| {
            let [one, other] = found.sources.map(|source| source.name);
            let examples: Vec<_> =
                found.examples.into_iter().map(|example| example.pictures.map(|(name, _)| name)).collect();
            (format!("{one}, {other}"), found.unchecked, found.identical, found.alike, examples)
        })
        .collect();
    let shared = |both, differ| Shared { both, differ };
    let pair = |a: &str, b: &str| vec![[a.to_owned(), b.to_owned()]];
    let wanted = [
        ("a, b".to_owned(), false, shared(2, 1), shared(2, 1), pair("a/2", "b/2")),
        ("me, a".to_owned(), false, shared(1, 1), shared(1, 1), pair("me/1", "a/1")),
        ("a, generator".to_owned(), true, shared(0, 0), shared(1, 1), pair("a/3", "generator/4")),
        ("b, generator".to_owned(), true, shared(0, 0), shared(1, 1), pair("b/3", "generator/4")),
    ];
    assert_eq!(table.iter().map(|row| &row.0).collect::<BTreeSet<_>>(), wanted.iter().map(|row| &row.0).collect());
    for row in wanted {
        assert!(table.contains(&row), "{row:?} is missing in {table:?}");
    }
}

#[test]
fn scenes_that_differ_within_are_no_disagreement() {
    // The same street before and during the work.
    let rows = [
        Member { label: Label::Clear, ..in_scene(1, "street") },
        Member { label: Label::Roadwork, ..in_scene(2, "street") },
    ];
    assert_eq!(prove(&rows, &plan(&rows, SEED, &Held::new())).disagreements, []);
}

#[test]
fn the_proof_tells_the_nearest_pair_of_two_parts() {
    let (train, exam) = (scene_of(Part::Train, 0), scene_of(Part::Exam, 0));
    let one = in_scene(1, &train);
    let rows = [one.clone(), like(in_scene(2, &exam), &one, ALIKE + 3), in_scene(3, &exam)];
    let proof = prove(&rows, &plan(&rows, SEED, &Held::new()));
    let nearest = &proof.nearest[0];
    assert_eq!(nearest.distance, ALIKE + 3);
    assert_eq!(BTreeSet::from(nearest.names.clone()), BTreeSet::from(["1.jpg".to_owned(), "2.jpg".to_owned()]));
    assert_eq!(proof.nearest.len(), 2, "all pairs of different parts are told");
    let least = |parts| proof.apart.iter().find(|two| two.parts == parts).unwrap().least;
    assert_eq!(least([Part::Train, Part::Exam]), Some(ALIKE + 3));
    assert_eq!(least([Part::Train, Part::Test]), None);
}

#[test]
fn strata_tell_how_far_off_they_are() {
    let scenes = [(Part::Train, 6), (Part::Test, 2)];
    let mut rows = Vec::new();
    for (part, count) in scenes {
        for nth in 0..count {
            let number = 100 * part as u64 + nth;
            // Half of the training pictures and all test pictures show roadwork.
            let label = if part == Part::Test || nth % 2 == 0 { Label::Roadwork } else { Label::Clear };
            rows.push(Member { label, ..in_scene(number, &scene_of(part, 50 * nth)) });
        }
    }
    let proof = prove(&rows, &plan(&rows, SEED, &Held::new()));
    let of = |part, label| proof.strata.iter().find(|row| row.part == part && row.label == label).unwrap();
    let test = of(Part::Test, Label::Roadwork);
    assert_eq!((test.pictures, test.scenes, test.percent, test.deviation), (2, 2, 100.0, 37.5));
    assert!(test.off);
    assert_eq!(of(Part::Train, Label::Clear).deviation, 12.5);
    assert_eq!((proof.parts[&Part::Test].percent, proof.parts[&Part::Test].off), (25.0, true));
}

#[test]
fn files_are_the_same_for_any_order_and_give_back_what_is_held() {
    let mut rows = world(5, 30);
    rows[0].name = "a name, with \"quotes\"".to_owned();
    let gone = BTreeMap::from([(key(u64::MAX), Part::Exam)]);
    let mut texts = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan(&rows, SEED, &gone);
        let files = write(folder.path(), &rows, &plan, &prove(&rows, &plan)).unwrap();
        assert_eq!(read_held(&files.rows).unwrap(), plan.held);
        assert_eq!(plan.held[&key(u64::MAX)], Part::Exam, "a picture that is gone keeps its part");
        texts.push([files.proof, files.rows].map(|file| std::fs::read_to_string(file).unwrap()));
        rows.reverse();
    }
    assert_eq!(texts[0], texts[1]);
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("split.csv");
    for (text, hint) in [("key,part\n", "columns"), ("key,name,scene,part,out,held\na,,,,,all\n", "`all` is no part")] {
        std::fs::write(&bad, text).unwrap();
        assert!(read_held(&bad).unwrap_err().to_string().contains(hint));
    }
}
