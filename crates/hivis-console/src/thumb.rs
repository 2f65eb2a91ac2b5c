//! `/records/{id}/thumb`, `/pictures/{sha256}/thumb`: pictures small enough for a table, made once.
//!
//! A thumbnail is a JPEG of at most 112 x 112 that we encode ourselves, so nothing of a stranger's bytes reaches the page.
//! Two are made at a time, on threads that may block; what is made stays in memory up to 16 MiB, the oldest goes first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hivis_image::DecodeLimits;
use hivis_store::{Md5, ObjectId};
use hivis_types::RecordId;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::Panel;

/// The longer side, pixels: 56 on the page, on a screen of twice the density.
const SIDE: u32 = 112;
/// Bytes of thumbnails that stay in memory.
const KEPT: usize = 16 << 20;
/// Made at once.
const AT_ONCE: usize = 2;
/// Whoever waits for a place behind so many others is told to come again.
const WAITING: usize = 64;
/// The row of an answer that was just given is written within this time.
const WRITTEN: Duration = Duration::from_secs(2);
/// The ledger is asked this often meanwhile.
const AGAIN: Duration = Duration::from_millis(100);

/// Thumbnails that were made; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Thumbs {
    kept: Arc<Mutex<Kept>>,
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    by_id: HashMap<ObjectId, Arc<[u8]>>,
    oldest: VecDeque<ObjectId>,
}

impl Kept {
    fn take(&mut self, id: ObjectId, made: Arc<[u8]>, most: usize) {
        self.bytes += made.len();
        if let Some(before) = self.by_id.insert(id, made) {
            self.bytes -= before.len();
        } else {
            self.oldest.push_back(id);
        }
        while self.bytes > most {
            let Some(gone) = self.oldest.pop_front().and_then(|id| self.by_id.remove(&id)) else { break };
            self.bytes -= gone.len();
        }
    }
}

impl Thumbs {
    pub(crate) fn new() -> Self {
        let places = |n| Arc::new(Semaphore::new(n));
        Self { kept: Arc::default(), places: places(AT_ONCE), waiting: places(WAITING) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, id: ObjectId) -> Option<Arc<[u8]>> {
        self.kept().by_id.get(&id).cloned()
    }

    /// The thumbnail; 404 where the picture is gone or none, 503 where too many wait.
    async fn of(&self, panel: &Panel, picture: (ObjectId, Md5)) -> Result<Arc<[u8]>, StatusCode> {
        if let Some(known) = self.known(picture.0) {
            return Ok(known);
        }
        let Ok(_waiting) = self.waiting.try_acquire() else { return Err(StatusCode::SERVICE_UNAVAILABLE) };
        let Ok(_place) = self.places.acquire().await else { return Err(StatusCode::SERVICE_UNAVAILABLE) };
        // Somebody else may have made it while we waited.
        if let Some(known) = self.known(picture.0) {
            return Ok(known);
        }
        let bytes = panel.ledger.picture_bytes(picture).await.map_err(|error| {
            tracing::debug!(%error, "a picture cannot be shown");
            StatusCode::NOT_FOUND
        })?;
        let made = tokio::task::spawn_blocking(move || shrunk(&bytes)).await;
        let made: Arc<[u8]> = made.ok().flatten().ok_or(StatusCode::NOT_FOUND)?.into();
        self.kept().take(picture.0, Arc::clone(&made), KEPT);
        Ok(made)
    }
}

/// A small JPEG; `None` of what is no picture.
fn shrunk(bytes: &[u8]) -> Option<Vec<u8>> {
    let decoded = hivis_image::decode(bytes, &DecodeLimits::default()).ok()?;
    let (width, height) = (decoded.picture.width(), decoded.picture.height());
    let longest = width.max(height);
    if longest <= SIDE {
        return Some(hivis_image::encode_jpeg(&decoded.picture));
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longest)).max(1) as u32;
    let small = hivis_image::resize_bilinear(&decoded.picture, scaled(width), scaled(height));
    Some(hivis_image::encode_jpeg(&small))
}

