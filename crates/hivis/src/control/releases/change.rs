//! Changing what serves: who asks must have seen what serves, the policy must let it, and one change goes on at a time.

use anyhow::Result;
use hivis_console::SourceError;
use hivis_console::releases::{MoveOrder, MoveTaken, Moving};
use hivis_store::{PromotionKind, StoreError};
use hivis_types::ReleaseId;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::ReleaseRoom;
use crate::control::failed::{blocking, failed, refusal, unfit, words};
use crate::policy::Policy;
use crate::promote::{self, Moved, Turn, Why};
use crate::swap::{self, Stage};
use crate::verbs;

/// A move that is over is told for so long.
const TOLD: SignedDuration = SignedDuration::from_mins(10);
/// The shortest reason, and the longest, in characters.
const REASON: std::ops::RangeInclusive<usize> = 3..=300;

impl ReleaseRoom {
    /// Takes on a change, or refuses it. What it found holds until the end: nobody else may move the pointer meanwhile.
    pub(super) async fn take_on(&self, order: MoveOrder) -> Result<MoveTaken, SourceError> {
        let unknown = || SourceError::NotFound(format!("there is no release {}", order.release));
        let id = ReleaseId::new(order.release.clone()).map_err(|_| unknown())?;
        let manifest = self.home.releases().manifest(&id).map_err(|error| refusal(&error.into()))?;
        let turn = match Turn::take(&self.home) {
            Ok(turn) => turn,
            Err(StoreError::PromotionRunning) => return Err(self.busy()),
            Err(error) => return Err(failed(&error.into())),
        };
        let previous = turn.previous.clone();
        if previous.as_ref().map(ReleaseId::as_str) != order.serves.as_deref() {
            return Err(overtaken(previous.as_ref(), order.serves.as_deref()));
        }
        if previous.as_ref() == Some(&id) {
            return Err(SourceError::Unfit(format!("{id} serves already")));
        }
        promote::promotable(&manifest).map_err(|error| unfit(&error))?;
        let (why, told) = self.reason(&order, &id).await?;
        let said = format!("{id}: its files are checked; {} serves on", serving(previous.as_ref()));
        self.tell(Moving {
            release: id.to_string(),
            previous: previous.as_ref().map(ToString::to_string),
            who: order.who.clone(),
            since: Timestamp::now().to_string(),
            phase: "checking".to_owned(),
            over: false,
            said,
        });
        let room = self.clone();
        // It goes on when whoever asked is gone: the pointer moves whole or not at all.
        tokio::spawn(async move {
            let since = Timestamp::now();
            let moved = turn.point(&room.home, &id, why, &room.settings.model).await;
            room.over(&id, previous.as_ref(), moved, since).await;
        });
        Ok(MoveTaken { why: told })
    }

    /// What the change rests on, for the ledger and in words.
    async fn reason(&self, order: &MoveOrder, id: &ReleaseId) -> Result<(Why, String), SourceError> {
        if order.back {
            let to = verbs::release::before(&self.home, &self.ledger).await.map_err(|error| unfit(&error))?;
            if to != *id {
                let said = format!("a roll back leads to {to} by now, not to {id}: look again");
                return Err(SourceError::Conflict { said, decided: json!({ "back": to }) });
            }
            return Ok((Why { kind: PromotionKind::Rollback, exam: None }, "back to what served before".to_owned()));
        }
        let kind = PromotionKind::Promote;
        if let Some(reason) = &order.force {
            let reason = reason.trim();
            if !REASON.contains(&reason.chars().count()) {
                let said = "who promotes although the policy refuses says why, in 3 to 300 characters";
                return Err(SourceError::Unfit(said.to_owned()));
            }
            return Ok((Why { kind, exam: None }, format!("by force: {reason}")));
        }
        let (home, settings, of) = (self.home.clone(), self.settings.clone(), id.clone());
        let exam = blocking(move || verbs::release::examined(&home, &of, settings.policy, &settings.model)).await;
        let exam = exam.map_err(|error| unfit(&error))?;
        let told = match (&exam, self.settings.policy) {
            (Some(exam), _) => format!("exam {exam}"),
            (None, Policy::None) => "the policy wants no exam".to_owned(),
            (None, _) => "nothing served before".to_owned(),
        };
        Ok((Why { kind, exam }, told))
    }

