//! What the page Now knows of one home: reward, earnings, the wheel, the picture to worry about.

mod money;
mod reward;
mod wheel;

use std::time::{Duration, Instant};

use anyhow::Result;
use hivis_console::{Look, NowSource, SourceError, SourceFuture, Worry};
use hivis_serve::Health;
use hivis_store::{Home, Ledger, Story};
use hivis_types::{Hotkey, Label};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::config::Settings;
use crate::{failure, verbs};
use reward::Estimate;

/// What is known is asked for again after so long, however many look.
const FRESH: Duration = Duration::from_secs(10);
/// The wheel, and what to worry about, look back this far.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Answers from one home.
pub(crate) struct HomeNow {
    home: Home,
    ledger: Ledger,
    settings: Settings,
    hotkey: Option<Hotkey>,
    /// One asks, the others wait for its answer.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    look: Option<(Instant, Look)>,
    estimate: Estimate,
}

impl HomeNow {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &Settings) -> Self {
        // A demo serves with a key that no configuration names: then earnings are not known.
        let hotkey = verbs::serve::keypair(&settings.wallet).ok().map(|keypair| keypair.hotkey());
        let (home, ledger, settings) = (home.clone(), ledger.clone(), settings.clone());
        Self { home, ledger, settings, hotkey, known: Mutex::default() }
    }

    async fn asked(&self, health: &Health, estimate: &mut Estimate) -> Result<Look> {
        let now = Timestamp::now();
        let day = now.saturating_sub(DAY).unwrap_or(Timestamp::UNIX_EPOCH);
        let earned = money::earned(&self.ledger, &self.settings, self.hotkey.as_ref(), now).await?;
        let (reward, reward_missing) = match estimate.of(&self.home, &self.ledger, health, self.hotkey.as_ref()).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!("the reward to expect is not known: {error:#}");
                (None, Some("The reward to expect could not be read; the log has the reason.".to_owned()))
            }
        };
        let (stations, turn) = wheel::stations(&self.home, &self.ledger, day, now).await?;
        Ok(Look { reward, reward_missing, earned, worry: self.worry(day).await?, stations, turn })
    }

    /// A confident mistake comes before an unsure answer.
    async fn worry(&self, since: Timestamp) -> Result<Option<Worry>> {
        if let Some(wrong) = self.ledger.surest_wrong(since).await? {
            let said = side(wrong.probability > 0.5);
            let sure = 100.0 * wrong.probability.max(1.0 - wrong.probability);
            let truth = side(wrong.label == Label::Roadwork);
            let said = format!("It said {said}, {sure:.0}% sure; {} says that it is {truth}.", source(&wrong.source));
            return Ok(Some(Worry { record: wrong.record.to_string(), kind: "wrong".to_owned(), said }));
        }
        let Some(id) = self.ledger.least_sure(since).await? else { return Ok(None) };
        let Story { stored, .. } = self.ledger.story_of(id).await?;
        let Some(judgement) = stored.record.judgement else { return Ok(None) };
        let p = judgement.probability;
        let said = format!("Roadwork with {p:.3}: as good as a coin's word. No label says what it is.");
        Ok(Some(Worry { record: id.to_string(), kind: "unsure".to_owned(), said }))
    }
}

impl NowSource for HomeNow {
    fn look(&self, health: Health) -> SourceFuture<'_, Look> {
        Box::pin(async move {
            let mut known = self.known.lock().await;
            let fresh = known.look.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, look)| look.clone());
            if let Some(look) = fresh {
                return Ok(look);
            }
            let look = self.asked(&health, &mut known.estimate).await.map_err(|error| {
                tracing::error!("the page Now cannot be served: {}", failure::text(&error));
                SourceError::Failed
            })?;
            known.look = Some((Instant::now(), look.clone()));
            Ok(look)
        })
    }
}

fn side(roadwork: bool) -> &'static str {
    if roadwork { "roadwork" } else { "clear" }
}

fn source(name: &str) -> &str {
    match name {
        "person" => "a person",
        "dataset" => "a data set",
        "validator-log" => "the validators' log",
        "testnet" => "testnet",
        "source-found" => "the source that was found",
        other => other,
    }
}
