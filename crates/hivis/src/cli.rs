//! The command line: verbs, flags and their help. The help text is the reference.

mod bridge;
mod chain;
mod console;
mod data;
mod deploy;
#[cfg(feature = "train")]
mod ensemble;
mod gate;
mod mine;
mod money;
mod night;
mod notify;
mod onchain;
mod publish;
mod rank;
mod review;
mod search;
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

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hivis_examiner::interval::Shard;

pub use bridge::{BridgeFormat, DataExportArgs, DataImportArgs};
pub use chain::{ChainArgs, ChainFlags, ChainVerb};
pub use console::{
    ConsoleVerb, NewPasswordArgs, RoleName, TokenCreateArgs, TokenVerb, UserAddArgs, UserPasswordArgs, UserVerb,
};
pub use data::{DataVerb, ImportDatasetArgs, PullArgs, PullVerb};
pub use deploy::{BackupArgs, DoctorArgs, InstallServiceArgs, RestoreArgs};
#[cfg(feature = "train")]
pub use ensemble::EnsembleArgs;
pub use gate::{GateFileArgs, GateListArgs, GateRunArgs, GateVerb};
pub use mine::{MineRunArgs, MineVerb};
pub use money::{DatesArgs, EarningsArgs, NeuronArgs};
pub use night::{KindName, NightReportArgs, NightRunArgs, NightVerb};
pub use notify::{AckArgs, AlertsVerb, NotifyVerb};
use onchain::rao;
pub use onchain::{AnnounceArgs, CommitArgs, ConsentArgs, RegisterArgs, SigningArgs};
pub use publish::PublishArgs;
pub use rank::{DriftArgs, RankArgs, RankReleasesArgs, RankVerb};
pub use review::{
    AcceptArgs, LabelWord, ListReviewsArgs, NextArgs, ReasonWord, RejectArgs, ReviewVerb, ReviewerArgs, SkipArgs,
    UndoArgs, WhichReview,
};
pub use search::{SearchArgs, SearchVerb};
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

/// `hivis demo`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hivis demo --questions 100")]
pub struct DemoArgs {
    /// How many challenges the validator sends.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub questions: u32,
    /// Challenges a second.
    #[arg(long, default_value_t = 10.0)]
    pub rate: f64,
    /// The world's seed: another seed, other streets.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
    /// Stop after the challenges: no head is trained, nothing is promoted.
    #[arg(long)]
    pub no_train: bool,
    /// Instead of one turn of the wheel, so many simulated days: by day a validator asks and tells what was shown, at night
    /// the wheel mines, makes, gates, cuts a version, trains, sits the exam and promotes (about a minute a day).
    #[arg(long, conflicts_with = "no_train", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub days: Option<u32>,
    /// Keep the page open after the last answer, until Ctrl-C [default: on a terminal].
    #[arg(long)]
    pub stay: bool,
    /// Exit after the last answer even on a terminal.
    #[arg(long, conflicts_with = "stay")]
    pub no_stay: bool,
}

/// `hivis serve`
#[derive(Debug, Default, Clone, Args)]
#[command(
    after_help = "Example:\n  hivis serve --addr 0.0.0.0:8091 --wallet miner --hotkey default\n\nWho may ask: the validators in the metagraph of the chain that hivis.toml names,\n  [chain]\n  network = \"finney\"\nand whoever stands in permits.toml in the home:\n  [[permit]]\n  hotkey = \"5Grwva...\"\n  stake = 50000.0"
)]
pub struct ServeArgs {
    /// Where validators reach the axon [default: 0.0.0.0:8091].
    #[arg(long, value_name = "IP:PORT")]
    pub addr: Option<SocketAddr>,
    /// Where the page, /healthz, /readyz and /metrics are [default: 127.0.0.1:8092].
    #[arg(long, value_name = "IP:PORT")]
    pub page: Option<SocketAddr>,
    /// The wallet's name [default: default].
    #[arg(long)]
    pub wallet: Option<String>,
    /// The hotkey's name in the wallet [default: default].
    #[arg(long)]
    pub hotkey: Option<String>,
    /// The wallets' folder [default: ~/.bittensor/wallets].
    #[arg(long, value_name = "FOLDER")]
    pub wallet_path: Option<PathBuf>,
    /// What runs the model [default: rten].
    #[arg(long, value_enum)]
    pub engine: Option<EngineName>,
    /// Which arithmetic [default: fp32].
    #[arg(long, value_enum)]
    pub precision: Option<PrecisionName>,
}

