//! Distances, groups and neighbours.

use hivis_curate::CurateError;
use hivis_curate::vectors::{
    Clustering, KMeansSettings, Matrix, MergeSplit, dbscan, kcentre, kmeans, kmeans_from, merge_and_split, near_pairs,
    nearest, outliers,
};
use rayon::prelude::*;
use serde_json::json;

use crate::peer::ask;
use crate::rows::{cosine, even, grouped, whole};

/// The answer of one pool of `threads`.
fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(work)
}

#[test]
fn rows_that_hold_no_numbers_are_refused() {
    let bad = |data: Vec<f32>| Matrix::new(3, data).expect_err("it is refused").to_string();
    let mut data = vec![0.5; 3 * 2000];
    data[3 * 1999] = f32::NAN;
    assert_eq!(bad(data.clone()), "row 1999 holds a number that is not finite");
    data[5] = f32::NEG_INFINITY;
    assert_eq!(bad(data), "row 1 holds a number that is not finite");
    assert!(matches!(Matrix::new(0, vec![]), Err(CurateError::Shape { .. })));
    assert!(matches!(Matrix::new(3, vec![1.0; 4]), Err(CurateError::Shape { values: 4, width: 3 })));
    assert_eq!(Matrix::new(2, vec![f32::MAX, 0.0]).expect("a matrix").normalised().row(0), [1.0, 0.0]);
}

#[test]
fn nothing_and_one_row_have_answers() {
    let none = Matrix::new(3, vec![]).expect("no rows");
    let settings = KMeansSettings::default();
    assert_eq!(kmeans(&none, &settings).of, Vec::<u32>::new());
    assert_eq!((kcentre(&none, 3, 0).picks, dbscan(&none, 0.1, 2).clusters), (vec![], 0));
    assert!(nearest(&none, &[1.0, 0.0, 0.0], 3).is_empty() && near_pairs(&none, 0.1).is_empty());
    assert_eq!(outliers(&none, 3), Vec::<f32>::new());
    let one = Matrix::new(3, vec![0.0; 3]).expect("a row");
    let found = kmeans(&one, &settings);
    assert_eq!((found.of, found.inertia, found.centres.len()), (vec![0], 0.0, 1));
    let found = merge_and_split(&one, kmeans(&one, &settings), &MergeSplit::default());
    assert_eq!(found.of, [0]);
    assert_eq!((kcentre(&one, 3, 0).picks, outliers(&one, 2)), (vec![0], vec![0.0]));
}

#[test]
fn a_row_of_zeros_is_at_distance_one_from_everything() {
    let rows = Matrix::new(2, vec![0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0]).expect("a matrix");
    let far: Vec<(usize, f32)> = nearest(&rows, &[2.0, 0.0], 4).iter().map(|hit| (hit.row, hit.distance)).collect();
    assert_eq!(far, [(1, 0.0), (0, 1.0), (3, 1.0), (2, 2.0)]);
    assert!(nearest(&rows, &[0.0, 0.0], 4).iter().all(|hit| hit.distance == 1.0));
    assert!(near_pairs(&rows, 0.9).is_empty());
    assert_eq!(near_pairs(&rows, 1.0).len(), 5);
    assert!(nearest(&rows, &[f32::NAN, 0.0], 4).is_empty());
}

#[test]
fn dbscan_labels_as_scikit_learn_does() {
    // Groups that touch, so that there are border rows between two of them, and noise.
    let rows = grouped(3, 1500, 3, (9, 0.28));
    let settings = [(0.004, 8), (0.002, 5), (0.01, 30), (0.0005, 2), (0.03, 3)];
    let Some(answer) = ask(&json!({ "dbscan": settings }), &[("rows", &rows)]) else { return };
    let mut noise = 0;
    for ((eps, min_points), theirs) in settings.into_iter().zip(answer["dbscan"].as_array().expect("a list")) {
        let ours = dbscan(&rows, eps, min_points);
        let named: Vec<i64> = ours.of.iter().map(|of| of.map_or(-1, i64::from)).collect();
        assert_eq!(json!(named), *theirs, "eps {eps}, {min_points} points");
        assert_eq!(ours.clusters as i64, named.iter().max().expect("rows") + 1);
        noise += named.iter().filter(|of| **of < 0).count();
    }
    assert!(noise > 100, "a test without noise shows little");
}

