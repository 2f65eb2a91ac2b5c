//! The path of one request, from its head to its answer.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use hivis_bittensor::wire::{self, Claim, ImageSynapse, Moment, Refusal, Target, Verified};
use hivis_types::{Caller, Hotkey, Label, Picture, Protocol, RecordedPicture, Silence};
use http::{HeaderValue, Request, Response, header, request::Parts};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::{
    batcher::{Batcher, Outcome, Place},
    body::{Held, NoBody, Room},
    decode::{Decoders, Job, Seen},
    desk::Desk,
    event,
    judge::Verdict,
    record::Unknown,
    story::{Arrival, Asker, Story},
};

/// Bytes of something unknown that are kept.
const SAMPLE: usize = 64 << 10;

/// Where requests are answered: the desk, and the machines of one run.
pub(crate) struct Floor {
    desk: Arc<Desk>,
    line: Batcher<Arc<Picture>, Verdict>,
    decoders: Decoders,
    room: Room,
    /// What the engine sees when the bench does not decode.
    grey: Arc<Picture>,
}

/// What a challenge comes to: a number, or a reason why there is none and the status that goes with it.
#[derive(Clone, Copy)]
struct End {
    status: u16,
    prediction: f32,
    silence: Option<Silence>,
}

impl End {
    fn answer(prediction: f32) -> Self {
        Self { status: 200, prediction, silence: None }
    }

    /// 200 and -1: the challenge was let in and no judgement was made, or none that is sure enough.
    fn silent(silence: Silence) -> Self {
        Self { status: 200, prediction: -1.0, silence: Some(silence) }
    }

    fn refused(status: u16, silence: Silence) -> Self {
        Self { status, prediction: -1.0, silence: Some(silence) }
    }
}

impl From<NoBody> for End {
    fn from(no_body: NoBody) -> Self {
        match no_body {
            NoBody::TooLong => Self::refused(413, Silence::TooManyBytes),
            NoBody::TooSlow => Self::refused(408, Silence::SlowBody),
            NoBody::NoRoom => Self::refused(503, Silence::Overloaded),
        }
    }
}

/// The refusal that goes with an end other than 200.
fn refusal(end: End) -> Refusal {
    let text = match end.silence {
        Some(Silence::SlowBody) => "The request body is too slow.",
        Some(Silence::TooManyBytes) => "The request body is too large.",
        Some(Silence::Draining) => "Shutting down.",
        _ => "Too busy.",
    };
    Refusal::new(end.status, end.silence.map_or("refused", Silence::as_str), text)
}

/// Who knocked, and when.
#[derive(Clone, Copy)]
struct Guest {
    arrival: Arrival,
    peer: SocketAddr,
}

impl Guest {
    fn moment(&self) -> Moment {
        let process_time_s = self.arrival.at.elapsed().as_secs_f64();
        Moment { peer: self.peer, now_ns: self.arrival.unix_ns(), process_time_s }
    }
}

/// A verified caller's question and until when it wants the answer: what a permit and a signature buy.
struct Question<'a> {
    claim: &'a Claim,
    guest: Guest,
    priority: f64,
    deadline: Instant,
    story: Story<'a>,
}

impl Floor {
    pub(crate) fn new(desk: Arc<Desk>, line: Batcher<Arc<Picture>, Verdict>, decoders: Decoders) -> Self {
        let limits = &desk.settings.limits;
        let room = Room::new(limits.all_body_bytes, limits.body_bytes);
        Self { desk, line, decoders, room, grey: Arc::new(Picture::filled(224, 224, [128; 3])) }
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Answers one request. Never fails: whatever is wrong has a status.
    pub(crate) async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let guest = Guest { arrival: Arrival::now(), peer };
        let (head, body) = request.into_parts();
        let response = match wire::parse_headers(&head.method, &head.uri, &head.headers) {
            Ok(claim) => match self.received(&head, body, &claim, guest).await {
                Ok(response) => response,
                Err(refusal) => self.refuse(Some(&claim), &refusal, guest),
            },
            Err(refusal) => {
                self.unknown_synapse(&head, &refusal);
                self.refuse(None, &refusal, guest)
            }
        };
        response.map(Full::new)
    }

