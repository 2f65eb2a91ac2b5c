//! What another tool's folder says against what the home says, before anything is written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::Result;
use hivis_examiner::PictureBytes;
use hivis_image::DecodeLimits;
use hivis_store::{Ledger, ObjectId, StoredLabel};
use hivis_types::Label;
use rayon::prelude::*;

use super::found::{Found, from_hex};
use super::rows::class;

/// Pictures that are hashed side by side.
const GROUP: usize = 64;
/// Problems that are named; all are counted.
const NAMED: usize = 5;

/// What the home says now.
pub(super) struct Home {
    pub(super) samples: BTreeMap<ObjectId, Known>,
    persons: BTreeMap<ObjectId, StoredLabel>,
    /// Who gave a person's label through an earlier import.
    reviewers: BTreeMap<ObjectId, String>,
    reviewer: String,
}

/// A picture that the home has.
pub(super) struct Known {
    pub(super) label: Label,
    pub(super) slices: Vec<String>,
}

/// A label that was changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// What the home says; none of a recorded picture without a label.
    pub(super) from: Option<Label>,
    pub(super) to: Label,
}

/// What came of comparing.
#[derive(Default)]
pub(super) struct Comparison {
    /// Pictures that are in both with one label.
    pub(super) same: u64,
    /// Labels that were not changed there and were here since.
    pub(super) stale: u64,
    /// Pictures of the home without a label there.
    pub(super) unlabelled: u64,
    /// Pictures of the home whose files are not there.
    pub(super) without_file: u64,
    /// Pictures that come more than once.
    pub(super) repeated: u64,
    pub(super) changes: BTreeMap<ObjectId, Change>,
    /// Labels of pictures that the home does not know.
    pub(super) new: BTreeMap<ObjectId, Label>,
    /// How many are passed over, by reason.
    pub(super) skipped: BTreeMap<String, u64>,
    /// The first problems, and how many there are.
    pub(super) problems: Vec<String>,
    pub(super) problem_count: u64,
    seen: BTreeMap<ObjectId, Option<Label>>,
    waiting: Vec<Found>,
}

/// What a picture's bytes are.
struct Looked {
    id: Option<ObjectId>,
    /// Why it cannot be decoded; asked only of pictures that the home does not know.
    broken: Option<String>,
}

impl Home {
    /// Reads what counts; `reviewers` is who labelled what through earlier imports.
    pub(super) async fn read(ledger: &Ledger, reviewers: BTreeMap<ObjectId, String>, reviewer: String) -> Result<Self> {
        let samples = ledger.samples().await?.into_iter();
        Ok(Self {
            samples: samples.map(|s| (s.id, Known { label: s.label, slices: s.slices })).collect(),
            persons: ledger.persons_words().await?,
            reviewers,
            reviewer,
        })
    }

    fn look(&self, found: &Found) -> Result<Looked> {
        let id = found.id()?;
        let known = id.is_none_or(|id| self.samples.contains_key(&id));
        let broken = if known { None } else { broken(found)? };
        Ok(Looked { id, broken })
    }

    /// Why a person's word must not be replaced: somebody else gave it, and whoever changed the label could not see it.
    fn contradiction(&self, id: ObjectId, to: Label, exported_us: Option<i64>) -> Option<String> {
        let word = self.persons.get(&id).filter(|word| word.label != to)?;
        if exported_us.is_some_and(|us| word.at.as_microsecond() <= us) {
            return None;
        }
        let by = self.reviewers.get(&id);
        if by.is_some_and(|by| *by == self.reviewer) {
            return None;
        }
        let by = by.map_or("another person", String::as_str);
        let at = word.at.strftime("%Y-%m-%d %H:%M");
        Some(format!("{} says {}, {by} said {} at {at} UTC", self.reviewer, class(to), class(word.label)))
    }
}

fn broken(found: &Found) -> Result<Option<String>> {
    let limits = DecodeLimits::default();
    if let Some(PictureBytes::File(path)) = &found.bytes {
        let length = fs_err::metadata(path)?.len();
        if length > limits.bytes as u64 {
            return Ok(Some(format!("over the limit of {} bytes", limits.bytes)));
        }
    }
    let Some(bytes) = found.load()? else { return Ok(None) };
    Ok(hivis_image::decode_upright(&bytes, &limits).err().map(|error| error.to_string()))
}

impl Comparison {
    /// Takes one picture; it is looked at with its neighbours.
    pub(super) fn take(&mut self, home: &Home, found: Found) -> Result<()> {
        self.waiting.push(found);
        if self.waiting.len() >= GROUP { self.work(home) } else { Ok(()) }
    }

    /// Looks at those that still wait.
    pub(super) fn work(&mut self, home: &Home) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let looked: Vec<Looked> = waiting.par_iter().map(|found| home.look(found)).collect::<Result<_>>()?;
        for (found, looked) in waiting.iter().zip(looked) {
            self.judge(home, found, looked);
        }
        Ok(())
    }

    fn judge(&mut self, home: &Home, found: &Found, looked: Looked) {
        if let Some(why) = &found.refused {
            return self.problem(found, why);
        }
        if let Some(why) = &found.odd {
            return self.skip(why);
        }
        let claimed = found.claimed.as_deref();
        let claim = claimed.and_then(from_hex);
        if claimed.is_some() && claim.is_none() {
            return self.problem(found, "its sha256 is no SHA-256");
        }
        let id = match (looked.id, claim) {
            (Some(id), Some(claim)) if id != claim => {
                let why = format!("its bytes are not those that were exported: SHA-256 {id}, not {claim}");
                return self.problem(found, &why);
            }
            (Some(id), _) => id,
            (None, Some(claim)) if home.samples.contains_key(&claim) => {
                self.without_file += 1;
                claim
            }
            (None, _) => return self.problem(found, "its file is not there, or lies outside the folder"),
        };
        let label = match &found.label {
            Ok(label) => *label,
            Err(text) => return self.problem(found, &format!("label `{text}` is neither roadwork nor none")),
        };
        match self.seen.entry(id) {
            Entry::Occupied(seen) if *seen.get() != label => {
                return self.problem(found, "the same picture is there twice, with two labels");
            }
            Entry::Occupied(_) => {
                self.repeated += 1;
                return;
            }
            Entry::Vacant(free) => {
                free.insert(label);
            }
        }
        match (home.samples.get(&id), label) {
            (Some(_), None) => self.unlabelled += 1,
            (Some(known), Some(label)) => self.against(home, (id, known.label), found, label),
            (None, None) => self.skip("it has no label"),
            (None, Some(label)) => match looked.broken {
                Some(why) => self.skip(&why),
                None => _ = self.new.insert(id, label),
            },
        }
    }

    fn against(&mut self, home: &Home, (id, from): (ObjectId, Label), found: &Found, to: Label) {
        if from == to {
            self.same += 1;
        } else if found.was == Some(to) {
            self.stale += 1;
        } else if let Some(why) = home.contradiction(id, to, found.exported_us) {
            self.problem(found, &why);
        } else {
            self.changes.insert(id, Change { from: Some(from), to });
        }
    }

    /// Counts what is passed over.
    pub(super) fn skip(&mut self, why: &str) {
        *self.skipped.entry(why.to_owned()).or_default() += 1;
    }

    fn problem(&mut self, found: &Found, why: &str) {
        self.problem_count += 1;
        if self.problems.len() < NAMED {
            // Names may hold anything, line breaks too.
            self.problems.push(format!("{}: {why}", found.name.escape_debug()));
        }
    }
}
