//! A release to the Hub, once: what is there is not sent again, and what was read back stands in the ledger.

use anyhow::{Context, Result};
use hivis_hub::{Event, Hub, HubError, Listing, Push, Repo};
use hivis_store::{Home, Ledger, NewPublication};
use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::Hinted;
use crate::publication::{self, MODEL_CARD, ModelCard, Publication};

/// A model card has five short fields.
const MAX_CARD: usize = 1 << 20;

/// Where a release goes.
pub(crate) struct Order {
    /// What is published.
    pub(crate) publication: Publication,
    /// Where to.
    pub(crate) repo: Repo,
    /// The repository may be taken over from another hotkey.
    pub(crate) replace: bool,
}

/// A release that is on the Hub: what an announcement on the chain says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Published {
    /// `OWNER/NAME`.
    pub(crate) repo: String,
    /// The commit.
    pub(crate) revision: String,
    /// The release.
    pub(crate) release: ReleaseId,
    /// SHA-256 of its `release.toml`, in hex.
    pub(crate) sha256: String,
    /// When its file list was read back, UTC.
    pub(crate) at: Timestamp,
}

/// What came of an order.
pub(crate) struct Done {
    /// What is there now.
    pub(crate) published: Published,
    /// A commit was made now.
    pub(crate) made: bool,
    /// Only who is allowed to may see the repository.
    pub(crate) private: bool,
    /// The ledger's number of it.
    pub(crate) seq: i64,
}

impl Published {
    /// What the ledger holds, once it was read back.
    fn of(found: hivis_store::Publication) -> Option<Self> {
        let (revision, at) = found.published?;
        let NewPublication { release, sha256, repo, .. } = found.what;
        Some(Self { repo, revision, release, sha256, at })
    }
}

/// The newest publication of a release that was read back.
pub(crate) async fn last(ledger: &Ledger, release: &ReleaseId) -> Result<Option<Published>> {
    Ok(ledger.last_publication(release).await?.and_then(Published::of))
}

/// Makes the repository hold the release; takes up what was cut. `clock` gives the time of the submission.
pub(crate) async fn publish(
    home: &Home,
    hub: &Hub,
    order: &Order,
    clock: fn() -> Timestamp,
    told: &(dyn Fn(Event) + Sync),
) -> Result<Done> {
    let of = &order.publication;
    let release = of.release.manifest.id.clone();
    let new = NewPublication {
        release: release.clone(),
        sha256: publication::hash(&of.release)?,
        repo: order.repo.id().to_owned(),
        hotkey: of.hotkey.clone(),
    };
    let ledger = home.ledger().await?;
    let begun = ledger.begin_publication(&new, clock()).await?;
    let page = hub.page(&order.repo);
    let mut again = true;
    let (pushed, private) = loop {
        let head = match hub.head(&order.repo, told).await? {
            Some(head) => head,
            None => hub.create(&order.repo, told).await.with_context(|| format!("{page} cannot be made"))?,
        };
        let card = card(hub, order, &head, begun.begun, told).await?;
        let message = format!("{} {}", release, card.version);
        let push = Push { repo: &order.repo, files: of.files(&card)?, stale: &publication::stale, message };
        match hub.push(&head, push, told).await {
            Ok(pushed) => break (pushed, head.private),
            // Somebody's commit, or our own whose answer was lost: look once more, the card too.
            Err(HubError::Moved { .. }) if again => again = false,
            Err(error) => return Err(error).with_context(|| format!("{release} could not be published to {page}")),
        }
    };
    ledger.end_publication(begun.seq, &pushed.commit, clock()).await?;
    let stands = ledger.begin_publication(&new, clock()).await?;
    let published = Published::of(stands).context("what was just written is read: this is a bug")?;
    Ok(Done { published, made: pushed.made, private, seq: begun.seq })
}

/// The model card for that head: one that says the same already keeps its time, and another hotkey's is not written over.
async fn card(
    hub: &Hub,
    order: &Order,
    head: &Listing,
    begun: Timestamp,
    told: &(dyn Fn(Event) + Sync),
) -> Result<ModelCard> {
    let ours = order.publication.card(begun)?;
    if head.file(MODEL_CARD).is_none() {
        return Ok(ours);
    }
    let there = hub.small_file(&order.repo, (&head.commit, MODEL_CARD), MAX_CARD, told).await?;
    let value: serde_json::Value = serde_json::from_slice(&there).unwrap_or_default();
    let theirs = value["submitted_by"].as_str().unwrap_or("nobody");
    if theirs != ours.submitted_by && !order.replace {
        let theirs: String = theirs.chars().filter(|c| !c.is_control()).take(64).collect();
        let why = format!(
            "{} was submitted by {theirs}, and the hotkey in use is {}",
            hub.page(&order.repo),
            ours.submitted_by
        );
        let hint = "use that hotkey (--wallet, --hotkey), name another repository, or take it over with --replace";
        return Err(Hinted::new(why, hint).into());
    }
    let same = serde_json::from_value::<ModelCard>(value).ok().filter(|there| {
        let submission_time = ours.submission_time.clone();
        ModelCard { submission_time, ..there.clone() } == ours
    });
    Ok(same.unwrap_or(ours))
}
