//! `hivis review ...`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hivis_types::Label;

/// `hivis review ...`
#[derive(Debug, Subcommand)]
pub enum ReviewVerb {
    /// The queue: conflicts first, then the most urgent.
    #[command(after_help = "Example:\n  hivis review list --limit 10")]
    List(ListReviewsArgs),
    /// Look at what is next: a loop of pictures and keys on a terminal, one picture elsewhere.
    Next(NextArgs),
    /// The picture is good, and shows its label.
    Accept(AcceptArgs),
    /// The picture is not to be learned from.
    Reject(RejectArgs),
    /// You cannot say.
    Skip(SkipArgs),
    /// Take your last decision back. Nothing is deleted; an earlier label counts again.
    Undo(UndoArgs),
    /// One picture with all decisions on it, undone ones too.
    #[command(after_help = "Example:\n  hivis review show 12\n  hivis review show 3f9c81d0")]
    Show {
        /// The review's number, or the beginning of the picture's SHA-256.
        id: String,
    },
    /// How much of each generator's and prompt's work is accepted, and what that calls for.
    #[command(
        after_help = "Example:\n  hivis review rates\n\nA rule speaks only when Wilson's 90% interval lies below its threshold as a whole. The thresholds are in hivis.toml:\n  [review]\n  target = 0.8\n  change_below = 0.6\n  switch_below = 0.4\n  alert_below = 0.7"
    )]
    Rates,
    /// How far reviewers say the same of pictures that two looked at: share and Cohen's kappa.
    #[command(after_help = "Example:\n  hivis review agreement --json")]
    Agreement,
    /// Queue what most needs a person's eye, as far as the week has room. The night does it by itself.
    #[command(after_help = "Example:\n  hivis review fill")]
    Fill,
}

/// `hivis review list`
#[derive(Debug, Args)]
pub struct ListReviewsArgs {
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// Settled and skipped ones too.
    #[arg(long)]
    pub all: bool,
}

/// Who looks.
#[derive(Debug, Clone, Args)]
pub struct ReviewerArgs {
    /// Who looks [default: review.reviewer, else the user's name].
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `hivis review next`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis review next --picture /tmp/look.jpg\n  hivis review next --as anna --json\n\nAn image viewer that reloads a changed file shows each picture of the loop by itself."
)]
pub struct NextArgs {
    /// Who looks.
    #[command(flatten)]
    pub reviewer: ReviewerArgs,
    /// Write the picture here, over what was there.
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
}

/// Which review.
#[derive(Debug, Args)]
pub struct WhichReview {
    /// The review's number, or the beginning of the picture's SHA-256.
    pub id: String,
    /// Who looks.
    #[command(flatten)]
    pub reviewer: ReviewerArgs,
    /// In words.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// `hivis review accept`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis review accept 12\n  hivis review accept 3f9c81d0 --label roadwork --as anna"
)]
pub struct AcceptArgs {
    /// Which, and who.
    #[command(flatten)]
    pub which: WhichReview,
    /// What it shows [default: what its generator was asked for].
    #[arg(long, value_enum)]
    pub label: Option<LabelWord>,
}

/// `hivis review reject`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hivis review reject 12 --reason artefact --note \"the cone has two tips\"")]
pub struct RejectArgs {
    /// Which, and who.
    #[command(flatten)]
    pub which: WhichReview,
    /// Why: equipment, light, context, artefact or label.
    #[arg(long, value_enum)]
    pub reason: ReasonWord,
}

/// `hivis review skip`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hivis review skip 12")]
pub struct SkipArgs {
    /// Which, and who.
    #[command(flatten)]
    pub which: WhichReview,
}

/// `hivis review undo`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hivis review undo\n  hivis review undo 12 --force")]
pub struct UndoArgs {
    /// On which review [default: the one that you decided last].
    pub id: Option<String>,
    /// Who undoes.
    #[command(flatten)]
    pub reviewer: ReviewerArgs,
    /// Take the last decision on that review, whoever made it.
    #[arg(long, requires = "id")]
    pub force: bool,
}

/// Labels in the subnet's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LabelWord {
    /// There is roadwork.
    Roadwork,
    /// There is none.
    #[value(alias = "clear")]
    None,
}

impl From<LabelWord> for Label {
    fn from(word: LabelWord) -> Self {
        match word {
            LabelWord::Roadwork => Self::Roadwork,
            LabelWord::None => Self::Clear,
        }
    }
}

/// Reasons of a reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReasonWord {
    /// Machines, signs or people at work are wrong or impossible.
    Equipment,
    /// Light or shadows are wrong.
    Light,
    /// It does not fit the street, the weather or the scene.
    Context,
    /// Marks of the generator, of compression or of a watermark.
    Artefact,
    /// It does not show what it was labelled or asked to show.
    Label,
}

impl From<ReasonWord> for hivis_store::ReviewReason {
    fn from(word: ReasonWord) -> Self {
        match word {
            ReasonWord::Equipment => Self::Equipment,
            ReasonWord::Light => Self::Light,
            ReasonWord::Context => Self::Context,
            ReasonWord::Artefact => Self::Artefact,
            ReasonWord::Label => Self::Label,
        }
    }
}