/// Engines by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Built in, CPU, nothing to install.
    Rten,
    /// The `onnxruntime` Python package's library, loaded at run time.
    Onnxruntime,
}

/// Precisions by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// `model.onnx`
    Fp32,
    /// `model.onnx` rounded to 16 bits by ONNX Runtime's OpenVINO provider
    Bf16,
    /// `model.int8.onnx`, made by `hivis quantise`
    Int8,
}

/// `hivis exam`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis exam my-release other-release --pictures ./roadwork --questions 1000\n  hivis exam --axon 127.0.0.1:8091 --axon-hotkey 5FHneW... --pictures ./roadwork\n  hivis exam --axon 127.0.0.1:8091 --questions 500 --json > exam.json\n  hivis exam --data 3f9c 81d0\n\nA report in parts, on machines that share a folder:\n  hivis exam A B --answers a-b.json --shard 1/2\n  hivis exam A B --answers a-b.json --shard 2/2\n  hivis exam --merge exam-1-of-2.json exam-2-of-2.json\n\nA folder of pictures has subfolders `roadwork` and `none`, or a metadata.csv with file_name,label."
)]
pub struct ExamArgs {
    /// Releases that sit the exam here, without a server: one, or A and B for a comparison; `current` is the one that the
    /// pointer names.
    #[arg(value_name = "RELEASE", num_args = 0..=2, conflicts_with = "axon", required_unless_present_any = ["axon", "data", "merge"])]
    pub releases: Vec<String>,
    /// Instead of releases: the newest ones trained on these two versions of the data, or their first characters.
    #[arg(long, num_args = 2, value_names = ["V1", "V2"], conflicts_with_all = ["releases", "axon"])]
    pub data: Vec<String>,
    /// Keep the answers of the releases here; where the file is there, nobody is asked again.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["axon", "worst"])]
    pub answers: Option<PathBuf>,
    /// Compute only part I of N of the report's replicates and write it to a file, for --merge.
    #[arg(long, value_name = "I/N", value_parser = shard, conflicts_with_all = ["axon", "worst"])]
    pub shard: Option<Shard>,
    /// The part's file [default: exam-I-of-N.json].
    #[arg(long, value_name = "FILE", requires = "shard")]
    pub out: Option<PathBuf>,
    /// Join all parts of one exam into its report; they come from --shard with the same --answers.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["releases", "data", "axon", "answers", "shard", "worst"])]
    pub merge: Vec<PathBuf>,
    /// Ask this axon instead, ours or anyone's.
    #[arg(long, value_name = "HOST:PORT")]
    pub axon: Option<String>,
    /// The axon's hotkey (ss58) [default: the hotkey of the configured wallet].
    #[arg(long, value_name = "SS58")]
    pub axon_hotkey: Option<String>,
    /// Who asks: a development key such as //Alice, or WALLET/HOTKEY. The axon must permit it.
    #[arg(long, default_value = "//Alice", value_name = "KEY")]
    pub asker: String,
    /// Tell the axon each picture's label along with the question, as validators of testnet may: it keeps it with its record.
    #[arg(long, requires = "axon")]
    pub tell: bool,
    /// Where the pictures come from: `scenes`, `home` (labelled records), `data` (imported pictures) or `data:NAME` (those of
    /// one data set), `samples` (all that the home could train on), `version:NAME` or `version:latest`, or a folder.
    #[arg(long, default_value = "scenes")]
    pub pictures: String,
    /// Ask only pictures of the test part, for a final report; every such look is noted in the home.
    #[arg(long, conflicts_with_all = ["axon", "answers", "shard"])]
    pub test: bool,
    /// How many challenges.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub questions: u32,
    /// Challenges a second.
    #[arg(long, default_value_t = 10.0)]
    pub rate: f64,
    /// The draw of pictures, levels and order.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
    /// Also write the contact sheet of the worst answers here.
    #[arg(long, value_name = "PNG")]
    pub worst: Option<PathBuf>,
}

/// `I/N`, I from 1.
fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse::<u32>().ok()?, n.parse::<u32>().ok()?)));
    match parts {
        Some((i, of)) if (1..=of).contains(&i) && of <= 1000 => Ok(Shard { index: i - 1, of }),
        _ => Err("I/N, such as 1/4: I from 1 to N, N at most 1000".to_owned()),
    }
}

