//! Cutting versions of the data: from samples to rows, with the split, the number and the notes.

pub(crate) mod adopt;
pub(crate) mod change;
pub(crate) mod facts;
pub(crate) mod line;
mod notes;

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use hivis_examiner::Library;
use hivis_store::{
    Bump, DataVersion, Home, Ledger, NewContent, NewVersion, ObjectId, VersionName, VersionOptions, VersionPicture,
    Versions,
};
use hivis_types::ReleaseId;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use change::Change;
use facts::{Facts, Standing, counts};
use line::Line;

use crate::config::Settings;
use crate::failure::Hinted;
use crate::parts::Parted;
use crate::sampled::Sampled;

/// What to cut.
#[derive(Clone, Debug)]
pub(crate) struct CutOrder {
    /// Which part of the number goes up; `None` proposes it from the change.
    pub(crate) bump: Option<Bump>,
    /// What the user says of it.
    pub(crate) message: String,
    /// Say what would be cut, and leave everything as it is.
    pub(crate) dry_run: bool,
    /// Make no split: then no picture is decoded. What had a part keeps it, what is new has none.
    pub(crate) no_split: bool,
    /// When, UTC.
    pub(crate) now: Timestamp,
}

impl Default for CutOrder {
    fn default() -> Self {
        Self { bump: None, message: String::new(), dry_run: false, no_split: false, now: Timestamp::now() }
    }
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CutReport {
    /// The version; none when nothing has changed since the one before.
    pub(crate) version: Option<VersionName>,
    /// The one before.
    pub(crate) before: Option<VersionName>,
    /// True when it was not cut, only worked out.
    pub(crate) dry_run: bool,
    /// Its pictures.
    pub(crate) pictures: u64,
    /// Rows that it cost.
    pub(crate) rows: Option<u64>,
    /// The repository's commit.
    pub(crate) commit: Option<String>,
    /// Why there is none.
    pub(crate) no_commit: Option<String>,
    /// What changed.
    pub(crate) facts: Option<Facts>,
    /// Its part of the change log.
    #[serde(skip)]
    pub(crate) notes: String,
}

impl CutReport {
    /// One line for a person.
    pub(crate) fn said(&self) -> String {
        match (self.version, self.before, &self.facts) {
            (Some(version), _, Some(facts)) => {
                let would = if self.dry_run { "would be cut" } else { "cut" };
                let (added, removed) = (facts.change.added(), facts.change.removed());
                let note = self.no_commit.as_deref().map_or_else(String::new, |why| format!("; no commit: {why}"));
                format!("version {version} {would}: {} pictures, {added} added, {removed} removed{note}", self.pictures)
            }
            (_, Some(before), _) => format!("nothing has changed since {before}"),
            _ => "there is nothing to cut a version of".to_owned(),
        }
    }
}

/// The versions' lock with what the configuration says.
pub(crate) fn lock(home: &Home, ledger: &Ledger, settings: &Settings) -> Result<Versions> {
    let options = VersionOptions { identity: settings.versions.identity.clone(), ..VersionOptions::default() };
    Ok(home.lock_versions(ledger, options)?)
}

/// Cuts a version of all samples of the home, unless nothing has changed.
pub(crate) async fn cut(home: &Home, settings: &Settings, order: &CutOrder) -> Result<CutReport> {
    let ledger = home.ledger().await?;
    let versions = lock(home, &ledger, settings)?;
    cut_with(home, settings, (&ledger, &versions), order).await
}

/// The same under a lock that is held.
pub(crate) async fn cut_with(
    home: &Home,
    settings: &Settings,
    (ledger, versions): (&Ledger, &Versions),
    order: &CutOrder,
) -> Result<CutReport> {
    versions.finish().await?;
    // Before "nothing has changed": what the user committed there and did not have taken over has.
    versions.ready().await?;
    let sampled = Sampled::read(ledger).await?;
    if sampled.samples.is_empty() {
        let hint = "`hivis import dataset FOLDER` brings pictures; labelled records and generated ones count too";
        return Err(Hinted::new("the home has no labelled picture to cut a version of", hint).into());
    }
    let last = ledger.latest_version().await?;
    let before = content(ledger, last.as_ref()).await?;
    let old = before.iter().map(|picture| Ok((picture.id, Line::read(&picture.line)?))).collect::<Result<_>>()?;
    let seed = (!order.no_split).then_some(settings.versions.split_seed);
    let (planner, dry_run) = (home.clone(), order.dry_run);
    let disputed = sampled.disputed;
    let lines = tokio::task::spawn_blocking(move || parted(&planner, &sampled, &old, (seed, dry_run)))
        .await
        .context("planning the version panicked")??;
    let mut facts = gather(home, ledger, (&before, &lines)).await?;
    (facts.split_seed, facts.disputed) = (seed, disputed);
    write(versions, Plan { ledger, last, lines, facts, order }).await
}

/// Cuts a version with the content of an older one.
pub(crate) async fn roll_back(home: &Home, settings: &Settings, name: &str, order: &CutOrder) -> Result<CutReport> {
    let ledger = home.ledger().await?;
    let versions = lock(home, &ledger, settings)?;
    versions.finish().await?;
    roll_back_with(home, &ledger, &versions, (name, order)).await
}

/// The same under a lock that is held.
pub(crate) async fn roll_back_with(
    home: &Home,
    ledger: &Ledger,
    versions: &Versions,
    (name, order): (&str, &CutOrder),
) -> Result<CutReport> {
    let wanted = ledger.version_named(name).await?;
    let last = ledger.latest_version().await?;
    let before = content(ledger, last.as_ref()).await?;
    let read = |picture: VersionPicture| Ok((picture.id, Line::read(&picture.line)?));
    let lines: Vec<(ObjectId, Line)> =
        ledger.version_pictures(&wanted).await?.into_iter().map(read).collect::<Result<_>>()?;
    let mut facts = gather(home, ledger, (&before, &lines)).await?;
    facts.equals = Some(wanted.name.to_string());
    facts.split_seed = wanted.facts["split_seed"].as_u64();
    write(versions, Plan { ledger, last, lines, facts, order }).await
}

/// A version that is worked out.
struct Plan<'a> {
    ledger: &'a Ledger,
    last: Option<DataVersion>,
    lines: Vec<(ObjectId, Line)>,
    facts: Facts,
    order: &'a CutOrder,
}

