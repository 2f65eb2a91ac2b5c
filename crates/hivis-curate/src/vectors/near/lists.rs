//! Lists of rows about centres, and which of them an angle leaves open.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::vectors::distance::vectorised;
use crate::vectors::near::ROUNDING;
use crate::vectors::product::{Packed, Products};

pub(super) struct Lists {
    width: usize,
    /// Rows of length 1.
    centres: Vec<f32>,
    packed: Packed,
    /// Where each begins, and where the last ends.
    starts: Vec<usize>,
    /// The product of each row with its own centre; it falls within a list.
    own: Vec<f32>,
    /// Products with a list's centre that a row near to one of its members can have.
    near: Vec<(f32, f32)>,
    /// The largest angle that is still near.
    angle: f32,
}

/// An angle that is at most the one of this cosine, and one that is at least.
fn angles(cosine: f32) -> (f32, f32) {
    ((cosine + ROUNDING).min(1.0).acos(), (cosine - ROUNDING).max(-1.0).acos())
}

impl Lists {
    /// `members` are (list, product with its centre) in the order of the lists, the products falling within each.
    pub(super) fn new(
        products: &Products,
        centres: Vec<f32>,
        width: usize,
        members: impl Iterator<Item = (u32, f32)>,
        within: f32,
    ) -> Self {
        let mut starts = vec![0; centres.len() / width + 1];
        let mut own = Vec::new();
        for (list, product) in members {
            starts[list as usize + 1] += 1;
            own.push(product);
        }
        for list in 1..starts.len() {
            starts[list] += starts[list - 1];
        }
        let angle = (1.0 - within - ROUNDING).max(-1.0).acos() + 1e-5;
        let near = |list: usize| {
            let run = starts[list]..starts[list + 1];
            if run.is_empty() {
                return (f32::INFINITY, f32::NEG_INFINITY);
            }
            reach((own[run.end - 1], own[run.start]), angle)
        };
        let near = (0..starts.len() - 1).map(near).collect();
        Self { width, packed: products.pack(&centres, width), centres, starts, own, near, angle }
    }

    pub(super) fn len(&self) -> usize {
        self.near.len()
    }

    /// The positions of a list's rows.
    pub(super) fn of(&self, list: usize) -> Range<usize> {
        self.starts[list]..self.starts[list + 1]
    }

    /// For each later list that some of `rows` (of list `list`) may be near to: which list, which of the rows, and which
    /// run of its members.
    pub(super) fn open(
        &self,
        products: &Products,
        unit: &[f32],
        list: usize,
        rows: Range<usize>,
    ) -> Vec<(usize, Vec<usize>, Range<usize>)> {
        let mut dots = Vec::new();
        products.dots(&unit[rows.start * self.width..rows.end * self.width], self.width, &self.packed, &mut dots);
        let mut open: BTreeMap<usize, (Vec<usize>, (f32, f32))> = BTreeMap::new();
        for (row, dots) in rows.zip(dots.chunks_exact(self.len())) {
            for (other, (dot, near)) in dots.iter().zip(&self.near).enumerate().skip(list + 1) {
                if *dot >= near.0 && *dot <= near.1 {
                    let (some, seen) = open.entry(other).or_insert_with(|| (Vec::new(), (*dot, *dot)));
                    some.push(row);
                    *seen = (seen.0.min(*dot), seen.1.max(*dot));
                }
            }
        }
        let run = |(other, (some, seen)): (usize, (Vec<usize>, (f32, f32)))| {
            let members = self.of(other);
            let (least, most) = reach(seen, self.angle);
            let own = &self.own[members.clone()];
            let from = members.start + own.partition_point(|product| *product > most);
            let to = members.start + own.partition_point(|product| *product >= least);
            (other, some, from..to.max(from))
        };
        open.into_iter().map(run).filter(|(_, _, run)| !run.is_empty()).collect()
    }

    /// Which rows of a run may be near to a member of `list`.
    pub(super) fn seen_from(&self, products: &Products, unit: &[f32], list: usize, run: Range<usize>) -> Vec<usize> {
        let centre = &self.centres[list * self.width..][..self.width];
        let (least, most) = self.near[list];
        let mut some = Vec::new();
        let mut dots = [0.0; Products::FEW];
        for start in run.clone().step_by(Products::FEW) {
            let end = run.end.min(start + Products::FEW);
            let dots = &mut dots[..end - start];
            products.with_one(centre, &unit[start * self.width..end * self.width], dots);
            vectorised(|| {
                some.extend(
                    (start..end).zip(&*dots).filter(|(_, dot)| **dot >= least && **dot <= most).map(|(at, _)| at),
                );
            });
        }
        some
    }
}

/// From the products (least, most) that some rows have with a centre: those that rows near to one of them can have.
fn reach((least, most): (f32, f32), angle: f32) -> (f32, f32) {
    let (nearest, farthest) = (angles(most).0 - angle, angles(least).1 + angle);
    let least = if farthest >= std::f32::consts::PI { f32::NEG_INFINITY } else { farthest.cos() - ROUNDING };
    let most = if nearest <= 0.0 { f32::INFINITY } else { nearest.cos() + ROUNDING };
    (least, most)
}
