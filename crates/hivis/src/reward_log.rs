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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metagraph::tests::{neuron, reading};

    fn row(value: Value) -> Row {
        let Value::Object(row) = value else { panic!("an object") };
        row
    }

    #[test]
    fn what_is_no_number_is_missing_and_a_row_without_a_time_is_none() {
        let keys = Keys::of(7);
        assert!(keys.sets().iter().all(|set| set[0] == "miner_predictions/uid_7"));
        assert!(keys.sets().iter().flatten().all(|key| !key.contains("uid_") || key.ends_with("uid_7")));
        let prediction = "miner_predictions/uid_7";
        let times = [json!(1_795_694_400.25), json!("1795694400"), json!(-1), json!(1e300), json!(null), json!([7])];
        let mut first: Vec<Row> =
            (0..).zip(&times).map(|(n, at)| row(json!({ "_step": n, prediction: 0.5, "_timestamp": at }))).collect();
        first.push(row(json!({ "_step": "x", "_timestamp": 1 })));
        first.push(row(json!({ "_step": 99, "_timestamp": 1, prediction: "NaN" })));
        let rewards =
            vec![row(json!({ "_step": 0, "miner_rewards/uid_7": "NaN" })), row(json!({ "miner_rewards/uid_7": 1 }))];
        let accuracy = vec![row(json!({ "_step": 0, "miner_accuracy/uid_7": 0.75 }))];
        let labels = vec![row(json!({ "_step": 0, "label": 1.5 })), row(json!({ "_step": 99, "label": 1.0 }))];
        let levels = vec![row(json!({ "_step": 0, "data_aug_level": -1 }))];
        let rows = keys.rows(&[first, rewards, Vec::new(), accuracy, Vec::new(), labels, levels]);
        let [good, other] = &rows[..] else { panic!("two rows: {rows:?}") };
        assert_eq!((good.step, good.at.as_microsecond(), good.prediction), (0, 1_795_694_400_250_000, Some(0.5)));
        assert_eq!(
            (good.reward, good.score, good.accuracy, good.label, good.level),
            (None, None, Some(0.75), None, Some(-1))
        );
        assert_eq!((other.step, other.prediction, other.label), (99, None, Some(Label::Roadwork)));
        assert!(keys.rows(&[]).is_empty());
    }

    #[test]
    fn a_run_is_of_who_signed_it() {
        let [alice, eve] = ["//Alice", "//Eve"].map(|uri| hivis_bittensor::Keypair::from_uri(uri).expect("a key"));
        let mut validator = neuron(0, 0.0, true);
        validator.hotkey = alice.hotkey();
        let mut miner = neuron(1, 0.5, false);
        miner.hotkey = eve.hotkey();
        let graph = reading(vec![validator, miner]).metagraph;
        let settings = |validators: Vec<Hotkey>| WandbSettings {
            project: hivis_wandb::Project::new("natix", "subnet").expect("a project"),
            runs: Vec::new(),
            validators,
            api_key: None,
            base_url: String::new(),
        };
        let run = |config: Value| Run { id: "abc".into(), running: true, config: row(config), heartbeat: None };
        let signed = |key: &hivis_bittensor::Keypair, id: &str| hex::encode(key.sign(id.as_bytes()));
        let name = alice.hotkey().to_string();
        let named = Author::Named(alice.hotkey());
        let table = [
            (json!({}), Author::Nobody),
            (json!({ "hotkey": { "value": name } }), named),
            (json!({ "hotkey": name, "signature": signed(&alice, "abc") }), Author::Named(alice.hotkey())),
            (json!({ "hotkey": name, "signature": signed(&alice, "another") }), Author::Unwelcome),
            (json!({ "hotkey": name, "signature": signed(&eve, "abc") }), Author::Unwelcome),
            (json!({ "hotkey": name, "signature": "zz" }), Author::Unwelcome),
            (json!({ "hotkey": eve.hotkey(), "signature": signed(&eve, "abc") }), Author::Unwelcome),
            (json!({ "hotkey": "5x" }), Author::Unwelcome),
        ];
        for (config, expected) in table {
            assert_eq!(author(&run(config.clone()), &settings(Vec::new()), &graph), expected, "{config}");
        }
        let only_eve = settings(vec![eve.hotkey()]);
        assert_eq!(author(&run(json!({ "hotkey": eve.hotkey() })), &only_eve, &graph), Author::Named(eve.hotkey()));
        assert_eq!(author(&run(json!({})), &only_eve, &graph), Author::Unwelcome);
    }

    #[test]
    fn runs_that_ended_before_us_are_not_opened() {
        let since = "2026-11-24T12:00:00Z".parse().expect("a time");
        let run = |running: bool, heartbeat: Option<&str>| Run {
            id: "abc".into(),
            running,
            config: Row::new(),
            heartbeat: heartbeat.map(str::to_owned),
        };
        for (running, heartbeat, ended) in [
            (false, Some("2026-11-24T11:59:59"), true),
            (false, Some("2026-11-24T11:59:59Z"), true),
            (true, Some("2026-11-24T11:59:59"), false),
            (false, Some("2026-11-24T12:00:00"), false),
            (false, Some("yesterday"), false),
            (false, None, false),
        ] {
            assert_eq!(ended_before(&run(running, heartbeat), since), ended, "{heartbeat:?}");
        }
    }
}
