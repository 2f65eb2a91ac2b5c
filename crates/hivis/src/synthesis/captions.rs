//! What hard pictures show, in words of the wanted label: said by a vision model, each picture once, under the same caps.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_generate::{Charged, GenerateError, Spoken, Vision};
use hivis_store::{Booked, Caps, Ledger, NewSpend, ObjectId};
use hivis_types::{Label, Usd};
use jiff::Timestamp;

/// What came of asking.
pub(super) enum Words {
    /// The caption of the wanted label; empty when there is no model, or it could not say.
    Said(String),
    /// A cap: nothing paid may be asked any more.
    Cap(String),
}

/// The model and what it has said.
pub(super) struct Captions<'a> {
    model: Option<Vision>,
    ledger: &'a Ledger,
    caps: &'a Caps,
    batch: i64,
    plain: BTreeMap<ObjectId, String>,
    wanted: BTreeMap<(ObjectId, Label), String>,
    /// What it cost so far.
    pub(super) spent: Usd,
}

impl<'a> Captions<'a> {
    pub(super) fn new(model: Option<Vision>, ledger: &'a Ledger, caps: &'a Caps, batch: i64) -> Self {
        let (plain, wanted) = (BTreeMap::new(), BTreeMap::new());
        Self { model, ledger, caps, batch, plain, wanted, spent: Usd(0) }
    }

    /// The caption of a picture, rewritten to a label.
    pub(super) async fn of(&mut self, (id, bytes): (ObjectId, &[u8]), label: Label, now: Timestamp) -> Result<Words> {
        let Some(model) = self.model.clone() else { return Ok(Words::Said(String::new())) };
        if let Some(said) = self.wanted.get(&(id, label)) {
            return Ok(Words::Said(said.clone()));
        }
        let plain = match self.plain.get(&id) {
            Some(said) => said.clone(),
            None => match self.ask(&model, model.caption(bytes), now).await? {
                Words::Said(said) => said,
                cap @ Words::Cap(_) => return Ok(cap),
            },
        };
        self.plain.insert(id, plain.clone());
        let said = if plain.is_empty() {
            plain
        } else {
            match self.ask(&model, model.rewrite(&plain, label), now).await? {
                Words::Said(said) => said,
                cap @ Words::Cap(_) => return Ok(cap),
            }
        };
        self.wanted.insert((id, label), said.clone());
        Ok(Words::Said(said))
    }

    /// One paid question. A model that fails leaves the prompt without a caption, which it can do without.
    async fn ask(
        &mut self,
        model: &Vision,
        question: impl Future<Output = Result<Spoken, GenerateError>>,
        now: Timestamp,
    ) -> Result<Words> {
        let price = model.price();
        let spend = NewSpend {
            what: "synth:vision".to_owned(),
            batch: Some(self.batch),
            each: price,
            units: 1,
            pictures: false,
        };
        let booking = match price {
            Usd(0) => None,
            _ => match self.ledger.book(&spend, self.caps, now).await? {
                Booked::Booked(id) => Some(id),
                Booked::AtCap(cap) => return Ok(Words::Cap(cap.to_string())),
            },
        };
        match question.await {
            Ok(spoken) => {
                self.spent.0 += spoken.cost.0;
                if let Some(id) = booking {
                    self.ledger.settle(id, spoken.cost, 0, now).await?;
                }
                Ok(Words::Said(spoken.text))
            }
            Err(error) => {
                tracing::warn!("no caption: {error}");
                match (booking, error.charged()) {
                    (Some(id), Charged::Nothing) => {
                        self.ledger.settle(id, Usd(0), 0, now).await?;
                    }
                    (Some(id), Charged::Unknown) => {
                        self.spent.0 += price.0;
                        self.ledger.leave_open(id, &error.to_string()).await?;
                    }
                    (None, _) => {}
                }
                Ok(Words::Said(String::new()))
            }
        }
    }
}
