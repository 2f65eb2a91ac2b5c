//! Discord's webhooks. Limits and answers: <https://discord.com/developers/docs/resources/webhook#execute-webhook>,
//! `/resources/message#embed-object-embed-limits`, `/topics/rate-limits`.

use std::time::Duration;

use hivis_types::Severity;
use serde_json::{Value, json};

use crate::http::{Http, wait};
use crate::message::{Item, Parcel};
use crate::notifier::{Notifier, Receipt, SendError, SendFuture};
use crate::text::{cut, link, units};
use crate::{ChannelError, Secret};

/// Longest `content`, in UTF-16 units.
const CONTENT: usize = 2_000;
/// Embeds of one message.
const EMBEDS: usize = 10;
/// Longest title and description of an embed.
const TITLE: usize = 256;
const DESCRIPTION: usize = 4_096;
/// All texts of all embeds together.
const ALL: usize = 6_000;

/// One webhook.
#[derive(Clone, Debug)]
pub struct Discord {
    http: Http,
}

impl Discord {
    /// `address` is all that is needed to write there, so it is a secret.
    pub fn new(address: &Secret, limit: Duration) -> Result<Self, ChannelError> {
        Ok(Self { http: Http::new(address, limit)? })
    }

    async fn hand_over(&self, parcel: &Parcel) -> Result<Receipt, SendError> {
        // With `wait` the answer is the message with its id: then it is there.
        let request = self.http.post(&[("wait", "true")])?.json(&payload(parcel));
        let answer = self.http.send(request).await?;
        let body = answer.json();
        let said = || self.http.words(body["message"].as_str().unwrap_or(&answer.text()));
        if answer.is_success() {
            let spent = answer.headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0");
            let wait = answer.seconds("x-ratelimit-reset-after").filter(|_| spent);
            return Ok(Receipt { provider_id: body["id"].as_str().map(|id| cut(id, 40)), wait });
        }
        Err(match answer.status {
            401 | 403 | 404 => SendError::Gone { said: said() },
            429 => {
                // In the body with its fraction; the header is in whole seconds, and all there is of a proxy's.
                let told = body["retry_after"].as_f64().and_then(wait);
                SendError::Busy {
                    wait: told.max(answer.seconds("retry-after")).max(answer.seconds("x-ratelimit-reset-after")),
                }
            }
            500.. => SendError::Unsure { said: format!("status {}: {}", answer.status, said()) },
            status => SendError::Refused { said: format!("status {status}: {}", said()) },
        })
    }
}

impl Notifier for Discord {
    fn kind(&self) -> &'static str {
        "discord"
    }

    fn send<'a>(&'a self, parcel: &'a Parcel) -> SendFuture<'a> {
        Box::pin(self.hand_over(parcel))
    }
}

/// The body of the request: a line for the notification, and an embed for each alert that fits.
fn payload(parcel: &Parcel) -> Value {
    let message = &parcel.message;
    let items: Vec<&Item> = message.firing.iter().chain(&message.over).collect();
    let mut embeds = Vec::new();
    let mut room = ALL;
    for item in items.iter().take(EMBEDS) {
        let title = cut(&escape(&format!("{}: {}", item.word().to_uppercase(), item.rule)), TITLE);
        let whole = format!("{}\n{}", escape(&item.summary), escape(&item.details()));
        let description = cut(&whole, DESCRIPTION);
        let length = units(&title) + units(&description);
        if length > room {
            break;
        }
        room -= length;
        let mut embed = json!({ "title": title, "description": description, "color": colour(item) });
        if let Some(runbook) = link(&item.runbook) {
            embed["url"] = runbook.into();
        }
        embeds.push(embed);
    }
    let mut content = escape(&message.headline());
    let missing = items.len() - embeds.len() + message.left_out as usize;
    if missing > 0 && items.len() > 1 {
        content = format!("{content}\nand {missing} more, not shown here");
    }
    if parcel.unsure {
        content.push_str("\n(sent again: it is not known whether it arrived before)");
    }
    if let Some(page) = parcel.page.as_deref().and_then(link) {
        content = format!("{}\n<{page}>", cut(&content, CONTENT - units(page) - 3));
    }
    json!({
        "username": "hivis",
        "content": cut(&content, CONTENT),
        "embeds": embeds,
        // Whoever is named in a stranger's text is not called.
        "allowed_mentions": { "parse": [] },
    })
}

/// Discord's markdown as plain characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#' | '@' | ':' | '-') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn colour(item: &Item) -> u32 {
    match (item.resolved, item.severity) {
        (Some(_), _) => 0x2f_7d_4f,
        (None, Severity::Critical) => 0xb3_26_1e,
        (None, Severity::Warning) => 0xb3_4f_00,
        (None, Severity::Info) => 0x1f_5f_a8,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{Kind, Message};

    fn item(summary: &str) -> Item {
        Item {
            alert: 1,
            rule: "HivisX".into(),
            labels: [("where".to_owned(), summary.to_owned())].into(),
            severity: Severity::Critical,
            summary: summary.into(),
            value: Some(1.0),
            since: jiff::Timestamp::UNIX_EPOCH,
            resolved: None,
            runbook: "https://x.example/y".into(),
            flaps: 0,
        }
    }

    fn parcel(items: Vec<Item>, left_out: u32) -> Parcel {
        let message =
            Message { kind: Kind::News, firing: items, left_out, ..Message::test(jiff::Timestamp::UNIX_EPOCH) };
        Parcel {
            id: 1,
            message,
            unsure: true,
            page: Some("https://p.example/".into()),
            at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    proptest! {
        #[test]
        fn every_message_is_within_the_limits(
            texts in prop::collection::vec("(\\PC{0,40}|[*_@]{0,900}|🚧{0,900})", 0..40),
            left_out in 0u32..9,
        ) {
            let count = texts.len();
            let body = payload(&parcel(texts.iter().map(|text| item(text)).collect(), left_out));
            let length = |value: &Value| units(value.as_str().unwrap_or_default());
            prop_assert!(length(&body["content"]) <= CONTENT && length(&body["content"]) > 0);
            let embeds = body["embeds"].as_array().expect("a list");
            prop_assert!(embeds.len() <= EMBEDS && (count == 0 || !embeds.is_empty()));
            let mut all = 0;
            for embed in embeds {
                prop_assert!(length(&embed["title"]) <= TITLE && length(&embed["description"]) <= DESCRIPTION);
                all += length(&embed["title"]) + length(&embed["description"]);
            }
            prop_assert!(all <= ALL);
            let shown = format!("and {} more", count - embeds.len() + left_out as usize);
            let missing = count > 1 && (count > embeds.len() || left_out > 0);
            prop_assert_eq!(body["content"].as_str().expect("text").contains(&shown), missing);
        }
    }

    #[test]
    fn strangers_words_are_words() {
        let body = payload(&parcel(vec![item("@everyone <@1> **x** [a](https://evil.example) `y`")], 0));
        let text = body["embeds"][0]["description"].as_str().expect("text");
        assert!(text.starts_with(r"\@everyone \<\@1\> \*\*x\*\* \[a\]\(https\://evil.example\) \`y\`"), "{text}");
        assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
        let page = body["content"].as_str().expect("text");
        assert!(page.ends_with("\n<https://p.example/>") && page.contains("sent again"), "{page}");
    }
}
