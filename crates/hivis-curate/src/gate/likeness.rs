//! Whether a picture is there already, or looks like one that only judges.

use hivis_image::FineHash;
use serde::Serialize;

use super::picture::Verdict;
use super::{Reason, ReasonKind};
use crate::vectors::Matrix;

/// A picture that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What a person finds it by.
    pub name: String,
    /// What it looks like.
    pub hash: FineHash,
    /// Its row in the features, where it has one.
    pub row: Option<usize>,
    /// The closed part that it lies in, such as `test`; `None` for one that is learned from or lies in no part.
    pub closed: Option<&'static str>,
}

/// How alike is too alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LikeSettings {
    /// Bits of 256 up to which two pictures are one scene.
    pub alike: u32,
    /// Bits up to which they may be one picture.
    pub same: u32,
    /// Cosine distance of features up to which they are the same to a model.
    pub distance: f32,
}

/// The nearest picture of some set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Near {
    /// Which one.
    pub name: String,
    /// Its closed part.
    pub closed: Option<&'static str>,
    /// Bits in which the hashes differ.
    pub bits: u32,
    /// Cosine distance of the features, where both have some.
    pub distance: Option<f32>,
}

/// What a picture looks like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Likeness {
    /// The nearest of all by hash.
    pub nearest: Option<Near>,
    /// The nearest by hash of those in a closed part that is not the picture's own.
    pub closed: Option<Near>,
    /// The nearest by features of those.
    pub closed_by_features: Option<Near>,
}

/// Compares a picture (`hash`; `features` of length one, when it has some) with all that are `known` (their features as rows
/// of length one). A twin lies where its original does, so pictures in its `own` closed part are no leak.
pub fn likeness(
    hash: FineHash,
    features: Option<&[f32]>,
    own: Option<&str>,
    (known, rows): (&[Known], &Matrix),
) -> Likeness {
    let mut found = Likeness::default();
    let distance = |other: &Known| {
        let (mine, row) = features.zip(other.row)?;
        Some(1.0 - mine.iter().zip(rows.row(row)).map(|(a, b)| a * b).sum::<f32>())
    };
    let near =
        |other: &Known, bits| Near { name: other.name.clone(), closed: other.closed, bits, distance: distance(other) };
    for other in known {
        let bits = hash.distance(&other.hash);
        if found.nearest.as_ref().is_none_or(|nearest| bits < nearest.bits) {
            found.nearest = Some(near(other, bits));
        }
        if other.closed.is_none() || other.closed == own {
            continue;
        }
        if found.closed.as_ref().is_none_or(|nearest| bits < nearest.bits) {
            found.closed = Some(near(other, bits));
        }
        if let Some(distance) = distance(other)
            && found.closed_by_features.as_ref().and_then(|n| n.distance).is_none_or(|least| distance < least)
        {
            found.closed_by_features = Some(near(other, bits));
        }
    }
    found
}

impl Likeness {
    /// Adds its figures, and the reasons that follow.
    ///
    /// A leak is a picture alike to one that only judges by its hash, or the same to the model. A duplicate has nearly the
    /// hash of a picture that is there and, where both have features, nearly its features: fog and rain hardly move a
    /// hash, and a picture in fog is worth having.
    pub(super) fn judge(&self, settings: &LikeSettings, verdict: &mut Verdict) {
        let figures = &mut verdict.figures;
        let mut note = |name: &str, value: Option<f64>| value.map(|value| figures.insert(name.to_owned(), value));
        note("nearest_bits", self.nearest.as_ref().map(|near| f64::from(near.bits)));
        note("nearest_distance", self.nearest.as_ref().and_then(|near| near.distance).map(f64::from));
        note("closed_bits", self.closed.as_ref().map(|near| f64::from(near.bits)));
        note("closed_distance", self.closed_by_features.as_ref().and_then(|near| near.distance).map(f64::from));
        let by_hash = self.closed.as_ref().filter(|near| near.bits <= settings.alike);
        let by_features =
            self.closed_by_features.as_ref().filter(|n| n.distance.is_some_and(|d| d <= settings.distance));
        if let Some(near) = by_hash.or(by_features) {
            let words =
                format!("looks like {} of the {} part{}", near.name, near.closed.unwrap_or("closed"), near.said());
            verdict.reasons.push(Reason::new(ReasonKind::Leak, words));
        } else if let Some(near) = &self.nearest
            && near.bits <= settings.same
            && near.distance.is_none_or(|distance| distance <= settings.distance)
        {
            verdict
                .reasons
                .push(Reason::new(ReasonKind::Duplicate, format!("it is {} again{}", near.name, near.said())));
        }
    }
}

impl Near {
    fn said(&self) -> String {
        let distance = self.distance.map_or_else(String::new, |distance| format!(", features {distance:.4} apart"));
        format!(" ({} of 256 bits{distance})", self.bits)
    }
}

/// The mean cosine distance of each row to its `k` nearest rows of `others`: how far it is from what is real. Both hold rows of
/// length one.
pub fn mean_nearest(rows: &Matrix, others: &Matrix, k: usize) -> Vec<f32> {
    use rayon::prelude::*;
    let one = |row: usize| {
        let mine = rows.row(row);
        let mut all: Vec<f32> = (0..others.len())
            .map(|at| 1.0 - mine.iter().zip(others.row(at)).map(|(a, b)| a * b).sum::<f32>())
            .collect();
        let k = k.clamp(1, all.len().max(1));
        if all.is_empty() {
            return 0.0;
        }
        all.select_nth_unstable_by(k - 1, f32::total_cmp);
        all[..k].iter().sum::<f32>() / k as f32
    };
    (0..rows.len()).into_par_iter().map(one).collect()
}
