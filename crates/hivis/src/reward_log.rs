//! The validators' own log on W&B, read into the ledger: only the keys of our uid, only since our registration, each run
//! from where the last reading stopped.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_bittensor::ss58;
use hivis_store::{Ledger, LogMatches, LogPage, LogRow, LogRun};
use hivis_types::{Hotkey, Label, Metagraph};
use hivis_wandb::{ApiKey, LONGEST_SPAN, Patience, Row, Run, Wandb};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::config::WandbSettings;
use crate::failure::Hinted;
use crate::metagraph::Reading;

/// Steps at the end of a run that goes on which are read once more next time: rows may come in late.
const AGAIN: u64 = 20;

/// Whose rows are read.
pub(crate) struct Us<'a> {
    /// Our key.
    pub(crate) hotkey: &'a Hotkey,
    /// Our place.
    pub(crate) uid: u16,
    /// Rows before our registration were somebody else's.
    pub(crate) since: Timestamp,
    /// The subnet: its validators may log.
    pub(crate) metagraph: &'a Metagraph,
}

/// What a reading brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Brought {
    /// Runs that were read.
    pub(crate) runs: u64,
    /// Runs that claim a validator who did not sign them, or name nobody who may validate.
    pub(crate) runs_left_out: u64,
    /// New rows and what became of them.
    pub(crate) new: LogMatches,
}

impl<'a> Us<'a> {
    /// `None` when the key is not registered.
    pub(crate) fn of(reading: &'a Reading, hotkey: &'a Hotkey) -> Option<Self> {
        let ours = reading.metagraph.neuron(hotkey)?;
        Some(Self { hotkey, uid: ours.uid, since: reading.time_of(ours.registered_at), metagraph: &reading.metagraph })
    }
}

/// Opens the log with the key that the settings refer to.
pub(crate) fn open(settings: &WandbSettings) -> Result<Wandb> {
    let secret = settings.api_key.as_ref().map(|key| key.read(|name| std::env::var(name).ok())).transpose()?;
    let key = secret.map(|text| {
        let hint = "it is one word of letters and digits; W&B shows it at https://wandb.ai/authorize";
        ApiKey::new(&text).ok_or_else(|| Hinted::new("what earnings.wandb.api_key refers to is no API key", hint))
    });
    Ok(Wandb::new(&settings.base_url, key.transpose()?, Patience::default())?)
}

/// Reads what is new. What was read before a failure is kept.
pub(crate) async fn read(
    ledger: &Ledger,
    wandb: &Wandb,
    settings: &WandbSettings,
    us: &Us<'_>,
    now: Timestamp,
) -> Result<Brought> {
    let mut brought = Brought::default();
    let mut after = None;
    loop {
        let page = wandb.runs(&settings.project, after.as_deref()).await?;
        for run in &page.runs {
            let wanted = settings.runs.is_empty() || settings.runs.contains(&run.id);
            if !wanted || ended_before(run, us.since) {
                continue;
            }
            match author(run, settings, us.metagraph) {
                Author::Unwelcome => brought.runs_left_out += 1,
                author => read_run(ledger, (wandb, settings), us, (run, author.hotkey(), now), &mut brought).await?,
            }
        }
        let Some(next) = page.next else { return Ok(brought) };
        after = Some(next);
    }
}

/// Whether a run's last sign of life came before `since`. One whose time cannot be read may go on.
fn ended_before(run: &Run, since: Timestamp) -> bool {
    let heartbeat = run.heartbeat.as_deref().map(|text| text.trim_end_matches('Z'));
    let time = heartbeat.and_then(|text| format!("{text}Z").parse::<Timestamp>().ok());
    !run.running && time.is_some_and(|time| time < since)
}

/// Who a run says that it is of.
#[derive(Debug, PartialEq, Eq)]
enum Author {
    /// It names nobody.
    Nobody,
    /// This validator.
    Named(Hotkey),
    /// Somebody whose word does not count.
    Unwelcome,
}

impl Author {
    fn hotkey(self) -> Option<Hotkey> {
        if let Self::Named(hotkey) = self { Some(hotkey) } else { None }
    }
}

/// Validators write their hotkey into the run's configuration, and sign the run's id with it.
fn author(run: &Run, settings: &WandbSettings, metagraph: &Metagraph) -> Author {
    let Some(name) = run.text("hotkey") else {
        return if settings.validators.is_empty() { Author::Nobody } else { Author::Unwelcome };
    };
    let hotkey = Hotkey::new(name);
    let Ok(public) = ss58::decode(name) else { return Author::Unwelcome };
    let welcome = if settings.validators.is_empty() {
        metagraph.validators().any(|validator| validator.hotkey == hotkey)
    } else {
        settings.validators.contains(&hotkey)
    };
    let signed = run.text("signature").is_none_or(|signature| {
        let mut bytes = [0; 64];
        let whole = hex::decode_to_slice(signature.trim_start_matches("0x"), &mut bytes).is_ok();
        whole && hivis_bittensor::verify(&public, run.id.as_bytes(), &bytes)
    });
    if welcome && signed { Author::Named(hotkey) } else { Author::Unwelcome }
}

