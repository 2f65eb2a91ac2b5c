//! Many at once: batches, shedding, draining.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hivis_serve::{AxonSettings, NotReady};
use hivis_types::{BatchLeft, Silence};

use crate::{
    asking::{Ask, answer_to},
    gate::{Gate, until},
    world::{Line, PATIENCE, World, permits},
};

/// What is on its way in gets there; nothing tells from outside when.
const SETTLES: Duration = Duration::from_millis(200);

/// Only the caller's 12 s end a wait for a gate.
fn patient() -> AxonSettings {
    AxonSettings { deadline: PATIENCE, ..AxonSettings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_gets_the_answer_to_their_own_picture() {
    let (gate, loaded) = Gate::new(Duration::from_millis(30));
    let world = Arc::new(World::with(patient(), permits(), Some(loaded)));
    let tasks: Vec<_> = (0..40_u8)
        .map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { (n, world.send(Ask::grey(n * 6).bytes()).await) })
        })
        .collect();
    world.in_flight(40).await;
    tokio::time::sleep(SETTLES).await;
    gate.open();
    for task in tasks {
        let (n, answer) = task.await.unwrap();
        assert!((answer.prediction() - answer_to(n * 6)).abs() < 0.01, "{n}: {answer:?}");
    }
    assert_eq!(gate.largest(), 8);
    let records = world.records();
    assert_eq!(records.len(), 40);
    let full = records.iter().filter_map(|record| record.judgement.as_ref()).filter(|j| j.left == BatchLeft::Full);
    assert!(full.count() >= 8, "a busy engine lets batches grow");
    assert_eq!(world.axon.health().in_flight, 0);
}

