//! The gate: distances equal to SciPy's and NumPy's, and verdicts on pictures that are and are not good enough.

use hivis_curate::gate::{
    Basis, BatchSettings, Choice, Evidence, Fixed, INCEPTION_LEAST, KidSettings, Known, LEAST_REAL, LikeSettings,
    Likeness, Limits, RealSet, ReasonKind, SecondSettings, fixed_fid, frechet, judge, judge_batch, kid, likeness,
    mean_nearest, mmd2, second,
};
use hivis_curate::vectors::Matrix;
use hivis_image::quality::quality;
use hivis_image::{DecodeLimits, Picture, decode, encode_jpeg, fine_hash, resize_bilinear};
use hivis_types::Label;
use serde_json::json;

use crate::peer;
use crate::rows::{even, grouped};

#[test]
fn distances_equal_scipy_and_numpy() {
    // More rows than columns, fewer than columns (singular covariances), unequal, and equal to each other.
    let many = (grouped(1, 400, 24, (5, 0.6)), even(2, 300, 24));
    let few = (even(3, 40, 96), grouped(4, 40, 96, (3, 0.8)));
    let mixed = (even(5, 30, 64), even(6, 200, 64));
    for (name, (one, other)) in [("many", &many), ("few", &few), ("mixed", &mixed)] {
        let job = json!({ "what": "distances" });
        let Some(theirs) = peer::ask_script("gate.py", &job, &[("one", one), ("other", other)]) else { return };
        let near = |ours: f64, key: &str, within: f64| {
            let theirs = theirs[key].as_f64().expect("a number");
            assert!((ours - theirs).abs() <= within * theirs.abs(), "{name} {key}: {ours} {theirs}");
        };
        near(frechet(one, other).expect("enough rows"), "frechet", 1e-6);
        near(mmd2(one, other).expect("enough rows"), "mmd2", 1e-9);
    }
    let (one, other) = &few;
    let whole = KidSettings { draws: 7, size: 1000, seed: 1 };
    assert_eq!(kid(one, other, &whole).expect("enough"), mmd2(one, other).expect("enough"), "there is one subset only");
}

#[test]
fn equal_sets_are_not_apart_and_bad_ones_are_refused() {
    let rows = even(1, 60, 16);
    let distance = frechet(&rows, &rows).expect("enough rows");
    assert!(distance < 1e-9, "{distance}");
    for (one, other) in
        [(even(1, 1, 4), even(2, 9, 4)), (even(1, 9, 4), even(2, 9, 5)), (Matrix::default(), even(2, 9, 4))]
    {
        assert!(frechet(&one, &other).is_err() && mmd2(&one, &other).is_err());
    }
    // Subsets are means near the whole, and the same each time.
    let (one, other) = (even(3, 200, 8), grouped(4, 200, 8, (4, 0.5)));
    let settings = KidSettings { draws: 50, size: 100, seed: 9 };
    let (drawn, whole) = (kid(&one, &other, &settings).expect("rows"), mmd2(&one, &other).expect("rows"));
    assert_eq!(drawn, kid(&one, &other, &settings).expect("rows"));
    assert!((drawn - whole).abs() < 0.2 * whole, "{drawn} {whole}");
}

