//! `hivis exam`: ask an axon as a validator would.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use hivis_bittensor::dendrite::AxonAddress;
use hivis_bittensor::{Keypair, wallet};
use hivis_examiner::{ExamPlan, Examiner, Library, Pictures, RemoteAxon, Scenes};
use hivis_synth::Mix;
use hivis_types::Hotkey;

use crate::cli::{ExamArgs, Global, ServeArgs};
use crate::failure::Hinted;
use crate::verbs::serve;
use crate::{exam, home, recorded};

/// Asks, judges, prints.
pub(crate) async fn run(global: &Global, args: &ExamArgs) -> Result<ExitCode> {
    let plan = ExamPlan { questions: args.questions, seed: args.seed, rate: args.rate, ..ExamPlan::default() };
    let asker = asker(global, &args.asker)?;
    let hotkey = axon_hotkey(global, args)?;
    let pictures = pictures(global, &args.pictures).await?;
    for skipped in pictures.skipped() {
        eprintln!("skipped {}: {}", skipped.name, skipped.why);
    }
    eprintln!("{} challenges to {}, about {:.0} s", plan.questions, args.axon, plan.estimate().as_secs_f64());
    let candidate = RemoteAxon::new(asker, address(&args.axon, hotkey)?);
    let sat = exam::sit(Examiner::new(plan)?, pictures, Arc::new(candidate)).await?;
    exam::print(global, &sat)?;
    if let Some(path) = &args.worst
        && !exam::write_worst(&sat, path)?
    {
        eprintln!("no wrong answer: {} was not written", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// HOST:PORT; an IPv6 address stands in brackets.
fn address(text: &str, hotkey: Hotkey) -> Result<AxonAddress> {
    let parsed = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parsed {
        Some((host, port)) if !host.is_empty() => Ok(AxonAddress { host: host.to_owned(), port, hotkey }),
        _ => Err(Hinted::new(format!("--axon {text} is no address"), "HOST:PORT, such as 127.0.0.1:8091").into()),
    }
}

/// `scenes`, `home`, or a folder.
pub(crate) async fn pictures(global: &Global, name: &str) -> Result<Box<dyn Pictures>> {
    Ok(match name {
        "scenes" => Box::new(Scenes::new(Mix::default())),
        "home" => Box::new(recorded::labelled(&home::open(global)?).await?),
        folder => {
            let folder = Path::new(folder);
            if !folder.is_dir() {
                let hint = "`scenes`, `home`, or a folder with subfolders `roadwork` and `none`";
                return Err(Hinted::new(format!("there is no folder {}", folder.display()), hint).into());
            }
            Box::new(Library::from_folder(folder)?)
        }
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