/// `bench overload` in small: batches of at most 8, a line of 16, and five times as many who ask again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_too_much_is_answered_or_refused_and_the_line_stays_short() {
    let (gate, loaded) = Gate::new(Duration::from_millis(20));
    let mut settings = AxonSettings { queue: 16, ..patient() };
    settings.limits.connections_per_ip = 200;
    let world = Arc::new(World::with(settings, permits(), Some(loaded)));
    let most_in_flight = Arc::new(AtomicUsize::new(0));
    let watch = tokio::spawn({
        let (world, most) = (Arc::clone(&world), Arc::clone(&most_in_flight));
        async move {
            loop {
                most.fetch_max(world.axon.health().in_flight, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    // 80 callers that ask again as soon as they are answered, each five times: five times what the line holds.
    let callers: Vec<_> = (0..80)
        .map(|_| {
            let at = world.at;
            tokio::spawn(async move {
                let mut line = Line::open(at).await;
                let mut answers = Vec::new();
                for _ in 0..5 {
                    line.write(Ask::grey(128).bytes()).await;
                    answers.push(line.answer().await.expect("everything gets an answer"));
                }
                answers
            })
        })
        .collect();
    // Nobody leaves before the first is refused, so that the line was full.
    until(|| !world.records().is_empty()).await;
    gate.open();
    let mut answers = Vec::new();
    for caller in callers {
        answers.extend(caller.await.unwrap());
    }
    watch.abort();
    assert_eq!(answers.len(), 400);
    for answer in &answers {
        match answer.statuses() {
            (200, Some(200)) => assert!((answer.prediction() - answer_to(128)).abs() < 0.01, "{answer:?}"),
            (503, Some(503)) => assert!(answer.body.len() < 100, "a short text: {}", answer.body),
            other => panic!("{other:?}"),
        }
    }
    let records = world.records();
    assert_eq!(records.len(), 400, "each is recorded");
    let shed = records.iter().filter(|record| record.silence == Some(Silence::Overloaded)).count();
    assert_eq!(shed, answers.iter().filter(|answer| answer.status == 503).count());
    assert!(shed > 0 && shed < 400, "{shed} of 400 were refused");
    assert!(records.iter().all(|record| record.silence.is_none_or(|why| why == Silence::Overloaded)));
    assert!(gate.largest() <= 8);
    // 80 connections hold at most one request each; what was let in holds 16 places and one batch.
    assert!(most_in_flight.load(Ordering::Relaxed) <= 80);
}

/// A refusal costs no body: it comes while the body is still away, and a body that is there does not end the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_would_be_refused_hears_it_before_the_body() {
    let (gate, loaded) = Gate::new(Duration::ZERO);
    let settings = AxonSettings { queue: 1, max_batch: 1, ..patient() };
    let world = Arc::new(World::with(settings, permits(), Some(loaded)));
    let ask = || {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.send(Ask::grey(1).bytes()).await.status })
    };
    let mut asked = vec![ask()];
    gate.entered(1).await;
    asked.push(ask());
    world.in_flight(2).await; // one in the engine, one waits
    tokio::time::sleep(SETTLES).await;
    let mut bodiless = Line::open(world.at).await;
    bodiless.write(Ask::grey(1).head()).await;
    assert_eq!(bodiless.answer().await.unwrap().statuses(), (503, Some(503)));
    assert!(bodiless.ends().await, "what comes next on it would be a body");
    let mut whole = Line::open(world.at).await;
    for _ in 0..2 {
        whole.write(Ask::grey(1).bytes()).await;
        assert_eq!(whole.answer().await.unwrap().statuses(), (503, Some(503)));
    }
    gate.open();
    for status in asked {
        assert_eq!(status.await.unwrap(), 200);
    }
    let refused = world.records().into_iter().filter(|record| record.silence == Some(Silence::Overloaded));
    assert_eq!(refused.count(), 3, "each is recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_higher_stake_takes_the_place_of_a_lower_one() {
    let (gate, loaded) = Gate::new(Duration::ZERO);
    let settings = AxonSettings { queue: 2, max_batch: 1, ..patient() };
    let world = Arc::new(World::with(settings, permits(), Some(loaded)));
    let ask = |who| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.send(Ask::grey(1).by(who).bytes()).await.status })
    };
    let mut poor = vec![ask("Charlie")];
    gate.entered(1).await;
    for waiting in 1..=2 {
        poor.push(ask("Charlie"));
        world.in_flight(1 + waiting).await;
        tokio::time::sleep(SETTLES).await;
    }
    let rich = ask("Alice");
    // The last of the poor goes while the engine is still busy.
    assert_eq!(poor.pop().unwrap().await.unwrap(), 503);
    gate.open();
    for task in poor.into_iter().chain([rich]) {
        assert_eq!(task.await.unwrap(), 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_answers_what_is_in_flight_and_takes_nothing_new() {
    let (gate, loaded) = Gate::new(Duration::ZERO);
    let mut world = World::with(patient(), permits(), Some(loaded));
    gate.open();
    let mut idle = Line::open(world.at).await;
    idle.write(Ask::grey(9).bytes()).await;
    idle.answer().await.unwrap();
    gate.shut();
    let mut busy = Line::open(world.at).await;
    busy.write(Ask::grey(200).bytes()).await;
    gate.entered(2).await;
    world.begin_stop();
    assert!(idle.ends().await, "an idle connection is closed at once");
    gate.open();
    assert!((busy.answer().await.unwrap().prediction() - answer_to(200)).abs() < 0.01);
    assert!(busy.ends().await);
    world.stopped().await;
    assert!(tokio::net::TcpStream::connect(world.at).await.is_err(), "nobody listens any more");
    assert_eq!(world.axon.health().not_ready, [NotReady::Draining]);
    assert_eq!(world.records().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_in_time_although_someone_dawdles() {
    let (gate, loaded) = Gate::new(Duration::ZERO);
    let drain = Duration::from_secs(2);
    let mut settings = AxonSettings { drain, ..patient() };
    (settings.limits.head_time, settings.limits.idle_time) = (PATIENCE * 2, PATIENCE * 2);
    let mut world = World::with(settings, permits(), Some(loaded));
    let send = async |ask: &Ask| {
        let mut line = Line::open(world.at).await;
        line.write(ask.bytes()).await;
        line
    };
    // The axon learns that a batch takes longer than the drain, so that nobody new can be answered within it.
    let mut first = send(&Ask::grey(9)).await;
    gate.entered(1).await;
    tokio::time::sleep(drain).await;
    gate.open();
    first.answer().await.unwrap();
    gate.shut();
    let ask = Ask::grey(1);
    let mut dawdler = Line::open(world.at).await;
    dawdler.write(&ask.head()[..50]).await;
    let mut late = Line::open(world.at).await;
    late.write(ask.head()).await;
    let mut busy = send(&Ask::grey(200)).await;
    gate.entered(2).await;
    world.in_flight(2).await;
    world.begin_stop();
    until(|| !world.axon.health().is_ready()).await;
    late.write(&ask.body).await;
    assert_eq!(late.answer().await.unwrap().statuses(), (503, Some(503)));
    gate.open();
    assert!((busy.answer().await.unwrap().prediction() - answer_to(200)).abs() < 0.01);
    // Nothing but the drain's end would cut the dawdler before the test gave up.
    world.stopped().await;
    assert!(dawdler.ends().await);
    let silences: Vec<_> = world.records().iter().map(|record| record.silence).collect();
    assert_eq!(silences, [None, Some(Silence::Draining), None]);
}
