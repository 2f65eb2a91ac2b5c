//! `bench versions`: a folder of small files never seen before becomes a version, against `dvc add` of the same folder; and
//! a checkout of it with the same kind of link.
//!
//! Cold means: a fresh copy of the files for each side and round, written by another process and synced, in a home, a
//! repository and a cache that are empty. The files' pages are still in memory for both, unless the machine lets us drop
//! them (`--drop`, as root).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rand::RngCore as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::overload::verdict;
use crate::peer;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program.
    #[arg(long, default_value = "target/release/hivis")]
    hivis: PathBuf,
    /// The virtual environment with DVC [default: as `cargo xtask peers` makes it].
    #[arg(long)]
    dvc: Option<PathBuf>,
    /// Files of the folder.
    #[arg(long, default_value_t = 100_000)]
    files: u64,
    /// Bytes of each.
    #[arg(long, default_value_t = 4096)]
    bytes: usize,
    /// Rounds; each side begins one half of them.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Drop the page cache before each measurement (needs root).
    #[arg(long)]
    drop: bool,
    /// Where to work: it needs three times the bytes of all files.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Seconds of one round.
#[derive(Default)]
struct Times {
    cut: Vec<f64>,
    add: Vec<f64>,
    /// Checkouts by kind of link: ours, DVC's.
    out: [(Vec<f64>, Vec<f64>); 2],
}

const LINKS: [&str; 2] = ["hardlink", "copy"];

pub(crate) fn run(args: &Args) -> Result<()> {
    let hivis = fs_err::canonicalize(&args.hivis)?;
    let dvc = match &args.dvc {
        Some(venv) => Some(venv.join("bin/dvc")),
        None => hivis_testbed::peers::environment("dvc").map(|venv| venv.join("bin/dvc")),
    };
    let root = match &args.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    println!("{}", peer::machine());
    println!("{} files of {} bytes, {} rounds\n", args.files, args.bytes, args.rounds);
    let mut times = Times::default();
    for round in 0..args.rounds {
        let folder = root.path().join(format!("round-{round}"));
        fs_err::create_dir(&folder)?;
        for ours in if round % 2 == 0 { [true, false] } else { [false, true] } {
            if ours {
                self::ours(args, &hivis, &folder, &mut times)?;
            } else if let Some(dvc) = &dvc {
                theirs(args, dvc, &folder, &mut times)?;
            }
        }
        fs_err::remove_dir_all(&folder)?;
    }
    println!("| what | hivis, s | DVC, s | DVC / hivis |");
    println!("|---|---|---|---|");
    let row = |what: &str, ours: &[f64], theirs: &[f64]| {
        let (ours, theirs) = (peer::median(ours), peer::median(theirs));
        println!("| {what} | {ours:.2} | {theirs:.2} | {:.2} |", theirs / ours);
        theirs / ours
    };
    let mut ratios = vec![row("version of new files, `dvc add`", &times.cut, &times.add)];
    for (link, (ours, theirs)) in LINKS.iter().zip(&times.out) {
        ratios.push(row(&format!("checkout by {link}, SHA-256 checked by hivis alone"), ours, theirs));
    }
    let ahead = ratios.iter().all(|ratio| *ratio > 1.0);
    println!("\n- ahead in each: {}", verdict(ahead));
    Ok(())
}

/// Cuts, then checks out.
fn ours(args: &Args, hivis: &Path, folder: &Path, times: &mut Times) -> Result<()> {
    let (home, streets) = (folder.join("home"), folder.join("streets"));
    write(args, &streets)?;
    settle(args)?;
    let version = |rest: &[&str]| {
        let mut command = Command::new(hivis);
        command.arg("--home").arg(&home).args(["data", "version"]).args(rest).arg("--json");
        timed(command)
    };
    // Its first verb makes the home; that is no part of a cut.
    let mut first = Command::new(hivis);
    first.arg("--home").arg(&home).args(["import", "dataset"]).arg(seed(folder)?).arg("--json");
    timed(first)?;
    let path = streets.display().to_string();
    times.cut.push(version(&["create", "--no-split", "--add", &path])?);
    for (link, out) in LINKS.iter().zip(&mut times.out) {
        settle(args)?;
        let to = folder.join(format!("ours-{link}")).display().to_string();
        out.0.push(version(&["checkout", "latest", &to, "--link", link])?);
        fs_err::remove_dir_all(&to)?;
    }
    fs_err::remove_dir_all(&streets)?;
    Ok(fs_err::remove_dir_all(&home)?)
}

/// A data set of one picture, so that the home is there.
fn seed(folder: &Path) -> Result<PathBuf> {
    let seed = folder.join("seed");
    fs_err::create_dir_all(seed.join("none"))?;
    let grey = hivis_types::Picture::filled(32, 32, [90, 90, 90]);
    fs_err::write(seed.join("none/one.jpg"), hivis_image::encode_jpeg(&grey))?;
    Ok(seed)
}

/// `dvc add`, then `dvc checkout` of what was taken away.
fn theirs(args: &Args, dvc: &Path, folder: &Path, times: &mut Times) -> Result<()> {
    let repository = folder.join("repository");
    fs_err::create_dir(&repository)?;
    let call = |program: &Path, rest: &[&str]| {
        let mut command = Command::new(program);
        command.args(rest).current_dir(&repository);
        command.env("DVC_NO_ANALYTICS", "1").env("DVC_SITE_CACHE_DIR", folder.join("site"));
        timed(command)
    };
    call(Path::new("git"), &["init", "--quiet"])?;
    call(dvc, &["init", "--quiet"])?;
    write(args, &repository.join("data"))?;
    settle(args)?;
    times.add.push(call(dvc, &["add", "--quiet", "data"])?);
    for (link, out) in LINKS.iter().zip(&mut times.out) {
        call(dvc, &["config", "cache.type", link])?;
        fs_err::remove_dir_all(repository.join("data"))?;
        settle(args)?;
        out.1.push(call(dvc, &["checkout", "--quiet"])?);
    }
    Ok(fs_err::remove_dir_all(&repository)?)
}

/// The folder: class folders with noise that begins as a JPEG does, the same for both sides.
fn write(args: &Args, folder: &Path) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut bytes = vec![0; args.bytes.max(4)];
    for class in ["roadwork", "none"] {
        fs_err::create_dir_all(folder.join(class))?;
    }
    for n in 0..args.files {
        rng.fill_bytes(&mut bytes);
        bytes[..4].copy_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
        let class = if n % 2 == 0 { "roadwork" } else { "none" };
        fs_err::write(folder.join(class).join(format!("{n:06}.jpg")), &bytes)?;
    }
    Ok(())
}

/// What was written is on the disk, so that nobody pays for another's writes.
fn settle(args: &Args) -> Result<()> {
    timed(Command::new("sync"))?;
    if args.drop {
        fs_err::write("/proc/sys/vm/drop_caches", "3").context("only root may drop the page cache")?;
    }
    Ok(())
}

fn timed(mut command: Command) -> Result<f64> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let begin = Instant::now();
    let out = command.output().with_context(|| format!("{} does not start", command.get_program().display()))?;
    let seconds = begin.elapsed().as_secs_f64();
    if !out.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&out.stderr));
    }
    Ok(seconds)
}
