//! The batcher against a model: whatever is asked, the trace of what happened must be one that the model allows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use hivis_serve::batcher::{Batch, BatchSettings, Batcher, Left, Outcome, Refused, batcher};
use proptest::{collection::vec, option, prelude::*};
use tokio::time::{Instant, sleep, sleep_until};

/// Timers tick in milliseconds: what is due at t comes before t + 2 ms.
const TICK: Duration = Duration::from_millis(2);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[derive(Clone, Debug)]
struct Ask {
    at: u64,
    priority: u8,
    patience: u64,
    making: u64,
    gives_up: Option<u64>,
}

#[derive(Clone, Debug)]
struct Script {
    asks: Vec<Ask>,
    batch: usize,
    places: usize,
    each: u64,
    base: u64,
    /// Every how manieth batch fails, and every how manieth comes back one output short.
    fails: Option<usize>,
    short: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum End {
    Refused(Refused),
    Done { echo: usize, size: usize, left: Left, waited: Duration, took: Duration },
    Expired,
    Displaced,
    Failed,
    GaveUp,
}

/// What one ask saw, in time since the start.
#[derive(Debug)]
struct Story {
    asked: Duration,
    deadline: Duration,
    filled: Option<Duration>,
    ended: Duration,
    end: End,
}

#[derive(Debug)]
struct Ride {
    began: Duration,
    ended: Duration,
    who: Vec<usize>,
}

async fn ask(line: Batcher<usize, usize>, who: usize, ask: Ask, start: Instant) -> Story {
    sleep_until(start + ms(ask.at)).await;
    let asked = Instant::now();
    let deadline = asked + ms(ask.patience);
    let mut filled = None;
    let life = async {
        let mut place = match line.admit(f64::from(ask.priority), deadline).await {
            Ok(place) => place,
            Err(refused) => return End::Refused(refused),
        };
        let early = tokio::select! {
            biased;
            outcome = place.outcome() => Some(outcome),
            () = sleep(ms(ask.making)), if ask.making > 0 => None,
            () = std::future::ready(()), if ask.making == 0 => None,
        };
        let outcome = if let Some(outcome) = early {
            outcome
        } else {
            filled = Some(start.elapsed());
            place.fill(who);
            place.outcome().await
        };
        match outcome {
            Outcome::Done { output, trip } => {
                End::Done { echo: output, size: trip.size, left: trip.left, waited: trip.waited, took: trip.took }
            }
            Outcome::Expired => End::Expired,
            Outcome::Displaced => End::Displaced,
            Outcome::Failed(_) => End::Failed,
        }
    };
    let end = match ask.gives_up {
        Some(after) => tokio::time::timeout(ms(after), life).await.unwrap_or(End::GaveUp),
        None => life.await,
    };
    Story { asked: asked - start, deadline: deadline - start, filled, ended: start.elapsed(), end }
}

fn play(script: &Script) -> (Vec<Story>, Vec<Ride>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        let (line, driver, mut work) = batcher(BatchSettings { batch: script.batch, places: script.places });
        let driver = tokio::spawn(driver.run());
        let rides = Arc::new(Mutex::new(Vec::new()));
        let worker = tokio::spawn({
            let (script, rides) = (script.clone(), Arc::clone(&rides));
            async move {
                for number in 1.. {
                    let Some(Batch { items: who, .. }) = work.next().await else { return };
                    let began = start.elapsed();
                    sleep(ms(script.base + script.each * who.len() as u64)).await;
                    rides.lock().unwrap().push(Ride { began, ended: start.elapsed(), who: who.clone() });
                    let every = |n: Option<usize>| n.is_some_and(|n| number % n == 0);
                    let outputs = match (every(script.fails), every(script.short)) {
                        (true, _) => Err("the engine stumbled".to_owned()),
                        (_, true) => Ok(who[1..].to_vec()),
                        _ => Ok(who),
                    };
                    work.finished(outputs);
                }
            }
        });
        let asks: Vec<_> =
            (0..).zip(script.asks.clone()).map(|(who, one)| tokio::spawn(ask(line.clone(), who, one, start))).collect();
        drop(line);
        let mut stories = Vec::new();
        for task in asks {
            stories.push(task.await.unwrap());
        }
        tokio::time::timeout(ms(100_000), async { (driver.await.unwrap(), worker.await.unwrap()) })
            .await
            .expect("driver and worker end when nobody asks any more");
        let rides = std::mem::take(&mut *rides.lock().unwrap());
        (stories, rides)
    })
}