fn shown(made: Result<Arc<[u8]>, StatusCode>) -> Response {
    match made {
        Ok(bytes) => {
            let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400")];
            (headers, bytes.to_vec()).into_response()
        }
        Err(status) => status.into_response(),
    }
}

/// `GET /records/{id}/thumb`; of an answer that was just given, once its row is written.
pub(crate) async fn of_record(
    State(panel): State<Panel>,
    Extension(thumbs): Extension<Thumbs>,
    Path(id): Path<uuid::Uuid>,
) -> Response {
    let made_s = id.get_timestamp().map_or(0, |time| time.to_unix().0);
    let age = Timestamp::now().as_second().saturating_sub(i64::try_from(made_s).unwrap_or(0));
    let tries = if age <= 5 { WRITTEN.as_millis() / AGAIN.as_millis() } else { 0 };
    for left in (0..=tries).rev() {
        match panel.ledger.picture_of(RecordId(id)).await {
            Ok(Some(picture)) => return shown(thumbs.of(&panel, picture).await),
            Ok(None) if left > 0 => tokio::time::sleep(AGAIN).await,
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "the ledger could not be read for a thumbnail");
                break;
            }
        }
    }
    StatusCode::NOT_FOUND.into_response()
}

/// `GET /pictures/{sha256}/thumb`
pub(crate) async fn of_picture(
    State(panel): State<Panel>,
    Extension(thumbs): Extension<Thumbs>,
    Path(sha256): Path<String>,
) -> Response {
    let Some(id) = hash(&sha256) else { return StatusCode::BAD_REQUEST.into_response() };
    match panel.ledger.picture_here(id).await {
        Ok(Some(picture)) => shown(thumbs.of(&panel, picture).await),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::warn!(%error, "the ledger could not be read for a thumbnail");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// 64 hexadecimal digits as a hash.
fn hash(digits: &str) -> Option<ObjectId> {
    let pairs = digits.as_bytes().as_chunks::<2>();
    if pairs.0.len() != 32 || !pairs.1.is_empty() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(pairs.0) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(ObjectId(bytes))
}

#[cfg(test)]
mod tests {
    use hivis_types::Picture;

    use super::*;

    #[test]
    fn thumbnails_keep_their_shape_and_their_limit() {
        for (width, height, expected) in [(224, 224, (112, 112)), (640, 2, (112, 1)), (30, 50, (30, 50))] {
            let picture = Picture::new(width, height, vec![90; (3 * width * height) as usize]).expect("a picture");
            let made = shrunk(&hivis_image::encode_jpeg(&picture)).expect("a thumbnail");
            let back = hivis_image::decode(&made, &DecodeLimits::default()).expect("a picture").picture;
            assert_eq!((back.width(), back.height()), expected);
        }
        assert_eq!(shrunk(b"<svg onload=alert(1)>"), None);
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut kept = Kept::default();
        let id = |n: u8| ObjectId([n; 32]);
        for n in 0..5 {
            kept.take(id(n), vec![n; 10].into(), 30);
        }
        assert_eq!(kept.bytes, 30);
        assert!(!kept.by_id.contains_key(&id(1)) && kept.by_id.contains_key(&id(2)));
        // The same again is no other.
        kept.take(id(4), vec![9; 10].into(), 30);
        assert_eq!((kept.bytes, kept.by_id.len(), kept.oldest.len()), (30, 3, 3));
    }

    #[test]
    fn a_hash_has_64_digits() {
        assert_eq!(hash(&"aF".repeat(32)), Some(ObjectId([0xaf; 32])));
        for wrong in ["", "a", &"a".repeat(63), &"a".repeat(65), &"zz".repeat(32), &"é".repeat(32)] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
    }
}
