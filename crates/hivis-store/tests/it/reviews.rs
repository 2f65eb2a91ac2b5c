//! The review queue: what is queued, who decides, which label counts afterwards.

use hivis_store::{
    Home, Ledger, NewDecision, NewReview, ObjectId, ReviewClaim, ReviewDoubt, ReviewFilter, ReviewReason,
    ReviewRefused, ReviewState, ReviewVerdict, ReviewWhy, Reviewer, StoreError, StoredLabel, Undo,
};
use hivis_types::{Label, LabelSource};
use jiff::{SignedDuration, Timestamp};

use crate::world::{START, World, picture, record};

/// `seconds` after the start of the week of 2026-11-23.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

pub(crate) fn name(text: &str) -> Reviewer {
    Reviewer::new(text).unwrap()
}

/// The identity of the picture of record `n`.
pub(crate) fn id(n: u64) -> ObjectId {
    ObjectId::of(&picture(n, 22_000).bytes)
}

pub(crate) fn new(n: u64, priority: f64, wanted: u32) -> NewReview {
    NewReview { id: id(n), record: Some(record(n).id), why: ReviewWhy::Hard, priority, wanted }
}

pub(crate) fn accept(who: &str, label: Label, seconds: i64) -> NewDecision {
    NewDecision {
        reviewer: name(who),
        verdict: ReviewVerdict::Accept,
        label: Some(label),
        reason: None,
        note: None,
        at: at(seconds),
    }
}

pub(crate) fn reject(who: &str, seconds: i64) -> NewDecision {
    let reason = Some(ReviewReason::Artefact);
    NewDecision { verdict: ReviewVerdict::Reject, label: None, reason, ..accept(who, Label::Clear, seconds) }
}

pub(crate) fn skip(who: &str, seconds: i64) -> NewDecision {
    NewDecision { verdict: ReviewVerdict::Skip, label: None, ..accept(who, Label::Clear, seconds) }
}

pub(crate) fn undo(who: &str, review: Option<i64>, force: bool) -> Undo {
    Undo { reviewer: name(who), review, force, at: at(10_000) }
}

/// A world with records 1 to `n`, and their pictures queued by falling priority.
async fn queued(n: u64, wanted: u32) -> (World, Vec<i64>) {
    let world = World::new().await;
    world.commit((1..=n).map(record)).await;
    let list: Vec<_> = (1..=n).map(|k| new(k, 1.0 / k as f64, wanted)).collect();
    let numbers = world.ledger.queue_reviews(100, at(0), at(100), &list).await.unwrap();
    (world, numbers)
}

fn refused(error: StoreError) -> ReviewRefused {
    match error {
        StoreError::Review(refused) => refused,
        other => panic!("{other}"),
    }
}

async fn person(world: &World, n: u64) -> Option<StoredLabel> {
    let words = world.ledger.labels(record(n).id).await.unwrap();
    words.into_iter().find(|word| word.source == LabelSource::Person)
}

#[tokio::test]
async fn a_week_has_its_quota_and_a_picture_its_turn() {
    let world = World::new().await;
    world.commit((1..=9).map(record)).await;
    let ledger = &world.ledger;
    let list: Vec<_> = (1..=9).map(|n| new(n, 0.5, 1)).collect();
    assert_eq!(ledger.queue_reviews(4, at(0), at(10), &list).await.unwrap().len(), 4);
    assert_eq!(ledger.queue_reviews(4, at(0), at(20), &list).await.unwrap(), [0i64; 0], "the week is full");
    let first = ledger.review(&id(1).to_string()[..10]).await.unwrap().number;
    ledger.decide_review(first, &accept("anna", Label::Clear, 30)).await.unwrap();
    assert_eq!(ledger.queue_reviews(4, at(0), at(40), &list).await.unwrap(), [0i64; 0], "decided ones count too");
    let week = SignedDuration::from_hours(24 * 7).as_secs();
    let room = ledger.review_room(4, at(week)).await.unwrap();
    assert_eq!((room.this_week, room.left_over, room.room), (0, 3, 1), "what is still open takes room");
    let queued = ledger.queue_reviews(4, at(week), at(week + 1), &list).await.unwrap();
    assert_eq!(ledger.review(&queued[0].to_string()).await.unwrap().id, id(5), "never a picture twice");
    // A clock that was set back a week: what was queued in its future counts against it.
    assert_eq!(ledger.review_room(4, at(0)).await.unwrap().room, 0);
}

