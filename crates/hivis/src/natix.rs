//! NATIX's server, where a miner says which model it serves: one request signed by the hotkey, then its status.
//!
//! Written after the subnet's own `register.sh`: the signature is over the text of `message`, `natix_public_key` is the
//! hotkey's ss58 address, and a status that is not told yet is waited for.

use std::time::Duration;

use anyhow::Result;
use hivis_bittensor::Keypair;
use hivis_http::{Broken, Retries, printable, retry_after, whole};
use hivis_store::{Ledger, Registration, RegistrationKey};
use jiff::Timestamp;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::config::NatixSettings;
use crate::failure::Hinted;

/// One request takes no longer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// An offset of the clocks from which on it is told: the header has whole seconds, and an answer takes some time.
const CLOCK: i64 = 5;
/// Tries of one request.
const TRIES: u32 = 4;
/// The longest wait that a server may ask for.
const LONGEST: Duration = Duration::from_mins(2);
/// Its answers are some words.
const MOST: usize = 1 << 20;

/// The server.
pub(crate) struct Natix {
    http: reqwest::Client,
    settings: NatixSettings,
    clock: fn() -> Timestamp,
}

/// What is registered.
pub(crate) struct Form<'a> {
    /// The ledger's number of the publication.
    pub(crate) publication: i64,
    /// The miner's uid on the chain.
    pub(crate) uid: u16,
    /// `OWNER/NAME`.
    pub(crate) repo: &'a str,
    /// Signs.
    pub(crate) hotkey: &'a Keypair,
}

/// What the status says.
enum Status {
    /// Nothing yet, or nothing of it.
    None,
    Working(String),
    Succeeded(String),
    Failed(String),
}

/// What came of one request.
type Trouble = hivis_http::Trouble<anyhow::Error>;

impl Natix {
    /// `clock` is asked at each signature.
    pub(crate) fn new(settings: NatixSettings, clock: fn() -> Timestamp) -> Result<Self> {
        let http = hivis_http::client(settings.reach).timeout(TIMEOUT).build()?;
        Ok(Self { http, settings, clock })
    }

    /// Registers, unless that was done: takes up what was sent before, and sends nothing that is under way.
    pub(crate) async fn register(&self, ledger: &Ledger, form: &Form<'_>) -> Result<Registration> {
        let server = self.settings.register();
        let key = RegistrationKey { publication: form.publication, server, uid: form.uid };
        let known = ledger.registration(&key).await?;
        if let Some(done) = known.as_ref().filter(|known| known.registered.is_some()) {
            return Ok(done.clone());
        }
        let mut now = match known {
            Some(known) => known,
            None => Registration { tried: (self.clock)(), accepted: None, registered: None, said: None },
        };
        let mut fresh = false;
        loop {
            if now.accepted.is_none() {
                self.accepted(ledger, form, (&key, &mut now)).await?;
                fresh = true;
            }
            match self.ended(form.uid).await? {
                Status::Succeeded(said) => {
                    (now.registered, now.said) = (Some((self.clock)()), Some(said));
                    ledger.note_registration(&key, &now).await?;
                    return Ok(now);
                }
                Status::Failed(said) => {
                    (now.accepted, now.said) = (None, Some(said.clone()));
                    ledger.note_registration(&key, &now).await?;
                    // What failed since an earlier run is tried once more.
                    if fresh {
                        let hint = "is the hotkey registered on the chain under that uid, and the repository public?";
                        return Err(
                            Hinted::new(format!("NATIX did not register uid {}: {said}", form.uid), hint).into()
                        );
                    }
                }
                Status::None | Status::Working(_) => {
                    let hint = "the publication stands; the same command asks again and sends nothing twice";
                    let why = format!("NATIX has not said in {} s what came of it", self.settings.wait.as_secs());
                    return Err(Hinted::new(why, hint).into());
                }
            }
        }
    }

    /// Sends until the server takes it. Where no answer came, its status tells whether it did.
    async fn accepted(
        &self,
        ledger: &Ledger,
        form: &Form<'_>,
        (key, now): (&RegistrationKey, &mut Registration),
    ) -> Result<()> {
        let mut unsure = ledger.registration(key).await?.is_some_and(|before| before.said.is_none());
        let mut tries = Retries { tries: TRIES, first: self.settings.poll, longest: LONGEST }.begin();
        loop {
            if unsure && let Ok(Status::Working(said)) = self.status(form.uid).await {
                (now.accepted, now.said) = (Some((self.clock)()), Some(said));
                return Ok(ledger.note_registration(key, now).await?);
            }
            (now.tried, now.said) = ((self.clock)(), None);
            ledger.note_registration(key, now).await?;
            let trouble = match self.send(form).await {
                Ok(said) => {
                    (now.accepted, now.said) = (Some((self.clock)()), Some(said));
                    return Ok(ledger.note_registration(key, now).await?);
                }
                Err(trouble) => trouble,
            };
            if let Trouble::Lasting(error) = &trouble {
                now.said = Some(error.to_string());
                ledger.note_registration(key, now).await?;
            }
            let (error, wait) = tries.after(trouble)?;
            tracing::warn!("{error}; trying again in {} s", wait.as_secs());
            tokio::time::sleep(wait).await;
            unsure = true;
        }
    }