/// The pictures of a version; none of no version.
async fn content(ledger: &Ledger, version: Option<&DataVersion>) -> Result<Vec<VersionPicture>> {
    match version {
        Some(version) => Ok(ledger.version_pictures(version).await?),
        None => Ok(Vec::new()),
    }
}

/// The lines of all samples, with their parts. Without a seed what had a part keeps it, and what is new has none.
fn parted(
    home: &Home,
    sampled: &Sampled,
    old: &HashMap<ObjectId, Line>,
    (seed, dry_run): (Option<u64>, bool),
) -> Result<Vec<(ObjectId, Line)>> {
    let name = |(id, line): (&ObjectId, &Line)| {
        (*id, line.file_name.strip_prefix("pictures/").unwrap_or(&line.file_name).to_owned())
    };
    let mut lines = sampled.lines(&old.iter().map(name).collect())?;
    for (line, sample) in lines.iter_mut().zip(&sampled.samples) {
        line.split = old.get(&sample.id).and_then(|old| old.split);
    }
    if let Some(seed) = seed {
        let pictures = lines.iter().zip(&sampled.samples).map(|(line, sample)| line.picture(&sample.path));
        let library = Library::new("samples", pictures.collect::<Vec<_>>()).upright();
        let keys = lines.iter().map(|line| line.sha256.clone()).collect();
        let parted = Parted::keyed(home, &[&library], keys, seed)?;
        for (at, line) in lines.iter_mut().enumerate() {
            line.split = parted.part(at);
        }
        if !dry_run {
            // What a version says of a picture's part holds for whatever is trained later.
            let folder = home.cache().join("version-split");
            fs_err::create_dir_all(&folder)?;
            parted.keep(home, &folder)?;
        }
    }
    unlike(&mut lines);
    Ok(sampled.samples.iter().map(|sample| sample.id).zip(lines).collect())
}

