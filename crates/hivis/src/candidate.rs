//! A release that sits an exam in this process, as the server would judge.

use std::sync::Arc;

use anyhow::Result;
use hivis_engine::Engine;
use hivis_examiner::{Outcome, Question, Told};
use hivis_store::Release;

use crate::config::Settings;
use crate::exam_file::Sitter;
use crate::swap;

/// What the validator gets where there was no judgement.
const NO_ANSWER: f64 = -1.0;

/// A loaded release with the settings that it would serve with.
pub(crate) struct Candidate {
    /// What is kept of it with the exam.
    pub(crate) sitter: Sitter,
    engine: Arc<dyn Engine>,
    silence_below: f32,
}

impl Candidate {
    /// Brings the release up.
    pub(crate) async fn new(release: Release, settings: &Settings) -> Result<Self> {
        let model = &settings.model;
        let bytes = release.manifest.files.values().map(|file| file.bytes).sum();
        let release_id = release.manifest.id.clone();
        let loaded = swap::bring_up(release, model).await?;
        let sitter = Sitter { release: release_id, engine: model.engine, precision: model.precision, bytes };
        Ok(Self { sitter, engine: loaded.engine, silence_below: settings.serve.silence_below })
    }

    /// Decodes and judges one challenge.
    pub(crate) fn judge(&self, question: &Question) -> Told {
        let told = |prediction, outcome, message: String| Told { prediction, outcome, status: Some(200), message };
        let Some(picture) = question.picture() else {
            return told(NO_ANSWER, Outcome::Silent, "the picture cannot be read".to_owned());
        };
        let (width, height) = self.engine.card().input;
        let picture = hivis_image::resize_bilinear(&picture, width, height);
        match self.engine.run(&[&picture]) {
            Ok(scores) => match scores.first().map(|s| s.probability) {
                Some(p) if p.max(1.0 - p) < self.silence_below => {
                    told(NO_ANSWER, Outcome::Silent, "not sure enough".to_owned())
                }
                Some(p) => told(f64::from(p), Outcome::Answered, String::new()),
                None => told(NO_ANSWER, Outcome::Silent, "the engine gave no score".to_owned()),
            },
            Err(error) => told(NO_ANSWER, Outcome::Silent, error.to_string()),
        }
    }
}
