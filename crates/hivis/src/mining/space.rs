//! Whose features a run compares, and whose second opinion it asks.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use hivis_store::{Home, Ledger, Md5, ObjectId};
use hivis_types::ReleaseId;

use super::Candidate;
use super::scan::{Opinions, Scan};
use crate::config::Settings;
use crate::embedded::Embedder;
use crate::home;

/// The space of features that a run works in.
pub(super) struct Space {
    /// The current release, or where none is current the one that judged last.
    release: Option<ReleaseId>,
    /// Computes what records lack; none without a current release.
    embedder: Option<Embedder>,
}

impl Space {
    /// Brings the current release up; without one, what records hold must do.
    pub(super) async fn open(home: &Home, settings: &Settings, scan: &Scan, notes: &mut Vec<String>) -> Result<Self> {
        let Some(current) = home.releases().current()? else {
            let release = scan.newest_release().cloned();
            if let Some(release) = &release {
                notes.push(format!("no release is current: only features that {release} left in the records are used"));
            }
            return Ok(Self { release, embedder: None });
        };
        if scan.pictures.is_empty() {
            return Ok(Self { release: Some(current), embedder: None });
        }
        let embedder =
            Embedder::open(home, settings, None).await.context("the current release cannot be brought up")?;
        Ok(Self { release: Some(current), embedder: Some(embedder) })
    }

    pub(super) fn release(&self) -> Option<&ReleaseId> {
        self.release.as_ref()
    }

    pub(super) fn embedder(&self) -> Option<&Embedder> {
        self.embedder.as_ref()
    }

    /// What the current release says today of the newest pictures that another one judged, and what `mine.members` say of
    /// the newest pictures.
    pub(super) async fn opinions(
        &self,
        home: &Home,
        settings: &Settings,
        scan: &Scan,
        notes: &mut Vec<String>,
    ) -> Result<Opinions> {
        let mut opinions = Opinions::default();
        let Some(embedder) = &self.embedder else { return Ok(opinions) };
        let count = settings.mine.rejudge;
        let unheard = scan.newest(count, self.release());
        opinions.anew = judged(embedder, &unheard).await?.into_iter().collect();
        let newest = scan.newest(count, None);
        for member in settings.mine.members.iter().filter(|member| Some(*member) != self.release()) {
            if home::load_release(home, member).is_err() {
                notes.push(format!("mine.members: there is no usable release {member}; it was not asked"));
                continue;
            }
            let asked = Embedder::open(home, settings, Some(member)).await;
            let asked = asked.with_context(|| format!("the member {member} cannot be brought up"))?;
            for (picture, probability) in judged(&asked, &newest).await? {
                opinions.members.entry(picture).or_default().push(probability);
            }
        }
        Ok(opinions)
    }

    /// The features of the pool: those of the record where this space's release judged it, else computed and kept. All are
    /// of one width; what has none, or another width, is `None`.
    pub(super) async fn features(&self, ledger: &Ledger, pool: &[Candidate]) -> Result<Vec<Option<Vec<f32>>>> {
        let mut found = match &self.embedder {
            Some(embedder) => {
                let pictures: Vec<_> = pool.iter().map(|c| (c.seen.sha256, c.seen.md5)).collect();
                embedder.features(&pictures).await?
            }
            None => self.recorded(ledger, pool).await?,
        };
        let width = found.iter().flatten().map(Vec::len).next();
        for row in &mut found {
            let fits = |row: &Vec<f32>| Some(row.len()) == width && row.iter().all(|x| x.is_finite());
            *row = row.take().filter(fits);
        }
        Ok(found)
    }

    /// What this space's release left in the records.
    async fn recorded(&self, ledger: &Ledger, pool: &[Candidate]) -> Result<Vec<Option<Vec<f32>>>> {
        let all: Vec<i64> = pool.iter().map(|c| c.seen.seq).collect();
        let by: BTreeMap<i64, ReleaseId> =
            ledger.judged_at(&all).await?.into_iter().map(|record| (record.seq, record.release)).collect();
        let wanted: Vec<i64> = all.into_iter().filter(|seq| by.get(seq) == self.release()).collect();
        let mut features = ledger.record_features(&wanted).await?;
        Ok(pool.iter().map(|c| features.remove(&c.seen.seq)).collect())
    }
}

/// Those that could be read, with what the release says.
async fn judged(embedder: &Embedder, pictures: &[(ObjectId, Md5)]) -> Result<Vec<(ObjectId, f32)>> {
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let scores = embedder.judge(pictures).await?;
    let said = pictures.iter().zip(scores).filter_map(|((id, _), scores)| Some((*id, scores?.probability)));
    Ok(said.collect())
}
