//! `hivis exam`: ask a release, two, or any axon as a validator would.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use hivis_bittensor::dendrite::AxonAddress;
use hivis_bittensor::{Keypair, wallet};
use hivis_examiner::{ExamPlan, Examiner, Library, LibraryPicture, Pictures, RemoteAxon, Scenes};
use hivis_store::{Home, NewTestLook};
use hivis_synth::Mix;
use hivis_train::split::Part;
use hivis_types::{Hotkey, ReleaseId};
use jiff::Timestamp;

use crate::candidate::Candidate;
use crate::cli::{ExamArgs, Global, ServeArgs};
use crate::exam::Sat;
use crate::exam_file::{ExamFile, Sitter};
use crate::failure::Hinted;
use crate::parts::Parted;
use crate::verbs::serve;
use crate::{exam, home, pictures};

/// Asks, judges, prints; an exam of releases is kept in the home, for `release promote`.
pub(crate) async fn run(global: &Global, args: &ExamArgs) -> Result<ExitCode> {
    let plan = ExamPlan { questions: args.questions, seed: args.seed, rate: args.rate, ..ExamPlan::default() };
    let sat = match &args.axon {
        Some(axon) => {
            let pictures = pictures(global, &args.pictures).await?;
            tell_skipped(pictures.as_ref());
            let address = address(axon, axon_hotkey(global, args)?)?;
            let candidate = RemoteAxon::new(asker(global, &args.asker)?, address).telling(args.tell);
            eprintln!("{} challenges to {axon}, about {:.0} s", plan.questions, plan.estimate().as_secs_f64());
            exam::sit(Examiner::new(plan)?, pictures, Arc::new(candidate)).await?
        }
        None => releases(global, args, Examiner::new(plan)?).await?,
    };
    exam::print(global, &sat)?;
    if let Some(path) = &args.worst
        && !exam::write_worst(&sat, path)?
    {
        eprintln!("no wrong answer: {} was not written", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Lets one release or two sit here, on the engine and precision that serve, and keeps the exam.
async fn releases(global: &Global, args: &ExamArgs, examiner: Examiner) -> Result<Sat> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let (mut candidates, mut splits) = (Vec::new(), Vec::new());
    for name in &args.releases {
        let release = if name == "current" {
            let none = || Hinted::new("there is no current release", "hivis import model FOLDER");
            home::current_release(&home)?.ok_or_else(none)?
        } else {
            home::load_release(&home, &ReleaseId::new(name.clone())?)?
        };
        splits.extend(release.manifest.training.as_ref().map(|training| training.split_seed));
        candidates.push(Candidate::new(release, &settings).await?);
    }
    let described: Vec<Sitter> = candidates.iter().map(|c| c.sitter.clone()).collect();
    let pictures: Box<dyn Pictures> = match pictures::library(&args.pictures, || Ok(home.clone())).await? {
        Some(library) => {
            let look = args.test.then_some(described.as_slice());
            Box::new(examined(&home, library, &splits, look).await?)
        }
        None if args.test => {
            let hint = "scenes are fresh at every exam: none of them is kept closed";
            return Err(Hinted::new("procedural scenes have no test part", hint).into());
        }
        None => Box::new(Scenes::new(Mix::default())),
    };
    tell_skipped(pictures.as_ref());
    let sat = exam::sit_here(examiner, pictures, candidates).await?;
    let kept = ExamFile { made: Timestamp::now(), candidates: described, report: sat.report.clone() }.keep(&home)?;
    eprintln!("kept as {}", kept.display());
    Ok(sat)
}

/// A library for candidates that were trained with these splits: what one of them learned from or was tuned on is marked,
/// what is in no part is left out, and test pictures stay closed. With `look` they alone are opened, and that is noted.
async fn examined(home: &Home, mut library: Library, splits: &[u64], look: Option<&[Sitter]>) -> Result<Library> {
    let mut splits = splits.to_vec();
    splits.sort_unstable();
    splits.dedup();
    let (planner, shared) = (home.clone(), splits.clone());
    let work = move || {
        let parts = |&seed: &u64| {
            let parted = Parted::new(&planner, &library, seed)?;
            Ok((0..library.pictures().len()).map(|at| parted.part(at)).collect::<Vec<_>>())
        };
        let parts = shared.iter().map(parts).collect::<Result<Vec<_>>>()?;
        Ok::<_, anyhow::Error>((library, parts))
    };
    let parts;
    (library, parts) = tokio::task::spawn_blocking(work).await.context("opening the pictures panicked")??;
    let places: HashMap<String, usize> =
        library.pictures().iter().enumerate().map(|(at, picture)| (picture.name.clone(), at)).collect();
    let is = |picture: &LibraryPicture, wanted: &[Option<Part>]| {
        parts.iter().any(|parts| wanted.contains(&parts[places[&picture.name]]))
    };
    library.mark_trained_on(|picture| is(picture, &[Some(Part::Train), Some(Part::Tune)]));
    let Some(sitters) = look else {
        library.retain(|picture| !is(picture, &[Some(Part::Test), None]));
        return Ok(library);
    };
    let &[split_seed] = splits.as_slice() else {
        let hint = "only releases that were trained here, with one --split-seed, have test pictures in common";
        return Err(Hinted::new("there is no one test part", hint).into());
    };
    library.retain(|picture| is(picture, &[Some(Part::Test)]));
    let ledger = home.ledger().await?;
    for sitter in sitters {
        let look = NewTestLook {
            at: Timestamp::now(),
            release: Some(sitter.release.clone()),
            split_seed,
            data: library.describe(),
            pictures: library.pictures().len() as u64,
            why: "hivis exam --test".to_owned(),
        };
        ledger.note_test_look(&look).await?;
    }
    let looks = ledger.test_looks(split_seed).await?.len();
    eprintln!("the test part is opened: look {looks} at split {split_seed}; what is chosen by it is no test any more");
    Ok(library)
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