#[test]
fn a_batch_is_measured_in_units_of_the_real_set() {
    let settings = BatchSettings::default();
    let real = grouped(11, 400, 32, (8, 0.5));
    let alike = real.gathered(&(0..100).collect::<Vec<_>>());
    let rest = real.gathered(&(100..400).collect::<Vec<_>>());
    let report = judge_batch(&alike, &rest, &settings).expect("rows");
    assert_eq!(report.passed, Some(true), "{report:?}");
    let ratio = report.figures["frechet_ratio"];
    assert!((0.7..1.3).contains(&ratio), "the same distribution is as far as itself: {ratio}");
    assert!(report.figures["kid"].abs() < 10.0 * report.figures["kid_real"].abs().max(0.01), "{report:?}");
    // One of the eight kinds of picture only: all well inside the real set, and far from it as a batch.
    let narrow = grouped(77, 100, 32, (1, 0.5));
    let report = judge_batch(&narrow, &rest, &settings).expect("rows");
    assert_eq!(report.passed, Some(false), "{report:?}");
    assert!(report.reasons[0].words.contains("limit 1.5"), "{report:?}");
    assert_eq!(report, judge_batch(&narrow, &rest, &settings).expect("rows"), "draws are seeded");
    for (batch, real) in [(49, 300), (100, 99)] {
        let report = judge_batch(&even(1, batch, 32), &even(2, real, 32), &settings).expect("rows");
        assert!(report.passed.is_none() && report.reasons[0].words.contains("too few"), "{report:?}");
    }
    assert_eq!(judge_batch(&Matrix::default(), &Matrix::default(), &settings).expect("rows").passed, None);
    let usual = fixed_fid(&even(1, INCEPTION_LEAST - 1, 4), &even(2, INCEPTION_LEAST, 4)).expect("rows");
    assert_eq!(usual, None, "the usual limit needs 2,048 on each side");
    let usual = fixed_fid(&even(1, INCEPTION_LEAST, 4), &even(2, INCEPTION_LEAST, 4)).expect("rows");
    assert!(usual.is_some_and(|(fine, distance)| fine && distance < 0.1), "{usual:?}");
}

/// Hills of noise with detail at every scale: a picture of its own for each number, in which nothing repeats.
fn street(number: u32) -> Picture {
    let (width, height) = (320_u32, 240_u32);
    let mut light = vec![0.0_f64; (width * height) as usize];
    for octave in 1..7 {
        let cell = 1_u32 << octave;
        for (at, light) in light.iter_mut().enumerate() {
            let (x, y) = (at as u32 % width, at as u32 / width);
            let corner = |dx: u32, dy: u32| {
                let mut mixed = (x / cell + dx).wrapping_mul(0x9e37_79b9) ^ (y / cell + dy).wrapping_mul(0x85eb_ca6b);
                mixed = (mixed ^ number.wrapping_mul(0xc2b2_ae35) ^ octave).wrapping_mul(0x27d4_eb2f);
                mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
                f64::from((mixed ^ (mixed >> 12)) >> 8) / f64::from(1_u32 << 24) - 0.5
            };
            let (u, v) = (f64::from(x % cell) / f64::from(cell), f64::from(y % cell) / f64::from(cell));
            let across = |dy: u32| corner(0, dy) * (1.0 - u) + corner(1, dy) * u;
            // Small hills stay as high as noise, or nothing would be left of them at 224 pixels.
            *light += (1.2 * f64::from(cell)).max(60.0) * (across(0) * (1.0 - v) + across(1) * v);
        }
    }
    let rgb = light.iter().flat_map(|light| [(120.0 + light).clamp(0.0, 255.0) as u8; 3]);
    Picture::new(width, height, rgb.collect()).expect("a picture")
}

fn kinds(picture: &Picture, limits: &Limits) -> Vec<ReasonKind> {
    judge(&Evidence::of(&quality(picture)), limits).reasons.iter().map(|reason| reason.kind).collect()
}

#[test]
fn each_fault_is_refused_by_its_name() {
    let limits = Limits::fixed(Fixed::default());
    let good = street(1);
    assert_eq!(kinds(&good, &limits), []);
    let black = [ReasonKind::Blurred, ReasonKind::Light, ReasonKind::OneColour];
    assert_eq!(kinds(&Picture::filled(512, 512, [0; 3]), &limits), black);
    assert_eq!(kinds(&Picture::filled(1, 1, [255; 3]), &limits), black);
    assert_eq!(kinds(&resize_bilinear(&resize_bilinear(&good, 12, 9), 320, 240), &limits), [ReasonKind::Blurred]);
    let verdict = judge(&Evidence::unreadable("not a picture: it starts as no JPEG does"), &limits);
    assert_eq!((verdict.passed, verdict.reasons[0].kind), (false, ReasonKind::Unreadable));
    // 95% outside is refused, a little less is not.
    let lit = |share: f64| {
        let mut picture = Picture::filled(100, 100, [10; 3]);
        let from = (share * 10_000.0) as usize;
        for (at, pixel) in picture.rgb_mut().chunks_exact_mut(3).enumerate().skip(from) {
            pixel.fill(40 + (at * 37 % 180) as u8);
        }
        kinds(&picture, &limits).contains(&ReasonKind::Light)
    };
    assert!(lit(0.95) && !lit(0.949));
}

