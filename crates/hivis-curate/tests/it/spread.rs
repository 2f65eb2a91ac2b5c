//! A spread of planted pictures.

use hivis_curate::mine::{Pool, Spread, SpreadSettings, spread};
use hivis_curate::vectors::Matrix;

/// A row in the plane by its angle in degrees.
fn angles(degrees: &[f32]) -> Matrix {
    Matrix::new(2, degrees.iter().flat_map(|d| [d.to_radians().cos(), d.to_radians().sin()]).collect())
        .expect("it fits")
}

/// Three groups, 120 degrees apart, each of so many pictures two degrees apart: no twins, one scene each.
fn groups(each: usize) -> Vec<f32> {
    (0..3).flat_map(|group| (0..each).map(move |n| 120.0 * group as f32 + 2.0 * n as f32)).collect()
}

fn settings(clusters: usize, each: usize) -> SpreadSettings {
    let mut settings = SpreadSettings { clusters, each, step: 0.0, ..SpreadSettings::default() };
    // Two degrees are 0.0006.
    (settings.twins.same, settings.scene) = (0.0001, 0.001);
    settings
}

fn picked(degrees: &[f32], scores: &[f32], settings: &SpreadSettings) -> Spread {
    let (features, hashes) = (angles(degrees), vec![None; degrees.len()]);
    spread(Pool { features: &features, scores, hashes: &hashes, taken: &[] }, settings).expect("it fits")
}

fn rows(spread: &Spread) -> Vec<(usize, u32)> {
    spread.picks.iter().map(|picked| (picked.row, picked.cluster)).collect()
}

#[test]
fn clusters_take_turns_and_give_their_hardest() {
    let degrees = groups(4);
    // The second group has the hardest picture, then the third, then the first.
    let scores = [0.1, 0.7, 0.2, 0.3, 0.9, 0.4, 0.5, 0.6, 0.8, 0.75, 0.15, 0.05];
    let found = picked(&degrees, &scores, &settings(3, 2));
    assert_eq!(rows(&found), [(4, 0), (8, 1), (1, 2), (7, 0), (9, 1), (3, 2)]);
    assert_eq!((found.clusters, found.scenes, found.picked_scenes, found.twins), (3, 3, 3, 0));
}

#[test]
fn the_number_of_picks_stays_when_clusters_are_merged_or_run_out() {
    let degrees = groups(4);
    let scores: Vec<f32> = (0..12).map(|n| 1.0 - n as f32 / 100.0).collect();
    // Five clusters of two: some of the five are next to each other and become one.
    let found = picked(&degrees, &scores, &settings(5, 2));
    assert_eq!((found.clusters, found.picks.len()), (3, 10));
    // One lonely picture beside a group: the group gives the rest.
    let lonely = [0.0, 2.0, 4.0, 6.0, 180.0];
    let found = picked(&lonely, &[0.5; 5], &settings(2, 2));
    assert_eq!(found.picks.len(), 4);
    assert_eq!(found.picks.iter().filter(|picked| picked.row == 4).count(), 1);
    // More is wanted than there is.
    assert_eq!(picked(&lonely, &[0.5; 5], &settings(20, 5)).picks.len(), 5);
}

#[test]
fn of_equally_hard_ones_the_furthest_from_all_picks_comes_next() {
    let degrees = [0.0, 5.0, 10.0, 15.0, 20.0];
    let one_cluster = SpreadSettings { step: 0.05, ..settings(1, 3) };
    // All within one step of the hardest: first the hardest, then the other end, then the middle.
    let found = picked(&degrees, &[0.62, 0.6, 0.61, 0.6, 0.6], &one_cluster);
    assert_eq!(rows(&found), [(0, 0), (4, 0), (2, 0)]);
    // Row 4 is more than a step behind; rows 1 and 2 are equally far from the picks, and row 2 is harder.
    let found = picked(&degrees, &[0.62, 0.6, 0.61, 0.6, 0.5], &one_cluster);
    assert_eq!(rows(&found), [(0, 0), (3, 0), (2, 0)]);
}

#[test]
fn a_twin_counts_once_and_the_hardest_stands() {
    let degrees = [0.0, 0.5, 90.0, 180.0];
    let settings = SpreadSettings { clusters: 3, each: 2, ..SpreadSettings::default() };
    let found = picked(&degrees, &[0.5, 0.9, 0.4, 0.3], &settings);
    assert_eq!((rows(&found), found.twins, found.scenes), (vec![(1, 0), (2, 1), (3, 2)], 1, 3));
}

#[test]
fn a_spread_depends_on_the_seed_and_not_on_the_order_of_rows() {
    let degrees: Vec<f32> = (0..200).map(|n| (n * n % 359) as f32 + n as f32 / 1000.0).collect();
    let scores: Vec<f32> = (0..200).map(|n| (n * 37 % 200) as f32 / 200.0).collect();
    let settings = settings(8, 3);
    let found = picked(&degrees, &scores, &settings);
    assert_eq!(found, picked(&degrees, &scores, &settings));
    assert_eq!(found.picks.len(), 24);
    let turned = picked(
        &degrees.iter().rev().copied().collect::<Vec<_>>(),
        &scores.iter().rev().copied().collect::<Vec<_>>(),
        &settings,
    );
    let turned: Vec<_> = rows(&turned).into_iter().map(|(row, cluster)| (199 - row, cluster)).collect();
    assert_eq!(turned, rows(&found));
}

#[test]
fn nothing_gives_nothing_and_lists_must_fit() {
    let none = Matrix::default();
    let found = spread(Pool { features: &none, scores: &[], hashes: &[], taken: &[] }, &SpreadSettings::default())
        .expect("it fits");
    assert_eq!(found, Spread::default());
    let one = angles(&[0.0]);
    assert!(
        spread(Pool { features: &one, scores: &[], hashes: &[None], taken: &[] }, &SpreadSettings::default()).is_err()
    );
    let zeros = Matrix::new(2, vec![0.0; 6]).expect("it fits");
    let found = spread(
        Pool { features: &zeros, scores: &[0.5, 0.6, 0.7], hashes: &[None; 3], taken: &[] },
        &SpreadSettings { clusters: 2, each: 1, ..SpreadSettings::default() },
    );
    // Rows without a direction are no twins, and still can be picked.
    assert_eq!(found.expect("it fits").picks.len(), 2);
}

#[test]
fn what_was_picked_before_keeps_its_twins_and_its_surroundings_away() {
    let (features, hashes) = (angles(&[0.0, 0.5, 10.0, 20.0, 30.0]), [None; 5]);
    let settings = SpreadSettings { clusters: 1, each: 1, step: 1.0, ..SpreadSettings::default() };
    let scores = [0.1, 0.9, 0.8, 0.7, 0.6];
    let pool = Pool { features: &features, scores: &scores, hashes: &hashes, taken: &[0] };
    // Row 1 is row 0 again; of the others, equal within a step of 1, row 4 is the furthest from row 0.
    let found = spread(pool, &settings).expect("it fits");
    assert_eq!((rows(&found), found.twins), (vec![(4, 0)], 1));
    let found = spread(Pool { taken: &[0, 2, 3, 4], ..pool }, &settings).expect("it fits");
    assert_eq!((rows(&found), found.twins), (vec![], 1));
}