/// The model: which traces are allowed.
fn allowed(script: &Script, stories: &[Story], rides: &[Ride]) -> Result<(), TestCaseError> {
    let mut seat = HashMap::new();
    for (ride, number) in rides.iter().zip(0..) {
        prop_assert!((1..=script.batch).contains(&ride.who.len()), "a batch of {}", ride.who.len());
        for &who in &ride.who {
            prop_assert!(seat.insert(who, number).is_none(), "{who} rode twice");
            prop_assert!(ride.began < stories[who].deadline, "{who} had expired and yet reached the worker");
            prop_assert!(stories[who].filled.is_some_and(|at| at <= ride.began), "{who} rode before it was ready");
        }
    }
    for pair in rides.windows(2) {
        prop_assert!(pair[0].ended <= pair[1].began, "two batches at once");
    }
    for (who, story) in stories.iter().enumerate() {
        prop_assert!(story.ended < story.deadline.max(story.asked) + TICK, "{who} heard too late: {story:?}");
        let ride = seat.get(&who).map(|&number: &usize| (&rides[number], number + 1));
        match &story.end {
            End::Done { echo, size, left, waited, took } => {
                let (ride, number) = ride.expect("done without the worker");
                prop_assert_eq!(*echo, who, "someone else's output");
                prop_assert_eq!(*size, ride.who.len());
                prop_assert_eq!(ride.began + *took, ride.ended);
                prop_assert_eq!(story.filled.map(|at| at + *waited), Some(ride.began));
                prop_assert!(
                    script.fails.is_none_or(|n| number % n != 0) && script.short.is_none_or(|n| number % n != 0)
                );
                prop_assert_eq!(*left == Left::Full, ride.who.len() == script.batch, "{:?}", left);
                if *left == Left::Idle {
                    let behind = ready_at(stories, &seat, rides, ride.began);
                    prop_assert!(behind.is_empty(), "an idle worker left {behind:?} behind");
                }
            }
            End::Failed => {
                let (_, number) = ride.expect("failed without the worker");
                prop_assert!(
                    script.fails.is_some_and(|n| number % n == 0) || script.short.is_some_and(|n| number % n == 0)
                );
            }
            End::Expired => prop_assert!(story.ended >= story.deadline, "{who} expired early"),
            End::Displaced => {
                let richer = stories.iter().zip(&script.asks).any(|(other, ask)| {
                    other.asked == story.ended && ask.priority > script.asks[who].priority && stays(&other.end)
                });
                prop_assert!(richer, "{who} lost its place to nobody of higher priority");
                prop_assert!(ride.is_none(), "{who} was displaced and rode");
            }
            End::Refused(refused) => {
                prop_assert_eq!(story.ended, story.asked, "refused, but not at once");
                prop_assert!(ride.is_none() && *refused != Refused::Stopped);
                let others = inside(stories, &seat, rides, story.asked, who);
                prop_assert!(others.0 + others.1 > 0, "{who} was refused by an empty line");
            }
            End::GaveUp => {}
        }
    }
    // Greedy: a batch leaves the moment that the worker is free and someone is ready.
    for (ride, number) in rides.iter().zip(0_usize..) {
        let freed = number.checked_sub(1).map(|before| rides[before].ended);
        let at_once = freed == Some(ride.began) || ride.who.iter().any(|&who| stories[who].filled == Some(ride.began));
        prop_assert!(at_once, "batch {number} waited for nothing");
    }
    for story in stories {
        let (waiting, _) = inside(stories, &seat, rides, story.asked, usize::MAX);
        prop_assert!(waiting <= script.places.max(1), "{waiting} in {} places", script.places);
    }
    Ok(())
}

