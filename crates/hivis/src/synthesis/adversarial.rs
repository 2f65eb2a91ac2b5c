//! The monthly set: of many pictures only those stay that the serving release gets wrong.

use anyhow::{Context, Result};
use hivis_store::{Home, Ledger, ObjectId};
use hivis_types::Label;

use super::SynthReport;
use super::report::Adversarial;
use crate::config::Settings;
use crate::embedded::Embedder;
use crate::failure::Hinted;

/// A release that gets as many right as this, or more, met no hard set.
const HARD_BELOW: f64 = 0.8;

/// The serving release, ready to judge.
pub(super) struct Judge {
    release: String,
    embedder: Embedder,
}

/// Brings the serving release up.
pub(super) async fn judge(home: &Home, settings: &Settings) -> Result<Judge> {
    let Some(release) = home.releases().current()? else {
        let hint = "`hivis release promote NAME`; an adversarial set is what the serving release gets wrong";
        return Err(Hinted::new("no release serves", hint).into());
    };
    let embedder = Embedder::open(home, settings, Some(&release)).await.context("the serving release cannot judge")?;
    Ok(Judge { release: release.as_str().to_owned(), embedder })
}

/// Judges the pictures of a batch and drops those that the release gets right, or cannot read.
pub(super) async fn keep_wrong(ledger: &Ledger, judge: Judge, batch: i64, report: &mut SynthReport) -> Result<()> {
    let pictures = ledger.generated(batch).await?;
    let ids: Vec<_> = pictures.iter().map(|picture| (picture.id, picture.md5)).collect();
    let scores = judge.embedder.judge(&ids).await?;
    let (mut right, mut judged) = (Vec::<ObjectId>::new(), 0);
    for (picture, scores) in pictures.iter().zip(scores) {
        let Some(scores) = scores else {
            right.push(picture.id);
            continue;
        };
        judged += 1;
        if Label::from_probability(scores.probability) == picture.wanted {
            right.push(picture.id);
        }
    }
    let dropped = ledger.drop_generated(batch, &right).await?;
    let wrong = pictures.len() as u64 - right.len() as u64;
    let accuracy = if judged == 0 { 1.0 } else { (judged - wrong) as f64 / judged as f64 };
    report.made = report.made.saturating_sub(dropped);
    if !right.is_empty() {
        report.refused.insert("the release gets it right".to_owned(), right.len() as u64);
    }
    let hard_enough = accuracy < HARD_BELOW;
    report.adversarial = Some(Adversarial { release: judge.release, judged, wrong, accuracy, hard_enough });
    Ok(())
}