    /// From a claimed caller to an answer; an error is the refusal of one who was not verified.
    async fn received(
        &self,
        head: &Parts,
        body: Incoming,
        claim: &Claim,
        guest: Guest,
    ) -> Result<Response<Bytes>, Refusal> {
        wire::precheck(claim, &self.desk.own, guest.arrival.unix_ns())?;
        // A hotkey that is missing or no address has no permit to look up; verifying says what it is (401).
        let stake = match claim.hotkey() {
            Some(hotkey) => self.desk.permits.load().stake(hotkey).ok_or_else(Refusal::not_permitted)?,
            None => 0.0,
        };
        let _in_flight = self.desk.pulse.enter();
        let until = guest.arrival.at + self.desk.settings.limits.body_time;
        match claim.protocol() {
            Protocol::Axon => {
                let verified = self.desk.verify(claim, &guest.arrival, None)?;
                let mut question = self.question(claim, verified, guest, stake);
                // Who would miss the deadline is told before the body is read: most of what a refusal costs.
                if claim.target() == Target::Image
                    && let Err(why) = self.line.foresee(question.priority, self.until(&question)).await
                {
                    event::shed(why);
                    let end = self.shed();
                    let response = self.ended(question, None, end);
                    return Ok(if self.room.pass_by(body).await { response } else { closing(response) });
                }
                let body = self.room.read(body, until).await;
                question.story.timings.body_us = guest.arrival.elapsed_us() - question.story.timings.verify_us;
                Ok(self.replied(head, body, question).await)
            }
            Protocol::Btauth => {
                // Its signature covers the body: until that is here the caller is only permitted, and not recorded.
                let body = self.room.read(body, until).await;
                let body = body.map_err(|no_body| refusal(End::from(no_body)))?;
                let body_us = guest.arrival.elapsed_us();
                let verified = self.desk.verify(claim, &guest.arrival, Some(&body.bytes))?;
                let mut question = self.question(claim, verified, guest, stake);
                question.story.timings.body_us = body_us;
                question.story.timings.verify_us -= body_us.min(question.story.timings.verify_us);
                Ok(self.replied(head, Ok(body), question).await)
            }
        }
    }

    /// What a verified caller asked, as far as the head tells.
    fn question<'a>(&'a self, claim: &'a Claim, verified: Verified, guest: Guest, stake: f64) -> Question<'a> {
        let settings = &self.desk.settings;
        let own = guest.arrival.at + settings.deadline;
        // NaN is no timeout; a negative one leaves no time at all.
        let theirs = verified.timeout_s.filter(|timeout| !timeout.is_nan()).map(|timeout| {
            let timeout = Duration::from_secs_f64(timeout.clamp(0.0, 1e6));
            guest.arrival.at + timeout.saturating_sub(settings.margin)
        });
        let deadline = theirs.map_or(own, |theirs| theirs.min(own));
        let timeout_s = verified.timeout_s;
        let protocol = verified.protocol;
        let caller = Caller {
            hotkey: verified.hotkey,
            peer: guest.peer.to_string(),
            uuid: verified.uuid,
            nonce: verified.nonce,
            version: verified.version,
            stake,
        };
        let mut story = Story::new(&self.desk, guest.arrival, Asker { caller, protocol, timeout_s });
        story.timings.verify_us = guest.arrival.elapsed_us();
        Question { claim, guest, priority: stake, deadline, story }
    }

    /// From a verified caller's body to the response.
    async fn replied(&self, head: &Parts, body: Result<Held, NoBody>, mut question: Question<'_>) -> Response<Bytes> {
        let claim = question.claim;
        let body = match body {
            Ok(body) => body,
            Err(no_body) => return closing(self.ended(question, None, End::from(no_body))),
        };
        let mut synapse = match wire::parse_body(claim, &head.headers, &body.bytes) {
            Ok(synapse) => synapse,
            Err(refusal) => {
                let Question { guest, mut story, .. } = question;
                story.notes.push(refusal.message.clone());
                story.tell(refusal.status, -1.0, Some(Silence::BadBody));
                return self.desk.voice.refusal_response(&refusal, Some(claim), &guest.moment());
            }
        };
        if let Some(note) = synapse.notes.first() {
            let name = note.strip_prefix("unknown field ").unwrap_or(note);
            self.unknown("field", name, question.story.hotkey(), &body.bytes);
        }
        // The text was copied out of it; the room is for others now.
        drop(body);
        if claim.target() == Target::Ping {
            let Question { guest, story, .. } = question;
            story.pinged();
            return self.desk.voice.success_response(claim, &synapse, -1.0, &guest.moment());
        }
        question.story.notes.append(&mut synapse.notes);
        question.story.label = Label::from_wire(synapse.testnet_label);
        let end = match synapse.image.take().filter(|image| !image.is_empty()) {
            Some(image) => self.judge(image, &mut question).await,
            None => End::silent(Silence::NoImage),
        };
        self.ended(question, Some(&synapse), end)
    }

    /// When the question must have its answer: a drain may begin at any time.
    fn until(&self, question: &Question<'_>) -> Instant {
        self.desk.drain_until().map_or(question.deadline, |end| end.min(question.deadline))
    }

    /// Tells the story and makes the response.
    fn ended(&self, question: Question<'_>, synapse: Option<&ImageSynapse>, end: End) -> Response<Bytes> {
        let Question { claim, guest, story, .. } = question;
        story.tell(end.status, end.prediction, end.silence);
        match synapse {
            Some(synapse) if end.status == 200 => {
                self.desk.voice.success_response(claim, synapse, f64::from(end.prediction), &guest.moment())
            }
            _ => self.desk.voice.refusal_response(&refusal(end), Some(claim), &guest.moment()),
        }
    }