fn stays(end: &End) -> bool {
    !matches!(end, End::Refused(_))
}

/// Who was ready before `at` and neither rode by then nor was gone.
fn ready_at(stories: &[Story], seat: &HashMap<usize, usize>, rides: &[Ride], at: Duration) -> Vec<usize> {
    let waits = |who: usize, story: &Story| {
        let rode = seat.get(&who).is_some_and(|&number| rides[number].began <= at);
        story.filled.is_some_and(|filled| filled < at) && story.ended > at && !rode
    };
    stories.iter().enumerate().filter(|(who, story)| waits(*who, story)).map(|(who, _)| who).collect()
}

/// How many others were let in strictly before or at `at` and surely still waited after it; and how many may have been
/// in the line or the worker.
fn inside(
    stories: &[Story],
    seat: &HashMap<usize, usize>,
    rides: &[Ride],
    at: Duration,
    except: usize,
) -> (usize, usize) {
    let (mut sure, mut maybe) = (0, 0);
    for (who, story) in stories.iter().enumerate().filter(|(who, story)| *who != except && stays(&story.end)) {
        if story.asked > at || story.ended < at {
            continue;
        }
        let rode = seat.get(&who).is_some_and(|&number| rides[number].began <= at);
        let gave_up_running = story.ended == at;
        if rode || gave_up_running { maybe += 1 } else { sure += 1 }
    }
    // A batch whose askers all gave up still occupies the worker.
    maybe += rides.iter().filter(|ride| ride.began <= at && at <= ride.ended).count();
    (sure, maybe)
}

prop_compose! {
    fn asks()(gap in prop_oneof![Just(0_u64), 0..30_u64], priority in 0..4_u8, patience in prop_oneof![1..40_u64, 20..400_u64],
              making in prop_oneof![Just(0_u64), 0..25_u64], gives_up in option::weighted(0.15, 1..60_u64)) -> Ask {
        Ask { at: gap, priority, patience, making, gives_up }
    }
}