#[test]
fn the_verdict_says_whose_limit_applied() {
    let streets: Vec<Picture> = (0..LEAST_REAL as u32).map(street).collect();
    let real: Vec<_> = streets.iter().map(quality).collect();
    assert_eq!(RealSet::of(&real[1..], 0.005), None, "too few for quantiles");
    let set = RealSet::of(&real, 0.005);
    let limits = |basis| Limits { fixed: Fixed::default(), real: set, basis };
    let mut half = streets[3].clone();
    let bytes = half.rgb().len() / 2;
    half.rgb_mut()[..bytes].fill(0);
    assert_eq!(kinds(&half, &limits(Basis::Fixed)), [], "half of it is below 80% of one colour");
    assert!(!kinds(&half, &limits(Basis::Real)).contains(&ReasonKind::OneColour), "a night may be as dark");
    let verdict = judge(&Evidence::of(&quality(&half)), &limits(Basis::Both));
    let colour = verdict.reasons.iter().find(|r| r.kind == ReasonKind::OneColour).expect("no street has that much");
    assert!(colour.words.contains("the real set's highest 0.5%"), "{colour}");
    assert_eq!(kinds(&street(500), &limits(Basis::Real)), [], "another street like these");
    // A foggy real set allows what the fixed limit refuses.
    let fog = |street: &Picture| {
        let mut picture = street.clone();
        for value in picture.rgb_mut() {
            *value = 150 + *value / 16;
        }
        picture
    };
    let foggy: Vec<_> = streets.iter().map(|street| quality(&fog(street))).collect();
    let foggy = Limits { real: RealSet::of(&foggy, 0.005), ..limits(Basis::Real) };
    assert!(kinds(&fog(&streets[7]), &limits(Basis::Fixed)).contains(&ReasonKind::Blurred));
    assert!(!kinds(&fog(&street(700)), &foggy).contains(&ReasonKind::Blurred));
    assert!(kinds(&fog(&streets[7]), &Limits { basis: Basis::Both, ..foggy }).contains(&ReasonKind::Blurred));
    assert!(kinds(&streets[1], &foggy).contains(&ReasonKind::Noisy), "more detail than anything in fog");
}

const ALIKE: LikeSettings = LikeSettings { alike: 47, same: 10, distance: 0.01 };

fn like(found: Likeness) -> Vec<ReasonKind> {
    let evidence = Evidence { likeness: Some((found, ALIKE)), ..Evidence::default() };
    judge(&evidence, &Limits::fixed(Fixed::default())).reasons.iter().map(|reason| reason.kind).collect()
}

#[test]
fn copies_of_test_pictures_leak_and_twins_do_not() {
    let recoded = decode(&encode_jpeg(&street(1)), &DecodeLimits::default()).expect("we made it").picture;
    let cropped: Vec<u8> =
        recoded.rgb().chunks_exact(960).skip(4).take(232).flat_map(|row| &row[18..942]).copied().collect();
    let cropped = Picture::new(308, 232, cropped).expect("a picture");
    let known = |closed| {
        let one = |number, row, closed| Known {
            name: format!("street {number}"),
            hash: fine_hash(&street(number)),
            row,
            closed,
        };
        vec![one(1, Some(0), closed), one(2, Some(1), None)]
    };
    let rows = Matrix::new(2, vec![1.0, 0.0, 0.0, 1.0]).expect("two rows");
    for copy in [&street(1), &recoded, &cropped] {
        let found = likeness(fine_hash(copy), None, None, (&known(Some("test")), &rows));
        assert_eq!(like(found.clone()), [ReasonKind::Leak], "{found:?}");
        // Its own test picture's twin lies in the test part itself.
        let found = likeness(fine_hash(copy), Some(&[0.6, 0.8]), Some("test"), (&known(Some("test")), &rows));
        assert_eq!(like(found), []);
        let found = likeness(fine_hash(copy), None, Some("tune"), (&known(Some("test")), &rows));
        assert_eq!(like(found), [ReasonKind::Leak], "another part's");
    }
    let hash = fine_hash(&recoded);
    let found = likeness(hash, Some(&[1.0, 0.0]), None, (&known(None), &rows));
    assert_eq!(like(found), [ReasonKind::Duplicate]);
    let found = likeness(hash, Some(&[0.8, 0.6]), None, (&known(None), &rows));
    assert_eq!(like(found), [], "to the model it is another picture: fog, say");
    let other = fine_hash(&street(90));
    let found = likeness(other, Some(&[0.0, 1.0]), None, (&known(Some("exam")), &rows));
    assert_eq!(like(found.clone()), [], "{found:?}");
    let found = likeness(other, Some(&[1.0, 0.0]), None, (&known(Some("exam")), &rows));
    assert_eq!(like(found), [ReasonKind::Leak], "the same to the model, whatever its pixels");
    assert_eq!(likeness(other, None, None, (&[], &Matrix::default())), Likeness::default());
}

