//! The usual Fréchet inception distance, where the user has Inception's weights.

use anyhow::{Context, Result};
use hivis_curate::gate::{FID_LIMIT, Figures, INCEPTION_LEAST, Reason, ReasonKind, fixed_fid};
use hivis_curate::vectors::Matrix;
use hivis_engine::LoadSettings;
use hivis_image::{DecodeLimits, decode_upright, resize_bilinear};
use hivis_store::{Md5, ObjectId, Objects};
use hivis_types::Precision;

use crate::config::Settings;

/// Inception's features, or why there are none.
pub(super) enum Inception {
    /// Its limits do not apply.
    None(String),
    /// Of the judged pictures (`None` where one cannot be read), and of the real set.
    Features(Vec<Option<Vec<f32>>>, Matrix),
}

/// Runs `gate.inception`, a graph with the input and outputs of a release's, when both sides have pictures enough.
pub(super) async fn features(
    settings: &Settings,
    objects: &Objects,
    pending: &[(ObjectId, Md5)],
    real: &[(ObjectId, Md5)],
) -> Result<Inception> {
    let model = &settings.model;
    let Some(graph) = settings.gate.inception.clone() else {
        return Ok(Inception::None("no Inception or LPIPS weights are given".to_owned()));
    };
    if pending.len().min(real.len()) < INCEPTION_LEAST {
        let words =
            format!("{} generated and {} real pictures are fewer than {INCEPTION_LEAST}", pending.len(), real.len());
        return Ok(Inception::None(words));
    }
    let settings = LoadSettings {
        kind: model.engine,
        graph: graph.clone(),
        precision: Precision::Fp32,
        threads: model.threads,
        runtime_library: model.runtime_library.clone(),
        provider: Some(model.provider.clone()),
    };
    let (objects, pending, real) = (objects.clone(), pending.to_vec(), real.to_vec());
    let work = move || {
        let engine = hivis_engine::load(&settings)?;
        let (width, height) = engine.card().input;
        let one = |(id, md5): &(ObjectId, Md5)| -> Result<Option<Vec<f32>>> {
            let Ok(bytes) = objects.get(*id, *md5) else { return Ok(None) };
            let Ok(decoded) = decode_upright(&bytes, &DecodeLimits::default()) else { return Ok(None) };
            let scores = engine.run(&[&resize_bilinear(&decoded.picture, width, height)])?;
            Ok(scores.into_iter().next().map(|scores| scores.features))
        };
        let judged = pending.iter().map(one).collect::<Result<Vec<_>>>()?;
        let rows = real.iter().map(one).collect::<Result<Vec<_>>>()?;
        let rows: Vec<f32> = rows.into_iter().flatten().flatten().collect();
        Ok::<_, anyhow::Error>(Inception::Features(judged, Matrix::new(engine.card().features, rows)?))
    };
    let done = tokio::task::spawn_blocking(work).await.context("Inception panicked")?;
    done.with_context(|| format!("gate.inception: {} cannot be run", graph.display()))
}

impl Inception {
    /// Which thresholds a batch is judged by, for the report.
    pub(super) fn said(&self) -> String {
        match self {
            Self::None(why) => format!(
                "the usual FID {FID_LIMIT} and LPIPS 0.3/0.2 do not apply ({why}): a batch is judged by the real set's own distances"
            ),
            Self::Features(..) => format!("the usual FID {FID_LIMIT} applies beside the real set's own distances"),
        }
    }

    /// Adds the distance, and the refusal when it is over the limit.
    pub(super) fn judge(&self, members: &[usize], figures: &mut Figures) -> Result<Option<Reason>> {
        let Self::Features(judged, real) = self else { return Ok(None) };
        let rows: Vec<f32> = members.iter().filter_map(|&at| judged[at].as_deref()).flatten().copied().collect();
        let Some((fine, distance)) = fixed_fid(&Matrix::new(real.width(), rows)?, real)? else { return Ok(None) };
        figures.insert("fid".to_owned(), distance);
        let words = || format!("at an FID of {distance:.1} from the real set, fixed limit {FID_LIMIT}");
        Ok((!fine).then(|| Reason::new(ReasonKind::Batch, words())))
    }
}
