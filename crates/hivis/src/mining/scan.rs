//! The judged records of a time, one entry a picture.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use hivis_curate::mine::{Judged, Rules};
use hivis_store::{JudgedRecord, Ledger, Md5, ObjectId};
use hivis_types::{Label, LabelSource, ReleaseId};
use jiff::Timestamp;

use super::Candidate;

/// Records a page: about a megabyte.
const PAGE: u32 = 5_000;

/// One picture that was judged, by its newest record.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) seq: i64,
    pub(super) sha256: ObjectId,
    pub(super) md5: Md5,
    pub(super) dhash: Option<u64>,
    /// The most trusted word on any of its records.
    pub(super) label: Option<(LabelSource, Label)>,
    /// What each release said last, in the order in which they spoke; numbers of [`Scan::releases`].
    pub(super) said: Vec<(u16, f32)>,
}

/// All of them: about 150 bytes a picture, so that a million take 150 MB.
pub(super) struct Scan {
    /// In the order of the newest records.
    pub(super) pictures: Vec<Seen>,
    /// Releases that judged.
    pub(super) releases: Vec<ReleaseId>,
    /// Records behind the pictures.
    pub(super) records: u64,
    /// Records that arrived later than now: a clock went backwards.
    pub(super) future: u64,
}

/// What was said of pictures beside their records, by SHA-256.
#[derive(Default)]
pub(super) struct Opinions {
    /// The release that counts, asked again.
    pub(super) anew: BTreeMap<ObjectId, f32>,
    /// Other releases, asked for a second opinion.
    pub(super) members: BTreeMap<ObjectId, Vec<f32>>,
}

impl Scan {
    pub(super) async fn read(ledger: &Ledger, since: Timestamp, now: Timestamp) -> Result<Self> {
        let mut seen: HashMap<ObjectId, Seen> = HashMap::new();
        let (mut releases, mut records, mut future, mut after) = (Vec::new(), 0, 0, 0);
        loop {
            let page = ledger.judged(since, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for record in page {
                records += 1;
                future += u64::from(record.arrived > now);
                add(&mut seen, &mut releases, &record);
            }
        }
        let mut pictures: Vec<Seen> = seen.into_values().collect();
        pictures.sort_unstable_by_key(|seen| seen.seq);
        Ok(Self { pictures, releases, records, future })
    }

    /// The release that judged last.
    pub(super) fn newest_release(&self) -> Option<&ReleaseId> {
        let (release, _) = self.pictures.last()?.said.last()?;
        self.releases.get(usize::from(*release))
    }

    fn number(&self, release: Option<&ReleaseId>) -> Option<u16> {
        self.releases.iter().position(|known| Some(known) == release).map(|at| at as u16)
    }

    /// The newest `count` pictures, or of those only the ones on which `but` has not spoken.
    pub(super) fn newest(&self, count: usize, but: Option<&ReleaseId>) -> Vec<(ObjectId, Md5)> {
        let number = self.number(but);
        let spoken = |seen: &&Seen| number.is_none_or(|n| seen.said.iter().all(|(release, _)| *release != n));
        self.pictures.iter().rev().filter(spoken).take(count).map(|seen| (seen.sha256, seen.md5)).collect()
    }

    /// Every hard picture. The probability that counts is that of `release` where it has spoken, else the newest one; what
    /// another release said last before it is what it is compared with for drift.
    pub(super) fn weigh(&self, rules: &Rules, release: Option<&ReleaseId>, opinions: &Opinions) -> Vec<Candidate> {
        let number = self.number(release);
        let weigh = |seen: &Seen| {
            let own = seen.said.iter().find(|(release, _)| Some(*release) == number);
            let anew = opinions.anew.get(&seen.sha256).map(|p| (number, *p));
            let last = || seen.said.last().map(|(release, p)| (Some(*release), *p));
            let (counts, probability) = anew.or_else(|| own.map(|(r, p)| (Some(*r), *p))).or_else(last)?;
            let other: Vec<f32> =
                seen.said.iter().filter(|(release, _)| Some(*release) != counts).map(|(_, p)| *p).collect();
            let before = other.last().copied();
            let others = other.into_iter().chain(opinions.members.get(&seen.sha256).into_iter().flatten().copied());
            let judged =
                Judged { probability, others: others.collect(), before, label: seen.label.map(|(_, label)| label) };
            Some(Candidate { hard: rules.weigh(&judged)?, seen: seen.clone(), probability })
        };
        self.pictures.iter().filter_map(weigh).collect()
    }
}

/// Records come in the order of commits, so the last word of a release is the one that stays.
fn add(seen: &mut HashMap<ObjectId, Seen>, releases: &mut Vec<ReleaseId>, record: &JudgedRecord) {
    let release = releases.iter().position(|known| *known == record.release).unwrap_or_else(|| {
        releases.push(record.release.clone());
        releases.len() - 1
    }) as u16;
    let of = seen.entry(record.sha256).or_insert_with(|| Seen {
        seq: record.seq,
        sha256: record.sha256,
        md5: record.md5,
        dhash: record.dhash,
        label: None,
        said: Vec::with_capacity(1),
    });
    of.seq = record.seq;
    of.dhash = of.dhash.or(record.dhash);
    let word = record.label.map(|word| (word.source, word.label));
    // Sources are ordered by trust; of one source the newer word counts.
    if word.is_some_and(|(source, _)| of.label.is_none_or(|(other, _)| source <= other)) {
        of.label = word;
    }
    of.said.retain(|(other, _)| *other != release);
    of.said.push((release, record.probability));
}

#[cfg(test)]
mod tests {
    use hivis_curate::mine::Reason::{self, Disagreement, Drift, Error};

