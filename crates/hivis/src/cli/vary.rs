//! Flags of `hivis vary`.

use std::path::PathBuf;

use clap::Args;
use hivis_image::variation::Variation;

/// `hivis vary`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hivis vary ./roadwork ./roadwork-varied\n  hivis vary ./roadwork ./wet --kinds rain,night --each 2 --strength 0.4..1\n\nFOLDER has subfolders `roadwork` and `none`, or a metadata.csv with file_name,label. OUT gets pictures and metadata.jsonl, as exams, trainings and Hugging Face's imagefolder read them; a varied picture keeps the scene of its original, so that no split parts them."
)]
pub struct VaryArgs {
    /// Labelled pictures.
    pub folder: PathBuf,
    /// Where the varied pictures go: a folder that is empty or not there yet.
    pub out: PathBuf,
    /// Which variations: rain, fog, snow, night, glare, motion-blur, rotation, lens-dirt [default: all].
    #[arg(long, value_delimiter = ',', value_name = "KIND,...")]
    pub kinds: Vec<Variation>,
    /// Pictures that are made of each, with the variations in turn.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub each: u32,
    /// How strong, drawn evenly: from above 0 to 1, one number or LOW..HIGH.
    #[arg(long, default_value = "0.3..0.9", value_parser = strengths, value_name = "LOW..HIGH")]
    pub strength: (f32, f32),
    /// Seed of all choices.
    #[arg(long, default_value_t = 72)]
    pub seed: u64,
}

/// `0.5` or `0.3..0.9`.
fn strengths(text: &str) -> Result<(f32, f32), String> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<f32>().ok().filter(|&s| s > 0.0 && s <= 1.0);
    match (number(low), number(high)) {
        (Some(low), Some(high)) if low <= high => Ok((low, high)),
        _ => Err("a number above 0 and up to 1, or two such as 0.3..0.9".to_owned()),
    }
}
