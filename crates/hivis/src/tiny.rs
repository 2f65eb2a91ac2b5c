//! The embedded model as a release of a home.

use anyhow::Result;
use hivis_onnx::{Head, HeadForm, Member, Model};
use hivis_store::{Home, Release};
use hivis_types::ReleaseId;
use sha2::{Digest, Sha256};

use crate::release::{self, Build};

/// What may be done with the embedded weights.
pub(crate) const LICENCE: &str = "MIT OR Apache-2.0";

/// The embedded backbone.
pub(crate) fn model() -> Result<Model> {
    Ok(Model::from_parts(
        hivis_train::tiny::CONFIG,
        Some(hivis_train::tiny::PREPROCESSOR),
        hivis_train::tiny::WEIGHTS.to_vec(),
    )?)
}

/// Writes the embedded model as a release, unless it is there already, and points `current` at it.
pub(crate) fn install(home: &Home) -> Result<Release> {
    // Named by what is inside: another build's model is another release.
    let inside =
        Sha256::new().chain_update(hivis_train::tiny::WEIGHTS).chain_update(hivis_train::tiny::HEAD).finalize();
    let id = ReleaseId::new(format!("hivis-tiny-{}", hex::encode(&inside[..4])))?;
    let releases = home.releases();
    if !releases.list()?.contains(&id) {
        let model = model()?;
        let head = HeadForm::Dense(Head::from_bytes(hivis_train::tiny::HEAD.to_vec())?);
        release::build(
            home,
            Build {
                id: id.clone(),
                members: &[Member { model: &model, head: &head, weight: 1.0 }],
                calibration: None,
                source: "embedded in hivis".to_owned(),
                backbone: Some("hivis-tiny".to_owned()),
                licence: LICENCE.to_owned(),
                training: None,
                figures: None,
            },
        )?;
    }
    releases.set_current(&id)?;
    Ok(releases.load(&id)?)
}
