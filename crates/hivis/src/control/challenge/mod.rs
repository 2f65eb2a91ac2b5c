//! What the page Challenge knows of one home beside its ledger: trainings, other releases' words, neighbours.

mod near;
mod replay;
mod trained;

use hivis_console::{ChallengeSource, Neighbours, Replay, SourceError, SourceFuture, Trained};
use hivis_store::{Home, Ledger, Md5, ObjectId, StoredRecord};
use hivis_types::ReleaseId;

use crate::config::Settings;
use crate::failure;
use near::Near;
use replay::Replays;
use trained::Trainings;

/// Releases that a page offers.
const OFFERED: usize = 40;

/// Answers from one home.
pub(crate) struct HomeChallenge {
    home: Home,
    trainings: Trainings,
    replays: Replays,
    near: Near,
}

impl HomeChallenge {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &Settings) -> Self {
        Self {
            home: home.clone(),
            trainings: Trainings::new(home.runs()),
            replays: Replays::new(home, &settings.model),
            near: Near::new(home, ledger),
        }
    }
}

impl ChallengeSource for HomeChallenge {
    fn trained(&self, picture: ObjectId) -> SourceFuture<'_, Vec<Trained>> {
        Box::pin(async move { self.trainings.of(picture).await.map_err(|error| failed(&error)) })
    }

    fn releases(&self) -> SourceFuture<'_, Vec<String>> {
        let releases = self.home.releases();
        Box::pin(async move {
            let read = move || {
                let current = releases.current()?;
                let mut dated: Vec<_> = releases
                    .list()?
                    .into_iter()
                    .map(|id| (releases.manifest(&id).map(|manifest| manifest.created).ok(), id))
                    .collect();
                dated.sort_by(|a, b| b.cmp(a));
                let rest = dated.into_iter().map(|(_, id)| id).filter(|id| Some(id) != current.as_ref());
                let all = current.iter().cloned().chain(rest);
                Ok::<_, hivis_store::StoreError>(all.take(OFFERED).map(|id| id.to_string()).collect())
            };
            let read = tokio::task::spawn_blocking(read).await.map_err(|error| failed(&error.into()))?;
            read.map_err(|error| failed(&error.into()))
        })
    }

    fn replay(&self, picture: (ObjectId, Md5), release: String) -> SourceFuture<'_, Replay> {
        Box::pin(async move {
            let unknown = || {
                SourceError::NotFound(format!(
                    "there is no release {release}; `hivis release list` shows those that are"
                ))
            };
            let id = ReleaseId::new(&*release).map_err(|_| unknown())?;
            if self.home.releases().manifest(&id).is_err() {
                return Err(unknown());
            }
            self.replays.of(picture, &id).await
        })
    }

    fn neighbours(&self, record: StoredRecord, picture: ObjectId) -> SourceFuture<'_, Neighbours> {
        Box::pin(async move { self.near.of(record, picture).await.map_err(|error| failed(&error)) })
    }
}

fn failed(error: &anyhow::Error) -> SourceError {
    tracing::error!("the page Challenge cannot be served: {}", failure::text(error));
    SourceError::Failed
}
