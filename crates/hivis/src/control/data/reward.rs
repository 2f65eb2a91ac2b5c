//! Reward with and without generated pictures: exams that a release of each kind sat together.

use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::Result;
use hivis_console::DataReward;
use hivis_examiner::report::CandidateReport;
use hivis_store::Home;
use hivis_types::ReleaseId;

use crate::exam_file::ExamFile;

/// Exams of two that are looked at, the newest.
const EXAMS: usize = 30;
/// How `split.csv` names a generated picture.
const GENERATED: &str = "generated ";

/// What was read already: exams and runs never change.
#[derive(Default)]
pub(super) struct Rewards {
    exams: Mutex<BTreeMap<String, Option<DataReward>>>,
    runs: Mutex<BTreeMap<ReleaseId, Option<u64>>>,
}

impl Rewards {
    /// The pairs there are, newest first. Reads files.
    pub(super) fn of(&self, home: &Home) -> Result<Vec<DataReward>> {
        let mut found = Vec::new();
        for name in ExamFile::newest_of_two(home, EXAMS)? {
            let kept = self.exams.lock().expect("nobody panics while holding it: this is a bug").get(&name).cloned();
            let pair = if let Some(pair) = kept {
                pair
            } else {
                let pair = self.pair(home, &name)?;
                let mut exams = self.exams.lock().expect("nobody panics while holding it: this is a bug");
                exams.insert(name, pair.clone());
                pair
            };
            found.extend(pair);
        }
        Ok(found)
    }

    /// What the exam says, when one of the two learned from generated pictures and the other from none.
    fn pair(&self, home: &Home, name: &str) -> Result<Option<DataReward>> {
        let exam = ExamFile::read(home, name)?;
        let ([a, b], [of_a, of_b]) = (exam.candidates.as_slice(), exam.report.candidates.as_slice()) else {
            return Ok(None);
        };
        let (Some(from_a), Some(from_b)) = (self.generated(home, &a.release)?, self.generated(home, &b.release)?)
        else {
            return Ok(None);
        };
        let ((with, of_with, generated), (without, of_without)) = match (from_a, from_b) {
            (0, n) if n > 0 => ((b, of_b, n), (a, of_a)),
            (n, 0) if n > 0 => ((a, of_a, n), (b, of_b)),
            _ => return Ok(None),
        };
        Ok(Some(DataReward {
            at: exam.made.strftime("%Y-%m-%d %H:%M").to_string(),
            exam: name.to_owned(),
            with: with.release.to_string(),
            generated,
            reward_with: reward(of_with),
            without: without.release.to_string(),
            reward_without: reward(of_without),
        }))
    }

    /// Generated pictures that a release learned from; `None` where it was not trained here.
    fn generated(&self, home: &Home, release: &ReleaseId) -> Result<Option<u64>> {
        if let Some(kept) = self.runs.lock().expect("nobody panics while holding it: this is a bug").get(release) {
            return Ok(*kept);
        }
        let path = home.runs().join(release.as_str()).join("split.csv");
        let count = if path.exists() { Some(learned(&fs_err::read(&path)?)?) } else { None };
        self.runs.lock().expect("nobody panics while holding it: this is a bug").insert(release.clone(), count);
        Ok(count)
    }
}

/// Rows of `split.csv` that are generated and learned from.
fn learned(text: &[u8]) -> Result<u64> {
    let mut rows = csv::Reader::from_reader(text);
    let headings = rows.headers()?.clone();
    let at = |name: &str| headings.iter().position(|heading| heading == name);
    let (Some(name), Some(part)) = (at("name"), at("part")) else { return Ok(0) };
    let mut count = 0;
    for row in rows.records() {
        let row = row?;
        count +=
            u64::from(row.get(part) == Some("train") && row.get(name).is_some_and(|name| name.starts_with(GENERATED)));
    }
    Ok(count)
}

fn reward(of: &CandidateReport) -> Option<(f64, f64, f64)> {
    let reward = of.headline()?.forecast?.from_full.reward;
    Some((reward.point, reward.low, reward.high))
}

#[cfg(test)]
mod tests {
    use super::learned;

    #[test]
    fn generated_rows_of_the_training_part_are_counted() {
        let text = "key,name,scene,part,out,held\na,streets/1.jpg,s,train,,train\nb,generated 0b,s,train,,train\n\
                    c,\"generated 0c, again\",s,train,,train\nd,generated 0d,t,exam,,exam\n";
        assert_eq!(learned(text.as_bytes()).expect("a table"), 2);
        assert_eq!(learned(b"key\nx\n").expect("a table"), 0);
    }
}
