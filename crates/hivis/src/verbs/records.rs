//! `hivis records`: look at what was asked and answered.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_store::{ExportFormat, Ledger, PictureState, RecordFilter, SilenceFilter, StoredRecord, Story, TailFrom};
use hivis_types::{Hotkey, Label, RecordId};

use crate::cli::{Global, ListArgs, RecordsVerb};
use crate::failure::Hinted;
use crate::home;
use crate::table::table;

/// Runs one of the record verbs.
pub(crate) async fn run(global: &Global, verb: &RecordsVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    let ledger = home.ledger().await?;
    match verb {
        RecordsVerb::List(args) => list(global, &ledger, args).await?,
        RecordsVerb::Tail { limit, after } => tail(global, &ledger, *limit, after.as_deref()).await?,
        RecordsVerb::Show { id, picture } => show(global, &ledger, id, picture.as_deref()).await?,
        RecordsVerb::Export { file, since } => export(&ledger, file, *since).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(global: &Global, ledger: &Ledger, args: &ListArgs) -> Result<()> {
    let filter = RecordFilter {
        since: args.since,
        hotkey: args.hotkey.clone().map(Hotkey::new),
        silence: args.silent.then_some(SilenceFilter::Silent),
        limit: args.limit.clamp(1, 1000),
        ..RecordFilter::default()
    };
    let records = ledger.list(&filter).await?;
    if global.json {
        for record in &records {
            line(&serde_json::to_string(record)?)?;
        }
    } else if records.is_empty() {
        println!("no records yet");
    } else {
        let rows: Vec<_> = records.iter().map(row).collect();
        print!("{}", table(&["id", "UTC", "validator", "status", "answer", "ms"], &rows));
    }
    Ok(())
}

fn row(stored: &StoredRecord) -> Vec<String> {
    let record = &stored.record;
    vec![
        record.id.to_string(),
        record.arrived.strftime("%m-%d %H:%M:%S").to_string(),
        record.caller.hotkey.short().to_owned(),
        record.status.to_string(),
        record.silence.map_or_else(|| format!("{:.4}", record.prediction), |s| s.as_str().to_owned()),
        format!("{:.1}", record.timings.total_us as f64 / 1000.0),
    ]
}

/// Prints after the commit, so that what is printed is on disk.
async fn tail(global: &Global, ledger: &Ledger, limit: Option<u64>, after: Option<&str>) -> Result<()> {
    let from = match after {
        Some(text) => TailFrom::After(id(text)?),
        None => TailFrom::Now,
    };
    let mut tail = ledger.tail(from).await?;
    let mut printed = 0;
    while limit.is_none_or(|limit| printed < limit) {
        for record in tail.next().await? {
            let text = if global.json { serde_json::to_string(&record)? } else { row(&record).join("  ") };
            if !line(&text)? {
                return Ok(());
            }
            printed += 1;
            if limit == Some(printed) {
                break;
            }
        }
    }
    Ok(())
}

/// Prints one line; false when the reader (`head`, say) is gone.
fn line(text: &str) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("standard output cannot be written"),
    }
}

fn id(text: &str) -> Result<RecordId> {
    let parsed = text.parse().map(RecordId);
    parsed.map_err(|_| Hinted::new(format!("`{text}` is no record id"), "`hivis records list` prints ids").into())
}

async fn show(global: &Global, ledger: &Ledger, id: &str, picture: Option<&Path>) -> Result<()> {
    let story = ledger.story(id).await.with_context(|| format!("record {id} cannot be shown"))?;
    if global.json {
        line(&serde_json::to_string(&story)?)?;
    } else {
        print!("{}", told(&story));
    }
    if let Some(path) = picture {
        let bytes = story.stored.record.picture.as_ref().map(|p| p.bytes.as_slice()).unwrap_or_default();
        if bytes.is_empty() {
            let why = story.picture_trouble.unwrap_or_else(|| state(story.stored.picture_state));
            return Err(Hinted::new("the picture cannot be written", why).into());
        }
        fs_err::write(path, bytes)?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// One record as paragraphs: who asked, what came, what the model said, what was answered, where the time went.
fn told(story: &Story) -> String {
    let record = &story.stored.record;
    let mut lines = vec![
        format!("record     {}", record.id),
        format!("arrived    {}", record.arrived),
        format!(
            "validator  {} ({:.0} stake) from {}, protocol {}",
            record.caller.hotkey,
            record.caller.stake,
            record.caller.peer,
            if record.protocol == hivis_types::Protocol::Axon { "axon" } else { "btauth/1" }
        ),
    ];
    if let Some(p) = &record.picture {
        let hash = p.dhash.map_or_else(String::new, |h| format!(", dhash {h:016x}"));
        lines.push(format!(
            "picture    {} x {}, {}{hash}; {}",
            p.width,
            p.height,
            p.media,
            state(story.stored.picture_state)
        ));
    } else {
        lines.push(format!("picture    {}", state(story.stored.picture_state)));
    }
    for note in &record.notes {
        lines.push(format!("note       {note}"));
    }
    if let Some(j) = &record.judgement {
        lines.push(format!(
            "model      {} on {} {}: {:.6}, in a batch of {} that left {}",
            j.release,
            j.engine.as_str(),
            j.precision.as_str(),
            j.probability,
            j.batch,
            j.left.as_str()
        ));
    }
    let because = record.silence.map_or_else(String::new, |s| format!(" because: {}", s.as_str()));
    lines.push(format!("answer     {} with status {}{because}", record.prediction, record.status));
    for label in &story.labels {
        let name = if label.label == Label::Roadwork { "roadwork" } else { "clear" };
        lines.push(format!("label      {name}, says {} at {}", label.source.as_str(), label.at));
    }
    let t = record.timings;
    lines.push(format!(
        "time       {:.2} ms: verify {:.2}, body {:.2}, decode {:.2}, queue {:.2}, engine {:.2}",
        ms(t.total_us),
        ms(t.verify_us),
        ms(t.body_us),
        ms(t.decode_us),
        ms(t.queue_us),
        ms(t.engine_us)
    ));
    lines.join("\n") + "\n"
}

fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

fn state(state: PictureState) -> String {
    match state {
        PictureState::None => "none came".to_owned(),
        PictureState::Stored { bytes, sha256, .. } => format!("{bytes} bytes, sha256 {sha256}"),
        PictureState::Removed { at, .. } => format!("removed by retention at {at}"),
        PictureState::Dropped { reason, .. } => format!("never stored: {}", reason.as_str()),
    }
}

async fn export(ledger: &Ledger, file: &Path, since: Option<jiff::Timestamp>) -> Result<()> {
    let filter = RecordFilter { since, limit: 0, features: true, ..RecordFilter::default() };
    if file == Path::new("-") {
        ledger.export(&filter, ExportFormat::JsonLines, std::io::stdout()).await?;
        return Ok(());
    }
    let format = match file.extension().and_then(|e| e.to_str()) {
        Some("csv") => ExportFormat::Csv,
        Some("jsonl") => ExportFormat::JsonLines,
        _ => {
            return Err(Hinted::new(format!("{} has no ending that is known", file.display()), ".csv or .jsonl").into());
        }
    };
    let mut out = std::io::BufWriter::new(fs_err::File::create(file)?);
    let count = ledger.export(&filter, format, &mut out).await?;
    out.flush().with_context(|| format!("{} could not be written", file.display()))?;
    eprintln!("{count} records in {}", file.display());
    Ok(())
}
