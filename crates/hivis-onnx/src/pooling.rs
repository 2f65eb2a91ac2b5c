//! Pooling: which tokens become the features.

use std::fmt;
use std::str::FromStr;

use crate::backbone::Tokens;
use crate::builder::Builder;
use crate::proto::AttributeProto;
use crate::{Model, OnnxError};

/// Which tokens become the features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pooling {
    /// The CLS token, after the final norm; where there is none (SigLIP), the output of attention pooling:
    /// `hidden_size` features.
    Cls,
    /// The same, then the mean of the patch tokens after the final norm (never the registers): `2 * hidden_size`.
    ClsMean,
    /// The CLS tokens of the last so many blocks, at least 1, each after the final norm and newest last, then the mean
    /// of the last block's patches: `(n + 1) * hidden_size`. What DINOv2's published linear probes take (n = 4). Not for
    /// a model without CLS.
    Last(u8),
}

impl Pooling {
    /// How many tokens' lengths the features have.
    pub(crate) fn tokens(self) -> usize {
        match self {
            Self::Cls => 1,
            Self::ClsMean => 2,
            Self::Last(blocks) => usize::from(blocks) + 1,
        }
    }

    /// Of how many last blocks the picture's token is wanted.
    pub(crate) fn blocks(self) -> usize {
        match self {
            Self::Cls | Self::ClsMean => 1,
            Self::Last(blocks) => usize::from(blocks),
        }
    }

    /// Whether it looks at the patches.
    pub(crate) fn patches(self) -> bool {
        self != Self::Cls
    }

    /// Whether `model` has these tokens.
    pub(crate) fn check(self, model: &Model) -> Result<(), OnnxError> {
        let Self::Last(blocks) = self else { return Ok(()) };
        let layers = model.geometry().layers;
        if blocks == 0 || usize::from(blocks) > layers {
            return Err(OnnxError::Head(format!("its pooling `{self}` wants {blocks} blocks, the model has {layers}")));
        }
        if model.prefix_tokens() == 0 {
            let reason =
                format!("its pooling `{self}` wants CLS tokens, the model has none; cls and cls-mean are there");
            return Err(OnnxError::Head(reason));
        }
        Ok(())
    }
}

/// The name in a head's file: `cls`, `cls-mean`, `last-4`.
impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cls => f.write_str("cls"),
            Self::ClsMean => f.write_str("cls-mean"),
            Self::Last(blocks) => write!(f, "last-{blocks}"),
        }
    }
}

impl FromStr for Pooling {
    type Err = OnnxError;

    fn from_str(name: &str) -> Result<Self, OnnxError> {
        let last = || name.strip_prefix("last-")?.parse().ok().filter(|blocks| *blocks > 0).map(Self::Last);
        match name {
            "cls" => Ok(Self::Cls),
            "cls-mean" => Ok(Self::ClsMean),
            _ => last().filter(|pooling| pooling.to_string() == name).ok_or_else(|| {
                let name: String = name.escape_debug().take(40).collect();
                OnnxError::Head(format!("pooling `{name}` is not known; cls, cls-mean and last-N are"))
            }),
        }
    }
}

/// Features `[n, d]` out of a backbone's tokens, of which `prefix` come before the patches.
pub(crate) fn emit_pooling(b: &mut Builder, tokens: &Tokens, pooling: Pooling, prefix: usize) -> String {
    b.scope(format!("pooling.{pooling}"));
    let pictures = &tokens.pictures[tokens.pictures.len() - pooling.blocks()..];
    let mut parts: Vec<&str> = pictures.iter().map(String::as_str).collect();
    if !pooling.patches() {
        return parts[0].to_owned();
    }
    let axis = b.i64s("axis", &[1]);
    let from = b.i64s("from", &[prefix as i64]);
    let to = b.i64s("to", &[i64::from(i32::MAX)]);
    let patches = b.node("Slice", &[&tokens.last, &from, &to, &axis], vec![]);
    let mean = b.node("ReduceMean", &[&patches, &axis], vec![AttributeProto::int("keepdims", 0)]);
    parts.push(&mean);
    b.node("Concat", &parts, vec![AttributeProto::int("axis", 1)])
}
