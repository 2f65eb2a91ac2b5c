//! `hivis exam`: ask a release, two, or any axon as a validator would.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use hivis_bittensor::dendrite::AxonAddress;
use hivis_bittensor::{Keypair, wallet};
use hivis_examiner::{ExamPlan, ExamReport, Examiner, Paper, Pictures, RemoteAxon, Scenes};
use hivis_store::{Home, Manifest, Release};
use hivis_synth::Mix;
use hivis_types::{Hotkey, ReleaseId};
use jiff::Timestamp;

use crate::answered::{self, Answered};
use crate::cli::{ExamArgs, Global, ServeArgs};
use crate::exam::SatHere;
use crate::exam_file::{ExamFile, Sitter};
use crate::failure::Hinted;
use crate::verbs::serve;
use crate::{exam, examined, home, pictures};

/// Asks, judges, prints; an exam of releases is kept in the home, for `release promote`.
pub(crate) async fn run(global: &Global, args: &ExamArgs) -> Result<ExitCode> {
    if !args.merge.is_empty() {
        let home = home::open(global)?;
        let (candidates, report) = answered::merged(&args.merge)?;
        keep(&home, candidates, &report)?;
        exam::print(global, &report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let plan = ExamPlan { questions: args.questions, seed: args.seed, rate: args.rate, ..ExamPlan::default() };
    let examiner = Examiner::new(plan.clone())?;
    let sat = match &args.axon {
        Some(axon) => {
            let pictures = pictures(global, &args.pictures).await?;
            tell_skipped(pictures.as_ref());
            let address = address(axon, axon_hotkey(global, args)?)?;
            let candidate = RemoteAxon::new(asker(global, &args.asker)?, address).telling(args.tell);
            eprintln!("{} challenges to {axon}, about {:.0} s", plan.questions, plan.estimate().as_secs_f64());
            exam::sit(examiner, pictures, Arc::new(candidate)).await?
        }
        None if args.answers.is_some() || args.shard.is_some() => {
            apart(global, args, &examiner).await?;
            return Ok(ExitCode::SUCCESS);
        }
        None => {
            let home = home::open(global)?;
            let sat = sit(args, &home, &examiner).await?;
            let candidates = sat.candidates.clone();
            let sat = sat.judge(examiner).await?;
            keep(&home, candidates, &sat.report)?;
            sat
        }
    };
    exam::print(global, &sat.report)?;
    if let Some(path) = &args.worst
        && !exam::write_worst(&sat, path)?
    {
        eprintln!("no wrong answer: {} was not written", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// An exam whose answers are kept, or whose report comes in parts. Answers that are there are not asked for again.
async fn apart(global: &Global, args: &ExamArgs, examiner: &Examiner) -> Result<()> {
    let home = home::open(global)?;
    let kept = args.answers.as_deref().map(Answered::read).transpose()?.flatten();
    let answered = if let Some(kept) = kept {
        let who: Vec<ReleaseId> = entrants(&home, args)?.into_iter().map(|release| release.manifest.id).collect();
        let sat: Vec<&ReleaseId> = kept.candidates.iter().map(|sitter| &sitter.release).collect();
        if sat != who.iter().collect::<Vec<_>>()
            || kept.paper.plan != *examiner.plan()
            || kept.pictures != args.pictures
        {
            let hint = "name the same releases, --pictures, --questions, --rate and --seed, or another file";
            return Err(Hinted::new("the answers in that file are of another exam", hint).into());
        }
        kept
    } else {
        let sat = sit(args, &home, examiner).await?;
        let paper = Paper::new(examiner.plan(), &sat.set, &sat.sittings);
        let answered = Answered { candidates: sat.candidates, pictures: args.pictures.clone(), paper };
        if let Some(path) = &args.answers {
            answered.write(path)?;
        }
        answered
    };
    let (shard, out) = (args.shard, args.out.clone());
    if let Some(shard) = shard {
        let part = tokio::task::spawn_blocking(move || answered.write_part(shard, out.as_deref()));
        let path = part.await.context("the part panicked")??;
        if global.json {
            println!("{}", serde_json::json!({ "part": shard.index + 1, "of": shard.of, "file": path }));
        } else {
            println!("part {} of {} is in {}", shard.index + 1, shard.of, path.display());
        }
        return Ok(());
    }
    let candidates = answered.candidates.clone();
    let report =
        tokio::task::spawn_blocking(move || answered.paper.report()).await.context("the report panicked")??;
    keep(&home, candidates, &report)?;
    exam::print(global, &report)
}

/// Lets one release or two sit here, on the engine and precision that serve.
async fn sit(args: &ExamArgs, home: &Home, examiner: &Examiner) -> Result<SatHere> {
    let settings = home::settings(home, &ServeArgs::default())?;
    let releases = entrants(home, args)?;
    let splits: Vec<u64> = releases.iter().filter_map(|r| Some(r.manifest.training.as_ref()?.split_seed)).collect();
    let pictures: Box<dyn Pictures> = match pictures::library(&args.pictures, || Ok(home.clone())).await? {
        Some(library) => {
            let ids: Vec<ReleaseId> = releases.iter().map(|release| release.manifest.id.clone()).collect();
            let look = args.test.then_some(ids.as_slice());
            Box::new(examined::examined(home, library, &splits, look).await?)
        }
        None if args.test => {
            let hint = "scenes are fresh at every exam: none of them is kept closed";
            return Err(Hinted::new("procedural scenes have no test part", hint).into());
        }
        None => Box::new(Scenes::new(Mix::default())),
    };
    tell_skipped(pictures.as_ref());
    exam::sit_here(examiner, pictures, releases, &settings).await
}

fn keep(home: &Home, candidates: Vec<Sitter>, report: &ExamReport) -> Result<()> {
    let kept = ExamFile { made: Timestamp::now(), candidates, report: report.clone() }.keep(home)?;
    eprintln!("kept as {}", kept.display());
    Ok(())
}

/// The releases that are named, or the newest ones trained on the named versions of the data.
fn entrants(home: &Home, args: &ExamArgs) -> Result<Vec<Release>> {
    if !args.data.is_empty() {
        let trained = args.data.iter().map(|version| newest_of(home, version)).collect::<Result<Vec<_>>>()?;
        if trained.windows(2).any(|two| two[0] == two[1]) {
            let hint = "give more of each version; `hivis release show` has it as training.data";
            return Err(Hinted::new(format!("both are the data of release {}", trained[0]), hint).into());
        }
        return trained.iter().map(|id| home::load_release(home, id)).collect();
    }
    let of = |name: &String| {
        if name == "current" {
            let none = || Hinted::new("there is no current release", "hivis import model FOLDER");
            return home::current_release(home)?.ok_or_else(|| none().into());
        }
        home::load_release(home, &ReleaseId::new(name.clone())?)
    };
    args.releases.iter().map(of).collect()
}

/// The newest release that was trained on the version of the data that begins so.
fn newest_of(home: &Home, version: &str) -> Result<ReleaseId> {
    let releases = home.releases();
    let mut found: Option<Manifest> = None;
    for id in releases.list()? {
        let manifest = releases.manifest(&id)?;
        let is = manifest.training.as_ref().is_some_and(|training| training.data.starts_with(version));
        if is && found.as_ref().is_none_or(|newest| newest.created < manifest.created) {
            found = Some(manifest);
        }
    }
    let none = || {
        let hint = "`hivis train` makes one; `hivis release show` has the version as training.data";
        Hinted::new(format!("no release was trained on data version {version}"), hint).into()
    };
    found.map(|manifest| manifest.id).ok_or_else(none)
}

fn tell_skipped(pictures: &dyn Pictures) {
    for skipped in pictures.skipped() {
        eprintln!("skipped {}: {}", skipped.name, skipped.why);
    }
}

/// HOST:PORT; an IPv6 address stands in brackets.
fn address(text: &str, hotkey: Hotkey) -> Result<AxonAddress> {
    let parsed = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parsed {
        Some((host, port)) if !host.is_empty() => Ok(AxonAddress { host: host.to_owned(), port, hotkey }),
        _ => Err(Hinted::new(format!("--axon {text} is no address"), "HOST:PORT, such as 127.0.0.1:8091").into()),
    }
}

/// `scenes`, `home`, `data`, `data:NAME`, or a folder.
pub(crate) async fn pictures(global: &Global, name: &str) -> Result<Box<dyn Pictures>> {
    Ok(match pictures::library(name, || home::open(global)).await? {
        Some(library) => Box::new(library),
        None => Box::new(Scenes::new(Mix::default())),
    })
}

/// `//Name`, or `WALLET/HOTKEY` under the configured wallets' folder.
fn asker(global: &Global, name: &str) -> Result<Keypair> {
    if name.starts_with("//") {
        return Keypair::from_uri(name).context("that development key cannot be made");
    }
    let Some((wallet_name, hotkey)) = name.split_once('/') else {
        return Err(Hinted::new(format!("`{name}` names no key"), "//Alice, or WALLET/HOTKEY").into());
    };
    let root = match home::open(global) {
        Ok(home) => home::settings(&home, &ServeArgs::default())?.wallet.path,
        Err(_) => wallet::default_root(),
    };
    wallet::hotkey(&root, wallet_name, hotkey).with_context(|| format!("the key {name} cannot be used"))
}

fn axon_hotkey(global: &Global, args: &ExamArgs) -> Result<Hotkey> {
    if let Some(text) = &args.axon_hotkey {
        hivis_bittensor::ss58::decode(text)
            .map_err(|e| anyhow::Error::new(e).context(format!("--axon-hotkey {text} is no ss58 address")))?;
        return Ok(Hotkey::new(text.clone()));
    }
    let own = home::open(global)
        .and_then(|home| home::settings(&home, &ServeArgs::default()))
        .and_then(|settings| serve::keypair(&settings.wallet));
    own.map(|keypair| keypair.hotkey()).map_err(|error| {
        error.context(Hinted::new("the axon's hotkey is not known", "name it with --axon-hotkey SS58"))
    })
}
