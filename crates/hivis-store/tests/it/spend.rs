//! Money: caps, clocks, crashes and two spenders at once.

use hivis_store::{Booked, Cap, Caps, Home, NewSpend};
use hivis_types::Usd;
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;

use crate::world::World;

const CAPS: Caps =
    Caps { week: Cap { usd: Usd(1_000_000), pictures: 25 }, month: Cap { usd: Usd(2_000_000), pictures: 50 } };

fn spend(each: i64, units: u64) -> NewSpend {
    NewSpend { what: "synth:cosmos".into(), batch: None, each: Usd(each), units, pictures: true }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn book(world: &World, spend: &NewSpend, now: Timestamp) -> Booked {
    world.ledger.book(spend, &CAPS, now).await.unwrap()
}

fn id(booked: &Booked) -> i64 {
    match booked {
        Booked::Booked(id) => *id,
        Booked::AtCap(cap) => panic!("{cap}"),
    }
}

/// How many more units fit, and what stands in the way.
fn fits(booked: &Booked) -> (u64, String) {
    match booked {
        Booked::AtCap(cap) => (cap.fits, cap.to_string()),
        Booked::Booked(id) => panic!("booked as {id}"),
    }
}

#[tokio::test]
async fn a_cap_holds_for_money_and_for_pictures() {
    let world = World::new().await;
    let monday = at("2026-11-23T00:00:00Z");
    let first = id(&book(&world, &spend(100_000, 8), monday).await);
    assert_eq!(
        fits(&book(&world, &spend(100_000, 3), monday).await),
        (2, "cap of the week reached: $0.80 of $1.00".into())
    );
    // Settled for less, the rest is free again.
    assert!(world.ledger.settle(first, Usd(300_000), 8, monday).await.unwrap());
    assert!(!world.ledger.settle(first, Usd(0), 0, monday).await.unwrap(), "once only");
    assert!(!world.ledger.settle(first + 9, Usd(0), 0, monday).await.unwrap(), "there is no such booking");
    id(&book(&world, &spend(1_000, 17), monday).await);
    let (more, said) = fits(&book(&world, &spend(1_000, 1), monday).await);
    assert_eq!((more, &*said), (0, "cap of the week reached: 25 of 25 paid pictures"));
    // Captions are no pictures.
    let caption = NewSpend { what: "synth:vision".into(), pictures: false, ..spend(2_000, 1) };
    id(&book(&world, &caption, monday).await);
    // Another purpose has caps of its own.
    let rent = NewSpend { what: "fleet:pod".into(), ..spend(900_000, 1) };
    id(&book(&world, &rent, monday).await);
    let spent = world.ledger.spent("synth", monday).await.unwrap();
    assert_eq!((spent.week.usd, spent.week.open, spent.week.pictures), (Usd(319_000), Usd(19_000), 25));
}

#[tokio::test]
async fn weeks_begin_on_monday_and_months_on_the_first() {
    let world = World::new().await;
    // 2026-11-29 is a Sunday, the 30th a Monday, the 1st a Tuesday.
    id(&book(&world, &spend(40_000, 25), at("2026-11-29T23:59:59.999Z")).await);
    assert_eq!(fits(&book(&world, &spend(40_000, 1), at("2026-11-29T23:59:59.999999Z")).await).0, 0);
    id(&book(&world, &spend(40_000, 20), at("2026-11-30T00:00:00Z")).await);
    let (more, said) = fits(&book(&world, &spend(40_000, 6), at("2026-11-30T12:00:00Z")).await);
    assert_eq!(more, 5, "{said}");
    // The new month has room, the week goes on.
    let (more, said) = fits(&book(&world, &spend(40_000, 6), at("2026-12-01T00:00:00Z")).await);
    assert_eq!((more, &*said), (5, "cap of the week reached: $0.80 of $1.00"));
    let (more, said) = fits(&book(&world, &spend(40_000, 30), at("2026-12-07T00:00:00Z")).await);
    assert_eq!((more, &*said), (25, "cap of the week reached: $0.00 of $1.00"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_frees_nothing() {
    let world = World::new().await;
    let now = at("2026-11-26T12:00:00Z");
    id(&book(&world, &spend(40_000, 25), now).await);
    for back in [1, 7, 40, 400] {
        let earlier = now - (24 * back).hours();
        assert_eq!(fits(&book(&world, &spend(40_000, 1), earlier).await).0, 0, "{back} days back");
    }
}

#[tokio::test]
async fn what_nobody_settled_goes_on_to_count() {
    let world = World::new().await;
    let now = at("2026-11-26T12:00:00Z");
    let lost = id(&book(&world, &spend(40_000, 25), now).await);
    world.ledger.leave_open(lost, "the connection was cut").await.unwrap();
    // Another process, after a crash.
    let again = Home::open(world.home.path()).unwrap().ledger().await.unwrap();
    let open = again.bookings("synth", true, 10).await.unwrap();
    assert_eq!((open.len(), open[0].id, open[0].settled), (1, lost, None));
    assert_eq!(open[0].note.as_deref(), Some("the connection was cut"));
    assert_eq!(fits(&again.book(&spend(40_000, 1), &CAPS, now).await.unwrap()).0, 0);
    assert!(again.settle(lost, Usd(0), 0, now).await.unwrap());
    assert!(again.bookings("synth", true, 10).await.unwrap().is_empty());
    id(&again.book(&spend(40_000, 1), &CAPS, now).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_book_at_once_never_get_past_a_cap() {
    let world = World::new().await;
    let now = at("2026-11-26T12:00:00Z");
    // Each with a ledger of its own, as two processes have.
    let spenders = (0..2).map(|_| {
        let path = world.home.path().to_owned();
        tokio::spawn(async move {
            let ledger = Home::open(&path).unwrap().ledger().await.unwrap();
            let mut booked = 0;
            for _ in 0..40 {
                if matches!(ledger.book(&spend(40_000, 1), &CAPS, now).await.unwrap(), Booked::Booked(_)) {
                    booked += 1;
                }
            }
            booked
        })
    });
    let mut booked = 0;
    for spender in spenders.collect::<Vec<_>>() {
        booked += spender.await.unwrap();
    }
    assert_eq!(booked, 25);
}

/// One step of somebody who spends.
#[derive(Clone, Debug)]
enum Step {
    Book { each: i64, units: u64, hours: i64 },
    Settle { which: usize, share: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let book =
        (0_i64..200_000, 1_u64..12, -200_i64..900).prop_map(|(each, units, hours)| Step::Book { each, units, hours });
    prop_oneof![3 => book, 1 => (0_usize..20, 0_i64..=100).prop_map(|(which, share)| Step::Settle { which, share })]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is booked, settled for at most what was booked, and however the clock jumps: no week's and no month's sum
    /// is ever over its cap, counted by a model that knows nothing of SQL.
    #[test]
    fn no_period_is_ever_over_its_cap(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let begin = at("2026-11-20T00:00:00Z");
            let mut model: Vec<(i64, Timestamp, i64, u64, bool)> = Vec::new();
            for step in steps {
                match step {
                    Step::Book { each, units, hours } => {
                        let now = begin + hours.hours();
                        if let Booked::Booked(id) = book(&world, &spend(each, units), now).await {
                            model.push((id, now, each * units as i64, units, false));
                        }
                    }
                    Step::Settle { which, share } => {
                        let Some(entry) = model.get_mut(which) else { continue };
                        if entry.4 { continue }
                        let usd = entry.2 * share / 100;
                        assert!(world.ledger.settle(entry.0, Usd(usd), entry.3, entry.1).await.unwrap());
                        (entry.2, entry.4) = (usd, true);
                    }
                }
            }
            // 2026-11-16 was a Monday.
            let week = |time: &Timestamp| (time.as_second() - at("2026-11-16T00:00:00Z").as_second()).div_euclid(7 * 86_400);
            let month = |time: &Timestamp| time.strftime("%Y-%m").to_string();
            for (_, time, ..) in &model {
                let sum = |same: &dyn Fn(&Timestamp) -> bool| model.iter().filter(|e| same(&e.1))
                    .fold((0, 0), |(usd, pictures), e| (usd + e.2, pictures + e.3));
                let (usd, pictures) = sum(&|other| week(other) == week(time));
                assert!(usd <= 1_000_000 && pictures <= 25, "week of {time}: {usd} {pictures}");
                let (usd, pictures) = sum(&|other| month(other) == month(time));
                assert!(usd <= 2_000_000 && pictures <= 50, "month of {time}: {usd} {pictures}");
            }
        });
    }
}

#[tokio::test]
async fn purposes_and_days_are_counted_apart() {
    let world = World::new().await;
    assert!(world.ledger.purposes().await.unwrap().is_empty());
    let (late, early) = (at("2026-11-23T23:59:59Z"), at("2026-11-24T00:00:00Z"));
    let first = id(&book(&world, &spend(100, 2), late).await);
    book(&world, &NewSpend { what: "synth:vision".into(), ..spend(50, 1) }, early).await;
    book(&world, &NewSpend { what: "fleet:pod".into(), ..spend(7, 1) }, early).await;
    assert!(world.ledger.settle(first, Usd(30), 2, early).await.unwrap());
    assert_eq!(world.ledger.purposes().await.unwrap(), ["fleet", "synth"]);
    let days = async |purpose: &str, since| {
        let days = world.ledger.spent_by_day(purpose, since).await.unwrap();
        days.into_iter().map(|(day, usd)| (day.to_string(), usd.0)).collect::<Vec<_>>()
    };
    // A booking counts on the day it was made, settled or not.
    assert_eq!(days("synth", late).await, [("2026-11-23".to_owned(), 30), ("2026-11-24".to_owned(), 50)]);
    assert_eq!(days("fleet", early).await, [("2026-11-24".to_owned(), 7)]);
    assert!(days("syn", late).await.is_empty(), "a purpose is a whole word");
}
