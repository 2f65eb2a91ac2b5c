//! The pictures that made a difference: challenges that an earlier release got wrong and a later one gets right, each
//! beside what the later one learned from that is most like it.

use std::path::Path;

use anyhow::{Context, Result};
use hivis_curate::vectors::{Matrix, nearest};
use hivis_examiner::{Captioned, ExamPlan, Examiner, Question, Scenes, contact_sheet};
use hivis_store::{Home, Md5, ObjectId, Sample};
use hivis_synth::Mix;
use hivis_types::{Label, Picture, ReleaseId};

use crate::config::Settings;
use crate::embedded::Embedder;
use crate::{exam, home, swap};

/// Challenges that both are asked.
pub(crate) const QUESTIONS: u32 = 300;
/// Challenges that are shown.
const SHOWN: usize = 4;
/// Pictures beside each: a row of the sheet has four.
const BESIDE: usize = 3;

/// A challenge that changed sides.
struct Turned<'a> {
    question: &'a Question,
    /// Probability of the truth, before and after.
    before: f64,
    after: f64,
}

/// Asks both releases the same fresh scenes and writes the sheet; gives how many challenges turned from wrong to right and
/// how many the other way. Nothing is written when none turned to the right.
pub(crate) async fn sheet(
    home: &Home,
    settings: &Settings,
    (before, after): (&ReleaseId, &ReleaseId),
    learned: &[Sample],
    (seed, path): (u64, &Path),
) -> Result<(usize, usize)> {
    let examiner = Examiner::new(ExamPlan { questions: QUESTIONS, seed, ..ExamPlan::default() })?;
    let releases = vec![home::load_release(home, before)?, home::load_release(home, after)?];
    let sat = exam::sit_here(&examiner, Box::new(Scenes::new(Mix::default())), releases, settings).await?;
    let (mut right, mut wrong) = (Vec::new(), 0);
    for (at, question) in sat.set.questions.iter().enumerate() {
        let [was, is] = [0, 1].map(|who: usize| &sat.sittings[who].answers[at]);
        match (was.right(question.label), is.right(question.label)) {
            (Some(false), Some(true)) => {
                let truth = |p: f64| if question.label == Label::Roadwork { p } else { 1.0 - p };
                right.push(Turned { question, before: truth(was.prediction), after: truth(is.prediction) });
            }
            (Some(true), Some(false)) => wrong += 1,
            _ => {}
        }
    }
    right.sort_by(|a, b| (b.after - b.before).total_cmp(&(a.after - a.before)));
    let turned = (right.len(), wrong);
    right.truncate(SHOWN);
    if right.is_empty() || learned.is_empty() {
        return Ok(turned);
    }
    let cells = beside(home, settings, after, &right, learned).await?;
    fs_err::write(path, hivis_image::encode_png(&contact_sheet(&cells))).context("the sheet cannot be written")?;
    Ok(turned)
}

/// A row for each challenge: itself, then the most like it of what was learned from, with the same label.
async fn beside(
    home: &Home,
    settings: &Settings,
    after: &ReleaseId,
    turned: &[Turned<'_>],
    learned: &[Sample],
) -> Result<Vec<Captioned>> {
    let embedder = Embedder::open(home, settings, Some(after)).await?;
    let places: Vec<(ObjectId, Md5)> = learned.iter().map(|sample| (sample.id, sample.md5)).collect();
    let features = embedder.features(&places).await?;
    let pictures: Vec<Picture> = turned.iter().filter_map(|one| one.question.picture()).collect();
    let asked = judge(home, settings, after, pictures).await?;
    let mut cells = Vec::new();
    for (one, (picture, own)) in turned.iter().zip(asked) {
        let caption = format!("was {:.2} now {:.2}\n{}", one.before, one.after, tags(&one.question.slices));
        cells.push(Captioned { picture, caption });
        let same: Vec<(&Sample, &Vec<f32>)> = learned
            .iter()
            .zip(&features)
            .filter(|(sample, _)| sample.label == one.question.label)
            .filter_map(|(sample, features)| Some((sample, features.as_ref()?)))
            .collect();
        let rows = Matrix::new(own.len(), same.iter().flat_map(|(_, row)| row.iter().copied()).collect())?;
        let found = nearest(&rows, &own, BESIDE);
        for at in 0..BESIDE {
            let cell = found.get(at).and_then(|hit| {
                let sample = same[hit.row].0;
                let picture = decoded(home, sample)?;
                Some(Captioned { picture, caption: format!("{}\n{}", sample.from.as_str(), tags(&sample.slices)) })
            });
            // An empty place keeps the rows apart.
            cells.push(cell.unwrap_or(Captioned { picture: Picture::filled(1, 1, [0; 3]), caption: String::new() }));
        }
    }
    Ok(cells)
}

/// The pictures with their features by the release.
async fn judge(
    home: &Home,
    settings: &Settings,
    release: &ReleaseId,
    pictures: Vec<Picture>,
) -> Result<Vec<(Picture, Vec<f32>)>> {
    let loaded = swap::bring_up(home::load_release(home, release)?, &settings.model).await?;
    let work = move || {
        let (width, height) = loaded.engine.card().input;
        let features = |picture: Picture| {
            let seen = hivis_image::resize_bilinear(&picture, width, height);
            let scores = loaded.engine.run(&[&seen])?;
            Ok((picture, scores.into_iter().next().map(|scores| scores.features).unwrap_or_default()))
        };
        pictures.into_iter().map(features).collect::<Result<Vec<_>>>()
    };
    tokio::task::spawn_blocking(work).await.context("the engine panicked")?
}

fn decoded(home: &Home, sample: &Sample) -> Option<Picture> {
    let bytes = home.objects().get(sample.id, sample.md5).ok()?;
    hivis_image::decode(&bytes, &hivis_image::DecodeLimits::default()).ok().map(|decoded| decoded.picture)
}

/// The weather and the time of day, where they are known, as a caption has room for them.
fn tags(slices: &[String]) -> String {
    let wanted = |name: &str| slices.iter().find_map(|slice| slice.strip_prefix(name)).map(str::to_owned);
    [wanted("time:"), wanted("weather:")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