/// `hivis records ...`
#[derive(Debug, Subcommand)]
pub enum RecordsVerb {
    /// The newest records, one a line.
    List(ListArgs),
    /// New records as they are committed; with --json an id that is printed is on disk.
    Tail {
        /// Stop after this many.
        #[arg(long)]
        limit: Option<u64>,
        /// Begin after this id instead of at the end.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// One record, its picture and the whole story of its answer.
    Show {
        /// The id, or its first characters.
        id: String,
        /// Write the picture's bytes here, as they came.
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
    },
    /// Write records to a file, CSV or JSON lines by its ending.
    #[command(after_help = "Example:\n  hivis records export records.csv --since 2026-11-01T00:00:00Z")]
    Export {
        /// `.csv` or `.jsonl`; `-` prints JSON lines.
        file: PathBuf,
        /// From this time on (UTC, such as 2026-11-01T00:00:00Z).
        #[arg(long, value_name = "TIME")]
        since: Option<jiff::Timestamp>,
    },
}

/// `hivis records list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// At most this many.
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    /// From this time on (UTC, such as 2026-11-01T00:00:00Z).
    #[arg(long, value_name = "TIME")]
    pub since: Option<jiff::Timestamp>,
    /// Only what this hotkey asked.
    #[arg(long, value_name = "SS58")]
    pub hotkey: Option<String>,
    /// Only what was not judged.
    #[arg(long)]
    pub silent: bool,
}

/// `hivis import ...`
#[derive(Debug, Subcommand)]
pub enum ImportVerb {
    /// A model as Hugging Face saves it (config.json, model.safetensors) becomes a release and `current`.
    #[command(
        after_help = "Example:\n  hivis import model ./natix-roadwork-vit\n\nA ViT image classifier brings its own head; a bare DINOv3 backbone needs --head."
    )]
    Model {
        /// The folder with config.json and model.safetensors.
        folder: PathBuf,
        /// The release's name [default: the folder's name and the date].
        #[arg(long)]
        id: Option<String>,
        /// The head's file (safetensors) for a backbone without one.
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
        /// The label that means roadwork [default: found by name].
        #[arg(long)]
        label: Option<String>,
    },
    /// Labelled pictures: a folder or a parquet table. Repeated, it takes in what changed there.
    Dataset(ImportDatasetArgs),
}

/// `hivis release ...`
#[derive(Debug, Subcommand)]
pub enum ReleaseVerb {
    /// All releases; a star marks the current one.
    List,
    /// One release: its files, where it came from, when it served.
    Show {
        /// Its name.
        id: String,
    },
    /// Let a release serve: a running server loads it beside, tries it, and swaps without losing a request.
    #[command(after_help = "Example:\n  hivis release promote natix-roadwork-vit-20261126-101500")]
    Promote {
        /// Its name.
        id: String,
        /// What the newest exam of the current release and this one must say [default: release.policy, else paired].
        #[arg(long, value_enum)]
        policy: Option<PolicyName>,
    },
    /// Let the release serve that served before the current one.
    Rollback,
    /// Copy a release's files to a folder.
    Export {
        /// Its name.
        id: String,
        /// A folder that is empty or not there yet.
        folder: PathBuf,
    },
}

/// What a promotion wants of the exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyName {
    /// The lower bound of the paired difference in reward is above zero, and no part of the exam is worse beyond chance.
    Paired,
    /// At least one point more of accuracy and less than 110% of the latency, and no part worse beyond chance.
    Gain,
    /// Nothing: no exam is looked at.
    None,
}

/// `hivis quantise`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hivis quantise --pictures ./roadwork\n\nThe file is kept when at most 0.5% of at least 500 pictures change side."
)]
pub struct QuantiseArgs {
    /// The release [default: current].
    #[arg(long)]
    pub release: Option<String>,
    /// Your pictures: a folder, `home` (recorded pictures), or `scenes` for the embedded model.
    #[arg(long, default_value = "home")]
    pub pictures: String,
    /// How many pictures to compare, at least 500.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(500..))]
    pub count: u32,
    /// Use all 8 bits: right only where every target CPU has VNNI.
    #[arg(long)]
    pub vnni: bool,
}

/// `hivis pretrain`
#[cfg(feature = "train")]
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  RAYON_NUM_THREADS=1 nice hivis pretrain --out ./tiny --minutes 180\n\nInterrupted, the same command goes on from its last checkpoint."
)]
pub struct PretrainArgs {
    /// Where checkpoints and the result go.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Minutes of training; the learning rate follows this budget to its end.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..))]
    pub minutes: u32,
    /// The run's seed.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
}