async fn read_run(
    ledger: &Ledger,
    (wandb, settings): (&Wandb, &WandbSettings),
    us: &Us<'_>,
    (run, validator, now): (&Run, Option<Hotkey>, Timestamp),
    brought: &mut Brought,
) -> Result<()> {
    let (uid, hotkey) = (us.uid, us.hotkey.clone());
    let log = LogRun { project: settings.project.to_string(), run: run.id.clone(), uid, hotkey, validator };
    let (mut next, heartbeat) = ledger.log_cursor(&log).await?;
    if heartbeat.is_some() && heartbeat == run.heartbeat {
        return Ok(());
    }
    brought.runs += 1;
    let last = wandb.last_step(&settings.project, &run.id).await?;
    let end = last.map_or(0, |last| last + 1);
    let keys = Keys::of(uid);
    loop {
        let to = end.min(next.saturating_add(LONGEST_SPAN)).max(next);
        let sets = keys.sets();
        let sets: Vec<&[&str]> = sets.iter().map(<[&str; 2]>::as_slice).collect();
        let found =
            if to > next { wandb.history(&settings.project, &run.id, next..to, &sets).await? } else { Vec::new() };
        let mut rows = keys.rows(&found);
        rows.retain(|row| row.at >= us.since);
        let done = to >= end;
        let again = if done && run.running { AGAIN } else { 0 };
        let heartbeat = run.heartbeat.clone().filter(|_| done);
        let page = LogPage { rows, next_step: to.saturating_sub(again), heartbeat, at: now };
        brought.new.add(ledger.keep_log_page(&log, &page).await?);
        if done {
            return Ok(());
        }
        next = to;
    }
}

/// The keys of one uid. Each is asked for beside the prediction: a row that lacks one still comes with the others.
struct Keys {
    prediction: String,
    others: [String; 7],
}

impl Keys {
    fn of(uid: u16) -> Self {
        let ours = |what: &str| format!("miner_{what}/uid_{uid}");
        let others = ["rewards", "scores", "accuracy", "mcc"].map(ours);
        let [rewards, scores, accuracy, mcc] = others;
        let shared = ["_timestamp", "label", "data_aug_level"].map(str::to_owned);
        let [time, label, level] = shared;
        Self { prediction: ours("predictions"), others: [time, rewards, scores, accuracy, mcc, label, level] }
    }

    fn sets(&self) -> [[&str; 2]; 7] {
        self.others.each_ref().map(|other| [self.prediction.as_str(), other.as_str()])
    }

    /// Rows with a time, out of the answers to all sets.
    fn rows(&self, found: &[Vec<Row>]) -> Vec<LogRow> {
        let by_step = |at: usize| -> BTreeMap<u64, &Value> {
            let rows = found.get(at).into_iter().flatten();
            rows.filter_map(|row| Some((row.get("_step")?.as_u64()?, row.get(&self.others[at])?))).collect()
        };
        let [rewards, scores, accuracy, mcc, labels, levels] = [1, 2, 3, 4, 5, 6].map(by_step);
        let number = |of: &BTreeMap<u64, &Value>, step: u64| of.get(&step).and_then(|value| finite(value));
        let row = |row: &Row| {
            let step = row.get("_step")?.as_u64()?;
            let whole = |of: &BTreeMap<u64, &Value>| number(of, step).filter(|n| n.fract() == 0.0).map(|n| n as i64);
            Some(LogRow {
                step,
                at: time(finite(row.get("_timestamp")?)?)?,
                prediction: row.get(&self.prediction).and_then(finite),
                reward: number(&rewards, step),
                score: number(&scores, step),
                accuracy: number(&accuracy, step),
                mcc: number(&mcc, step),
                label: whole(&labels).and_then(Label::from_wire),
                level: whole(&levels),
            })
        };
        found.first().into_iter().flatten().filter_map(row).collect()
    }
}

/// A number that is one: W&B writes NaN and infinities as texts.
fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

fn time(seconds: f64) -> Option<Timestamp> {
    // Beyond this an f64 does not hold microseconds, and no log is so far off.
    let micros = (seconds * 1e6).round();
    (0.0..4e15).contains(&micros).then(|| Timestamp::from_microsecond(micros as i64).ok())?
}
