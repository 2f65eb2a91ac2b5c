//! Cosmos-Transfer2.5 as a command, and ffmpeg for its videos.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hivis_http::printable;
use serde_json::{Value, json};

use super::child::run as run_child;
use super::{CosmosSettings, NAME, Outcome, WHO, text};
use crate::GenerateError;
use crate::http::MOST_FILE;

/// Bytes of a log's end that are looked at.
const TAIL: usize = 4000;
/// ffmpeg takes a frame out of a short video in well under a second.
const FRAME: Duration = Duration::from_mins(1);

/// One run: spec and source into a folder of its own, the result out of it.
pub(super) async fn run(
    command: &[String],
    settings: &CosmosSettings,
    spec: &Value,
    source: &[u8],
) -> Result<Outcome, GenerateError> {
    let folder = folder()?;
    let (spec_file, picture, out) =
        (folder.path().join("spec.json"), folder.path().join("source.png"), folder.path().join("out"));
    let mut spec = spec.clone();
    spec["video_path"] = json!(picture);
    write(&picture, source)?;
    write(&spec_file, spec.to_string().as_bytes())?;
    fs_err::create_dir(&out).map_err(|source| GenerateError::File { path: out.clone(), source })?;
    let log = folder.path().join("log");
    let mut whole = command.to_vec();
    whole.extend(["-i".to_owned(), text(&spec_file), "-o".to_owned(), text(&out)]);
    let status = run_child(&whole, (&log, None), settings.timeout).await?;
    let said = tail(&log);
    if !status.success() {
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        return Err(GenerateError::Failed { who: WHO, why: printable(&format!("{status}: {last}")) });
    }
    for end in ["jpg", "png", "mp4"] {
        if let Some(bytes) = read(&out.join(format!("{NAME}.{end}")))? {
            return Ok(Outcome::File(bytes));
        }
    }
    Ok(if said.contains("Guardrail blocked") { Outcome::Blocked } else { Outcome::Nothing })
}

/// The first frame of a video, as PNG.
pub(super) async fn first_frame(settings: &CosmosSettings, video: &[u8]) -> Result<Vec<u8>, GenerateError> {
    let folder = folder()?;
    let (file, frame, log) = (folder.path().join("v.mp4"), folder.path().join("f.png"), folder.path().join("log"));
    write(&file, video)?;
    let arguments = [
        "-nostdin",
        "-loglevel",
        "error",
        "-i",
        &text(&file),
        "-frames:v",
        "1",
        "-f",
        "image2pipe",
        "-c:v",
        "png",
        "-",
    ]
    .map(str::to_owned);
    let mut command = vec![text(&settings.ffmpeg)];
    command.extend(arguments);
    let status = run_child(&command, (&log, Some(&frame)), FRAME.min(settings.timeout)).await?;
    match read(&frame)?.filter(|bytes| status.success() && !bytes.is_empty()) {
        Some(bytes) => Ok(bytes),
        None => Err(GenerateError::Failed { who: WHO, why: printable(&format!("ffmpeg: {}", tail(&log))) }),
    }
}

/// What can be said of a command without running it.
pub(super) fn there(command: &[String], ffmpeg: &Path) -> Result<Vec<String>, GenerateError> {
    let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let program = Path::new(&command[0]);
    if find(program).is_none() {
        return Err(GenerateError::Command { command: command[0].clone(), source: missing() });
    }
    let mut notes = vec!["the program is there; it was not run".to_owned()];
    if find(ffmpeg).is_none() {
        notes.push("ffmpeg is not: an answer that is a video cannot be read".to_owned());
    }
    Ok(notes)
}

/// The file of a program, as the shell would find it.
fn find(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn folder() -> Result<tempfile::TempDir, GenerateError> {
    let made = tempfile::Builder::new().prefix("hivis-cosmos-").tempdir();
    made.map_err(|source| GenerateError::File { path: std::env::temp_dir(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), GenerateError> {
    fs_err::write(path, bytes).map_err(|source| GenerateError::File { path: path.to_owned(), source })
}

/// A file that may be missing, but not too large.
fn read(path: &Path) -> Result<Option<Vec<u8>>, GenerateError> {
    let failed = |source| GenerateError::File { path: path.to_owned(), source };
    let Ok(found) = fs_err::metadata(path) else { return Ok(None) };
    if found.len() > MOST_FILE as u64 {
        return Err(GenerateError::Answer { who: WHO, why: format!("it has {} bytes", found.len()) });
    }
    fs_err::read(path).map(Some).map_err(failed)
}

fn tail(log: &Path) -> String {
    let bytes = fs_err::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL)..]).into_owned()
}
