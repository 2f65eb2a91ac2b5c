//! `hivis earnings`: what came in, by day, and which release served then.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Home, Ledger};
use hivis_types::{Hotkey, ReleaseId};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{EarningsArgs, Global, NeuronArgs, ServeArgs};
use crate::config::Settings;
use crate::earnings::{Expected, Known, Report, Span, report, show};
use crate::exam_file::ExamFile;
use crate::failure::{self, Hinted};
use crate::metagraph::{Reading, read_metagraph};
use crate::reward_log::{self, Brought, Us};
use crate::{home, verbs};

/// All moves of the pointer that anyone will ever make.
const ALL: u32 = u32::MAX;

/// Reads what can be read, keeps it, and prints what is known. What could not be read is said, and no failure.
pub(crate) async fn run(global: &Global, args: &EarningsArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let hotkey = hotkey(&settings, &args.neuron)?;
    let ledger = home.ledger().await?;
    let now = args.neuron.now.unwrap_or_else(Timestamp::now);
    let mut news = News::default();
    if !args.offline {
        news = look(&ledger, &settings, (args, &hotkey), now).await;
    }
    let span = Span::last(args.days, now);
    let report = report(known(&home, &ledger, (&settings, hotkey), span).await?, span);
    print(global, args, &report, &news)?;
    Ok(ExitCode::SUCCESS)
}

/// What this call brought, and what went wrong.
#[derive(Default)]
struct News {
    log: Option<Brought>,
    troubles: Vec<String>,
}

async fn look(ledger: &Ledger, settings: &Settings, (args, hotkey): (&EarningsArgs, &Hotkey), now: Timestamp) -> News {
    let mut news = News::default();
    let reading = match keep(ledger, settings, &args.neuron, hotkey).await {
        Ok(reading) => reading,
        Err(error) => {
            news.troubles.push(failure::text(&error.context("the neuron was not read")));
            return news;
        }
    };
    let Some(wandb) = &settings.earnings.wandb else { return news };
    let brought = async {
        let Some(us) = Us::of(&reading, hotkey) else { return Err(not_registered(&reading, hotkey)) };
        reward_log::read(ledger, &reward_log::open(wandb)?, wandb, &us, now).await
    };
    match brought.await {
        Ok(brought) => news.log = Some(brought),
        Err(error) => news.troubles.push(failure::text(&error.context("the validators' log was not read to its end"))),
    }
    news
}

/// Reads the subnet and keeps our neuron's reading.
async fn keep(ledger: &Ledger, settings: &Settings, args: &NeuronArgs, hotkey: &Hotkey) -> Result<Reading> {
    let reading = read_metagraph(settings, args.metagraph.as_deref()).await?;
    let ours = reading.of(hotkey).ok_or_else(|| not_registered(&reading, hotkey))?;
    ledger.keep_reading(&ours).await?;
    Ok(reading)
}

/// The error of a key that the subnet does not know.
pub(crate) fn not_registered(reading: &Reading, hotkey: &Hotkey) -> anyhow::Error {
    let (netuid, block) = (reading.metagraph.netuid, reading.metagraph.block);
    let hint = "name another with --hotkey SS58, or register this one";
    Hinted::new(format!("{hotkey} is not registered on subnet {netuid} at block {block}"), hint).into()
}

/// The key that the flags or the wallet name.
pub(crate) fn hotkey(settings: &Settings, args: &NeuronArgs) -> Result<Hotkey> {
    if let Some(text) = &args.hotkey {
        let known = hivis_bittensor::ss58::decode(text);
        known.map_err(|error| {
            let wrong =
                Hinted::new(format!("--hotkey {text} is no ss58 address"), "it begins with 5 and has 48 characters");
            anyhow::Error::new(error).context(wrong)
        })?;
        return Ok(Hotkey::new(text.as_str()));
    }
    Ok(verbs::serve::keypair(&settings.wallet)?.hotkey())
}

async fn known(home: &Home, ledger: &Ledger, (settings, hotkey): (&Settings, Hotkey), span: Span) -> Result<Known> {
    let mut promotions = ledger.promotions(ALL).await?;
    promotions.reverse();
    let mut exams = BTreeMap::new();
    for promotion in &promotions {
        if let Some(expected) = expected(home, &promotion.release)? {
            exams.insert(promotion.release.clone(), expected);
        }
    }
    Ok(Known {
        readings: ledger.readings(Some(&hotkey), span.begin()).await?,
        points: ledger.log_points(&hotkey, span.begin()).await?,
        matches: ledger.log_matches(&hotkey).await?,
        tao_usd_micro: settings.earnings.tao_usd_micro,
        hotkey,
        promotions,
        exams,
    })
}

/// What the newest exam that a release sat says of its reward, once it has a history of its own.
fn expected(home: &Home, release: &ReleaseId) -> Result<Option<Expected>> {
    let Some(exam) = ExamFile::newest_of(home, release)? else { return Ok(None) };
    let at = exam.candidates.iter().position(|sitter| sitter.release == *release);
    let pool = at.and_then(|at| exam.report.candidates.get(at)).and_then(|candidate| candidate.headline());
    let forecast = pool.and_then(|pool| pool.forecast);
    Ok(forecast.map(|forecast| {
        let reward = forecast.from_full.reward;
        Expected { reward: reward.point, low: reward.low, high: reward.high, sat: exam.made }
    }))
}

fn print(global: &Global, args: &EarningsArgs, report: &Report, news: &News) -> Result<()> {
    if global.json {
        let mut said = serde_json::to_value(report)?;
        said["read"] = json!(news.log);
        said["troubles"] = json!(news.troubles);
        println!("{said}");
        return Ok(());
    }
    for trouble in &news.troubles {
        eprint!("{}", trouble.replacen("error: ", "note: ", 1));
    }
    if args.csv {
        print!("{}", show::csv(report)?);
        return Ok(());
    }
    print!("{}", show::text(report));
    if let Some(log) = &news.log {
        let left_out = if log.runs_left_out == 0 {
            String::new()
        } else {
            format!("; {} runs of nobody who validates were left out", log.runs_left_out)
        };
        println!("the log now: {} runs read, {} new challenges{left_out}", log.runs, log.new.rows);
    }
    Ok(())
}