    use super::*;

    fn record(seq: i64, picture: u8, release: &str, probability: f32, label: Option<Label>) -> JudgedRecord {
        JudgedRecord {
            seq,
            id: seq.to_string(),
            arrived: Timestamp::UNIX_EPOCH,
            release: ReleaseId::new(release).expect("a name"),
            probability,
            sha256: ObjectId([picture; 32]),
            md5: Md5([picture; 16]),
            dhash: None,
            label: label.map(|label| hivis_store::StoredLabel {
                label,
                source: LabelSource::Person,
                confidence: 1.0,
                at: Timestamp::UNIX_EPOCH,
            }),
        }
    }

    fn scan(records: &[JudgedRecord]) -> Scan {
        let (mut seen, mut releases) = (HashMap::new(), Vec::new());
        for record in records {
            add(&mut seen, &mut releases, record);
        }
        let mut pictures: Vec<Seen> = seen.into_values().collect();
        pictures.sort_unstable_by_key(|seen| seen.seq);
        Scan { pictures, releases, records: records.len() as u64, future: 0 }
    }

    #[test]
    fn a_picture_counts_once_with_the_words_of_all_releases() {
        let scan = scan(&[
            record(1, 1, "old", 0.95, Some(Label::Roadwork)),
            record(2, 2, "old", 0.05, None),
            record(3, 1, "new", 0.04, None),
            record(4, 1, "old", 0.96, None),
            record(5, 3, "new", 0.99, None),
        ]);
        let (old, new) = (ReleaseId::new("old").expect("a name"), ReleaseId::new("new").expect("a name"));
        assert_eq!(scan.newest_release(), Some(&new));
        let seqs: Vec<_> = scan.pictures.iter().map(|seen| seen.seq).collect();
        assert_eq!(seqs, [2, 4, 5]);
        let hard = |release, opinions: &Opinions| -> Vec<(i64, f32, Vec<Reason>)> {
            let weighed = scan.weigh(&Rules::default(), release, opinions);
            weighed.into_iter().map(|c| (c.seen.seq, c.probability, c.hard.reasons)).collect()
        };
        // By the new release picture 1 is clear, which the label contradicts; by the old one it is right.
        assert_eq!(hard(Some(&new), &Opinions::default()), [(4, 0.04, vec![Disagreement, Drift, Error])]);
        assert_eq!(hard(Some(&old), &Opinions::default()), [(4, 0.96, vec![Disagreement, Drift])]);
        // Without a release that counts the newest word does.
        assert_eq!(hard(None, &Opinions::default()), [(4, 0.96, vec![Disagreement, Drift])]);
        // Asked again, the new release turns picture 2 over; a member does not see picture 3 as the others.
        let opinions = Opinions {
            anew: BTreeMap::from([(ObjectId([2; 32]), 0.9)]),
            members: BTreeMap::from([(ObjectId([3; 32]), vec![0.2])]),
        };
        let found = hard(Some(&new), &opinions);
        assert_eq!(found[0], (2, 0.9, vec![Disagreement, Drift]));
        assert_eq!(found[2], (5, 0.99, vec![Disagreement]));
        assert_eq!(scan.newest(2, None).len(), 2);
        let unspoken: Vec<u8> = scan.newest(9, Some(&new)).iter().map(|(id, _)| id.0[0]).collect();
        assert_eq!(unspoken, [2]);
    }
}
