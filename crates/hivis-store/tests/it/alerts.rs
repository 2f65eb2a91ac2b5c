//! Alerts over time, acknowledgements, and the outbox across crashes.

use std::collections::{BTreeMap, BTreeSet};

use hivis_store::{
    Ack, Acknowledged, AlertRound, AlertState, AlertTimes, ChannelHealth, ChannelState, Ledger, NewMessage,
    OutboxState, SendEnd, Tells,
};
use hivis_types::{Alert, Severity};
use jiff::{SignedDuration, Timestamp};

use crate::world::World;

const TIMES: AlertTimes = AlertTimes {
    reopen: SignedDuration::from_mins(30),
    keep_ack: SignedDuration::from_mins(5),
    look_back: SignedDuration::from_hours(48),
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn alert(rule: &str, severity: Severity, since: i64) -> Alert {
    Alert {
        rule: rule.to_owned(),
        labels: BTreeMap::from([("gpu".to_owned(), "0\"\n".to_owned())]),
        severity,
        summary: format!("{rule} holds"),
        value: f64::NAN,
        since: at(since),
        runbook: "https://x.example/".to_owned(),
    }
}

async fn round(ledger: &Ledger, found: &[Alert], second: i64) -> AlertState {
    round_with(ledger, found, &[], second).await
}

async fn round_with(ledger: &Ledger, found: &[Alert], unripe: &[&str], second: i64) -> AlertState {
    let unripe: BTreeSet<String> = unripe.iter().map(|&name| name.to_owned()).collect();
    let mut seen = AlertState::default();
    let round = AlertRound { found, unripe: &unripe, now: at(second) };
    let decide = |state: &AlertState| {
        seen = state.clone();
        Vec::new()
    };
    ledger.alert_round(round, TIMES, decide).await.unwrap();
    seen
}

fn message(channel: &str, alert: i64) -> NewMessage {
    let tells = vec![Tells { alert, firing: true, severity: Severity::Critical }];
    NewMessage { channel: channel.into(), group: "g".into(), body: "{}".into(), tells }
}

/// Queues one message about the first alert.
async fn queue(ledger: &Ledger, channel: &str, second: i64) -> i64 {
    let found = [alert("A", Severity::Critical, 0)];
    let round = AlertRound { found: &found, unripe: &BTreeSet::new(), now: at(second) };
    ledger.alert_round(round, TIMES, |state| vec![message(channel, state.alerts[0].id)]).await.unwrap()[0]
}

fn health(name: &str, state: ChannelState) -> ChannelHealth {
    let name = name.to_owned();
    ChannelHealth { name, fingerprint: "f".into(), state, since: at(0), failures: 0, next: at(0), error: None }
}

#[tokio::test]
async fn an_alert_is_one_row_from_its_opening_to_its_end() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let a = alert("A", Severity::Warning, -60);
    round(ledger, &[a.clone(), a.clone()], 0).await;
    round(ledger, std::slice::from_ref(&a), 15).await;
    let open = ledger.alerts(true, None, 10).await.unwrap();
    assert_eq!((open.len(), open[0].value, open[0].since, open[0].seen), (1, None, at(-60), at(15)));
    assert_eq!(open[0].labels["gpu"], "0\"\n");
    // A rule that cannot say yet ends nothing; one that can does.
    assert_eq!(round_with(ledger, &[], &["A"], 30).await.alerts[0].resolved, None);
    assert_eq!(round(ledger, &[], 45).await.alerts[0].resolved, Some(at(45)));
    // Back within the time: the same row, which flaps; later: another row.
    let back = round(ledger, std::slice::from_ref(&a), 600).await;
    assert_eq!((back.alerts.len(), back.alerts[0].flaps, back.alerts[0].resolved), (1, 1, None));
    round(ledger, &[], 700).await;
    let later = round(ledger, &[a], 700 + 31 * 60).await;
    assert_eq!(later.alerts.iter().map(|a| (a.id, a.flaps)).collect::<Vec<_>>(), [(1, 1), (2, 0)]);
    assert_eq!(ledger.alerts(false, None, 10).await.unwrap().len(), 1);
    assert_eq!(ledger.alerts(false, Some(1), 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn acknowledging_ends_with_the_alert_with_its_time_and_when_it_gets_worse() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let a = [alert("A", Severity::Warning, 0)];
    round(ledger, &a, 0).await;
    let ack = Ack { by: "ann".into(), at: at(5), note: "n".repeat(9_000), until: Some(at(100)) };
    let Acknowledged::Done(done) = ledger.acknowledge(1, &ack).await.unwrap() else { panic!("it holds") };
    assert_eq!((done.ack.unwrap().note.len(), ledger.unacknowledged(at(99)).await.unwrap()), (2_000, 0));
    assert_eq!(ledger.unacknowledged(at(100)).await.unwrap(), 1);
    assert_eq!(ledger.acknowledge(7, &ack).await.unwrap(), Acknowledged::NotFound);
    // It flaps at once: still known. It comes back after a while: told anew.
    let forever = Ack { until: None, ..ack.clone() };
    ledger.acknowledge(1, &forever).await.unwrap();
    round(ledger, &[], 200).await;
    assert!(matches!(ledger.acknowledge(1, &ack).await.unwrap(), Acknowledged::Over(_)));
    assert!(round(ledger, &a, 215).await.alerts[0].ack.is_some());
    round(ledger, &[], 300).await;
    assert!(round(ledger, &a, 700).await.alerts[0].ack.is_none());
    ledger.acknowledge(1, &forever).await.unwrap();
    let worse = round(ledger, &[alert("A", Severity::Critical, 0)], 715).await;
    assert_eq!((worse.alerts[0].severity, &worse.alerts[0].ack), (Severity::Critical, &None));
    ledger.acknowledge(1, &forever).await.unwrap();
    let Acknowledged::Done(back) = ledger.unacknowledge(1).await.unwrap() else { panic!("it holds") };
    assert_eq!(back.ack, None);
}

#[tokio::test]
async fn a_clock_that_is_set_back_opens_no_second_row() {
    let world = World::new().await;
    let a = [alert("A", Severity::Warning, 0)];
    round(&world.ledger, &a, 1_000_000).await;
    round(&world.ledger, &[], 1_000_015).await;
    let back = round(&world.ledger, &a, 0).await;
    assert_eq!((back.alerts.len(), back.alerts[0].resolved), (1, None));
}

#[tokio::test]
async fn state_and_message_are_one_transaction_and_a_cut_message_says_so() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let id = queue(ledger, "a", 0).await;
    let told = round(ledger, &[alert("A", Severity::Critical, 0)], 15).await;
    assert_eq!(told.told[&("a".to_owned(), 1)].at, at(0));
    assert_eq!(told.groups[&("a".to_owned(), "g".to_owned())], at(0));
    // Only one process sends it.
    assert!(ledger.begin_sending(id).await.unwrap());
    assert!(!ledger.begin_sending(id).await.unwrap());
    assert_eq!(ledger.waiting_messages("a", 9).await.unwrap(), []);
    // It died: the message waits again, and may have arrived.
    assert_eq!(ledger.find_cut_messages().await.unwrap(), 1);
    let again = ledger.waiting_messages("a", 9).await.unwrap().remove(0);
    assert_eq!((again.id, again.unsure, again.attempts), (id, true, 1));
    assert!(ledger.begin_sending(id).await.unwrap());
    let sent = SendEnd::Sent { provider_id: Some("p1".into()) };
    ledger.end_sending(id, &sent, &health("a", ChannelState::Up), at(60)).await.unwrap();
    let message = ledger.messages(None, 9).await.unwrap().remove(0);
    assert_eq!((message.state, message.provider_id.as_deref()), (OutboxState::Sent, Some("p1")));
    assert_eq!(ledger.sent_between("a", at(0), at(60)).await.unwrap(), 1);
    assert_eq!(ledger.sent_between("a", at(60), at(90)).await.unwrap(), 0);
    assert_eq!(ledger.find_cut_messages().await.unwrap(), 0);
    assert_eq!(ledger.channels().await.unwrap()[0].state, ChannelState::Up);
}

#[tokio::test]
async fn what_is_joined_ends_and_what_is_sent_meanwhile_is_not_joined() {
    let world = World::new().await;
    let ledger = &world.ledger;
    let (one, two) = (queue(ledger, "a", 0).await, queue(ledger, "a", 15).await);
    ledger.begin_sending(one).await.unwrap();
    let joined = ledger.join_messages(&[one, two], &message("a", 1), at(30)).await.unwrap();
    assert_eq!((joined, ledger.messages(None, 9).await.unwrap().len()), (None, 2), "nothing was done");
    ledger.find_cut_messages().await.unwrap();
    let joined = ledger.join_messages(&[one, two], &message("a", 1), at(30)).await.unwrap().unwrap();
    let waiting = ledger.waiting_messages("a", 9).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].id, waiting[0].unsure), (1, joined, true));
    let old = ledger.messages(Some(joined), 9).await.unwrap();
    assert!(old.iter().all(|m| m.state == OutboxState::Joined && m.joined == Some(joined)));
    // A channel that is configured no more.
    assert_eq!(ledger.drop_messages_of_others(&["b"], at(40)).await.unwrap(), 1);
    assert_eq!(ledger.waiting_counts().await.unwrap(), []);
}

#[tokio::test]
async fn old_alerts_are_forgotten_and_what_waits_stays() {
    let world = World::new().await;
    let ledger = &world.ledger;
    queue(ledger, "a", 0).await;
    round(ledger, &[], 15).await;
    assert_eq!(ledger.forget_alerts(at(15)).await.unwrap(), 0);
    assert_eq!(ledger.forget_alerts(at(16)).await.unwrap(), 1);
    assert_eq!(ledger.waiting_messages("a", 9).await.unwrap().len(), 1);
    assert_eq!(ledger.alerts(false, None, 9).await.unwrap(), []);
}
