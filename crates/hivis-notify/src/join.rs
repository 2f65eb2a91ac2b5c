//! What waited for a channel, as one message.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::message::{Item, Kind, Message};
use crate::policy::MOST;

/// Joins messages, oldest first: of each alert the last that is known.
pub(crate) fn join(messages: &[Message], now: Timestamp) -> Message {
    let mut items: BTreeMap<i64, &Item> = BTreeMap::new();
    for message in messages {
        for item in message.firing.iter().chain(&message.over) {
            items.insert(item.alert, item);
        }
    }
    let mut sorted: Vec<&Item> = items.into_values().collect();
    sorted.sort_by_key(|item| (std::cmp::Reverse(item.severity), item.alert));
    let (over, firing): (Vec<&Item>, Vec<&Item>) = sorted.into_iter().partition(|item| item.resolved.is_some());
    let mut left_out: usize = messages.iter().map(|message| message.left_out as usize).sum();
    left_out += firing.len().saturating_sub(MOST) + over.len().saturating_sub(MOST);
    let one_group = messages.windows(2).all(|pair| pair[0].group == pair[1].group);
    let first = messages.first().filter(|_| one_group);
    Message {
        kind: Kind::Joined,
        group: first.map_or_else(|| "joined".to_owned(), |message| message.group.clone()),
        labels: first.map(|message| message.labels.clone()).unwrap_or_default(),
        firing: firing.into_iter().take(MOST).cloned().collect(),
        over: over.into_iter().take(MOST).cloned().collect(),
        left_out: left_out as u32,
        joined: messages.iter().map(|message| message.joined.max(1)).sum(),
        made: now,
    }
}
