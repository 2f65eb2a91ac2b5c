//! Any program that takes Alertmanager's webhooks, version 4:
//! <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>.
//!
//! With a key the body is signed: `X-Hivis-Signature-256: sha256=HEX`, HMAC-SHA256 over the bytes of the body.
//! `Idempotency-Key` is the same whenever one message is sent again.

use std::collections::BTreeMap;
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::http::Http;
use crate::message::{Item, Parcel};
use crate::notifier::{Notifier, Receipt, SendError, SendFuture};
use crate::text::link;
use crate::{ChannelError, Secret};

/// What Alertmanager writes as the end of what still holds.
const NO_END: &str = "0001-01-01T00:00:00Z";

/// One receiver.
#[derive(Clone, Debug)]
pub struct Webhook {
    http: Http,
    name: String,
    key: Option<Secret>,
}

impl Webhook {
    /// `name` is what the receiver reads as `receiver`; `key` signs.
    pub fn new(name: &str, address: &Secret, key: Option<Secret>, limit: Duration) -> Result<Self, ChannelError> {
        Ok(Self { http: Http::new(address, limit)?, name: name.to_owned(), key })
    }

    async fn hand_over(&self, parcel: &Parcel) -> Result<Receipt, SendError> {
        let body = payload(&self.name, parcel).to_string();
        let once = format!("hivis-{}-{}", parcel.id, parcel.message.made.as_microsecond());
        let mut request = self.http.post(&[])?.header("content-type", "application/json");
        request = request.header("idempotency-key", once);
        if let Some(key) = &self.key {
            request = request.header("x-hivis-signature-256", signature(key, body.as_bytes()));
        }
        let answer = self.http.send(request.body(body)).await?;
        if answer.is_success() {
            return Ok(Receipt::default());
        }
        let text = self.http.words(&answer.text());
        let said = self.key.as_ref().map_or(text.clone(), |key| key.scrub(&text));
        let said = format!("status {}: {said}", answer.status);
        Err(match answer.status {
            410 => SendError::Gone { said },
            429 => SendError::Busy { wait: answer.seconds("retry-after") },
            // A proxy's answers and a wrong path may both pass: somebody is at work there.
            401 | 403 | 404 | 502..=504 => SendError::Unreachable { said },
            500.. => SendError::Unsure { said },
            _ => SendError::Refused { said },
        })
    }
}

impl Notifier for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn send<'a>(&'a self, parcel: &'a Parcel) -> SendFuture<'a> {
        Box::pin(self.hand_over(parcel))
    }
}

fn signature(key: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).expect("any length of key: this is a bug");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn payload(receiver: &str, parcel: &Parcel) -> Value {
    let message = &parcel.message;
    let items: Vec<&Item> = message.firing.iter().chain(&message.over).collect();
    let labels: Vec<BTreeMap<String, String>> = items.iter().map(|item| all_labels(item)).collect();
    let notes: Vec<BTreeMap<String, String>> = items.iter().map(|item| annotations(item)).collect();
    let page = parcel.page.as_deref().and_then(link).unwrap_or_default();
    let alerts: Vec<Value> = items
        .iter()
        .zip(labels.iter().zip(&notes))
        .map(|(item, (labels, notes))| {
            json!({
                "status": if item.resolved.is_some() { "resolved" } else { "firing" },
                "labels": labels,
                "annotations": notes,
                "startsAt": item.since.to_string(),
                "endsAt": item.resolved.map_or_else(|| NO_END.to_owned(), |end| end.to_string()),
                "generatorURL": page,
                "fingerprint": fingerprint(labels),
            })
        })
        .collect();
    let group: Vec<String> = message.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{{{}}}", group.join(", ")),
        "truncatedAlerts": message.left_out,
        "status": if message.firing.is_empty() { "resolved" } else { "firing" },
        "receiver": receiver,
        "groupLabels": message.labels,
        "commonLabels": common(&labels),
        "commonAnnotations": common(&notes),
        "externalURL": page,
        "alerts": alerts,
    })
}

fn all_labels(item: &Item) -> BTreeMap<String, String> {
    let mut labels = item.labels.clone();
    labels.insert("alertname".to_owned(), item.rule.clone());
    labels.insert("severity".to_owned(), item.severity.as_str().to_owned());
    labels
}

fn annotations(item: &Item) -> BTreeMap<String, String> {
    let mut notes = BTreeMap::from([("summary".to_owned(), item.summary.clone())]);
    if let Some(runbook) = link(&item.runbook) {
        notes.insert("runbook_url".to_owned(), runbook.to_owned());
    }
    notes
}

/// What all of them have.
fn common(all: &[BTreeMap<String, String>]) -> BTreeMap<String, String> {
    let mut common = all.first().cloned().unwrap_or_default();
    common.retain(|name, value| all.iter().all(|one| one.get(name) == Some(value)));
    common
}

/// Sixteen hexadecimal digits that only the labels decide, as Alertmanager has them; another hash.
fn fingerprint(labels: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, value) in labels {
        hash.update(name.as_bytes());
        hash.update([0xff]);
        hash.update(value.as_bytes());
        hash.update([0xff]);
    }
    hex::encode(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::{Secret, signature};

    #[test]
    fn the_signature_is_githubs() {
        // From GitHub's page on validating webhook deliveries.
        let signed = signature(&Secret::new("It's a Secret to Everybody"), b"Hello, World!");
        assert_eq!(signed, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    }
}
