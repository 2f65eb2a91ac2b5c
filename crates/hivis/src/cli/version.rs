//! `hivis data version ...`, `hivis data fsck`, `hivis data gc`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `hivis data version ...`
#[derive(Debug, Subcommand)]
pub enum VersionVerb {
    /// Cut a version of everything that the home could train on.
    #[command(
        after_help = "Examples:\n  hivis data version create --message \"night pictures\"\n  hivis data version create --dry-run\n  hivis data version create --add ./streets\n\nThe number goes up by what changed. Major: labels of pictures that were there, their part, or the columns, or pictures\nthat are judged on (tune, exam, test) went: figures of before and after do not compare. Minor: pictures were added.\nPatch: anything else. --bump overrides it."
    )]
    Create(VersionCreateArgs),
    /// All versions, newest first.
    #[command(after_help = "Example:\n  hivis data version list --json")]
    List,
    /// What a version holds, and what it changed.
    #[command(after_help = "Examples:\n  hivis data version show latest\n  hivis data version show v1.2.0 --json")]
    Show {
        /// A name (v1.2.3-20261126), a number (v1.2.3), or `latest`.
        #[arg(value_name = "NAME", default_value = "latest")]
        name: String,
    },
    /// What differs between two versions.
    #[command(after_help = "Example:\n  hivis data version diff v1.0.0 latest")]
    Diff {
        /// The older one.
        #[arg(value_name = "A")]
        a: String,
        /// The newer one.
        #[arg(value_name = "B")]
        b: String,
    },
    /// Write a version to a folder: metadata.jsonl and pictures/, every SHA-256 checked.
    #[command(
        after_help = "Examples:\n  hivis data version checkout latest ./data\n  hivis data version checkout v1.2.0 ./data --link hardlink\n\nHugging Face's imagefolder and FiftyOne read the folder as it is. A hard link is the recording itself: whoever writes\nthrough it damages the recording."
    )]
    Checkout(VersionCheckoutArgs),
    /// Cut a new version with the content of an older one.
    #[command(after_help = "Example:\n  hivis data version rollback v1.2.0 --message \"the new labels were wrong\"")]
    Rollback {
        /// The older one.
        #[arg(value_name = "NAME")]
        name: String,
        /// Say what would be cut, and leave everything as it is.
        #[arg(long)]
        dry_run: bool,
        /// What to say of it.
        #[arg(long, value_name = "TEXT", default_value = "")]
        message: String,
    },
    /// Take over what you changed in the repository with `dvc add data` and a commit, and cut a version of it.
    #[command(
        after_help = "Example:\n  cd ~/.local/share/hivis/dataset && git checkout main && dvc checkout\n  (change data/pictures and data/metadata.jsonl) && dvc add data && git commit -am \"my streets\"\n  hivis data version adopt\n\nNew pictures come in with the label of their line, pictures that are gone stay out of versions from now on, and labels\nthat you changed count as a person's."
    )]
    Adopt {
        /// Say what would be taken over, and leave everything as it is.
        #[arg(long)]
        dry_run: bool,
        /// What to say of the version.
        #[arg(long, value_name = "TEXT", default_value = "")]
        message: String,
    },
    /// Send versions to a folder or to S3, laid out as a remote of DVC: only what is missing there.
    #[command(
        after_help = "Examples:\n  hivis data version push s3://bucket/streets\n  hivis data version push /mnt/backup/streets --only latest\n\nCredentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; AWS_ENDPOINT_URL names another server than Amazon's.\n`dvc remote add -d streets s3://bucket/streets` and `dvc pull` read the same place."
    )]
    Push {
        /// `s3://BUCKET/PREFIX`, or a folder [default: versions.remote].
        #[arg(value_name = "REMOTE")]
        remote: Option<String>,
        /// Only this version.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Bring versions and lost pictures from a remote, every byte checked.
    #[command(
        after_help = "Example:\n  AWS_ENDPOINT_URL=https://s3.example.com hivis data version pull s3://bucket/streets"
    )]
    Pull {
        /// `s3://BUCKET/PREFIX`, or a folder [default: versions.remote].
        #[arg(value_name = "REMOTE")]
        remote: Option<String>,
    },
    /// Make the repository anew of the ledger; the old one's history is put aside.
    #[command(after_help = "Example:\n  hivis data version rebuild")]
    Rebuild,
}

/// `hivis data version create`
#[derive(Debug, Args)]
pub struct VersionCreateArgs {
    /// Say what would be cut, and leave everything as it is.
    #[arg(long)]
    pub dry_run: bool,
    /// Which part of the number goes up [default: by what changed].
    #[arg(long, value_enum)]
    pub bump: Option<BumpName>,
    /// What to say of it, in the change log and the commit.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub message: String,
    /// Make no split: then no picture is decoded. What had a part keeps it, what is new has none.
    #[arg(long)]
    pub no_split: bool,
    /// Bring this folder in first, as `import dataset` knows them, as fast as the disk takes it.
    #[arg(long, value_name = "FOLDER", conflicts_with = "dry_run")]
    pub add: Option<PathBuf>,
}

/// Parts of a version's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BumpName {
    /// Figures of before and after do not compare.
    Major,
    /// Pictures were added.
    Minor,
    /// Anything else.
    Patch,
}

/// `hivis data version checkout`
#[derive(Debug, Args)]
pub struct VersionCheckoutArgs {
    /// A name, a number, or `latest`.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The folder: empty, or not there yet.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// How files are made [default: versions.link].
    #[arg(long, value_enum)]
    pub link: Option<LinkName>,
}

/// Kinds of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LinkName {
    /// A second name of the same bytes.
    Hardlink,
    /// A copy that shares its blocks (Btrfs, XFS).
    Reflink,
    /// Bytes of its own.
    Copy,
}

/// `hivis data fsck`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis data fsck\n  hivis data fsck --repair\n\nDVC trusts a file's name; this reads every byte. The exit code is 0 when nothing is wrong, 1 otherwise."
)]
pub struct DataFsckArgs {
    /// Make again what can be made: links, tables, tags, and recordings of which the cache has a good copy.
    #[arg(long)]
    pub repair: bool,
}

/// `hivis data gc`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis data gc --dry-run\n  hivis data gc --keep 5\n\nNo recording is ever removed, and no version that a release, an exam or a training names."
)]
pub struct DataGcArgs {
    /// Keep so many of the newest [default: versions.keep].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep: Option<u32>,
    /// Say what would go, and leave everything as it is.
    #[arg(long)]
    pub dry_run: bool,
}