#[tokio::test]
async fn one_word_settles_and_an_undo_brings_the_earlier_word_back() {
    let (world, numbers) = queued(2, 1).await;
    let ledger = &world.ledger;
    let earlier = StoredLabel { label: Label::Clear, source: LabelSource::Person, confidence: 0.7, at: at(5) };
    ledger.label(record(1).id, earlier).await.unwrap();

    // It contradicts an earlier person: two must say so.
    let settled = ledger.decide_review(numbers[0], &accept("Anna ", Label::Roadwork, 30)).await.unwrap();
    assert_eq!((settled.state, settled.contradicts.as_deref()), (ReviewState::Second, Some("person")));
    assert_eq!(person(&world, 1).await, Some(earlier), "one of two says nothing yet");
    let settled = ledger.decide_review(numbers[0], &accept("ben", Label::Roadwork, 40)).await.unwrap();
    assert_eq!((settled.state, settled.label), (ReviewState::Accepted, Some(Label::Roadwork)));
    assert_eq!(person(&world, 1).await.unwrap().label, Label::Roadwork);

    let undone = ledger.undo_review(&undo("ben", None, false)).await.unwrap();
    assert_eq!((undone.number, undone.state), (numbers[0], ReviewState::Second));
    assert_eq!(person(&world, 1).await, Some(earlier), "the earlier word counts again");
    let story = ledger.review_story(&numbers[0].to_string()).await.unwrap();
    assert_eq!(story.decisions.len(), 2, "nothing is deleted");
    assert_eq!(story.decisions[1].undone_by.as_deref(), Some("ben"));

    // Without an earlier word the label goes altogether.
    ledger.decide_review(numbers[1], &accept("anna", Label::Clear, 50)).await.unwrap();
    assert_eq!(person(&world, 2).await.unwrap().label, Label::Clear);
    ledger.undo_review(&undo("anna", None, false)).await.unwrap();
    assert_eq!(person(&world, 2).await, None);

    // A word that came by another way meanwhile is not the undo's to take.
    ledger.decide_review(numbers[1], &accept("anna", Label::Clear, 60)).await.unwrap();
    let imported = StoredLabel { at: at(70), label: Label::Roadwork, ..earlier };
    ledger.label(record(2).id, imported).await.unwrap();
    ledger.undo_review(&undo("anna", None, false)).await.unwrap();
    assert_eq!(person(&world, 2).await, Some(imported));
}

#[tokio::test]
async fn trusted_sources_are_contradicted_by_two_only() {
    let (world, numbers) = queued(1, 1).await;
    let ledger = &world.ledger;
    let says = |source, label| StoredLabel { label, source, confidence: 1.0, at: at(1) };
    ledger.label(record(1).id, says(LabelSource::Consensus, Label::Clear)).await.unwrap();
    let settled = ledger.decide_review(numbers[0], &accept("anna", Label::Roadwork, 2)).await.unwrap();
    assert_eq!(settled.state, ReviewState::Accepted, "members' consensus is no trusted source");
    ledger.undo_review(&undo("anna", None, false)).await.unwrap();
    ledger.label(record(1).id, says(LabelSource::ValidatorLog, Label::Clear)).await.unwrap();
    ledger.label(record(1).id, says(LabelSource::Testnet, Label::Roadwork)).await.unwrap();
    let settled = ledger.decide_review(numbers[0], &accept("anna", Label::Roadwork, 3)).await.unwrap();
    assert_eq!((settled.state, settled.contradicts.as_deref()), (ReviewState::Second, Some("validator-log")));
    let settled = ledger.decide_review(numbers[0], &accept("ben", Label::Clear, 4)).await.unwrap();
    assert_eq!(settled.state, ReviewState::Conflict);
    let settled = ledger.decide_review(numbers[0], &reject("cleo", 5)).await.unwrap();
    assert_eq!((settled.state, settled.label), (ReviewState::Rejected, None));
    let pairs = ledger.two_looks().await.unwrap();
    assert_eq!(pairs.len(), 1);
    assert_eq!((&*pairs[0].one, &*pairs[0].other), ("anna", "ben"), "the third knew of the others");
}

