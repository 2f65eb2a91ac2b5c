//! `hivis exam`.

use std::path::PathBuf;

use clap::Args;
use hivis_examiner::interval::Shard;

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