    /// Asks until there is an end, or the patience has one.
    async fn ended(&self, uid: u16) -> Result<Status> {
        let polls = self.settings.wait.as_secs_f64() / self.settings.poll.as_secs_f64();
        let mut last = Status::None;
        for _ in 0..(polls as u32).max(1) {
            match self.status(uid).await {
                Ok(ended @ (Status::Succeeded(_) | Status::Failed(_))) => return Ok(ended),
                Ok(other) => last = other,
                Err(Trouble::Passing(error, _)) => tracing::warn!("{error}"),
                Err(Trouble::Lasting(error)) => return Err(error),
            }
            tokio::time::sleep(self.settings.poll).await;
        }
        Ok(last)
    }

    async fn send(&self, form: &Form<'_>) -> Result<String, Trouble> {
        let message = (self.clock)().as_second().to_string();
        let body = json!({
            "uid": form.uid.to_string(),
            "message": message,
            "natix_public_key": form.hotkey.hotkey(),
            "natix_signature": hex::encode(form.hotkey.sign(message.as_bytes())),
            "type": self.settings.kind,
            "model_repo": form.repo,
        });
        let response = self.http.post(self.settings.register()).json(&body).send().await;
        let response = response.map_err(|error| self.unreachable(error))?;
        let off = self.clock_off(&response);
        if let Some(off) = &off {
            tracing::warn!("{off}; a signed time must be recent");
        }
        let (status, wait) = (response.status(), retry_after(response.headers()));
        let said = words(response).await;
        if status.is_success() {
            return Ok(said);
        }
        let why = format!("NATIX's server answered {status}: {said}");
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Err(Trouble::Passing(Hinted::new(why, LATER).into(), wait));
        }
        let hint = match (off, status) {
            (Some(off), _) => format!("{off}: set it by NTP, then give the same command"),
            (None, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => {
                "natix.path in hivis.toml names the way; documents also say /participant/register".to_owned()
            }
            (None, _) => "is the hotkey registered on the chain under that uid? The publication stands".to_owned(),
        };
        Err(Trouble::Lasting(Hinted::new(why, hint).into()))
    }

    async fn status(&self, uid: u16) -> Result<Status, Trouble> {
        let response = self.http.get(self.settings.status(uid)).send().await;
        let response = response.map_err(|error| self.unreachable(error))?;
        let (status, wait) = (response.status(), retry_after(response.headers()));
        if status == StatusCode::NOT_FOUND {
            return Ok(Status::None);
        }
        let body = whole(response, MOST).await.map_err(|broken| match broken {
            Broken::Connection(error) => self.unreachable(error),
            long @ Broken::TooLong { .. } => Trouble::Lasting(long.into()),
        })?;
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if !status.is_success() {
            let error = Hinted::new(format!("NATIX's server answered {status} for the status"), LATER).into();
            return Err(Trouble::Passing(error, wait));
        }
        let word = value["status"].as_str().unwrap_or_default();
        let why = printable(value["error_message"].as_str().unwrap_or(word));
        Ok(match word {
            "succeeded" | "success" => Status::Succeeded(printable(word)),
            "failed" | "error" => Status::Failed(why),
            "" => Status::None,
            _ => Status::Working(printable(word)),
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> Trouble {
        let hint = "the publication stands; the same command only registers";
        let why = Hinted::new(format!("NATIX's server {} does not answer", self.settings.base), hint);
        Trouble::Passing(anyhow::Error::new(error.without_url()).context(why), None)
    }

    /// How this computer's clock differs from the server's, when it does.
    fn clock_off(&self, response: &Response) -> Option<String> {
        let date = response.headers().get("date")?.to_str().ok()?;
        let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
        let off = (self.clock)().as_second() - theirs.as_second();
        let word = if off > 0 { "ahead of" } else { "behind" };
        (off.abs() >= CLOCK).then(|| format!("this computer's clock is {} s {word} NATIX's", off.abs()))
    }
}

const LATER: &str = "the publication stands; give the same command later, it only registers";

/// `detail` of an answer, or its text.
async fn words(response: Response) -> String {
    let body = whole(response, MOST).await.unwrap_or_default();
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    match &value["detail"] {
        Value::Null => printable(&String::from_utf8_lossy(&body)),
        Value::String(detail) => printable(detail),
        other => printable(&other.to_string()),
    }
}
