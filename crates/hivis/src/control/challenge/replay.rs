//! A picture judged again: by a release of choice and by the one that serves, one picture at a time and on one thread, so
//! that validators go on being answered.

use std::sync::Arc;
use std::time::Instant;

use hivis_console::{Replay, Said, SourceError};
use hivis_engine::Engine;
use hivis_image::DecodeLimits;
use hivis_store::{Home, Md5, ObjectId};
use hivis_types::ReleaseId;
use tokio::sync::Mutex;

use super::failed;
use crate::config::ModelSettings;
use crate::{home, swap};

/// Engines that stay loaded: what serves, and the last that was asked.
const LOADED: usize = 2;

/// Releases that were asked.
pub(crate) struct Replays {
    home: Home,
    model: ModelSettings,
    /// Held while one is asked; whoever comes meanwhile is told to come again.
    loaded: Mutex<Vec<(ReleaseId, Arc<dyn Engine>)>>,
}

impl Replays {
    pub(crate) fn new(home: &Home, model: &ModelSettings) -> Self {
        // Batches of one need no larger ones to be tried.
        let model = ModelSettings { threads: 1, batch: 1, ..model.clone() };
        Self { home: home.clone(), model, loaded: Mutex::default() }
    }

    pub(crate) async fn of(&self, picture: (ObjectId, Md5), release: &ReleaseId) -> Result<Replay, SourceError> {
        let Ok(mut loaded) = self.loaded.try_lock() else {
            return Err(SourceError::Unavailable(
                "another picture is being judged again; try it in a moment".to_owned(),
            ));
        };
        let current = self.home.releases().current().map_err(|error| failed(&error.into()))?;
        let serving = match &current {
            Some(current) => Some(self.asked(&mut loaded, picture, current).await?),
            None => None,
        };
        let asked = match &serving {
            Some(serving) if current.as_ref() == Some(release) => serving.clone(),
            _ => self.asked(&mut loaded, picture, release).await?,
        };
        Ok(Replay { serving, asked })
    }

    async fn asked(
        &self,
        loaded: &mut Vec<(ReleaseId, Arc<dyn Engine>)>,
        (id, md5): (ObjectId, Md5),
        release: &ReleaseId,
    ) -> Result<Said, SourceError> {
        let engine = self.engine(loaded, release).await?;
        let objects = self.home.objects().clone();
        let judge = move || {
            let bytes = objects.get(id, md5).map_err(|error| SourceError::NotFound(error.to_string()))?;
            let decoded = hivis_image::decode(&bytes, &DecodeLimits::default());
            let decoded = decoded.map_err(|error| SourceError::Unfit(format!("it cannot be judged: {error}")))?;
            let (width, height) = engine.card().input;
            let picture = hivis_image::resize_bilinear(&decoded.picture, width, height);
            let begun = Instant::now();
            let scores = engine.run(&[&picture]).map_err(|error| failed(&error.into()))?;
            let ms = begun.elapsed().as_secs_f64() * 1000.0;
            scores.into_iter().next().map(|scores| (scores.probability, ms)).ok_or(SourceError::Failed)
        };
        let judged = tokio::task::spawn_blocking(judge).await.map_err(|error| failed(&error.into()))?;
        let (probability, ms) = judged?;
        Ok(Said { release: release.to_string(), probability, ms })
    }

    async fn engine(
        &self,
        loaded: &mut Vec<(ReleaseId, Arc<dyn Engine>)>,
        release: &ReleaseId,
    ) -> Result<Arc<dyn Engine>, SourceError> {
        if let Some(at) = loaded.iter().position(|(id, _)| id == release) {
            // The one that was asked last stays longest.
            let known = loaded.remove(at);
            loaded.push(known.clone());
            return Ok(known.1);
        }
        let (at, id) = (self.home.clone(), release.clone());
        let read = tokio::task::spawn_blocking(move || home::load_release(&at, &id)).await;
        let unfit = |error: anyhow::Error| SourceError::Unfit(format!("release {release} cannot be asked: {error:#}"));
        let read = read.map_err(|error| failed(&error.into()))?.map_err(unfit)?;
        let engine = swap::bring_up(read, &self.model).await.map_err(unfit)?.engine;
        while loaded.len() >= LOADED {
            loaded.remove(0);
        }
        loaded.push((release.clone(), Arc::clone(&engine)));
        Ok(engine)
    }
}
