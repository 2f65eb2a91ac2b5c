//! The command line: verbs, flags and their help. The help text is the reference.

mod bridge;
mod chain;
mod console;
mod data;
mod deploy;
#[cfg(feature = "train")]
mod ensemble;
mod exam;
mod gate;
mod import;
mod mine;
mod money;
mod night;
mod notify;
mod onchain;
mod publish;
mod rank;
mod records;
mod release;
mod review;
mod search;
mod serve;
mod synth;
mod top;
mod trace;
#[cfg(feature = "train")]
mod train;
mod up;
mod vary;
mod version;
mod wallet;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use bridge::{BridgeFormat, DataExportArgs, DataImportArgs};
pub use chain::{ChainArgs, ChainFlags, ChainVerb};
pub use console::{
    ConsoleVerb, NewPasswordArgs, RoleName, TokenCreateArgs, TokenVerb, UserAddArgs, UserPasswordArgs, UserVerb,
};
pub use data::{DataVerb, ImportDatasetArgs, PullArgs, PullVerb};
pub use deploy::{BackupArgs, DoctorArgs, InstallServiceArgs, RestoreArgs};
#[cfg(feature = "train")]
pub use ensemble::EnsembleArgs;
pub use exam::ExamArgs;
pub use gate::{GateFileArgs, GateListArgs, GateRunArgs, GateVerb};
pub use import::ImportVerb;
pub use mine::{MineRunArgs, MineVerb};
pub use money::{DatesArgs, EarningsArgs, NeuronArgs};
pub use night::{KindName, NightReportArgs, NightRunArgs, NightVerb};
pub use notify::{AckArgs, AlertsVerb, NotifyVerb};
use onchain::rao;
pub use onchain::{AnnounceArgs, CommitArgs, ConsentArgs, RegisterArgs, SigningArgs};
pub use publish::PublishArgs;
pub use rank::{DriftArgs, RankArgs, RankReleasesArgs, RankVerb};
pub use records::{ListArgs, RecordsVerb};
#[cfg(feature = "train")]
pub use release::PretrainArgs;
pub use release::{PolicyName, QuantiseArgs, ReleaseVerb};
pub use review::{
    AcceptArgs, LabelWord, ListReviewsArgs, NextArgs, ReasonWord, RejectArgs, ReviewVerb, ReviewerArgs, SkipArgs,
    UndoArgs, WhichReview,
};
pub use search::{SearchArgs, SearchVerb};
pub use serve::{DemoArgs, EngineName, PrecisionName, ServeArgs};
pub use synth::{SynthKindName, SynthRunArgs, SynthSpendArgs, SynthVerb};
pub use top::{ConfigArgs, TopArgs};
pub use trace::TraceArgs;
#[cfg(feature = "train")]
pub use train::{CalibrationName, FeaturesArgs, TrainArgs, ViewArgs};
pub use up::UpArgs;
pub use vary::VaryArgs;
pub use version::{BumpName, DataFsckArgs, DataGcArgs, LinkName, VersionCheckoutArgs, VersionCreateArgs, VersionVerb};
pub use wallet::{
    CryptoType, PasswordArgs, WalletArgs, WalletCreateArgs, WalletImportArgs, WalletImportVerb, WalletSignArgs,
    WalletVerb, WalletVerifyArgs,
};
pub use watch::{WatchCheckArgs, WatchExportArgs, WatchVerb};