prop_compose! {
    fn scripts()(mut asks in vec(asks(), 1..60), batch in 1..6_usize, places in 1..20_usize, each in 0..20_u64, base in 0..30_u64,
                 fails in option::weighted(0.3, 2..6_usize), short in option::weighted(0.2, 2..6_usize)) -> Script {
        let mut at = 0;
        for ask in &mut asks {
            at += ask.at;
            ask.at = at;
        }
        Script { asks, batch, places, each: each.max(u64::from(base == 0)), base, fails, short }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_trace_is_one_that_the_model_allows(script in scripts()) {
        let (stories, rides) = play(&script);
        allowed(&script, &stories, &rides)?;
    }
}

/// One letter an ask, for tables: what became of each.
fn letters(stories: &[Story]) -> String {
    let letter = |end: &End| match end {
        End::Refused(Refused::Full) => 'F',
        End::Refused(_) => 'L',
        End::Done { .. } => '.',
        End::Expired => 'x',
        End::Displaced => 'd',
        End::Failed => '!',
        End::GaveUp => 'g',
    };
    stories.iter().map(|story| letter(&story.end)).collect()
}

fn at(at: u64, priority: u8, patience: u64) -> Ask {
    Ask { at, priority, patience, making: 0, gives_up: None }
}

fn script(batch: usize, places: usize, base: u64, asks: Vec<Ask>) -> Script {
    Script { asks, batch, places, each: 0, base, fails: None, short: None }
}

#[test]
fn an_idle_worker_takes_one_and_a_busy_one_lets_the_batch_grow() {
    let asks = (0..9).map(|n| at(if n == 0 { 0 } else { 5 }, 0, 1000)).collect();
    let (stories, rides) = play(&script(8, 100, 20, asks));
    assert_eq!(letters(&stories), ".........");
    assert_eq!(rides.iter().map(|ride| ride.who.len()).collect::<Vec<_>>(), [1, 8]);
    let left = |who: usize| match stories[who].end {
        End::Done { left, .. } => left,
        ref other => panic!("{other:?}"),
    };
    assert_eq!((left(0), left(8)), (Left::Idle, Left::Full));
}

#[test]
fn what_cannot_make_its_deadline_is_refused_at_once_and_the_rest_arrives() {
    // One at a time, 10 ms each; the first teaches, then twenty come together with 100 ms of patience.
    let asks = (0..21).map(|n| at(if n == 0 { 0 } else { 20 }, 0, 101)).collect();
    let (stories, _) = play(&script(1, 100, 10, asks));
    assert_eq!(letters(&stories), "...........LLLLLLLLLL");
}

#[test]
fn a_full_line_gives_the_least_place_to_a_higher_priority() {
    // The worker is busy with the first; three places; then a rich one, an equal one.
    let asks =
        vec![at(0, 1, 900), at(1, 1, 900), at(2, 0, 900), at(3, 1, 900), at(4, 1, 900), at(5, 0, 900), at(6, 2, 900)];
    let (stories, rides) = play(&script(1, 3, 50, asks));
    assert_eq!(letters(&stories), "..dd.F.");
    assert_eq!(
        rides.iter().map(|ride| ride.who[0]).collect::<Vec<_>>(),
        [0, 1, 4, 6],
        "the winner takes the very place"
    );
}

#[test]
fn a_batch_is_cut_short_for_a_member_in_a_hurry() {
    // 10 ms an item: teach sizes 1 and 4, then let four wait of which the first has no time for three others.
    let mut asks = vec![at(0, 0, 900)];
    asks.extend((0..4).map(|_| at(1, 0, 900)));
    asks.push(at(100, 0, 900));
    asks.push(at(101, 0, 31));
    asks.extend((0..3).map(|_| at(102, 0, 900)));
    let (stories, rides) = play(&Script { each: 10, ..script(4, 100, 0, asks) });
    assert_eq!(letters(&stories), "..........");
    assert_eq!(rides.iter().map(|ride| ride.who.len()).collect::<Vec<_>>(), [1, 4, 1, 2, 2]);
    assert!(matches!(stories[6].end, End::Done { left: Left::Deadline, size: 2, .. }), "{:?}", stories[6]);
}

#[test]
fn a_stuck_worker_closes_the_door_and_everyone_hears_in_time() {
    // The fourth batch would take for ever; who comes later is let in only while the delay looks short.
    let mut asks: Vec<Ask> = (0..3).map(|n| at(n * 20, 0, 200)).collect();
    asks.extend((0..40).map(|n| at(100 + n * 10, 0, 200)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let stories = runtime.block_on(async {
        let start = Instant::now();
        let (line, driver, mut work) = batcher(BatchSettings { batch: 8, places: 100 });
        tokio::spawn(driver.run());
        tokio::spawn(async move {
            for _ in 0..3 {
                let who = work.next().await.unwrap().items;
                sleep(ms(10)).await;
                work.finished(Ok(who));
            }
            work.next().await;
            std::future::pending::<()>().await;
        });
        let tasks: Vec<_> =
            (0..).zip(asks).map(|(who, one)| tokio::spawn(ask(line.clone(), who, one, start))).collect();
        let mut stories = Vec::new();
        for task in tasks {
            stories.push(task.await.unwrap());
        }
        stories
    });
    assert_eq!(letters(&stories), format!("...{}{}", "x".repeat(19), "L".repeat(21)));
    assert!(stories.iter().all(|story| story.ended <= story.deadline + TICK));
}
