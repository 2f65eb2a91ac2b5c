//! The `hivis` program as a library: verbs, configuration and the wiring between rooms.
//!
//! The binary is a thin shell over [`run`]. Each verb is a file in `verbs`; a verb reads its arguments, calls the room
//! whose job it is and prints. What another crate would want does not belong here.

pub mod cli;
pub mod config;
pub mod failure;

mod answered;
mod backbone;
mod bridge;
mod bulk;
mod calendar;
mod callers;
mod candidate;
mod card;
mod chain;
mod control;
mod courtesy;
mod dataset;
#[cfg(feature = "train")]
mod days;
#[cfg(feature = "train")]
mod difference;
mod drifting;
mod duration;
mod earnings;
pub mod embedded;
mod entropy;
#[cfg(feature = "train")]
mod estimate;
mod exam;
mod exam_file;
mod examined;
mod failing;
mod figures;
mod gating;
mod generators;
mod home;
mod ical;
mod imported;
mod licence;
mod memory;
mod metagraph;
mod meter;
mod miner;
mod mining;
mod money;
mod natix;
mod night;
mod notify;
mod onchain;
mod parts;
mod passwords;
mod pictures;
mod plotted;
mod policy;
mod promote;
mod publication;
mod publish;
mod ranking;
mod recorded;
mod release;
mod reviewing;
mod reward_log;
#[cfg(feature = "train")]
mod run_file;
mod sampled;
mod searching;
mod sheet;
mod submission;
mod swap;
mod synthesis;
mod table;
mod telling;
mod terminal;
mod tiny;
mod top;
#[cfg(feature = "train")]
mod training_run;
#[cfg(feature = "train")]
mod training_show;
#[cfg(feature = "train")]
mod trainset;
mod units;
mod unknown;
mod up;
mod varied;
mod verbs;
mod versioned;
mod versioning;
mod watching;
#[cfg(feature = "train")]
mod wheel;

use std::io::IsTerminal;
use std::process::ExitCode;

use cli::{Cli, NightVerb, Verb};

/// Runs one verb; the exit code is 0, 1 for a failure, or what the verb says.
pub fn run(cli: Cli) -> ExitCode {
    logging(&cli);
    hivis_http::prepare_tls();
    courtesy::heed(&cli);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads for the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(verb(cli));
    // A thread that still computes must not hold the exit.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprint!("{}", failure::text(&error));
            ExitCode::FAILURE
        }
    }
}

async fn verb(cli: Cli) -> anyhow::Result<ExitCode> {
    let global = &cli.global;
    match cli.verb {
        Verb::Demo(args) => Box::pin(verbs::demo::run(global, &args)).await,
        Verb::Serve(args) => Box::pin(verbs::serve::run(global, &args)).await,
        Verb::Run(args) => Box::pin(verbs::run::run(global, &args)).await,
        Verb::Exam(args) => verbs::exam::run(global, &args).await,
        Verb::Records(verb) => verbs::records::run(global, &verb).await,
        Verb::Pull(verb) => verbs::pull::run(global, &verb).await,
        Verb::Data(verb) => verbs::data::run(global, &verb).await,
        Verb::Import(verb) => verbs::import::run(global, &verb).await,
        Verb::Mine(verb) => verbs::mine::run(global, &verb).await,
        Verb::Search(verb) => verbs::search::run(global, &verb).await,
        Verb::Synth(verb) => verbs::synth::run(global, &verb).await,
        Verb::Gate(verb) => verbs::gate::run(global, &verb).await,
        Verb::Review(verb) => verbs::review::run(global, &verb).await,
        Verb::Night(verb) => Box::pin(verbs::night::run(global, &verb)).await,
        Verb::Alerts(verb) => verbs::alerts::run(global, &verb).await,
        Verb::Notify(verb) => verbs::notify::run(global, &verb).await,
        Verb::Watch(verb) => Box::pin(verbs::watch::run(global, &verb)).await,
        Verb::Trace(args) => verbs::trace::run(global, &args).await,
        Verb::Release(verb) => verbs::release::run(global, &verb).await,
        Verb::Publish(args) => verbs::publish::run(global, &args).await,
        Verb::Quantise(args) => verbs::quantise::run(global, &args).await,
        #[cfg(feature = "train")]
        Verb::Train(args) => verbs::train::run(global, &args).await,
        #[cfg(feature = "train")]
        Verb::Ensemble(args) => verbs::ensemble::run(global, &args).await,
        #[cfg(feature = "train")]
        Verb::Features(args) => verbs::features::run(global, &args).await,
        #[cfg(feature = "train")]
        Verb::Pretrain(args) => verbs::pretrain::run(global, &args),
        Verb::Vary(args) => verbs::vary::run(global, args).await,
        Verb::Up(args) => Box::pin(verbs::up::run(global, &args)).await,
        Verb::Wallet(verb) => verbs::wallet::run(global, &verb),
        Verb::Earnings(args) => verbs::earnings::run(global, &args).await,
        Verb::Rank(args) => verbs::rank::run(global, &args).await,
        Verb::Drift(args) => verbs::drift::run(global, &args).await,
        Verb::Dates(args) => verbs::dates::run(global, &args).await,
        Verb::Chain(args) => verbs::chain::run(global, &args).await,
        Verb::Register(args) => verbs::register::run(global, &args).await,
        Verb::Announce(args) => verbs::announce::run(global, &args).await,
        Verb::Commit(args) => verbs::commit::run(global, &args).await,
        Verb::Console(verb) => verbs::console::run(global, &verb).await,
        Verb::Status => verbs::status::run(global).await,
        Verb::Top(args) => verbs::top::run(global, &args).await,
        Verb::Config(args) => verbs::config::run(global, &args),
        Verb::Doctor(args) => verbs::doctor::run(global, &args).await,
        Verb::InstallService(args) => verbs::install_service::run(global, &args),
        Verb::Backup(args) => verbs::backup::back_up(global, &args).await,
        Verb::Restore(args) => verbs::backup::bring_back(global, &args).await,
    }
}

/// Logs go to standard error, so that standard output stays for answers.
fn logging(cli: &Cli) {
    use tracing_subscriber::EnvFilter;
    let quiet = !matches!(cli.verb, Verb::Serve(_) | Verb::Run(_) | Verb::Night(NightVerb::Watch { .. }));
    let level = match (cli.global.verbose, quiet) {
        (0, true) => "warn",
        (0, false) => "info",
        (1, _) => "info,hivis=debug,hivis_serve=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    // A second call, as tests make it, keeps the first one's subscriber.
    let _ = if cli.global.json { builder.json().try_init() } else { builder.try_init() };
}
