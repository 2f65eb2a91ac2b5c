//! Endpoints that drop, hang, lag, limit or lie: each is given up for its reason, and the next one is used.

use std::time::Duration;

use hivis_chain::metagraph::metagraph;
use hivis_chain::{At, Chain, ChainError, ChainSettings, Fault};
use hivis_testbed::node::{Node, NodeOptions};
use hivis_testbed::ports::Port;

use crate::world::{Clock, chain, node, settings, soon};

async fn neurons(chain: &Chain) -> Result<usize, ChainError> {
    soon(chain.read(async |at: &At| Ok(metagraph(at, 72).await?.neurons.len()))).await
}

/// The reasons of the endpoints, when none can be used.
fn faults(error: ChainError) -> Vec<Fault> {
    match error {
        ChainError::NoEndpoint { tried, .. } => tried.into_iter().map(|(_, fault)| fault).collect(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_dropped_connection_is_made_anew() {
    let node = node();
    let chain = chain(&[&node]);
    assert_eq!(neurons(&chain).await.expect("a metagraph"), 256);
    assert_eq!(chain.status().failures, 0);
    node.cut();
    assert_eq!(neurons(&chain).await.expect("a metagraph"), 256);
    assert_eq!(chain.status().failures, 1);
    assert_eq!(node.connections(), 1);
}

#[tokio::test]
async fn a_connection_cut_within_a_read_goes_on_elsewhere() {
    let (first, second) = (node(), node());
    let chain = chain(&[&first, &second]);
    soon(chain.at_head()).await.expect("a head");
    first.faults(|f| f.cut_after = Some(4));
    assert_eq!(neurons(&chain).await.expect("a metagraph"), 256);
    assert_eq!(chain.status().endpoint, Some(second.url()));
}

#[tokio::test]
async fn the_next_endpoint_is_used_and_each_reason_is_told() {
    let node = node();
    let nobody = [Port::reserve(), Port::reserve()];
    let [dead, deader] = nobody.each_ref().map(|port| format!("ws://{}", port.address()));
    let chain = Chain::new(settings(&[dead.clone(), node.url()], &Clock::new())).expect("settings");
    assert_eq!(neurons(&chain).await.expect("a metagraph"), 256);
    assert_eq!(chain.status().endpoint, Some(node.url()));
    assert!(matches!(chain.status().last_fault, Some((endpoint, Fault::Unreachable { .. })) if endpoint == dead));
    let chain = Chain::new(settings(&[dead.clone(), deader.clone()], &Clock::new())).expect("settings");
    let error = neurons(&chain).await.expect_err("nobody is there");
    let text = error.to_string();
    assert!(text.starts_with("no endpoint of local answers: "), "{text}");
    assert!(text.contains(&dead) && text.contains(&deader) && text.contains("refused"), "{text}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--endpoint")));
}

#[tokio::test]
async fn an_endpoint_of_another_chain_is_refused() {
    let right = node();
    let wrong = Node::start(NodeOptions { genesis: Some([9; 32]), ..NodeOptions::default() });
    wrong.seal();
    let of = |endpoints: &[String]| {
        let settings = settings(endpoints, &Clock::new());
        Chain::new(ChainSettings { genesis: Some(right.genesis()), ..settings }).expect("settings")
    };
    let chain = of(&[wrong.url(), right.url()]);
    assert_eq!(neurons(&chain).await.expect("a metagraph"), 256);
    assert_eq!((chain.status().endpoint, chain.genesis()), (Some(right.url()), Some(right.genesis())));
    let error = neurons(&of(&[wrong.url()])).await.expect_err("another chain");
    assert!(error.to_string().contains(&format!("genesis 0x{}", "09".repeat(32))), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("another chain")));
}

#[tokio::test]
async fn without_a_demand_the_first_genesis_counts_for_all() {
    let node = node();
    let chain = chain(&[&node]);
    assert_eq!(chain.genesis(), None);
    soon(chain.at_head()).await.expect("a head");
    assert_eq!(chain.genesis(), Some(node.genesis()));
    node.faults(|f| f.genesis = Some([9; 32]));
    node.cut();
    let refused = faults(soon(chain.at_head()).await.expect_err("it lies"));
    assert!(matches!(refused[..], [Fault::OtherChain { .. }]), "{refused:?}");
    node.faults(|f| f.genesis = None);
    soon(chain.at_head()).await.expect("a head");
}

