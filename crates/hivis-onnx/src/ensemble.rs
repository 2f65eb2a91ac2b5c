//! Ensembles: several heads, on one backbone or on several, in one graph.

use std::path::Path;

use crate::nearest;
use crate::weights::Weights;
use crate::{Calibration, Head, Model, Nearest, OnnxError, Pooling};

/// Heads that vote: a file of more is a mistake.
const MAX_MEMBERS: usize = 16;
/// How far from 1 the weights may sum.
const SUM_TOLERANCE: f64 = 1e-6;

/// A head of either form.
#[derive(Clone, Debug, PartialEq)]
pub enum HeadForm {
    /// A small network.
    Dense(Head),
    /// A bank of features.
    Nearest(Nearest),
}

impl HeadForm {
    /// Reads a head's file of either form.
    pub fn read(path: &Path) -> Result<Self, OnnxError> {
        let weights = Weights::from_bytes(fs_err::read(path)?, &path.display().to_string())?;
        Ok(match weights.metadata("form") {
            Some(nearest::FORM) => Self::Nearest(Nearest::from_weights(&weights)?),
            _ => Self::Dense(Head::from_weights(&weights)?),
        })
    }

    /// Writes a head's file.
    pub fn write(&self, path: &Path) -> Result<(), OnnxError> {
        match self {
            Self::Dense(head) => head.write(path),
            Self::Nearest(nearest) => nearest.write(path),
        }
    }

    /// What it looks at.
    pub fn pooling(&self) -> Pooling {
        match self {
            Self::Dense(head) => head.pooling,
            Self::Nearest(nearest) => nearest.pooling,
        }
    }

    /// Length of the features that it takes.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Dense(head) => head.inputs(),
            Self::Nearest(nearest) => nearest.inputs(),
        }
    }

    /// Whether it is a head, and one for `model`.
    fn check(&self, model: &Model) -> Result<(), OnnxError> {
        match self {
            Self::Dense(head) => head.check()?,
            Self::Nearest(nearest) => nearest.check()?,
        }
        self.pooling().check(model)?;
        let features = model.features(self.pooling());
        if self.inputs() != features {
            let reason = format!("it takes {} features, the model gives {features}", self.inputs());
            return Err(OnnxError::Head(reason));
        }
        Ok(())
    }
}

/// One voice of an ensemble.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its backbone; members that borrow the same [`Model`] share its nodes in the graph.
    pub model: &'a Model,
    /// What judges the backbone's features.
    pub head: &'a HeadForm,
    /// Its share of the average.
    pub weight: f64,
}

/// Whether these are members that can be averaged.
pub(crate) fn check(members: &[Member<'_>], calibration: Option<Calibration>) -> Result<(), OnnxError> {
    if !(1..=MAX_MEMBERS).contains(&members.len()) {
        return Err(OnnxError::Ensemble(format!("it has {} members; 1 to {MAX_MEMBERS} are written", members.len())));
    }
    for (at, member) in members.iter().enumerate() {
        if !(member.weight.is_finite() && member.weight > 0.0) {
            return Err(OnnxError::Ensemble(format!("member {at} has weight {}", member.weight)));
        }
        member.head.check(member.model)?;
    }
    let sum: f64 = members.iter().map(|member| member.weight).sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(OnnxError::Ensemble(format!("its weights sum to {sum}, not to 1")));
    }
    calibration.map_or(Ok(()), Calibration::check)
}