    /// Counts something unknown and offers its sample.
    fn unknown(&self, what: &'static str, name: &str, caller: Option<&Hotkey>, sample: &[u8]) {
        let Some(caller) = caller else { return };
        event::unknown(what, name, caller);
        let name = name.chars().take(40).collect();
        let sample = Bytes::copy_from_slice(&sample[..sample.len().min(SAMPLE)]);
        self.desk.recorder.unknown(Unknown { what, name, caller: caller.clone(), sample });
    }

    /// An unknown path counts when whoever asks claims a permitted hotkey: scanners are no sign of a new protocol.
    fn unknown_synapse(&self, head: &Parts, refusal: &Refusal) {
        if refusal.kind != "unknown-synapse" {
            return;
        }
        let claimed =
            ["bt_header_dendrite_hotkey", "x-bittensor-hotkey"].iter().find_map(|name| head.headers.get(*name));
        let Some(hotkey) = claimed.and_then(|value| value.to_str().ok()).map(Hotkey::new) else { return };
        if self.desk.permits.load().stake(&hotkey).is_some() {
            let sample = format!("{} {}\n{:#?}\n", head.method, head.uri, head.headers);
            self.unknown("synapse", head.uri.path(), Some(&hotkey), sample.as_bytes());
        }
    }

    /// Refuses someone who was not verified.
    fn refuse(&self, claim: Option<&Claim>, refusal: &Refusal, guest: Guest) -> Response<Bytes> {
        event::refused(guest.peer, claim.map(Claim::protocol), refusal.status, refusal.kind);
        closing(self.desk.voice.refusal_response(refusal, claim, &guest.moment()))
    }

    /// From an `image` text to an end: a place in the line, pixels, a batch, scores.
    async fn judge(&self, image: String, question: &mut Question<'_>) -> End {
        let deadline = self.until(question);
        let story = &mut question.story;
        let mut place = match self.line.admit(question.priority, deadline).await {
            Ok(place) => place,
            Err(why) => {
                event::shed(why);
                return self.shed();
            }
        };
        let picture = match self.see(image, deadline, &mut place, story).await {
            Ok(picture) => picture,
            Err(end) => return end,
        };
        // Nothing that answers: the engine's thread would say the same a little later.
        if self.desk.models.current().is_none() {
            return End::silent(Silence::NoModel);
        }
        place.fill(picture);
        match place.outcome().await {
            Outcome::Done { output, trip } => match story.judged(output, trip) {
                Ok(probability) if probability.max(1.0 - probability) < self.desk.settings.silence_below => {
                    End::silent(Silence::Unsure)
                }
                Ok(probability) => End::answer(probability),
                Err(silence) => End::silent(silence),
            },
            lost => self.lost(lost, story),
        }
    }

    /// The picture of an `image` text, or the end that comes before there is one.
    async fn see(
        &self,
        image: String,
        deadline: Instant,
        place: &mut Place<Arc<Picture>, Verdict>,
        story: &mut Story<'_>,
    ) -> Result<Arc<Picture>, End> {
        let keep = self.desk.recorder.wants();
        if !self.desk.settings.decode {
            if keep {
                story.picture = hivis_image::challenge::from_base64(&image).map(undecoded);
            }
            return Ok(Arc::clone(&self.grey));
        }
        let input = self.desk.models.current().map(|loaded| loaded.engine.card().input);
        let seen = tokio::select! {
            biased;
            lost = place.outcome() => return Err(self.lost(lost, story)),
            seen = self.decoders.see(Job { image, input, deadline, keep }) => seen,
        };
        let Some(Seen { picture, recorded, notes, unknown, took }) = seen else {
            // The decoding threads did not look: its deadline has passed, or the line is longer than their queue.
            let end = if deadline <= Instant::now() { End::silent(Silence::Expired) } else { self.shed() };
            return Err(end);
        };
        story.timings.decode_us = took.as_micros() as u64;
        if unknown && let Some(recorded) = &recorded {
            let magic = recorded.bytes.iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
            self.unknown("media", &magic, story.hotkey(), &recorded.bytes);
        }
        story.picture = recorded;
        story.notes.extend(notes);
        picture.map_err(End::silent)
    }

    /// What comes of a place that was lost.
    fn lost(&self, outcome: Outcome<Verdict>, story: &mut Story<'_>) -> End {
        match outcome {
            Outcome::Expired => End::silent(Silence::Expired),
            Outcome::Displaced => self.shed(),
            Outcome::Failed(why) => {
                story.notes.push(why);
                End::silent(Silence::EngineFailed)
            }
            Outcome::Done { .. } => unreachable!("a place without a picture was judged: this is a bug"),
        }
    }

    fn shed(&self) -> End {
        let draining = self.desk.drain_until().is_some();
        End::refused(503, if draining { Silence::Draining } else { Silence::Overloaded })
    }
}

/// A response after which the connection closes, for part of the body may still be on its way.
fn closing(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A picture that was not looked at.
fn undecoded(bytes: Vec<u8>) -> RecordedPicture {
    RecordedPicture { bytes, media: "application/octet-stream".to_owned(), width: 0, height: 0, dhash: None }
}
