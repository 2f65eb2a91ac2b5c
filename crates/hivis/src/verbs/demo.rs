//! `hivis demo`: a street world, a miner and a validator on this computer.

use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use hivis_bittensor::Keypair;
use hivis_bittensor::dendrite::AxonAddress;
use hivis_examiner::{ExamPlan, Examiner, RemoteAxon, Scenes};
use hivis_serve::Permits;
use hivis_store::{Home, PromotionKind};
use hivis_synth::Mix;
use tokio::sync::oneshot;

use crate::cli::{DemoArgs, Global, ServeArgs};
use crate::miner::{self, Miner};
#[cfg(feature = "train")]
use crate::{config::Settings, days, wheel};
use crate::{exam, home, swap, tiny};

const NOTE: &str = "This model was trained on procedural street scenes only; it makes no claim about real streets.";

/// Runs the demo; the answers stay in a home of their own.
pub(crate) async fn run(global: &Global, args: &DemoArgs) -> Result<ExitCode> {
    let home = Home::open_or_create(&folder(global)?).context("the demo's home cannot be opened")?;
    let place = home.path().to_owned();
    let release = tiny::install(&home)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    // Public development keys: right for a demo on loopback, and for nothing else.
    let (validator, own) = (Keypair::from_uri("//Alice")?, Keypair::from_uri("//Bob")?);
    let permits = Permits::new([(validator.hotkey(), 50_000.0)])?;
    let listener = miner::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "axon")?;
    let page = page_listener()?;
    let (axon, page_url) = (listener.local_addr()?, format!("http://{}/", page.local_addr()?));

    #[cfg(feature = "train")]
    let (wheel_home, wheel_settings) = (home.clone(), settings.clone());
    let model = settings.model.clone();
    let hotkey = own.hotkey();
    let miner = Miner::open(home, settings, own, Some(permits)).await?;
    let loaded = swap::bring_up(release, &model).await?;
    println!("home      {}", place.display());
    println!("miner     {axon}, hotkey {}, release {}", hotkey.short(), loaded.release);
    println!("page      {page_url}");
    println!(
        "validator hotkey {}, {} challenges, {} a second\n",
        validator.hotkey().short(),
        args.questions,
        args.rate
    );
    miner.served(&loaded.release, PromotionKind::Import).await?;
    miner.axon.models().swap(loaded);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(miner.run(listener, page, NOTE, async {
        // A dropped sender means that the demo is over as well.
        let _ = stopped.await;
    }));

    let plan = ExamPlan { questions: args.questions, seed: args.seed, rate: args.rate, ..ExamPlan::default() };
    let address = AxonAddress { host: axon.ip().to_string(), port: axon.port(), hotkey };
    let mut steps = String::new();
    #[cfg(not(feature = "train"))]
    anyhow::ensure!(args.days.is_none(), "this hivis was built without training: it turns no wheel");
    #[cfg(feature = "train")]
    if let Some(count) = args.days {
        let asked = Asked { validator: validator.clone(), address: address.clone(), plan: plan.clone(), days: count };
        steps = live(&wheel_home, &days::small(wheel_settings.clone()), asked, global.json).await?;
    }
    if args.days.is_none() {
        let candidate = Arc::new(RemoteAxon::new(validator, address));
        let outcome = exam::sit(Examiner::new(plan)?, Box::new(Scenes::new(Mix::default())), candidate).await?;
        exam::print(global, &outcome.report)?;
        #[cfg(feature = "train")]
        if !args.no_train {
            wheel::turn(&wheel_home, &wheel_settings, args.seed, global.json).await?;
        }
        let sheet = place.join("reports/demo-worst.png");
        if exam::write_worst(&outcome, &sheet)? {
            steps = format!("  look at the worst answers       {}\n", sheet.display());
        }
    }
    if !global.json {
        println!("{}", next_steps(&place, &steps));
    }
    if args.stay || (std::io::stdout().is_terminal() && !args.no_stay) {
        println!("\nThe page stays at {page_url} until you press Ctrl-C.");
        tokio::signal::ctrl_c().await.context("Ctrl-C cannot be heard")?;
    }
    // The server may have ended by itself; its result tells.
    let _ = stop.send(());
    serving.await.context("the miner stopped with a panic")??;
    Ok(ExitCode::SUCCESS)
}

/// The demo never touches the real home: its own lies beside it, unless --home says where.
fn folder(global: &Global) -> Result<PathBuf> {
    match &global.home {
        Some(path) => Ok(path.clone()),
        None => Ok(home::path(global)?.with_file_name("hivis-demo")),
    }
}

/// The page's usual port when it is free, else any.
fn page_listener() -> Result<TcpListener> {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 8092));
    TcpListener::bind(usual).or_else(|_| miner::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "page"))
}

/// Who asks by day.
#[cfg(feature = "train")]
struct Asked {
    validator: Keypair,
    address: AxonAddress,
    /// A day's challenges.
    plan: ExamPlan,
    days: u32,
}

/// Lives so many days; gives what to do next.
#[cfg(feature = "train")]
async fn live(home: &Home, settings: &Settings, asked: Asked, quiet: bool) -> Result<String> {
    let Asked { validator, address, plan, days: count } = asked;
    let first = home.releases().current()?.context("the demo has a release: this is a bug")?;
    days::prepare(home, plan.seed).await?;
    let mut nights = Vec::new();
    for day in 1..=count {
        // As validators of testnet may, this one tells what was shown.
        let candidate = Arc::new(RemoteAxon::new(validator.clone(), address.clone()).telling(true));
        let seed = plan.seed.wrapping_add(1000 * u64::from(day));
        let examiner = Examiner::new(ExamPlan { seed, ..plan.clone() })?;
        let outcome = exam::sit(examiner, Box::new(Scenes::new(Mix::default())), candidate).await?;
        if !quiet {
            let pool = outcome.report.candidates.first().and_then(|candidate| candidate.headline());
            let right = pool.map_or(0.0, |pool| 100.0 * pool.accuracy.share);
            println!("day {day}: {} challenges answered, {right:.0}% right\nnight {day}:", plan.questions);
        }
        nights.push(days::night(home, settings, quiet).await?);
    }
    let last = home.releases().current()?.context("a release serves: this is a bug")?;
    let mut sheet = None;
    if last != first {
        let (said, path) = days::difference(home, settings, (&first, &last), plan.seed).await?;
        sheet = path;
        if !quiet {
            println!("\n{}\n{said}", days::told(&nights));
        }
    } else if !quiet {
        println!("\n{}", days::told(&nights));
    }
    let record = days::followed(home).await?;
    Ok(days::next_steps(home.path(), sheet.as_deref(), record.as_deref()))
}

fn next_steps(home: &std::path::Path, first: &str) -> String {
    let home = home.display();
    format!(
        "What to do next\n\
         {first}  list what was recorded          hivis --home {home} records list\n  \
         see one answer's whole story    hivis --home {home} records show ID --picture picture.jpg\n  \
         serve the model that you have   hivis import model FOLDER && hivis serve\n  \
         see what is missing for that    hivis doctor"
    )
}
