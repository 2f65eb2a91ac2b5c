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
use tokio::time::Instant;

use crate::{
    asking::{Ask, answer_to},
    world::{Line, World, permits, redness, scripted},
};

/// Redness after a fixed time a batch, and the largest batch seen.
fn slow(time: Duration) -> (hivis_serve::Loaded, Arc<AtomicUsize>) {
    let largest = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&largest);
    let loaded = scripted(move |pictures| {
        seen.fetch_max(pictures.len(), Ordering::Relaxed);
        std::thread::sleep(time);
        Ok(redness(pictures))
    });
    (loaded, largest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_gets_the_answer_to_their_own_picture() {
    let (loaded, largest) = slow(Duration::from_millis(30));
    let world = Arc::new(World::with(AxonSettings::default(), permits(), Some(loaded)));
    let tasks: Vec<_> = (0..40_u8)
        .map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { (n, world.send(Ask::grey(n * 6).bytes()).await) })
        })
        .collect();
    for task in tasks {
        let (n, answer) = task.await.unwrap();
        assert!((answer.prediction() - answer_to(n * 6)).abs() < 0.01, "{n}: {answer:?}");
    }
    assert_eq!(largest.load(Ordering::Relaxed), 8);
    let records = world.records();
    assert_eq!(records.len(), 40);
    let full = records.iter().filter_map(|record| record.judgement.as_ref()).filter(|j| j.left == BatchLeft::Full);
    assert!(full.count() >= 8, "a busy engine lets batches grow");
    assert_eq!(world.axon.health().in_flight, 0);
}

/// `bench overload` in small: the engine takes 20 ms a batch of at most 8, and ten times as much is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_too_much_is_answered_or_refused_and_the_line_stays_short() {
    let (loaded, largest) = slow(Duration::from_millis(20));
    let mut settings = AxonSettings { queue: 16, ..AxonSettings::default() };
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
    assert!(largest.load(Ordering::Relaxed) <= 8);
    // 80 connections hold at most one request each; what was let in holds 16 places and one batch.
    assert!(most_in_flight.load(Ordering::Relaxed) <= 80);
    let waited = records.iter().map(|record| record.timings.queue_us).max().unwrap();
    assert!(waited < 5_000_000, "nobody waited past the deadline: {waited} us");
}

/// A refusal costs no body: it comes while the body is still away, and a body that is there does not end the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_would_be_refused_hears_it_before_the_body() {
    let (loaded, _) = slow(Duration::from_millis(900));
    let settings = AxonSettings { queue: 1, max_batch: 1, ..AxonSettings::default() };
    let world = Arc::new(World::with(settings, permits(), Some(loaded)));
    let mut asked = Vec::new();
    for _ in 0..2 {
        let world = Arc::clone(&world);
        asked.push(tokio::spawn(async move { world.send(Ask::grey(1).bytes()).await.status }));
        tokio::time::sleep(Duration::from_millis(60)).await; // one in the engine, one waits
    }
    let mut bodiless = Line::open(world.at).await;
    bodiless.write(Ask::grey(1).head()).await;
    assert_eq!(bodiless.answer().await.unwrap().statuses(), (503, Some(503)));
    assert!(bodiless.ends().await, "what comes next on it would be a body");
    let mut whole = Line::open(world.at).await;
    for _ in 0..2 {
        whole.write(Ask::grey(1).bytes()).await;
        assert_eq!(whole.answer().await.unwrap().statuses(), (503, Some(503)));
    }
    for status in asked {
        assert_eq!(status.await.unwrap(), 200);
    }
    let refused = world.records().into_iter().filter(|record| record.silence == Some(Silence::Overloaded));
    assert_eq!(refused.count(), 3, "each is recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_higher_stake_takes_the_place_of_a_lower_one() {
    let (loaded, _) = slow(Duration::from_millis(400));
    let settings = AxonSettings { queue: 2, max_batch: 1, ..AxonSettings::default() };
    let world = Arc::new(World::with(settings, permits(), Some(loaded)));
    let ask = |who| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.send(Ask::grey(1).by(who).bytes()).await.status })
    };
    let mut poor = Vec::new();
    for _ in 0..3 {
        poor.push(ask("Charlie")); // one in the engine, two wait
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let rich = ask("Alice");
    let mut statuses = Vec::new();
    for task in poor {
        statuses.push(task.await.unwrap());
    }
    assert_eq!((statuses, rich.await.unwrap()), (vec![200, 200, 503], 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_answers_what_is_in_flight_and_takes_nothing_new() {
    let (loaded, _) = slow(Duration::from_millis(300));
    let mut world = World::with(AxonSettings::default(), permits(), Some(loaded));
    let mut idle = Line::open(world.at).await;
    idle.write(Ask::grey(9).bytes()).await;
    idle.answer().await.unwrap();
    let mut busy = Line::open(world.at).await;
    busy.write(Ask::grey(200).bytes()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.begin_stop();
    assert!(idle.ends().await, "an idle connection is closed at once");
    assert!((busy.answer().await.unwrap().prediction() - answer_to(200)).abs() < 0.01);
    assert!(busy.ends().await);
    world.stopped().await;
    assert!(tokio::net::TcpStream::connect(world.at).await.is_err(), "nobody listens any more");
    assert_eq!(world.axon.health().not_ready, [NotReady::Draining]);
    assert_eq!(world.records().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_in_time_although_someone_dawdles() {
    let (loaded, _) = slow(Duration::from_millis(700));
    let settings = AxonSettings { drain: Duration::from_millis(400), ..AxonSettings::default() };
    let mut world = World::with(settings, permits(), Some(loaded));
    let send = async |ask: &Ask| {
        let mut line = Line::open(world.at).await;
        line.write(ask.bytes()).await;
        line
    };
    send(&Ask::grey(9)).await.answer().await.unwrap();
    let ask = Ask::grey(1);
    let mut dawdler = Line::open(world.at).await;
    dawdler.write(&ask.head()[..50]).await;
    let mut late = Line::open(world.at).await;
    late.write(ask.head()).await;
    let mut busy = send(&Ask::grey(200)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    world.begin_stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    // The engine is busy for 0.6 s more and the drain ends after 0.35 s: refused at once.
    late.write(&ask.body).await;
    assert_eq!(late.answer().await.unwrap().statuses(), (503, Some(503)));
    assert!(began.elapsed() < Duration::from_millis(350), "{:?}", began.elapsed());
    // Who was let in before gets the margin.
    assert!((busy.answer().await.unwrap().prediction() - answer_to(200)).abs() < 0.01);
    world.stopped().await;
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    assert!(dawdler.ends().await);
    let silences: Vec<_> = world.records().iter().map(|record| record.silence).collect();
    assert_eq!(silences, [None, Some(Silence::Draining), None]);
}
