//! Carrying a plan out, call by call: booked, asked, looked at, kept, settled.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use hivis_generate::{Charged, GenerateError, Generator, Made, Order, Parent, Said, Words};
use hivis_store::{Booked, KeptGenerated, Ledger, NewGenerated, NewSpend, ObjectId, StoreError};
use hivis_types::Usd;
use jiff::Timestamp;

use super::captions::{self, Captions};
use super::plan::{SEEDS_APART, Task};
use crate::config::Settings;

/// After so many failures in a row the generator is given up.
const PATIENCE: u32 = 3;

/// What the work has come to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) made: u64,
    pub(super) varied: BTreeSet<ObjectId>,
    pub(super) refused: BTreeMap<String, u64>,
    pub(super) spent: Usd,
    pub(super) stopped: Option<String>,
}

impl Tally {
    fn refuse(&mut self, reason: &str, count: u64) {
        *self.refused.entry(reason.to_owned()).or_default() += count;
    }
}

/// One order under way.
pub(super) struct Work<'a> {
    ledger: &'a Ledger,
    settings: &'a Settings,
    generator: &'a dyn Generator,
    captions: Captions<'a>,
    batch: i64,
    /// A time that stands still, as tests have it.
    fixed: Option<Timestamp>,
    pub(super) tally: Tally,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        ledger: &'a Ledger,
        settings: &'a Settings,
        (generator, captions): (&'a dyn Generator, Captions<'a>),
        (batch, fixed): (i64, Option<Timestamp>),
    ) -> Self {
        Self { ledger, settings, generator, captions, batch, fixed, tally: Tally::default() }
    }

    /// The time by which money is counted: the clock's, so that a batch that runs past midnight is of two days.
    pub(super) fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(Timestamp::now)
    }

    /// All tasks, until a cap or a lasting failure stops the work. An error is one that the generator gave; the tally says
    /// what was made before it.
    pub(super) async fn all(&mut self, tasks: &[Task], told: &(dyn Fn(u64, u64) + Sync)) -> Result<()> {
        let total = tasks.iter().map(|task| u64::from(task.count)).sum();
        let (mut asked, mut failures, mut worked) = (0, 0, false);
        for (i, task) in tasks.iter().enumerate() {
            match self.one(task).await {
                Ok(()) => (failures, worked) = (0, true),
                Err(Stop::Cap(why)) => {
                    self.tally.stopped = Some(why);
                    return Ok(());
                }
                Err(Stop::Failed(error)) => {
                    failures += 1;
                    self.tally.refuse("the call failed", u64::from(task.count));
                    // A short order that failed from end to end is a failure too.
                    let nothing = !worked && i + 1 == tasks.len();
                    if error.lasting() || failures == PATIENCE || nothing {
                        self.tally.stopped = Some(error.to_string());
                        return Err(error.into());
                    }
                    tracing::warn!(prompt = task.prompt.id, "{error}: going on with the next");
                }
                Err(Stop::Broken(error)) => {
                    self.tally.stopped = Some(format!("{error:#}"));
                    return Err(error);
                }
            }
            asked += u64::from(task.count);
            told(asked, total);
        }
        Ok(())
    }

    async fn one(&mut self, task: &Task) -> Result<(), Stop> {
        let parent = task.parent.as_ref().map(|pick| {
            let bytes = fs_err::read(&pick.path).context("a hard case cannot be read")?;
            anyhow::Ok(Parent { bytes, strength: self.settings.synth.strength, label: pick.label })
        });
        let parent = parent.transpose().map_err(Stop::Broken)?;
        let caption = self.caption(task, parent.as_ref()).await?;
        let said = task.prompt.render(&Words { slices: &task.slices, caption: &caption }).map_err(Stop::Failed)?;
        let mut order = self.order(task, said, parent);
        let (booking, stop) = self.book(&mut order).await?;
        match self.generator.make(&order).await {
            Ok(made) => {
                // What was paid is settled before anything else can go wrong.
                if let Some(id) = booking {
                    self.settle(id, made.cost, made.paid).await?;
                }
                self.keep(task, &order, made).await.map_err(Stop::Broken)?;
            }
            Err(error) => {
                match (booking, error.charged()) {
                    (Some(id), Charged::Nothing) => self.settle(id, Usd(0), 0).await?,
                    (Some(id), Charged::Unknown) => {
                        self.tally.spent.0 += self.generator.price().times(order.count).0;
                        self.ledger.leave_open(id, &error.to_string()).await.map_err(broken)?;
                    }
                    (None, _) => {}
                }
                return Err(Stop::Failed(error));
            }
        }
        stop.map_or(Ok(()), |why| Err(Stop::Cap(why)))
    }

    /// What the parent shows, in words of the wanted label. Who builds scenes has no use for words.
    async fn caption(&mut self, task: &Task, parent: Option<&Parent>) -> Result<String, Stop> {
        let (Some(pick), Some(parent)) = (&task.parent, parent) else { return Ok(String::new()) };
        if self.generator.abilities().builds_slices {
            return Ok(String::new());
        }
        let (now, before) = (self.now(), self.captions.spent);
        let said = self.captions.of((pick.id, &parent.bytes), task.wanted(), now).await.map_err(Stop::Broken)?;
        self.tally.spent.0 += self.captions.spent.0 - before.0;
        match said {
            captions::Words::Said(text) => Ok(text),
            captions::Words::Cap(why) => Err(Stop::Cap(why)),
        }
    }

    /// Books what the order can cost. Where a cap leaves room for a part of it the order is cut to that, and the reason
    /// to stop after it comes with the booking.
    async fn book(&self, order: &mut Order) -> Result<(Option<i64>, Option<String>), Stop> {
        let each = self.generator.price();
        if each == Usd(0) {
            return Ok((None, None));
        }
        let mut stop = None;
        loop {
            let spend = NewSpend {
                what: format!("synth:{}", self.generator.name()),
                batch: Some(self.batch),
                each,
                units: u64::from(order.count),
                pictures: true,
            };
            match self.ledger.book(&spend, &self.settings.synth.caps, self.now()).await.map_err(broken)? {
                Booked::Booked(id) => return Ok((Some(id), stop)),
                Booked::AtCap(cap) if cap.fits == 0 => return Err(Stop::Cap(cap.to_string())),
                Booked::AtCap(cap) => {
                    order.count = cap.fits.min(u64::from(order.count) - 1) as u32;
                    stop = Some(cap.to_string());
                }
            }
        }
    }

    async fn settle(&mut self, id: i64, cost: Usd, pictures: u32) -> Result<(), Stop> {
        self.tally.spent.0 += cost.0;
        self.ledger.settle(id, cost, u64::from(pictures), self.now()).await.map_err(broken)?;
        Ok(())
    }

    fn order(&self, task: &Task, said: Said, parent: Option<Parent>) -> Order {
        let synth = &self.settings.synth;
        let (width, height) = if self.generator.abilities().builds_slices { synth.scene_size } else { synth.size };
        Order {
            wanted: task.wanted(),
            prompt: said.text,
            negative: said.negative,
            seed: task.prompt.seed + task.seed + SEEDS_APART * self.batch as u64,
            count: task.count,
            width,
            height,
            steps: synth.steps,
            guidance: synth.guidance,
            slices: task.slices.clone(),
            parent,
        }
    }

    async fn keep(&mut self, task: &Task, order: &Order, made: Made) -> Result<()> {
        let mut group = Vec::with_capacity(made.pictures.len());
        for picture in made.pictures {
            match picture {
                Ok(picture) => {
                    let parent = task.parent.as_ref().filter(|_| picture.varies);
                    group.push(NewGenerated {
                        bytes: picture.bytes,
                        wanted: order.wanted,
                        model: picture.model,
                        mode: picture.mode.as_str().to_owned(),
                        prompt: order.prompt.clone(),
                        negative: order.negative.clone(),
                        prompt_id: task.prompt.id.clone(),
                        settings: order.settings(),
                        seed: picture.seed,
                        parent: parent.map(|pick| pick.id),
                        scene: parent.map(|pick| pick.scene.clone()).or(picture.scene),
                        slices: picture.slices,
                        cost: picture.cost,
                    });
                }
                Err(refusal) => {
                    tracing::info!(prompt = task.prompt.id, "refused: {refusal}");
                    self.tally.refuse(refusal.reason(), 1);
                }
            }
        }
        let now = self.now();
        for (kept, picture) in self.ledger.keep_generated(self.batch, &group, now).await?.into_iter().zip(&group) {
            match kept {
                KeptGenerated::New(..) => {
                    self.tally.made += 1;
                    self.tally.varied.extend(picture.parent);
                }
                KeptGenerated::Twin(_) => self.tally.refuse("made before", 1),
                KeptGenerated::Known(_) => self.tally.refuse("its source, unchanged", 1),
                KeptGenerated::Refused(why) => {
                    tracing::warn!("a generated picture is not stored: {why}");
                    self.tally.refuse("not stored", 1);
                }
            }
        }
        Ok(())
    }
}

/// Why a task ends the work, or is passed over.
enum Stop {
    /// A cap: the work is done as far as it may be.
    Cap(String),
    /// The generator failed.
    Failed(GenerateError),
    /// The home failed.
    Broken(anyhow::Error),
}

fn broken(error: StoreError) -> Stop {
    Stop::Broken(error.into())
}