#[test]
fn kcentre_picks_as_farthest_first_does() {
    for rows in [whole(5, 3000, 6), grouped(6, 3000, 40, (30, 0.2))] {
        let Some(answer) = ask(&json!({ "kcentre": [200, 17] }), &[("rows", &rows)]) else { return };
        let ours = kcentre(&rows, 200, 17);
        assert_eq!(json!(ours.picks), answer["picks"]);
        assert!((f64::from(ours.radius) - answer["radius"].as_f64().expect("a number")).abs() < 1e-5);
        assert_eq!(on(1, || kcentre(&rows, 200, 17)), on(3, || kcentre(&rows, 200, 17)));
    }
    let few = Matrix::new(1, vec![1.0, 5.0, 1.0, 5.0]).expect("a matrix");
    assert_eq!(kcentre(&few, 4, 2).picks, [2, 1], "rows that equal a pick are none");
}

#[test]
fn kmeans_is_as_good_as_scikit_learns_and_equal_from_the_same_centres() {
    let rows = grouped(8, 4000, 24, (40, 0.9));
    let start = rows.gathered(&(0..30).map(|n| n * 131).collect::<Vec<usize>>());
    let files = [("rows", &rows), ("start", &start)];
    let Some(answer) = ask(&json!({ "kmeans": [30, 4] }), &files) else { return };
    let ours = kmeans_from(&rows, &start, 300, 0.0);
    assert_eq!(json!(ours.of), answer["of"]);
    assert_eq!(json!(ours.iterations), answer["iterations"]);
    assert!(ours.iterations > 5, "bounds are of use from the second iteration on");
    let theirs = answer["centres"].as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number"));
    assert!(ours.centres.data().iter().zip(theirs).all(|(own, other)| (f64::from(*own) - other).abs() < 1e-4));

    let settings = KMeansSettings { clusters: 30, restarts: 4, ..KMeansSettings::default() };
    let (ours, theirs) = (kmeans(&rows, &settings), answer["inertia"].as_f64().expect("a number"));
    assert!(ours.inertia < theirs * 1.01, "{} against {theirs}", ours.inertia);
    check(&rows, &ours);
    assert_eq!(on(1, || kmeans(&rows, &settings)), on(3, || kmeans(&rows, &settings)));
}

/// Every figure of a clustering, by its definition.
fn check(rows: &Matrix, found: &Clustering) {
    let square = |row: usize, centre: usize| -> f64 {
        let pairs = rows.row(row).iter().zip(found.centres.row(centre));
        pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
    };
    let mut inertia = 0.0;
    for (row, &of) in found.of.iter().enumerate() {
        let own = square(row, of as usize);
        inertia += own;
        assert!((own.sqrt() - f64::from(found.distance[row])).abs() < 1e-4);
    }
    assert!((inertia - found.inertia).abs() < 1e-4 * (1.0 + inertia));
    for (members, centre) in found.members().iter().zip(0..) {
        assert!(!members.is_empty(), "no cluster comes back empty");
        for column in 0..rows.width() {
            let mean = members.iter().map(|&row| f64::from(rows.row(row)[column])).sum::<f64>() / members.len() as f64;
            assert!((mean - f64::from(found.centres.row(centre)[column])).abs() < 1e-4);
        }
    }
}

