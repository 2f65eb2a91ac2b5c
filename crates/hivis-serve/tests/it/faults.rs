//! Clients that misbehave; after each the next good request is answered.

use std::time::Duration;

use hivis_serve::{AxonSettings, Limits};
use hivis_types::Silence;
use tokio::{io::AsyncWriteExt, time::Instant};

use crate::{
    asking::{Ask, answer_to},
    gate::{Gate, until},
    world::{Line, PATIENCE, World, permits},
};

fn limited(change: impl FnOnce(&mut Limits)) -> World {
    let mut settings = AxonSettings::default();
    change(&mut settings.limits);
    World::start(settings)
}

/// A good request on a new connection is answered.
async fn still_answers(world: &World) {
    let answer = world.send(Ask::grey(200).bytes()).await;
    assert_eq!(answer.statuses(), (200, Some(200)));
    assert!((answer.prediction() - answer_to(200)).abs() < 0.01, "{answer:?}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let world = limited(|limits| limits.body_bytes = 100_000);
    let mut ask = Ask::grey(1);
    ask.length = Some(100_001);
    let mut line = Line::open(world.at).await;
    line.write(ask.head()).await; // and not one byte of the body
    assert_eq!(line.answer().await.unwrap().statuses(), (413, Some(413)));
    assert!(line.ends().await);
    let record = world.record().await;
    assert_eq!((record.status, record.silence), (413, Some(Silence::TooManyBytes)));
    still_answers(&world).await;
}

#[tokio::test]
async fn who_sends_a_huge_body_all_the_same_still_reads_the_refusal() {
    let world = limited(|limits| limits.body_bytes = 100_000);
    let mut ask = Ask::new(vec![b' '; 4_000_000]);
    ask.length = Some(ask.body.len());
    assert_eq!(world.send(ask.bytes()).await.status, 413);
    still_answers(&world).await;
}

#[tokio::test]
async fn a_chunked_body_is_refused_as_soon_as_the_limit_is_passed() {
    let world = limited(|limits| limits.body_bytes = 100_000);
    let mut ask = Ask::grey(1);
    ask.length = None;
    ask.more = "Transfer-Encoding: chunked\r\n".to_owned();
    let mut line = Line::open(world.at).await;
    line.write(ask.head()).await;
    for _ in 0..3 {
        line.write([b"8000\r\n".as_slice(), &vec![b' '; 0x8000], b"\r\n"].concat()).await;
    }
    line.write("8000\r\n    ").await; // 98304 bytes and four more: not yet over
    line.write([b' '; 2000]).await; // now it is, and the chunk has no end
    assert_eq!(line.answer().await.unwrap().statuses(), (413, Some(413)));
    assert!(line.ends().await);
    still_answers(&world).await;
}

#[tokio::test]
async fn a_slow_body_gets_408() {
    let world = limited(|limits| limits.body_time = Duration::from_millis(400));
    let mut line = Line::open(world.at).await;
    let ask = Ask::grey(1);
    line.write(ask.head()).await;
    line.write(&ask.body[..100]).await;
    assert_eq!(line.answer().await.unwrap().statuses(), (408, Some(408)));
    assert!(line.ends().await);
    assert_eq!(world.record().await.silence, Some(Silence::SlowBody));
    still_answers(&world).await;
}

#[tokio::test]
async fn a_head_that_drips_is_cut_after_its_time() {
    let world = limited(|limits| {
        limits.head_time = Duration::from_millis(200);
        limits.idle_time = Duration::from_mins(1);
    });
    let began = Instant::now();
    let mut line = Line::open(world.at).await;
    // It never ends by itself, and each byte comes well within the time for a whole head.
    line.write("POST / HTTP/1.1\r\nx: ").await;
    while line.write("y").await {
        assert!(began.elapsed() < PATIENCE, "it is never cut");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(line.ends().await);
    assert!(began.elapsed() > Duration::from_millis(190), "{:?}", began.elapsed());
    still_answers(&world).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_while_its_request_is_answered() {
    let (gate, slow) = Gate::new(Duration::ZERO);
    let mut settings = AxonSettings::default();
    (settings.limits.idle_time, settings.limits.head_time) = (Duration::from_secs(1), Duration::from_mins(1));
    let world = World::with(settings, permits(), Some(slow));
    let mut used = Line::open(world.at).await;
    used.write(Ask::grey(50).bytes()).await;
    gate.entered(1).await;
    // A later one is silent for its whole time while the engine has the other's picture.
    assert!(Line::open(world.at).await.ends().await);
    gate.open();
    assert_eq!(used.answer().await.unwrap().status, 200);
    // Its time begins anew with each answer.
    used.write(Ask::grey(50).bytes()).await;
    assert_eq!(used.answer().await.unwrap().status, 200);
    assert!(used.ends().await);
    still_answers(&world).await;
}

#[tokio::test]
async fn a_huge_head_gets_431() {
    let world = limited(|_| {});
    let mut ask = Ask::grey(1);
    ask.more = format!("x: {}\r\n", "y".repeat(20_000));
    assert_eq!(world.send(ask.bytes()).await.status, 431);
    ask.more = "x: y\r\n".repeat(200);
    assert_eq!(world.send(ask.bytes()).await.status, 431);
    assert!(world.records().is_empty());
    still_answers(&world).await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let world = limited(|_| {});
    let mut line = Line::open(world.at).await;
    line.write([Ask::grey(10).bytes(), Ask::grey(250).bytes(), Ask::grey(120).bytes()].concat()).await;
    for level in [10, 250, 120] {
        let answer = line.answer().await.unwrap();
        assert!((answer.prediction() - answer_to(level)).abs() < 0.01, "{level}: {answer:?}");
    }
    still_answers(&world).await;
}

#[tokio::test]
async fn malformed_http_gets_400_and_the_line_is_closed() {
    for nonsense in [
        "\0\u{1}\u{2}\u{3}\r\n\r\n",
        "GET\r\n\r\n",
        "POST /ImageSynapse HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\na b: c\r\n\r\n",
    ] {
        let world = limited(|_| {});
        let mut line = Line::open(world.at).await;
        line.write(nonsense).await;
        assert_eq!(line.answer().await.map(|answer| answer.status), Some(400), "{nonsense:?}");
        assert!(line.ends().await, "{nonsense:?}");
        still_answers(&world).await;
    }
}

#[tokio::test]
async fn a_half_closed_connection_is_answered() {
    let world = limited(|_| {});
    let mut line = Line::open(world.at).await;
    line.write(Ask::grey(77).bytes()).await;
    line.stream.shutdown().await.unwrap();
    assert_eq!(line.answer().await.unwrap().status, 200);
    assert!(line.ends().await);
    still_answers(&world).await;
}

#[tokio::test]
async fn who_goes_away_in_the_body_is_recorded_as_gone() {
    let world = limited(|_| {});
    let mut line = Line::open(world.at).await;
    let ask = Ask::grey(77);
    line.write(ask.head()).await;
    line.write(&ask.body[..100]).await;
    drop(line);
    let record = world.record().await;
    assert_eq!((record.status, record.silence), (408, Some(Silence::SlowBody)));
    still_answers(&world).await;
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_the_others_live() {
    for (all, each) in [(3, 100), (100, 3)] {
        let world = limited(|limits| {
            limits.connections = all;
            limits.connections_per_ip = each;
        });
        let mut lines = Vec::new();
        for _ in 0..3 {
            let mut line = Line::open(world.at).await;
            line.write(Ask::grey(9).bytes()).await;
            assert_eq!(line.answer().await.unwrap().status, 200);
            lines.push(line);
        }
        assert_eq!(world.axon.health().connections, 3);
        assert!(Line::open(world.at).await.ends().await, "the fourth");
        let mut first = lines.remove(0);
        first.write(Ask::grey(9).bytes()).await;
        assert_eq!(first.answer().await.unwrap().status, 200);
        drop(first);
        // The place is free as soon as the server has seen the end of the line.
        until(|| world.axon.health().connections == 2).await;
        still_answers(&world).await;
    }
}

#[tokio::test]
async fn bodies_that_would_fill_the_memory_are_refused() {
    let world = limited(|limits| {
        limits.body_bytes = 1 << 20;
        limits.all_body_bytes = 2 << 20;
    });
    let mut lines = Vec::new();
    for _ in 0..2 {
        let mut ask = Ask::grey(9);
        ask.length = Some(1 << 20);
        let mut line = Line::open(world.at).await;
        line.write(ask.head()).await;
        lines.push(line);
    }
    // Both take their room a moment after they are let in, and give it back a moment after they are gone.
    world.in_flight(2).await;
    let ask = async |wanted| {
        let begun = Instant::now();
        while world.send(Ask::grey(200).bytes()).await.statuses() != (wanted, Some(wanted)) {
            assert!(begun.elapsed() < PATIENCE, "never {wanted}");
        }
    };
    ask(503).await;
    drop(lines);
    ask(200).await;
}
