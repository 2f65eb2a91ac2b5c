//! What an order was for, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use hivis_generate::{Generator, PromptFile, Prompts};
use hivis_store::BatchKind;
use hivis_types::{Label, Usd};
use serde::Serialize;

use super::plan::{Plan, Task};
use super::work::Tally;
use super::{SynthOrder, most};

/// A line of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Planned {
    /// Which prompt of which file.
    pub(crate) prompt: String,
    /// What its pictures should show.
    pub(crate) wanted: Label,
    /// The tags that they should have.
    pub(crate) slices: Vec<String>,
    /// How many.
    pub(crate) count: u32,
    /// The record that they vary.
    pub(crate) parent: Option<String>,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SynthReport {
    /// The order's number; `None` when nothing was ordered.
    pub(crate) batch: Option<i64>,
    /// What for.
    pub(crate) kind: BatchKind,
    /// Who made them.
    pub(crate) generator: String,
    /// Name and version of each prompt file that was used.
    pub(crate) prompts: Vec<String>,
    /// The tags that it was for.
    pub(crate) slices: Vec<String>,
    /// Pictures that were wanted.
    pub(crate) asked: u64,
    /// Pictures that are kept.
    pub(crate) made: u64,
    /// Hard cases that were varied.
    pub(crate) varied: u64,
    /// Refused pictures, by reason.
    pub(crate) refused: BTreeMap<String, u64>,
    /// The most that it could cost.
    pub(crate) most: Usd,
    /// What it cost; bookings that nobody could settle count in full.
    pub(crate) spent: Usd,
    /// Why it ended early.
    pub(crate) stopped: Option<String>,
    /// Of an adversarial set: how the serving release did.
    pub(crate) adversarial: Option<Adversarial>,
    /// What is or was asked for, call by call.
    pub(crate) plan: Vec<Planned>,
}

/// How the serving release did on an adversarial set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Adversarial {
    /// The release.
    pub(crate) release: String,
    /// Pictures that it judged.
    pub(crate) judged: u64,
    /// Those that it got wrong: the set.
    pub(crate) wrong: u64,
    /// The share that it got right.
    pub(crate) accuracy: f64,
    /// Whether that is low enough for the set to be worth its name.
    pub(crate) hard_enough: bool,
}

impl SynthReport {
    pub(super) fn planned(order: &SynthOrder, generator: &dyn Generator, plan: &Plan, prompts: &Prompts) -> Self {
        let files: BTreeSet<&str> =
            plan.tasks.iter().filter_map(|task| Some(task.prompt.id.split_once('/')?.0)).collect();
        let stamps = prompts.files().iter().filter(|file| files.contains(&*file.name)).map(PromptFile::stamp);
        let line = |task: &Task| Planned {
            prompt: task.prompt.id.clone(),
            wanted: task.wanted(),
            slices: task.slices.clone(),
            count: task.count,
            parent: task.parent.as_ref().map(|pick| pick.record.clone()),
        };
        Self {
            batch: None,
            kind: order.kind,
            generator: generator.name().to_owned(),
            prompts: stamps.collect(),
            slices: order.slices.clone(),
            asked: plan.pictures(),
            made: 0,
            varied: 0,
            refused: BTreeMap::new(),
            most: most(generator, plan.pictures()),
            spent: Usd(0),
            stopped: None,
            adversarial: None,
            plan: plan.tasks.iter().map(line).collect(),
        }
    }

    pub(super) fn take(&mut self, tally: &Tally) {
        self.made = tally.made;
        self.varied = tally.varied.len() as u64;
        self.refused.clone_from(&tally.refused);
        self.spent = tally.spent;
        self.stopped.clone_from(&tally.stopped);
    }

    /// One line for a person.
    pub(crate) fn said(&self) -> String {
        let Some(batch) = self.batch else {
            return match self.asked {
                0 => "nothing to make: no hard case waits, and no slice is named".to_owned(),
                asked => format!("{asked} pictures by {}, at most {}", self.generator, self.most),
            };
        };
        let mut said = vec![format!("batch {batch}: {} of {} pictures by {}", self.made, self.asked, self.generator)];
        if self.varied > 0 {
            said.push(format!("{} hard cases varied", self.varied));
        }
        let refused: Vec<String> = self.refused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        if !refused.is_empty() {
            said.push(format!("refused: {}", refused.join(", ")));
        }
        said.push(format!("cost {}", self.spent));
        if let Some(adversarial) = &self.adversarial {
            let right = 100.0 * adversarial.accuracy;
            let hard = if adversarial.hard_enough { "" } else { ": this is no hard set" };
            said.push(format!("{} gets {right:.0}% of {} right{hard}", adversarial.release, adversarial.judged));
        }
        said.extend(self.stopped.as_ref().map(|why| format!("stopped: {why}")));
        said.join(", ")
    }
}