#[tokio::test]
async fn a_stale_head_is_not_read() {
    let (stale, fresh) = (node(), node());
    let clock = Clock::new();
    clock.forward(600);
    fresh.shift_time(600_000);
    fresh.seal();
    let chain = Chain::new(settings(&[stale.url(), fresh.url()], &clock)).expect("settings");
    assert_eq!(neurons(&chain).await.expect("a metagraph"), 256);
    assert_eq!(chain.status().endpoint, Some(fresh.url()));
    assert!(matches!(chain.status().last_fault, Some((_, Fault::Stale { age, .. })) if (500..=600).contains(&age)));
    // It grows old while we are connected, too.
    clock.forward(600);
    let refused = faults(soon(chain.at_head()).await.expect_err("all are old"));
    assert!(refused.iter().any(|fault| matches!(fault, Fault::Stale { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_head_from_the_future_tells_of_the_clock() {
    let node = node();
    node.shift_time(3_600_000);
    node.seal();
    let error = soon(chain(&[&node]).at_head()).await.expect_err("an hour ahead");
    assert!(error.hint().is_some_and(|hint| hint.contains("clock")), "{error}");
    assert!(matches!(faults(error)[..], [Fault::Ahead { by: 3000..=3700 }]));
}

#[tokio::test]
async fn limits_lead_to_the_next_endpoint() {
    let (first, second) = (node(), node());
    first.faults(|f| f.upgrades_limited = 1);
    let at_door = chain(&[&first, &second]);
    assert_eq!(neurons(&at_door).await.expect("a metagraph"), 256);
    assert!(matches!(at_door.status().last_fault, Some((_, Fault::TooManyRequests { .. }))));
    let within = chain(&[&first, &second]);
    soon(within.at_head()).await.expect("a head");
    assert_eq!(within.status().endpoint, Some(first.url()));
    first.faults(|f| f.calls_limited = 1);
    assert_eq!(neurons(&within).await.expect("a metagraph"), 256);
    assert_eq!(within.status().endpoint, Some(second.url()));
    assert!(matches!(within.status().last_fault, Some((_, Fault::TooManyRequests { .. }))));
    let alone = chain(&[&first]);
    first.faults(|f| f.upgrades_limited = 1);
    let error = soon(alone.at_head()).await.expect_err("429");
    assert!(error.to_string().contains("429"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("wait a minute")));
    soon(alone.at_head()).await.expect("a head, later");
}

#[tokio::test]
async fn a_silent_endpoint_is_given_up_at_the_deadline() {
    let (first, second) = (node(), node());
    let endpoints = [first.url(), second.url()];
    let patient = settings(&endpoints, &Clock::new());
    let chain = Chain::new(ChainSettings { timeout: Duration::from_secs(4), ..patient }).expect("settings");
    soon(chain.at_head()).await.expect("a head");
    first.faults(|f| {
        f.hang.insert("state_call".to_owned());
    });
    assert_eq!(neurons(&chain).await.expect("a metagraph"), 256);
    assert_eq!(chain.status().endpoint, Some(second.url()));
    assert!(matches!(chain.status().last_fault, Some((_, Fault::Silent { what, seconds: 4 })) if what == "state_call"));
}

#[tokio::test]
async fn garbage_is_read_anew_elsewhere_and_never_believed() {
    let (first, second) = (node(), node());
    first.faults(|f| {
        f.calls.insert("SubnetInfoRuntimeApi_get_metagraph".to_owned(), vec![1, 2, 3]);
    });
    let both = chain(&[&first, &second]);
    assert_eq!(neurons(&both).await.expect("a metagraph"), 256);
    assert_eq!(both.status().endpoint, Some(second.url()));
    let error = neurons(&chain(&[&first])).await.expect_err("garbage");
    assert!(matches!(error, ChainError::Answer { .. }), "{error}");
}

#[tokio::test]
async fn another_past_is_refused_once_and_then_believed() {
    let (first, other) = (node(), node());
    // The same numbers, other blocks.
    other.shift_time(1000);
    other.seal();
    first.seal();
    let chain = chain(&[&first, &other]);
    let head = soon(chain.at_head()).await.expect("a head").block_number();
    first.faults(|f| f.refuse = true);
    first.cut();
    let refused = faults(soon(chain.at_head()).await.expect_err("it has other blocks"));
    assert!(refused.contains(&Fault::Forked { block: head }), "{refused:?}");
    soon(chain.at_head()).await.expect("nobody stands by the old block");
    assert_eq!(chain.status().endpoint, Some(other.url()));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for endpoints in [vec![], vec!["https://example.org".to_owned()], vec!["wss://".to_owned()]] {
        let error = Chain::new(settings(&endpoints, &Clock::new())).expect_err("no address");
        assert!(matches!(error, ChainError::Address { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_may_be_secret_in_an_address_is_never_shown() {
    let nobody = Port::reserve();
    let port = nobody.address().to_string();
    let endpoint = format!("ws://user:hush@{port}/hush?key=hush#hush");
    let chain = Chain::new(settings(&[endpoint], &Clock::new())).expect("settings");
    let error = soon(chain.at_head()).await.expect_err("nobody is there");
    let shown = format!("{error} {error:?} {chain:?} {:?} {:?}", chain.status(), error.hint());
    assert!(shown.contains(&port) && !shown.contains("hush"), "{shown}");
    let error = Chain::new(settings(&["http://user:hush@host/hush".to_owned()], &Clock::new())).expect_err("http");
    assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
}
