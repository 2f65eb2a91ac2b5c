//! Base64 to pixels, on threads that may block.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use crossbeam_channel::{Receiver, Sender, bounded};
use hivis_image::{DecodeError, DecodeLimits, Decoded, challenge::from_base64};
use hivis_types::{Picture, RecordedPicture, Silence};
use tokio::{sync::oneshot, time::Instant};

use crate::{AxonSettings, ServeError};

/// One text to look at.
pub(crate) struct Job {
    /// The `image` field.
    pub(crate) image: String,
    /// The size that the engine takes; `None` leaves the picture as it is.
    pub(crate) input: Option<(u32, u32)>,
    /// Nobody waits for the answer after this.
    pub(crate) deadline: Instant,
    /// Whether the bytes are wanted for the record.
    pub(crate) keep: bool,
}

/// What was seen in it.
pub(crate) struct Seen {
    /// The picture in the engine's size, or why there is none.
    pub(crate) picture: Result<Arc<Picture>, Silence>,
    /// For the record, when it was asked for and there were bytes.
    pub(crate) recorded: Option<RecordedPicture>,
    /// What was odd.
    pub(crate) notes: Vec<String>,
    /// No header of a format that we read.
    pub(crate) unknown: bool,
    /// How long it took.
    pub(crate) took: Duration,
}

/// The way to the decoding threads. They end when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Decoders {
    jobs: Sender<(Job, oneshot::Sender<Seen>)>,
}

impl Decoders {
    /// Starts the threads `hivis-decode-0` and so on.
    pub(crate) fn start(settings: &AxonSettings) -> Result<Self, ServeError> {
        // Only who has a place in the batcher hands in a job, so this bound is never met; it is the second lock.
        let (jobs, inbox) = bounded(settings.queue.max(1));
        for number in 0..settings.decode_threads.max(1) {
            let name = format!("hivis-decode-{number}");
            let (inbox, limits) = (inbox.clone(), settings.picture);
            std::thread::Builder::new()
                .name(name.clone())
                .spawn(move || work(&inbox, &limits))
                .map_err(|source| ServeError::Thread { name, source })?;
        }
        Ok(Self { jobs })
    }

    /// Looks at one text; `None` when it was not looked at: too many wait, or its deadline had passed.
    pub(crate) async fn see(&self, job: Job) -> Option<Seen> {
        let (answer, seen) = oneshot::channel();
        self.jobs.try_send((job, answer)).ok()?;
        seen.await.ok()
    }
}

fn work(inbox: &Receiver<(Job, oneshot::Sender<Seen>)>, limits: &DecodeLimits) {
    for (job, answer) in inbox {
        if answer.is_closed() || job.deadline <= Instant::now() {
            continue;
        }
        // Whoever waited may have gone; then the picture is dropped with the answer.
        let _ = answer.send(see(&job, limits));
    }
}

fn see(job: &Job, limits: &DecodeLimits) -> Seen {
    let began = Instant::now();
    let nothing =
        |silence, notes| Seen { picture: Err(silence), recorded: None, notes, unknown: false, took: began.elapsed() };
    let Some(bytes) = from_base64(&job.image) else {
        return nothing(Silence::NotBase64, Vec::new());
    };
    // A decoder is fed by strangers: a panic in it costs this picture only.
    let decoded = std::panic::catch_unwind(AssertUnwindSafe(|| hivis_image::decode(&bytes, limits)));
    let unknown = matches!(decoded, Ok(Err(DecodeError::NotAPicture { .. })));
    let (picture, media, notes) = match decoded {
        Ok(Ok(Decoded { picture, media, notes })) => (Ok(picture), media.as_str(), notes),
        Ok(Err(error)) => (Err(silence(&error)), "application/octet-stream", vec![error.to_string()]),
        Err(_) => (
            Err(Silence::NotAPicture),
            "application/octet-stream",
            vec!["the decoder panicked: please report".to_owned()],
        ),
    };
    let recorded = job.keep.then(|| {
        let (width, height) = picture.as_ref().map_or((0, 0), |picture| (picture.width(), picture.height()));
        let dhash = picture.as_ref().ok().map(hivis_image::difference_hash);
        RecordedPicture { bytes, media: media.to_owned(), width, height, dhash }
    });
    let picture = picture.map(|picture| Arc::new(fitted(picture, job.input)));
    Seen { picture, recorded, notes, unknown, took: began.elapsed() }
}

/// The picture in the size that an engine takes.
fn fitted(picture: Picture, input: Option<(u32, u32)>) -> Picture {
    match input {
        Some((width, height)) if (picture.width(), picture.height()) != (width, height) => {
            hivis_image::resize_bilinear(&picture, width, height)
        }
        _ => picture,
    }
}

fn silence(error: &DecodeError) -> Silence {
    match error {
        DecodeError::TooManyBytes { .. } => Silence::TooManyBytes,
        DecodeError::TooManyPixels { .. } => Silence::TooManyPixels,
        _ => Silence::NotAPicture,
    }
}
