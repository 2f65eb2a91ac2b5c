//! `hivis console ...`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hivis_console::Role;

/// `hivis console ...`
#[derive(Debug, Subcommand)]
pub enum ConsoleVerb {
    /// Accounts of people. With the first one the page asks everybody to log in, on this computer too.
    #[command(subcommand)]
    User(UserVerb),
    /// Tokens of scripts, and of Prometheus.
    #[command(subcommand)]
    Token(TokenVerb),
}

/// `hivis console user ...`
#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// Make an account.
    Add(UserAddArgs),
    /// Who has an account, and what each may do.
    #[command(after_help = "Example:\n  hivis console user list --json")]
    List,
    /// Remove an account; its sessions end at once.
    #[command(after_help = "Example:\n  hivis console user remove anna")]
    Remove {
        /// The account's name.
        name: String,
    },
    /// Give an account another password; its sessions end at once.
    Password(UserPasswordArgs),
}

/// `hivis console user add`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis console user add anna --role reviewer                      # asks for the password twice\n  hivis console user add anna --role operator --password-file pw\n  pass show hivis | hivis console user add anna --role operator\n\nA password is never taken from the command line, which other users see. At least 10 characters."
)]
pub struct UserAddArgs {
    /// The account's name.
    pub name: String,
    /// What it may do.
    #[arg(long, value_enum)]
    pub role: RoleName,
    /// The new password.
    #[command(flatten)]
    pub password: NewPasswordArgs,
}

/// `hivis console user password`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hivis console user password anna")]
pub struct UserPasswordArgs {
    /// The account's name.
    pub name: String,
    /// The new password.
    #[command(flatten)]
    pub password: NewPasswordArgs,
}

/// Where a new password comes from.
#[derive(Debug, Default, Clone, Args)]
pub struct NewPasswordArgs {
    /// A file whose first line is the password, - for standard input [default: it is asked for twice on a terminal, else
    /// standard input's first line].
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `hivis console token ...`
#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// Make a token; it is printed once and kept nowhere.
    Create(TokenCreateArgs),
    /// Which tokens there are, and until when.
    #[command(after_help = "Example:\n  hivis console token list")]
    List,
    /// Refuse a token from now on.
    #[command(after_help = "Example:\n  hivis console token revoke night-job")]
    Revoke {
        /// The token's name.
        name: String,
    },
}

/// `hivis console token create`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis console token create night-job --role reviewer --days 90\n  hivis console token create prometheus --role viewer --days 365 > /etc/prometheus/hivis.token\n\nA request carries it as `Authorization: Bearer TOKEN`; for Prometheus:\n  authorization: { credentials_file: /etc/prometheus/hivis.token }"
)]
pub struct TokenCreateArgs {
    /// Its name, which decisions and the audit log carry.
    pub name: String,
    /// What it may do.
    #[arg(long, value_enum)]
    pub role: RoleName,
    /// How long it holds.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
}

/// Roles by name; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Looks.
    Viewer,
    /// Decides on pictures.
    Reviewer,
    /// Promotes, rolls back, acknowledges.
    Operator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Reviewer => Self::Reviewer,
            RoleName::Operator => Self::Operator,
        }
    }
}
