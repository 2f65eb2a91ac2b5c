//! Recorded pictures as a source of questions.

use anyhow::{Context, Result};
use hivis_examiner::{Library, LibraryPicture, PictureBytes};
use hivis_store::{Home, RecordFilter};
use hivis_types::{Origin, Picture};
use jiff::Timestamp;

use crate::failure::Hinted;

/// Records looked at in one page.
const PAGE: u32 = 500;

/// The labelled pictures of a home.
pub(crate) async fn labelled(home: &Home) -> Result<Library> {
    let mut found = Vec::new();
    let now = Timestamp::now();
    walk(home, &mut |record, bytes| {
        if let Some(label) = record.trusted_label {
            found.push(LibraryPicture {
                bytes: PictureBytes::Memory(bytes.into()),
                name: format!("record {}", record.record.id),
                label: label.label,
                origin: Origin::Real,
                scene: record.record.id.to_string(),
                slices: vec![format!("label:{}", label.source.as_str()), age(record.record.arrived, now)],
                trained_on: false,
            });
        }
        true
    })
    .await?;
    if found.is_empty() {
        let hint = "labels come with testnet challenges; use a folder or `scenes`";
        return Err(Hinted::new(format!("no record of {} has a label", home.path().display()), hint).into());
    }
    Ok(Library::new(home.path().display().to_string(), found))
}

/// How old a record is: streets change with the seasons, and so does what is asked.
fn age(arrived: Timestamp, now: Timestamp) -> String {
    let days = now.duration_since(arrived).as_hours() / 24;
    let name = match days {
        ..=0 => "day",
        1..=6 => "week",
        7..=30 => "month",
        _ => "older",
    };
    format!("age:{name}")
}

/// The newest pictures of a home that can be read, at most `count`.
pub(crate) async fn newest(home: &Home, count: usize) -> Result<Vec<Picture>> {
    let mut found = Vec::new();
    walk(home, &mut |_, bytes| {
        if let Ok(decoded) = hivis_image::decode(&bytes, &hivis_image::DecodeLimits::default()) {
            found.push(decoded.picture);
        }
        found.len() < count
    })
    .await?;
    Ok(found)
}

/// Newest first, every record whose picture is in the home, until `take` says false.
async fn walk(home: &Home, take: &mut (dyn FnMut(&hivis_store::StoredRecord, Vec<u8>) -> bool + Send)) -> Result<()> {
    let ledger = home.ledger().await?;
    let mut filter = RecordFilter { limit: PAGE, ..RecordFilter::default() };
    loop {
        let page = ledger.list(&filter).await?;
        let Some(last) = page.last().map(|r| r.record.id) else { return Ok(()) };
        for record in page {
            let story = ledger.story_of(record.record.id).await.context("a record cannot be read")?;
            let bytes = story.stored.record.picture.as_ref().map(|p| p.bytes.clone()).unwrap_or_default();
            if !bytes.is_empty() && !take(&record, bytes) {
                return Ok(());
            }
        }
        filter.before = Some(last);
    }
}