#[tokio::test]
async fn who_comes_later_hears_who_decided_what() {
    let (world, numbers) = queued(1, 1).await;
    let other = Home::open(world.home.path()).unwrap().ledger().await.unwrap();
    let (clear, road) = (accept("anna", Label::Clear, 7), accept("ben", Label::Roadwork, 7));
    let (one, two) =
        tokio::join!(world.ledger.decide_review(numbers[0], &clear), other.decide_review(numbers[0], &road));
    let (settled, refusal) = match (one, two) {
        (Ok(settled), Err(refusal)) | (Err(refusal), Ok(settled)) => (settled, refused(refusal)),
        both => panic!("{both:?}"),
    };
    let text = refusal.to_string();
    assert!(text.contains(&settled.reviewer) && text.contains("accepted it as"), "{text}");
    let told = refusal.decided().unwrap();
    assert_eq!((&told.by, told.label, told.at), (&settled.reviewer, settled.label, at(7)));
    assert_eq!(person(&world, 1).await.unwrap().label, settled.label.unwrap());
}

#[tokio::test]
async fn only_ones_own_last_decision_is_undone_unless_forced() {
    let (world, numbers) = queued(2, 1).await;
    let ledger = &world.ledger;
    ledger.decide_review(numbers[0], &accept("anna", Label::Clear, 1)).await.unwrap();
    ledger.decide_review(numbers[1], &reject("anna", 2)).await.unwrap();
    let fails = async |undo: Undo| refused(ledger.undo_review(&undo).await.unwrap_err());
    assert!(matches!(fails(undo("ben", Some(numbers[0]), false)).await, ReviewRefused::NotYours { .. }));
    let last = numbers[1];
    assert_eq!(
        fails(undo("anna", Some(numbers[0]), false)).await,
        ReviewRefused::NotTheLast { reviewer: "anna".into(), last }
    );
    assert!(matches!(fails(undo("ben", None, true)).await, ReviewRefused::NothingToUndo { .. }));
    assert!(matches!(fails(undo("ben", Some(99), true)).await, ReviewRefused::Unknown { .. }));
    let undone = ledger.undo_review(&undo("ben", Some(numbers[0]), true)).await.unwrap();
    assert_eq!((&*undone.reviewer, undone.state), ("anna", ReviewState::Open));
    let story = ledger.review_story(&numbers[0].to_string()).await.unwrap();
    assert_eq!(story.decisions[0].undone_by.as_deref(), Some("ben"));
}

#[tokio::test]
async fn words_that_are_missing_or_too_many_are_refused() {
    let (world, numbers) = queued(1, 1).await;
    let fails = async |new: NewDecision| refused(world.ledger.decide_review(numbers[0], &new).await.unwrap_err());
    let good = accept("anna", Label::Clear, 1);
    let no_reason = NewDecision { reason: None, ..reject("anna", 1) };
    assert_eq!(fails(no_reason).await, ReviewRefused::NoReason);
    let no_label = NewDecision { label: None, ..good.clone() };
    assert_eq!(fails(no_label).await, ReviewRefused::NoLabel { number: numbers[0] });
    let labelled = NewDecision { label: Some(Label::Clear), ..skip("anna", 1) };
    assert!(matches!(fails(labelled).await, ReviewRefused::LabelFor { .. }));
    let reasoned = NewDecision { reason: Some(ReviewReason::Light), ..good.clone() };
    assert!(matches!(fails(reasoned).await, ReviewRefused::ReasonFor { .. }));
    for note in ["x".repeat(2_001), "a\u{1b}[31mb".to_owned(), "a\u{202e}b".to_owned()] {
        assert_eq!(fails(NewDecision { note: Some(note), ..good.clone() }).await, ReviewRefused::BadNote);
    }
    for name in ["", "  ", "a\nb", "a\u{7f}", "a\u{200b}b", &"n".repeat(65)] {
        let error = Reviewer::new(name).unwrap_err();
        assert!(!error.to_string().chars().any(char::is_control), "{error}");
    }
    for unknown in ["0", "7", "-1", "", "zz", "abc", "ffff", "99999999999999999999", &"a".repeat(65)] {
        let error = refused(world.ledger.review(unknown).await.unwrap_err());
        assert!(matches!(error, ReviewRefused::Unknown { .. }), "{unknown}: {error}");
    }
    let story = world.ledger.review_story(&numbers[0].to_string()).await.unwrap();
    assert_eq!((story.decisions.len(), story.review.state), (0, ReviewState::Open), "nothing half done");
}

