//! Jobs, calendar, money, quotas, disk and machine, configuration, versions; and the glance of `hivis top`.

mod disk;
mod jobs;
mod machine;
mod money;
pub(crate) mod top;

use std::sync::Arc;

use anyhow::Result;
use hivis_console::system::{ConfigLine, ConfigView, Fact, HealthView, QuotaLine, SystemView, TopView};
use hivis_console::{SourceFuture, SystemSource};
use hivis_store::{Cap, Home, Ledger, Tally};
use hivis_types::Precision;
use jiff::Timestamp;

use super::failed::failed;
use super::releases::exams::Exams;
use crate::config::{self, Settings};

/// Answers from one home.
pub(crate) struct SystemRoom {
    home: Home,
    ledger: Ledger,
    settings: Settings,
    exams: Arc<Exams>,
}

impl SystemRoom {
    pub(crate) fn new(home: &Home, ledger: &Ledger, settings: &Settings, exams: Arc<Exams>) -> Self {
        Self { home: home.clone(), ledger: ledger.clone(), settings: settings.clone(), exams }
    }

    async fn read(&self) -> Result<SystemView> {
        let now = Timestamp::now();
        let spent = self.ledger.spent("synth", now).await?;
        let caps = self.settings.synth.caps;
        let mut quotas = quota("week", &spent.week, caps.week);
        quotas.extend(quota("month", &spent.month, caps.month));
        Ok(SystemView {
            health: HealthView::default(),
            disk: disk::look(&self.home, &self.ledger, &self.settings.records, now).await?,
            memory: machine::memory(),
            gpus: tokio::task::spawn_blocking(machine::gpus).await.unwrap_or_default(),
            jobs: jobs::look(&self.home, &self.ledger, &self.settings, now).await?,
            dates: jobs::dates(&self.home, &self.ledger, &self.settings, now).await?,
            money: money::look(&self.ledger, &self.settings, now).await?,
            quotas,
            versions: self.versions()?,
        })
    }

    fn versions(&self) -> Result<Vec<Fact>> {
        let model = &self.settings.model;
        let fact = |name: &str, text: String| Fact { name: name.to_owned(), text };
        let current = self.home.releases().current()?;
        let manifest = current.as_ref().map(|id| self.home.releases().manifest(id)).transpose()?;
        let number =
            manifest.and_then(|m| m.version).map_or_else(String::new, |version| format!(", version {version}"));
        let mut facts = vec![
            fact("hivis", env!("CARGO_PKG_VERSION").to_owned()),
            fact(
                "engine",
                format!(
                    "{} in {} on {} threads",
                    model.engine.as_str(),
                    Precision::as_str(model.precision),
                    model.threads
                ),
            ),
            fact("ledger", format!("version {}", self.ledger.version())),
            fact("release", current.map_or_else(|| "none".to_owned(), |id| format!("{id}{number}"))),
            fact("built for", format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)),
            fact("home", self.home.path().display().to_string()),
        ];
        if model.engine == hivis_types::EngineKind::Onnxruntime {
            facts.push(fact("provider", model.provider.clone()));
        }
        facts.extend(machine::kernel().map(|kernel| fact("kernel", kernel)));
        Ok(facts)
    }
}

/// What a period allows for pictures that cost money, and what of it is used.
fn quota(period: &str, tally: &Tally, cap: Cap) -> Vec<QuotaLine> {
    let share = |used: f64, most: f64| if most > 0.0 { used / most } else { f64::from(u8::from(used > 0.0)) };
    vec![
        QuotaLine {
            name: format!("generators, money of this {period}"),
            used: tally.usd.to_string(),
            most: cap.usd.to_string(),
            share: share(tally.usd.0 as f64, cap.usd.0 as f64),
            key: format!("synth.{period}_usd"),
        },
        QuotaLine {
            name: format!("generators, paid pictures of this {period}"),
            used: tally.pictures.to_string(),
            most: cap.pictures.to_string(),
            share: share(tally.pictures as f64, cap.pictures as f64),
            key: format!("synth.{period}_pictures"),
        },
    ]
}

impl SystemSource for SystemRoom {
    fn system(&self) -> SourceFuture<'_, SystemView> {
        Box::pin(async move { self.read().await.map_err(|error| failed(&error)) })
    }

    fn config(&self) -> SourceFuture<'_, ConfigView> {
        Box::pin(async move {
            let keys = config::shown(&self.settings).into_iter().map(|row| ConfigLine {
                key: row.key,
                value: row.value,
                origin: row.origin.as_str().to_owned(),
                place: row.place,
                secret: row.secret,
            });
            Ok(ConfigView { file: self.home.config_file().display().to_string(), keys: keys.collect() })
        })
    }

    fn top(&self) -> SourceFuture<'_, TopView> {
        Box::pin(async move {
            let seen = top::Seen { home: &self.home, ledger: &self.ledger, exams: &self.exams };
            top::glance(seen, &self.settings, Timestamp::now()).await.map_err(|error| failed(&error))
        })
    }
}