    fn busy(&self) -> SourceError {
        let current = self.home.releases().current().ok().flatten();
        let to = self.told().filter(|moving| !moving.over);
        let who = to.map_or_else(String::new, |moving| format!(" to {}, asked for by {}", moving.release, moving.who));
        let said =
            format!("another promotion is under way{who}; {} serves until it is over", serving(current.as_ref()));
        SourceError::Conflict { said, decided: json!({ "serves": current }) }
    }

    async fn over(&self, id: &ReleaseId, before: Option<&ReleaseId>, moved: Result<Moved>, since: Timestamp) {
        let before = serving(before);
        let (phase, said) = match moved {
            Ok(Moved::Serving | Moved::Already) => ("serves", format!("{id} serves; {before} gave way")),
            Ok(Moved::Pointed) => ("serves", format!("{id} is current; the next start of the server serves it")),
            Ok(Moved::Unheard) => ("failed", format!("{id} is current, but the server did not say whether it serves")),
            Err(error) => {
                let refused = self.ledger.last_promotion(id).await.ok().flatten().filter(|last| last.at >= since);
                match refused.and_then(|last| last.outcome).filter(|outcome| !outcome.serving) {
                    Some(outcome) => {
                        let reason = outcome.reason.unwrap_or_default();
                        ("put-back", format!("{id} was refused and put back; {before} serves on: {reason}"))
                    }
                    None => ("failed", format!("{id} was not promoted; {before} serves on: {}", words(&error))),
                }
            }
        };
        if phase != "serves" {
            tracing::warn!(release = %id, said, "a promotion from the control room did not come to serve");
        }
        if let Some(now) = self.told() {
            self.tell(Moving { phase: phase.to_owned(), said, over: true, ..now });
        }
    }

    /// How far the move is that goes on, or went on a moment ago.
    pub(super) async fn how_far(&self) -> Result<Option<Moving>, SourceError> {
        if let Some(own) = self.told() {
            let since = own.since.parse::<Timestamp>().ok();
            if own.over {
                return Ok(since.is_some_and(|at| Timestamp::now().duration_since(at) < TOLD).then_some(own));
            }
            return Ok(Some(staged(own)));
        }
        // A verb or the night may have moved the pointer, and the server is at it.
        let newest = self.ledger.promotions(1).await.map_err(|error| failed(&error.into()))?.into_iter().next();
        let Some(open) = newest.filter(|last| last.outcome.is_none()) else { return Ok(None) };
        let current = self.home.releases().current().map_err(|error| failed(&error.into()))?;
        if current.as_ref() != Some(&open.release) || swap::stage(&open.release).is_none() {
            return Ok(None);
        }
        Ok(Some(staged(Moving {
            release: open.release.to_string(),
            previous: open.previous.map(|previous| previous.to_string()),
            since: open.at.to_string(),
            ..Moving::default()
        })))
    }
}

/// With the stage that the server is at.
fn staged(mut moving: Moving) -> Moving {
    let Ok(id) = ReleaseId::new(moving.release.clone()) else { return moving };
    let before = moving.previous.as_deref().unwrap_or("nothing");
    let (phase, said) = match swap::stage(&id) {
        Some(Stage::Loading) => ("loading", format!("{id} is loaded; {before} serves on")),
        Some(Stage::Warming) => {
            ("warming", format!("{id} is warmed and compared on the canary picture; {before} serves on"))
        }
        Some(Stage::Checking) | None => ("checking", format!("{id}: its files are checked; {before} serves on")),
    };
    (moving.phase, moving.said) = (phase.to_owned(), said);
    moving
}

fn overtaken(current: Option<&ReleaseId>, shown: Option<&str>) -> SourceError {
    let shown = shown.unwrap_or("nothing");
    let said = format!("{} serves by now, not {shown}: look again, then decide", serving(current));
    SourceError::Conflict { said, decided: json!({ "serves": current }) }
}

fn serving(id: Option<&ReleaseId>) -> &str {
    id.map_or("nothing", ReleaseId::as_str)
}
