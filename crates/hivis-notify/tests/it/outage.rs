//! What goes wrong: a channel that is down, full, gone; a program that dies; a clock that jumps.

use std::collections::BTreeSet;

use hivis_notify::{CHANNEL_RULE, Channel, Discord, Secret, Webhook};
use hivis_store::{ChannelState, OutboxState};
use hivis_testbed::notify::{FakeDiscord, FakeHook, Fault};
use hivis_types::Severity;
use jiff::SignedDuration;

use crate::world::{ALL, LIMIT, World, alert, at, channel};

fn discord(fake: &FakeDiscord) -> Channel {
    channel("ops", &ALL, Discord::new(&Secret::new(fake.url()), LIMIT).unwrap())
}

fn hook(fake: &FakeHook) -> Channel {
    channel("hook", &ALL, Webhook::new("hook", &Secret::new(fake.url()), None, LIMIT).unwrap())
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_was_down_for_an_hour_gets_one_message_with_everything() {
    let (fake, other) = (FakeDiscord::start(), FakeHook::start());
    let mut world = World::new(vec![discord(&fake), hook(&other)]).await;
    let [a, b, c] = ["A", "B", "C"].map(|rule| alert(rule, Severity::Warning));
    fake.down(true);
    world.rounds(minutes(10), std::slice::from_ref(&a)).await;
    world.rounds(minutes(20), &[a.clone(), b.clone()]).await;
    world.rounds(minutes(10), std::slice::from_ref(&b)).await;
    world.rounds(minutes(20), &[b.clone(), c.clone()]).await;
    assert_eq!(fake.messages().len(), 0);
    assert!(fake.requests() <= 20, "{} attempts in an hour", fake.requests());
    let waiting = world.ledger.waiting_messages("ops", 99).await.unwrap();
    assert!(!waiting.is_empty());
    // The other channel heard everything at its time, and that this one is down.
    let heard: Vec<String> = other.deliveries().iter().map(|d| d.json()["groupKey"].to_string()).collect();
    assert!(heard.iter().any(|key| key.contains(CHANNEL_RULE)), "{heard:?}");
    assert_eq!(world.ledger.channels().await.unwrap()[1].state, ChannelState::Down);

    fake.down(false);
    world.rounds(minutes(11), &[b, c]).await;
    let messages = fake.messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    let text = messages[0].body["content"].as_str().unwrap();
    assert!(text.starts_with("while this channel was away") && text.contains("sent again"), "{text}");
    let titles: Vec<&str> =
        messages[0].body["embeds"].as_array().unwrap().iter().map(|e| e["title"].as_str().unwrap()).collect();
    assert_eq!(titles, [r"WARNING\: B", r"WARNING\: C", r"RESOLVED\: A"]);
    let all = world.ledger.messages(None, 99).await.unwrap();
    assert!(all.iter().all(|m| matches!(m.state, OutboxState::Sent | OutboxState::Joined)), "{all:#?}");
    assert_eq!(
        all.iter().find(|m| m.channel == "ops" && m.state == OutboxState::Sent).unwrap().provider_id.as_deref(),
        Some(messages[0].id.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_429_is_waited_out() {
    let fake = FakeDiscord::start();
    let mut world = World::new(vec![discord(&fake)]).await;
    for _ in 0..3 {
        let body = r#"{"message": "You are being rate limited.", "retry_after": 90.5, "global": true}"#;
        fake.fault(Fault::Status(429, vec![("retry-after", "91".to_owned())], body.to_owned()));
    }
    // A proxy's answer has no JSON, and asks for a day: an hour is the most.
    fake.fault(Fault::Status(429, vec![("retry-after", "86400".to_owned())], "<html>".to_owned()));
    let a = [alert("A", Severity::Critical)];
    world.rounds(minutes(6), &a).await;
    assert_eq!(fake.requests(), 4, "one attempt each time that was asked for");
    world.rounds(minutes(54), &a).await;
    assert_eq!((fake.requests(), fake.messages().len()), (4, 0));
    world.rounds(minutes(8), &a).await;
    assert_eq!((fake.requests(), fake.messages().len()), (5, 1));
    assert!(!world.ledger.messages(None, 9).await.unwrap()[0].unsure, "429 took nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bucket_is_waited_for() {
    let fake = FakeDiscord::start();
    fake.remaining(1);
    let mut world = World::new(vec![discord(&fake)]).await;
    let both = ["A", "B"].map(|rule| alert(rule, Severity::Critical));
    world.rounds(SignedDuration::from_secs(45), &both).await;
    // Two groups at once: the second is not sent into the empty bucket in the same moment.
    assert_eq!((fake.requests(), fake.messages().len()), (1, 1));
    fake.remaining(9);
    world.round(&both).await;
    assert_eq!((fake.requests(), fake.messages().len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_is_gone_is_told_once_and_left_alone_until_it_changes() {
    let (fake, other) = (FakeDiscord::start(), FakeHook::start());
    let mut world = World::new(vec![discord(&fake), hook(&other)]).await;
    fake.gone(true);
    let a = [alert("A", Severity::Critical)];
    world.rounds(minutes(60), &a).await;
    assert_eq!(fake.requests(), 1);
    let about: Vec<_> =
        other.deliveries().into_iter().filter(|d| d.json()["groupKey"].to_string().contains(CHANNEL_RULE)).collect();
    assert_eq!(about.len(), 1);
    assert!(about[0].json().to_string().contains("Unknown Webhook"), "{}", about[0].json());
    let everything =
        format!("{:?}{:?}", world.ledger.channels().await.unwrap(), world.ledger.messages(None, 99).await.unwrap());
    assert!(!everything.contains(fake.token()), "the address is a secret");
    // A restart alone changes nothing; another configuration does.
    fake.gone(false);
    world.restart(vec![discord(&fake), hook(&other)]).await;
    world.rounds(minutes(2), &a).await;
    assert_eq!(fake.requests(), 1);
    world.restart(vec![Channel { fingerprint: "two".into(), ..discord(&fake) }, hook(&other)]).await;
    world.rounds(minutes(2), &a).await;
    assert_eq!((fake.requests(), fake.messages().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_arrives_mends_a_channel() {
    let fake = FakeDiscord::start();
    let mut world = World::new(vec![discord(&fake)]).await;
    fake.gone(true);
    let error = world.teller.test("ops", at(0)).await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().contains("Unknown Webhook"), "{error}");
    assert!(world.teller.test("nobody", at(0)).await.unwrap().is_none());
    world.rounds(minutes(1), &[alert("A", Severity::Critical)]).await;
    fake.gone(false);
    assert!(world.teller.test("ops", at(world.second)).await.unwrap().unwrap().unwrap().provider_id.is_some());
    world.round(&[alert("A", Severity::Critical)]).await;
    assert_eq!(fake.messages().len(), 2, "the test, and what waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_between_sending_and_writing_down_says_that_it_sends_again() {
    let (fake, other) = (FakeDiscord::start(), FakeHook::start());
    let channels = || vec![discord(&fake), hook(&other)];
    let mut world = World::new(channels()).await;
    let a = [alert("A", Severity::Critical)];
    let now = at(0);
    world.teller.round(&a, &BTreeSet::default(), now).await.unwrap();
    world.teller.round(&a, &BTreeSet::default(), at(30)).await.unwrap();
    for name in ["ops", "hook"] {
        let message = world.ledger.waiting_messages(name, 9).await.unwrap().remove(0);
        assert!(world.ledger.begin_sending(message.id).await.unwrap());
    }
    // What it was sending is nobody's now; a second process of the same home must not take it meanwhile.
    assert_eq!(world.teller.deliver(at(45), &mut || 0.5).await.sent, 0);
    world.second = 60;
    world.restart(channels()).await;
    world.round(&a).await;
    assert!(fake.messages()[0].body["content"].as_str().unwrap().contains("sent again"));
    assert_eq!((fake.messages().len(), other.deliveries().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_has_the_same_key_the_second_time() {
    let other = FakeHook::start();
    let mut world = World::new(vec![hook(&other)]).await;
    other.fault(Fault::Cut);
    world.rounds(minutes(2), &[alert("A", Severity::Critical)]).await;
    let keys: Vec<_> = other.deliveries().iter().map(|d| d.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_an_hour_are_limited_and_what_is_over_is_joined() {
    let fake = FakeDiscord::start();
    let mut world = World::new(vec![Channel { per_hour: 4, ..discord(&fake) }]).await;
    let many: Vec<_> = (0..30).map(|i| alert(&format!("R{i:02}"), Severity::Critical)).collect();
    for count in 1..=30 {
        world.rounds(minutes(1), &many[..count]).await;
    }
    assert_eq!(fake.messages().len(), 4);
    world.rounds(minutes(40), &many).await;
    let messages = fake.messages();
    assert!((5..=8).contains(&messages.len()), "{}", messages.len());
    let joined = messages[4].body["content"].as_str().unwrap();
    assert!(joined.contains("26 critical") && joined.contains("and 16 more"), "{joined}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_ahead_holds_nothing_up() {
    let fake = FakeDiscord::start();
    let mut world = World::new(vec![discord(&fake)]).await;
    world.second = 86_400 * 400;
    fake.down(true);
    world.rounds(minutes(5), &[alert("A", Severity::Critical)]).await;
    fake.down(false);
    world.second = 0;
    world.rounds(minutes(1), &[alert("A", Severity::Critical)]).await;
    assert_eq!(fake.messages().len(), 1);
}