#[tokio::test]
async fn one_picture_is_shown_to_one_person() {
    let (world, numbers) = queued(3, 2).await;
    let ledger = &world.ledger;
    let lease = SignedDuration::from_mins(10);
    let next = async |who: &str, seconds: i64| {
        ledger.next_review(&name(who), lease, at(seconds)).await.unwrap().map(|review| review.number)
    };
    assert_eq!(next("anna", 1000).await, Some(numbers[0]), "the most urgent first");
    assert_eq!(next("ben", 1001).await, Some(numbers[1]));
    assert_eq!(next("anna", 1002).await, Some(numbers[0]), "the same until it is decided");
    assert_eq!(next("cleo", 1003).await, Some(numbers[2]));
    assert_eq!(next("dora", 1004).await, None, "all are shown to somebody");
    assert_eq!(next("dora", 1601).await, Some(numbers[1]), "the lease of ben ran out");
    ledger.decide_review(numbers[0], &accept("anna", Label::Clear, 1603)).await.unwrap();
    assert_eq!(next("ben", 1603).await, Some(numbers[0]), "a second look is for another");
    assert_eq!(next("anna", 1604).await, Some(numbers[2]));
    ledger.leave_reviews(&name("anna")).await.unwrap();
    assert_eq!(next("emil", 1605).await, Some(numbers[2]), "what was left lies open");
    // The clock is set back by hours: leases that would last for hours hold nobody up.
    assert_eq!(next("fred", -9000).await, Some(numbers[0]));
    // Set back by a minute they still hold.
    assert_eq!(next("gina", -9060).await, Some(numbers[1]));
}

#[tokio::test]
async fn several_pictures_are_shown_to_one_person() {
    let (world, numbers) = queued(6, 1).await;
    let ledger = &world.ledger;
    let claim = async |who: &str, count: u32, keep: &[i64], seconds: i64| {
        let (lease, keep) = (SignedDuration::from_mins(10), keep.to_vec());
        let claim = ReviewClaim { reviewer: name(who), count, keep, lease, at: at(seconds) };
        let shown = ledger.claim_reviews(&claim).await.unwrap();
        shown.into_iter().map(|review| review.number).collect::<Vec<i64>>()
    };
    assert_eq!(claim("anna", 3, &[], 1000).await, numbers[..3]);
    assert_eq!(
        claim("ben", 9, &[numbers[1]], 1001).await,
        numbers[3..],
        "what somebody keeps is not another's to keep"
    );
    assert_eq!(claim("cleo", 9, &[], 1002).await, [0; 0]);
    let kept = [numbers[2], numbers[0], 99, numbers[2], numbers[4]];
    assert_eq!(claim("anna", 2, &kept, 1003).await, [numbers[2], numbers[0]], "kept ones come first, as they lie");
    assert_eq!(claim("cleo", 9, &[], 1004).await, [numbers[1]], "what lies beyond the count is open");
    ledger.decide_review(numbers[2], &accept("anna", Label::Clear, 1005)).await.unwrap();
    assert_eq!(claim("anna", 9, &[numbers[2], numbers[0]], 1006).await, [numbers[0]], "what is settled is not shown");
    assert_eq!(claim("anna", 9, &[], 1700).await.len(), 5, "leases of others ran out");
    assert_eq!(claim("ben", 9, &numbers, 1701).await, [0; 0]);
}

#[tokio::test]
async fn a_skip_puts_aside_and_gives_way() {
    let (world, numbers) = queued(1, 1).await;
    let ledger = &world.ledger;
    assert_eq!(ledger.decide_review(numbers[0], &skip("anna", 1)).await.unwrap().state, ReviewState::Skipped);
    assert_eq!(ledger.reviews(&ReviewFilter::default()).await.unwrap(), []);
    let again = refused(ledger.decide_review(numbers[0], &skip("anna", 2)).await.unwrap_err());
    assert!(matches!(again, ReviewRefused::Yours { .. }));
    let settled = ledger.decide_review(numbers[0], &accept("anna", Label::Clear, 3)).await.unwrap();
    assert_eq!(settled.state, ReviewState::Accepted);
    let story = ledger.review_story(&numbers[0].to_string()).await.unwrap();
    assert!(story.decisions[0].undone.is_some() && story.decisions[1].undone.is_none(), "{story:?}");
}

/// Writes past the ledger, as the rooms of generators and of the gate do by their own functions.
async fn sql(ledger: &Ledger, text: &str) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(ledger.path());
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
}

/// Makes the picture of record `n` a generated one that was asked for roadwork, with the gate's word on it.
async fn generated(world: &World, n: u64, passed: bool) {
    let text = format!(
        "INSERT OR IGNORE INTO batches VALUES (1, 'hand', 'sdxl', 'night 1', 1, 0, 0, '{{}}', NULL, NULL, NULL);
        INSERT INTO generated VALUES (x'{0}', 1, 0, 1, 'xl-1.0', 'text-to-image', 'cones', '', 'night/cones', '{{}}', 7, NULL,
            's', '[\"time:night\"]', 0);
        INSERT INTO verdicts VALUES (x'{0}', 1, 0, {1}, '[]', '{{}}', NULL);",
        id(n),
        i32::from(passed)
    );
    sql(&world.ledger, &text).await;
}