#[test]
fn a_sure_contradiction_refuses() {
    let kinds = |wanted, said: &[f64]| {
        let evidence = Evidence { label: Some((wanted, said.to_vec())), sureness: 0.98, ..Evidence::default() };
        judge(&evidence, &Limits::fixed(Fixed::default())).reasons.len()
    };
    assert_eq!(
        (kinds(Label::Roadwork, &[0.01]), kinds(Label::Roadwork, &[0.03]), kinds(Label::Clear, &[0.01])),
        (1, 0, 0)
    );
    assert_eq!(kinds(Label::Clear, &[]), 0);
}

#[test]
fn level_two_spreads_over_the_best_fifth() {
    let features = grouped(5, 1_000, 16, (50, 0.05)).normalised();
    let mut far: Vec<f32> = (0..1_000).map(|n| n as f32 / 1_000.0).collect();
    // One of the best is unlike all others.
    let mut data = features.data().to_vec();
    data[..16].copy_from_slice(&[0.0; 16]);
    data[3] = -1.0;
    far[0] = 0.0;
    let features = Matrix::new(16, data).expect("rows");
    let settings = SecondSettings::default();
    let choices = second(&features, &far, &settings).expect("rows");
    assert_eq!(choices, second(&features, &far, &settings).expect("rows"), "seeded");
    assert!(choices[200..].iter().all(|choice| *choice == Choice::NotBest), "only the best fifth is looked at");
    assert!(choices[..200].iter().all(|choice| *choice != Choice::NotBest));
    let mut clusters = std::collections::BTreeMap::<u32, (Vec<f64>, Vec<f64>)>::new();
    for choice in &choices {
        match *choice {
            Choice::Chosen { cluster, uniqueness } => clusters.entry(cluster).or_default().0.push(uniqueness),
            Choice::Passed { cluster, uniqueness } => clusters.entry(cluster).or_default().1.push(uniqueness),
            _ => {}
        }
    }
    assert!((30..=50).contains(&clusters.len()), "{}", clusters.len());
    for (chosen, passed) in clusters.values() {
        assert!((2..=4).contains(&chosen.len()) && (passed.is_empty() || chosen.len() == 4), "{chosen:?} {passed:?}");
        let least = chosen.iter().copied().fold(f64::MAX, f64::min);
        assert!(passed.iter().all(|uniqueness| *uniqueness <= least), "the most unique come first");
    }
    assert_eq!(second(&Matrix::default(), &[], &settings).expect("nothing"), []);
    assert_eq!(second(&even(1, 1, 4), &[0.1], &settings).expect("one").len(), 1);
    assert!(second(&even(1, 2, 4), &[0.1], &settings).is_err());
}

#[test]
fn the_distance_to_the_real_set_is_a_mean_of_the_nearest() {
    let real = Matrix::new(2, vec![1.0, 0.0, 0.0, 1.0, -1.0, 0.0]).expect("rows");
    let rows = Matrix::new(2, vec![1.0, 0.0]).expect("a row");
    assert_eq!(mean_nearest(&rows, &real, 2), [0.5]);
    assert_eq!(mean_nearest(&rows, &real, 9), [1.0]);
    assert_eq!(mean_nearest(&rows, &Matrix::default(), 3), [0.0]);
}