#[test]
fn an_empty_cluster_moves_to_the_farthest_row() {
    // Two centres in one place: the second gets no row.
    let rows = Matrix::new(1, vec![0.0, 1.0, 2.0, 100.0]).expect("a matrix");
    let start = Matrix::new(1, vec![1.0, 1.0]).expect("centres");
    let found = kmeans_from(&rows, &start, 50, 0.0);
    assert_eq!(found.of, [0, 0, 0, 1]);
    let same = Matrix::new(2, [1.0, 2.0].repeat(50)).expect("a matrix");
    let found = kmeans(&same, &KMeansSettings { clusters: 8, ..KMeansSettings::default() });
    assert_eq!((found.centres.len(), found.inertia), (1, 0.0), "there is one row only, many times");
    let two = Matrix::new(2, [1.0, 2.0, 3.0, 4.0].repeat(50)).expect("a matrix");
    assert_eq!(kmeans(&two, &KMeansSettings { clusters: 8, ..KMeansSettings::default() }).centres.len(), 2);
}

#[test]
fn neighbours_are_those_of_brute_force() {
    let rows = grouped(11, 700, 33, (12, 0.5));
    let Some(answer) = ask(&json!({ "nearest": 9 }), &[("rows", &rows)]) else { return };
    for row in 0..50 {
        let found: Vec<usize> = nearest(&rows, rows.row(row), 9).iter().map(|hit| hit.row).collect();
        assert_eq!(json!(found), answer["nearest"][row]);
    }
    for (own, other) in outliers(&rows, 9).iter().zip(answer["outliers"].as_array().expect("a list")) {
        assert!((f64::from(*own) - other.as_f64().expect("a number")).abs() < 1e-5);
    }
    assert_eq!(nearest(&rows, rows.row(3), 9999).len(), 700);
}

/// All pairs by the definition; `None` for one that rounding may decide.
fn pairs_by_hand(rows: &Matrix, within: f64) -> Vec<(usize, usize, Option<f64>)> {
    let of = |a: usize| {
        let apart = (a + 1..rows.len()).map(move |b| (a, b, cosine(rows.row(a), rows.row(b))));
        apart.filter(move |p| p.2 <= within + 2e-6).map(move |(a, b, d)| (a, b, (d <= within - 2e-6).then_some(d)))
    };
    (0..rows.len()).into_par_iter().flat_map_iter(of).collect()
}

#[test]
fn near_pairs_are_those_of_brute_force() {
    let twins = {
        let some = even(21, 900, 50);
        let mut data = some.data().to_vec();
        data.extend(some.data()[..100 * 50].iter().map(|x| x * 3.0 + 0.01));
        Matrix::new(50, data).expect("a matrix")
    };
    let cases = [
        (grouped(12, 1100, 48, (25, 0.35)), vec![0.02, 0.05, 0.1, 0.3, 1.0, 2.0]),
        (even(13, 800, 64), vec![0.05, 0.6]),
        (twins, vec![0.0005, 0.05]),
        (whole(14, 600, 3), vec![0.0, 0.001, 0.1]),
    ];
    for (rows, bounds) in cases {
        for within in bounds {
            let found = near_pairs(&rows, within);
            assert!(found.is_sorted_by_key(|pair| (pair.a, pair.b)));
            let mut found = found.iter().peekable();
            for (a, b, distance) in pairs_by_hand(&rows, f64::from(within)) {
                let hit = found.next_if(|pair| (pair.a, pair.b) == (a, b));
                match (hit, distance) {
                    (Some(pair), Some(distance)) => assert!((f64::from(pair.distance) - distance).abs() < 2e-6),
                    (None, Some(_)) => panic!("{a} and {b} are missing within {within}"),
                    (_, None) => {}
                }
            }
            assert_eq!(found.next(), None, "within {within}");
        }
    }
}

/// Rows in groups, the first of them again with a little noise: enough for lists and sketches.
fn many_with_twins(seed: u64, width: usize, groups: (usize, f32)) -> Matrix {
    let some = grouped(seed, 4800, width, groups);
    let noise = even(seed + 5, 700, width);
    let mut data = some.data().to_vec();
    data.extend(some.data().iter().zip(noise.data()).map(|(x, off)| x * 1.5 + off * 0.2));
    Matrix::new(width, data).expect("a matrix")
}

