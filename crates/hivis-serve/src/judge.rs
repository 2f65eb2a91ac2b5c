//! The thread that runs the engine.

use std::{panic::AssertUnwindSafe, sync::Arc};

use hivis_types::{EngineKind, Picture, Precision, ReleaseId, Scores};

use crate::{
    Loaded, Models, ServeError,
    batcher::{Batch, Work},
    event,
};

/// What the engine thread says of one picture.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The release judged.
    Judged {
        /// Which release.
        release: ReleaseId,
        /// What ran it.
        engine: EngineKind,
        /// Which arithmetic.
        precision: Precision,
        /// What it said.
        scores: Scores,
    },
    /// There was no release.
    NoModel,
}

/// Starts the thread `hivis-engine`; it ends when the batcher does.
pub(crate) fn start(models: Models, mut work: Work<Arc<Picture>, Verdict>) -> Result<(), ServeError> {
    let name = "hivis-engine".to_owned();
    let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
        while let Some(Batch { items: pictures, left }) = work.blocking_next() {
            event::batch_left(pictures.len(), left);
            let outputs = match models.current() {
                Some(loaded) => judge(&loaded, &pictures),
                None => Ok(pictures.iter().map(|_| Verdict::NoModel).collect()),
            };
            if let Err(why) = &outputs {
                event::engine_failed(why, pictures.len());
            }
            work.finished(outputs);
        }
    });
    thread.map(drop).map_err(|source| ServeError::Thread { name, source })
}

/// One verdict a picture, or why there is none for any. A panic of the engine is an error like others.
fn judge(loaded: &Loaded, pictures: &[Arc<Picture>]) -> Result<Vec<Verdict>, String> {
    let card = loaded.engine.card();
    let fitted: Vec<Arc<Picture>> = pictures.iter().map(|picture| fit(picture, card.input)).collect();
    let refs: Vec<&Picture> = fitted.iter().map(Arc::as_ref).collect();
    let scores = std::panic::catch_unwind(AssertUnwindSafe(|| loaded.engine.run(&refs)))
        .map_err(|panic| format!("the engine panicked: {}", text_of(panic.as_ref())))?
        .map_err(|error| error.to_string())?;
    if scores.len() != pictures.len() {
        return Err(format!("the engine gave {} scores for {} pictures", scores.len(), pictures.len()));
    }
    if let Some(odd) = scores.iter().find(|scores| !(0.0..=1.0).contains(&scores.probability)) {
        return Err(format!("the engine gave {}, which is no probability", odd.probability));
    }
    let verdict = |scores| Verdict::Judged {
        release: loaded.release.clone(),
        engine: card.kind,
        precision: card.precision,
        scores,
    };
    Ok(scores.into_iter().map(verdict).collect())
}

/// Pictures come in the size of the release that served when they were decoded; after a swap that may be another.
fn fit(picture: &Arc<Picture>, (width, height): (u32, u32)) -> Arc<Picture> {
    if (picture.width(), picture.height()) == (width, height) {
        Arc::clone(picture)
    } else {
        Arc::new(hivis_image::resize_bilinear(picture, width, height))
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("?")
}
