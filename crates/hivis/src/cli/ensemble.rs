//! Flags of `hivis ensemble`.

use clap::Args;

use super::CalibrationName;

/// `hivis ensemble`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis ensemble large small nearest:large --id three\n  hivis ensemble large small nearest:large --weights 0.6,0.25,0.15 --id three\n\nMembers are runs of `hivis train` on the same pictures with the same split, on one backbone or on several; nearest:RUN lets the pictures that RUN learned from vote."
)]
pub struct EnsembleArgs {
    /// Runs, and nearest:RUN for the neighbours among its training pictures.
    #[arg(required = true, num_args = 2..=8, value_name = "MEMBER")]
    pub members: Vec<String>,
    /// The release's name [default: made of the time].
    #[arg(long)]
    pub id: Option<String>,
    /// Fixed weights in the members' order, above 0 with sum 1 [default: fitted on the tuning scenes].
    #[arg(long, value_delimiter = ',', value_name = "SHARE,...")]
    pub weights: Vec<f64>,
    /// How many neighbours vote.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub neighbours: u32,
    /// How the average becomes a probability.
    #[arg(long, value_enum, default_value = "temperature")]
    pub calibration: CalibrationName,
}