#[test]
fn lists_and_sketches_miss_no_pair() {
    let cases = [
        (many_with_twins(31, 96, (40, 0.7)), [0.01, 0.05, 0.2]),
        (many_with_twins(32, 40, (3, 2.0)), [0.005, 0.02, 0.1]),
    ];
    for (rows, bounds) in cases {
        let apart = pairs_by_hand(&rows, 0.2);
        for within in bounds {
            let found = near_pairs(&rows, within);
            assert!(found.len() > 20, "{} pairs show little", found.len());
            let mut found = found.iter().peekable();
            for (a, b, distance) in &apart {
                let hit = found.next_if(|pair| (pair.a, pair.b) == (*a, *b)).is_some();
                let Some(distance) = distance else { continue };
                let off = distance - f64::from(within);
                assert!(off.abs() < 2e-6 || hit == (off < 0.0), "{a} and {b} at {distance}, within {within}");
            }
            assert_eq!(found.next(), None, "within {within}");
        }
    }
    let rows = many_with_twins(31, 96, (40, 0.7));
    assert_eq!(on(1, || near_pairs(&rows, 0.1)), on(3, || near_pairs(&rows, 0.1)));
}

#[test]
fn near_pairs_do_not_depend_on_threads() {
    let rows = grouped(15, 2500, 32, (20, 0.4));
    let one = on(1, || near_pairs(&rows, 0.1));
    assert!(one.len() > 100);
    assert_eq!(one, on(3, || near_pairs(&rows, 0.1)));
    assert_eq!(on(1, || outliers(&rows, 5)), on(3, || outliers(&rows, 5)));
    assert_eq!(on(1, || nearest(&rows, rows.row(1), 50)), on(3, || nearest(&rows, rows.row(1), 50)));
}

#[test]
fn near_groups_are_merged_and_wide_ones_split() {
    // Three directions; the first was cut in two, and one group holds the other two.
    let at = |degrees: f32| [degrees.to_radians().cos(), degrees.to_radians().sin()];
    let angles = [0.0, 2.0, 10.0, 12.0, 90.0, 92.0, 250.0, 252.0];
    let rows = Matrix::new(2, angles.into_iter().flat_map(at).collect()).expect("a matrix");
    let given = |of: Vec<u32>, clusters: usize| Clustering {
        centres: Matrix::new(2, vec![0.0; 2 * clusters]).expect("a matrix"),
        of,
        distance: vec![0.0; 8],
        inertia: 0.0,
        iterations: 4,
    };
    let found = merge_and_split(&rows, given(vec![0, 0, 1, 1, 2, 2, 2, 2], 3), &MergeSplit::default());
    assert_eq!((&*found.of, found.iterations), (&[0, 0, 0, 0, 1, 1, 2, 2][..], 4));
    check(&rows, &found);
    // Opposite directions and a row of zeros: every number of a centre cancels, and still it ends.
    let rows = Matrix::new(1, vec![1.0, -1.0, 0.0, 0.0, 1.0, -1.0, 2.0, 0.0]).expect("a matrix");
    let given = Clustering { centres: Matrix::new(1, vec![0.0]).expect("a matrix"), ..given(vec![0; 8], 1) };
    let found = merge_and_split(&rows, given, &MergeSplit::default());
    check(&rows, &found);
    assert_ne!(found.of[0], found.of[1]);
}

#[test]
fn no_member_is_left_far_from_its_centre() {
    let limits = MergeSplit::default();
    for seed in 0..6 {
        let rows = grouped(seed * 10, 600, 12, (15, 1.2));
        let clusters = kmeans(&rows, &KMeansSettings { clusters: 25, seed, ..KMeansSettings::default() });
        let found = merge_and_split(&rows, clusters, &limits);
        check(&rows, &found);
        for (row, &of) in found.of.iter().enumerate() {
            assert!(cosine(rows.row(row), found.centres.row(of as usize)) <= f64::from(limits.split) + 1e-5);
        }
    }
}
