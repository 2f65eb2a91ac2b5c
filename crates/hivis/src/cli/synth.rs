//! `hivis synth ...`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `hivis synth ...`
#[derive(Debug, Subcommand)]
pub enum SynthVerb {
    /// Order pictures: variations of the hard cases that mining picked, and scenes of the slices that fail.
    Run(SynthRunArgs),
    /// Orders to generators, newest first.
    List {
        /// At most this many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// One order: its pictures with prompt, seed, model, cost and parent.
    #[command(after_help = "Example:\n  hivis synth show 12 --sheet sheet.png")]
    Show {
        /// Its number.
        batch: i64,
        /// Also write a contact sheet of its pictures here.
        #[arg(long, value_name = "PNG")]
        sheet: Option<PathBuf>,
    },
    /// The prompts: those that ship, and yours in HOME/prompts/NAME.toml, which take their place by name.
    #[command(after_help = "Example:\n  hivis synth prompts night")]
    Prompts {
        /// Only this file, with its templates.
        file: Option<String>,
    },
    /// What paid pictures and captions cost this week and this month, and what nobody has settled yet.
    Spend(SynthSpendArgs),
    /// Ask each configured generator whether it is there.
    Check,
}

/// `hivis synth run`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis synth run --kind night\n  hivis synth run --count 20 --slices time:night,weather:rain\n  hivis synth run --generator comfyui --count 5 --dry-run\n\nGenerators stand in hivis.toml:\n  [synth]\n  generator = \"comfyui\"\n  [synth.comfyui]\n  url = \"http://127.0.0.1:8188\"\n  checkpoint = \"sd_xl_base_1.0.safetensors\""
)]
pub struct SynthRunArgs {
    /// What for: `night` and `long` have counts of their own in [synth], `adversarial` keeps only what the serving release
    /// gets wrong.
    #[arg(long, value_enum, default_value_t = SynthKindName::Hand)]
    pub kind: SynthKindName,
    /// How many pictures [default: that of the kind in [synth]; 20 by hand].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: Option<u32>,
    /// Who makes them: procedural, automatic1111, comfyui or cosmos [default: synth.generator].
    #[arg(long, value_name = "NAME")]
    pub generator: Option<String>,
    /// The tags that they should have, worst first [default: the slices that fail].
    #[arg(long, value_delimiter = ',', value_name = "TAG,...")]
    pub slices: Vec<String>,
    /// Only say what would be ordered, and what it can cost.
    #[arg(long)]
    pub dry_run: bool,
}

/// Why pictures are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SynthKindName {
    /// Each night, of what was hard.
    Night,
    /// The run of 60 days.
    Long,
    /// Each month: what the serving release gets wrong.
    Adversarial,
    /// By hand.
    Hand,
}

/// `hivis synth spend`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hivis synth spend --settle 31 --usd 0.04 --pictures 1")]
pub struct SynthSpendArgs {
    /// Settle this open booking: a call whose end nobody saw counts in full until then.
    #[arg(long, value_name = "NUMBER", requires = "usd")]
    pub settle: Option<i64>,
    /// What it cost in the end, dollars.
    #[arg(long, value_name = "DOLLARS", requires = "settle")]
    pub usd: Option<f64>,
    /// Pictures that were paid for.
    #[arg(long, default_value_t = 0, requires = "settle")]
    pub pictures: u64,
}