#[tokio::test]
async fn candidates_are_what_nobody_knows() {
    let world = World::new().await;
    world.commit((1..=6).map(record)).await;
    let ledger = &world.ledger;
    generated(&world, 1, true).await;
    generated(&world, 2, false).await;
    let says = |source, label| StoredLabel { label, source, confidence: 1.0, at: at(1) };
    ledger.label(record(3).id, says(LabelSource::ValidatorLog, Label::Clear)).await.unwrap();
    ledger.label(record(3).id, says(LabelSource::Consensus, Label::Roadwork)).await.unwrap();
    ledger.label(record(4).id, says(LabelSource::Testnet, Label::Clear)).await.unwrap();
    let picks: Vec<String> = (3..=6)
        .map(|n| {
            format!("INSERT INTO picks VALUES (1, {n}, {n}, x'{}', 0.5, '[\"uncertain\"]', 0.{n}, NULL, '[]');", id(n))
        })
        .collect();
    sql(
        ledger,
        &format!(
            "INSERT INTO mining_runs VALUES (1, 'hand', 0, 0, NULL, 6, 4, '{{}}', '{{}}', '{{}}'); {}",
            picks.concat()
        ),
    )
    .await;
    ledger.label(record(6).id, says(LabelSource::Person, Label::Clear)).await.unwrap();
    ledger.label(record(6).id, says(LabelSource::Testnet, Label::Roadwork)).await.unwrap();

    let candidates = ledger.review_candidates().await.unwrap();
    let found = |n: u64| candidates.iter().find(|candidate| candidate.id == id(n)).map(|c| c.doubt.clone());
    let made =
        |looked| ReviewDoubt::Generated { generator: "sdxl".into(), prompt: "night/cones".into(), best: false, looked };
    assert_eq!(found(1), Some(made(0)));
    assert_eq!(found(2), None, "the gate refused it");
    assert_eq!(found(3), Some(ReviewDoubt::Disagreement { equals: false }));
    assert_eq!(found(4), None, "testnet labelled it, and nobody contradicts");
    assert_eq!(found(5), Some(ReviewDoubt::Hard { score: 0.5 }));
    assert_eq!(found(6), None, "a person settled it");

    // The label of a generated picture is what was asked for, and a rejected one is no sample.
    let list = [NewReview { record: None, why: ReviewWhy::Generated, ..new(1, 0.5, 1) }];
    let number = ledger.queue_reviews(9, at(0), at(1), &list).await.unwrap()[0];
    assert_eq!(ledger.review_candidates().await.unwrap().len(), 2);
    let plain = NewDecision { label: None, ..accept("anna", Label::Clear, 5) };
    let settled = ledger.decide_review(number, &plain).await.unwrap();
    assert_eq!((settled.label, settled.contradicts), (Some(Label::Roadwork), None));
    let sample = async || ledger.samples().await.unwrap().into_iter().find(|sample| sample.id == id(1));
    assert_eq!(sample().await.unwrap().source, LabelSource::Person);
    let judged = ledger.judged_pictures(at(0)).await.unwrap();
    assert_eq!((judged.len(), judged[0].accepted, judged[0].as_asked), (1, true, true));
    generated(&world, 5, true).await;
    let candidates = ledger.review_candidates().await.unwrap();
    assert_eq!(candidates.iter().find(|c| c.id == id(5)).unwrap().doubt, made(1));

    ledger.undo_review(&undo("anna", None, false)).await.unwrap();
    assert_eq!(sample().await.unwrap().source, LabelSource::Wanted);
    ledger.decide_review(number, &accept("anna", Label::Clear, 6)).await.unwrap();
    let judged = ledger.judged_pictures(at(0)).await.unwrap();
    assert!(judged[0].accepted && !judged[0].as_asked, "{judged:?}");
    ledger.undo_review(&undo("anna", None, false)).await.unwrap();
    ledger.decide_review(number, &reject("anna", 7)).await.unwrap();
    assert_eq!(sample().await, None);
    let story = ledger.review_story(&number.to_string()).await.unwrap();
    assert_eq!(story.generated.unwrap().slices, ["time:night"]);
}
