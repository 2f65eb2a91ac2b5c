//! An exam's report in parts: several machines, or one after a crash, each compute some of the replicates.
//!
//! A [`Paper`] is an exam that was sat. [`Paper::part`] computes a [`Shard`] of its replicates, and [`merge`] makes of
//! all parts the very report that [`Paper::report`] gives.

use serde::{Deserialize, Serialize};

use crate::interval::{Pool, Replicate, Shard, replicates};
use crate::report::{self, Drawn};
use crate::{ExamPlan, ExamReport, ExaminerError, QuestionSet, Sitting};

/// An exam that was sat: all that its report is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// What was asked for.
    pub plan: ExamPlan,
    /// The questions. Without their pictures: nobody is asked again.
    pub set: QuestionSet,
    /// One, or A and B.
    pub sittings: Vec<Sitting>,
}

/// A part of the replicates, with the paper that they were drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The exam.
    pub paper: Paper,
    /// Which part.
    pub shard: Shard,
    /// The replicates of each pool in the report's order; `None` of a pool that lacks a label.
    pub drawn: Drawn,
}

impl Paper {
    /// Keeps an exam, without its pictures.
    pub fn new(plan: &ExamPlan, set: &QuestionSet, sittings: &[Sitting]) -> Self {
        let mut set = set.clone();
        set.questions.iter_mut().for_each(|question| question.image = "".into());
        Self { plan: plan.clone(), set, sittings: sittings.to_vec() }
    }

    /// The report in one go.
    pub fn report(&self) -> Result<ExamReport, ExaminerError> {
        report::report(&self.plan, &self.set, &self.sittings)
    }

    /// Computes one part of the replicates.
    pub fn part(self, shard: Shard) -> Result<Part, ExaminerError> {
        if shard.index >= shard.of {
            return Err(ExaminerError::Shards(format!("there is no part {} of {}", shard.index + 1, shard.of)));
        }
        report::check(&self.plan, &self.set, &self.sittings)?;
        let how = report::resampling(&self.plan);
        let each = |pool: &Pool| replicates(pool, &how, shard);
        let drawn = report::pools(&self.set, &self.sittings).iter().map(|(_, _, pool)| each(pool)).collect();
        Ok(Part { paper: self, shard, drawn })
    }

    /// The same questions, answered the same; how long the answers took does not matter.
    fn differs(&self, other: &Self) -> Option<&'static str> {
        if self.plan != other.plan || self.set != other.set {
            return Some("asks other questions");
        }
        let told = |paper: &Self| -> Vec<_> {
            let of = |s: &Sitting| {
                let answers: Vec<_> =
                    s.answers.iter().map(|a| (a.question, a.prediction.to_bits(), a.outcome)).collect();
                (s.candidate.clone(), answers)
            };
            paper.sittings.iter().map(of).collect()
        };
        (told(self) != told(other)).then_some("has other answers")
    }
}

/// Joins all parts of one exam, in any order. Refused when one is missing, given twice, of another exam, or not whole.
pub fn merge(mut parts: Vec<Part>) -> Result<ExamReport, ExaminerError> {
    let refused = |why: String| Err(ExaminerError::Shards(why));
    parts.sort_by_key(|part| part.shard.index);
    let Some(first) = parts.first() else { return refused("no part was given".to_owned()) };
    let of = first.shard.of;
    for part in &parts {
        let name = part_name(part.shard);
        if part.shard.of != of || part.shard.index >= of {
            return refused(format!("{name} is none of the {of} parts that {} belongs to", part_name(first.shard)));
        }
        if let Some(how) = first.paper.differs(&part.paper) {
            return refused(format!("{name} {how} than {}", part_name(first.shard)));
        }
        if !part.is_whole() {
            return refused(format!("{name} does not hold the replicates that it should"));
        }
    }
    for index in 0..of {
        let name = part_name(Shard { index, of });
        match parts.iter().filter(|part| part.shard.index == index).count() {
            1 => {}
            0 => return refused(format!("{name} is missing")),
            n => return refused(format!("{name} was given {n} times")),
        }
    }
    let (paper, mut drawn) = (first.paper.clone(), vec![Some(Vec::new()); first.drawn.len()]);
    for part in parts {
        for (all, of_part) in drawn.iter_mut().zip(part.drawn) {
            // A pool lacks a label in every part or in none.
            *all = all.take().zip(of_part).map(|(mut all, of_part)| {
                all.extend(of_part);
                all
            });
        }
    }
    drawn.iter_mut().flatten().for_each(|runs: &mut Vec<Replicate>| runs.sort_by_key(|run| run.number));
    report::report_drawn(&paper.plan, &paper.set, &paper.sittings, drawn)
}

impl Part {
    /// The numbers of its shard, each once, for every pool and candidate.
    fn is_whole(&self) -> bool {
        let Shard { index, of } = self.shard;
        let wanted = || (0..self.paper.plan.replicates).filter(|number| number % of == index);
        let whole = |runs: &Vec<Replicate>| {
            let all = runs.iter().all(|run| run.earned.len() == self.paper.sittings.len());
            all && runs.iter().map(|run| run.number).eq(wanted())
        };
        let pools = report::pools(&self.paper.set, &self.paper.sittings).len();
        self.drawn.len() == pools && self.drawn.iter().flatten().all(whole)
    }
}

fn part_name(shard: Shard) -> String {
    format!("part {} of {}", shard.index + 1, shard.of)
}