/// Runs a Bittensor StreetVision (subnet 72) roadwork miner end to end.
#[derive(Debug, Parser)]
#[command(
    name = "hivis",
    version,
    max_term_width = 110,
    after_help = "Start here:\n  hivis demo      see a miner answer a validator on this computer, in two minutes\n  hivis doctor    see what is missing for the real thing, and the command that mends it"
)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags that every verb takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The data home [default: ~/.local/share/hivis].
    #[arg(long, global = true, env = "HIVIS_HOME", value_name = "FOLDER")]
    pub home: Option<PathBuf>,
    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true)]
    pub json: bool,
    /// Log more: -v says what happens, -vv each step. RUST_LOG wins over it.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The verbs, by station of the wheel.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// See a miner answer a validator on this computer: no account, no GPU, no network.
    Demo(DemoArgs),
    /// Answer validators: the axon on --addr, the page and metrics on --page.
    Serve(ServeArgs),
    /// The whole operation: everything that `serve` does, and the wheel that turns by itself beside it.
    Run(ServeArgs),
    /// Ask a release, two releases or any axon as a validator would, and report the reward to expect.
    Exam(ExamArgs),
    /// Look at what was asked and answered.
    #[command(subcommand)]
    Records(RecordsVerb),
    /// Load a model or a data set from the Hugging Face Hub.
    #[command(subcommand)]
    Pull(PullVerb),
    /// Bring a model or a data set into the home.
    #[command(subcommand)]
    Import(ImportVerb),
    /// Look at the imported data sets.
    #[command(subcommand)]
    Data(DataVerb),
    /// Find what was hard among the records, and pick a spread of it.
    #[command(subcommand)]
    Mine(MineVerb),
    /// Search pictures by what they look like: more like this, near the boundary, duplicates, outliers.
    #[command(subcommand)]
    Search(SearchVerb),
    /// Make pictures of what is hard: generators, prompts, spend.
    #[command(subcommand)]
    Synth(SynthVerb),
    /// Judge generated pictures: one by one and by the batch.
    #[command(subcommand)]
    Gate(GateVerb),
    /// Look at pictures and decide: the queue, decisions, agreement, rates.
    #[command(subcommand)]
    Review(ReviewVerb),
    /// What the wheel does by itself: next runs, history, reports.
    #[command(subcommand)]
    Night(NightVerb),
    /// What should not be and is: list it, say that you know.
    #[command(subcommand)]
    Alerts(AlertsVerb),
    /// Who is told of alerts: try the channels, see what went out and what waits.
    #[command(subcommand)]
    Notify(NotifyVerb),
    /// Alert rules: list them, judge a running server, write what Prometheus, Alertmanager and Grafana need.
    #[command(subcommand)]
    Watch(WatchVerb),
    /// Follow one picture through the whole wheel: asked, mined, varied, gated, reviewed, versioned, trained on.
    Trace(TraceArgs),
    /// Look at releases, and let another one serve.
    #[command(subcommand)]
    Release(ReleaseVerb),
    /// Upload a release to a model repository of the Hugging Face Hub, and tell NATIX of it.
    Publish(PublishArgs),
    /// Make the 8-bit file of a release, and keep it only if it agrees with the first.
    Quantise(QuantiseArgs),
    /// Train a head on labelled pictures and make a release of it.
    #[cfg(feature = "train")]
    Train(TrainArgs),
    /// Let several heads answer as one release, with weights given or fitted.
    #[cfg(feature = "train")]
    Ensemble(EnsembleArgs),
    /// Write features and labels to one file, for notebooks.
    #[cfg(feature = "train")]
    Features(FeaturesArgs),
    /// Train the embedded backbone anew on procedural scenes (about 90 minutes on two cores).
    #[cfg(feature = "train")]
    Pretrain(PretrainArgs),
    /// Make other weather, light and lenses of labelled pictures: rain, fog, snow, night, glare, blur, a tilt, dirt.
    Vary(VaryArgs),
    /// The guided first deployment: wallet, cost, registration, publication, address, first challenge.
    Up(UpArgs),
    /// Keys: list, create, import, sign, verify, in the files of the official tools.
    #[command(subcommand)]
    Wallet(WalletVerb),
    /// What the neuron earned by day, its rank, and which release served then.
    Earnings(EarningsArgs),
    /// Our rank among the miners, beside what TaoStats says; whether each release helped.
    Rank(RankArgs),
    /// Whether what validators ask is still what the release learned from: inputs, scores, accuracy.
    Drift(DriftArgs),
    /// Registration, immunity, retraining and expiry dates: one calendar, as iCalendar too.
    Dates(DatesArgs),
    /// Look at the chain: the subnet, its neurons, what a registration costs.
    Chain(ChainArgs),
    /// Register the hotkey on the subnet, for at most --max-cost TAO or by proof of work. The coldkey signs.
    Register(RegisterArgs),
    /// Tell validators where the axon is. The hotkey signs, for free.
    Announce(AnnounceArgs),
    /// Commit on the chain to the published model: repository, revision, hash. The hotkey signs, for free.
    Commit(CommitArgs),
    /// One line on the miner's state; the exit code is 0 when it answers, 1 when not.
    Status,
    /// Who may use the control room: accounts of people, tokens of scripts.
    #[command(subcommand)]
    Console(ConsoleVerb),
    /// The miner at a glance, in the terminal: health, challenges, latency, the wheel, alerts, disk.
    Top(TopArgs),
    /// Every key of the configuration: its value, and whether the file, the environment or nobody gave it.
    Config(ConfigArgs),
    /// What is missing, and the command that mends it; with --deploy on this machine too.
    Doctor(DoctorArgs),
    /// Let systemd run the miner: a hardened service, and sockets that outlive a restart.
    InstallService(InstallServiceArgs),
    /// Copy the home to a folder or to S3 while it serves; the wallet stays out.
    Backup(BackupArgs),
    /// Make an empty home what a backup holds, every byte checked.
    Restore(RestoreArgs),
}
