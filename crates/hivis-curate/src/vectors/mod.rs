//! Rows of features, and what is near to what.
//!
//! A [`Matrix`] holds finite numbers only, so nothing here can fail. Distances are Euclidean in [`kmeans()`] and
//! [`kcentre()`] and cosine (one minus the cosine of the angle, from 0 to 2) everywhere else. A row of zeros has no
//! direction: its cosine distance is 1 from everything, another row of zeros too. Arithmetic is f32 in blocks of matrix
//! products, good to about 1e-6 of the squared norms; sums of many rows are f64. No result depends on the number of
//! threads: every number is computed by one thread, in an order that only the data decide.
//!
//! ```
//! use hivis_curate::vectors::{Matrix, nearest};
//! let rows = Matrix::new(2, vec![1.0, 0.0, 0.0, 1.0, 3.0, 4.0]).expect("three rows of two");
//! let hits = nearest(&rows, &[0.6, 0.8], 2);
//! assert_eq!((hits[0].row, hits[1].row), (2, 1));
//! ```

mod dbscan;
mod distance;
mod kcentre;
mod kmeans;
mod matrix;
mod merge_split;
mod near;
mod near_pairs;
mod nearest;
mod outliers;
mod principal;
mod product;

pub use dbscan::{Dbscan, dbscan};
pub use kcentre::{KCentre, kcentre};
pub use kmeans::{Clustering, KMeansSettings, kmeans, kmeans_from};
pub use matrix::Matrix;
pub use merge_split::{MergeSplit, merge_and_split};
pub use near_pairs::{NearPair, near_pairs};
pub use nearest::{Hit, nearest};
pub use outliers::outliers;
pub use principal::Principal;