/// Gives pictures whose names meet (a person named one so) names of their own.
fn unlike(lines: &mut [Line]) {
    let mut taken = HashSet::with_capacity(lines.len());
    for line in lines {
        while !taken.insert(line.file_name.clone()) {
            let (stem, ending) = line.file_name.rsplit_once('.').unwrap_or((&line.file_name, "jpg"));
            line.file_name = format!("{stem}-{}.{ending}", &line.sha256[..8]);
        }
    }
}

/// What is known of the change and of now.
async fn gather(
    home: &Home,
    ledger: &Ledger,
    (before, after): (&[VersionPicture], &[(ObjectId, Line)]),
) -> Result<Facts> {
    let change = Change::between(before, after)?;
    let (bump, why) = change.bump();
    let (from, parts) = counts(after);
    Ok(Facts {
        bump,
        why,
        change,
        from,
        parts,
        split_seed: None,
        disputed: 0,
        acceptance: ledger.acceptance().await?,
        standing: Standing::now(home, ledger).await?,
        equals: None,
    })
}

/// Cuts what was worked out, unless it is the same as before or only asked for.
async fn write(versions: &Versions, plan: Plan<'_>) -> Result<CutReport> {
    let Plan { ledger, last, lines, mut facts, order } = plan;
    let mut report = CutReport {
        version: None,
        before: last.as_ref().map(|version| version.name),
        dry_run: order.dry_run,
        pictures: lines.len() as u64,
        rows: None,
        commit: None,
        no_commit: None,
        facts: None,
        notes: String::new(),
    };
    if last.is_some() && facts.change.is_nothing() {
        return Ok(report);
    }
    // A clock that went back makes no version older than the one before.
    let at = last.as_ref().map_or(order.now, |last| order.now.max(last.at));
    let day = at.to_zoned(TimeZone::UTC).date();
    let name = if let Some(last) = &last {
        if let Some(bump) = order.bump.filter(|bump| *bump != facts.bump) {
            facts.why = vec!["the user asked for it".to_owned()];
            facts.bump = bump;
        }
        newest(ledger, last).await?.next(facts.bump, day)
    } else {
        facts.why = vec!["it is the first".to_owned()];
        VersionName::first(day)
    };
    let standing: Option<Standing> = last.and_then(|last| serde_json::from_value(last.facts["standing"].clone()).ok());
    let notes = notes::notes(&facts, &order.message, standing.as_ref());
    (report.version, report.notes) = (Some(name), notes.clone());
    if !order.dry_run {
        let content = |(id, line): &(ObjectId, Line)| {
            let name = line.file_name.strip_prefix("pictures/").unwrap_or(&line.file_name).to_owned();
            Ok(NewContent { id: *id, name, line: line.text()? })
        };
        let new = NewVersion {
            name,
            at,
            message: order.message.clone(),
            facts: serde_json::to_value(&facts)?,
            notes,
            pictures: lines.iter().map(content).collect::<Result<_>>()?,
        };
        let done = versions.cut(&new).await?;
        report.rows = Some(done.rows);
        (report.commit, report.no_commit) = (done.version.commit, done.no_commit);
    }
    report.facts = Some(facts);
    Ok(report)
}

/// The highest number that was ever given out: a removed version's is not given again.
async fn newest(ledger: &Ledger, last: &DataVersion) -> Result<VersionName> {
    let all = ledger.versions().await?;
    Ok(all.iter().map(|version| version.name).max().unwrap_or(last.name))
}

/// Releases whose note names a version, by the version's name.
pub(crate) fn used_by(home: &Home, version: VersionName) -> Result<Vec<ReleaseId>> {
    let mut found = Vec::new();
    let name = version.to_string();
    for id in home.releases().list()? {
        let note = home.releases().manifest(&id)?.training;
        if note.and_then(|note| note.version).is_some_and(|versions| versions.split(", ").any(|v| v == name)) {
            found.push(id);
        }
    }
    Ok(found)
}
