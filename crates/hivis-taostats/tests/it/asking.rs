//! What is read, what is kept, and every way in which a server can be in trouble.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hivis_http::Retries;
use hivis_taostats::{ApiKey, Options, Patience, TaoStats, TaoStatsError};
use hivis_testbed::taostats::{FakeTaoStats, Fault, KEY, neuron};
use hivis_types::Hotkey;
use jiff::Timestamp;
use serde_json::json;

pub(crate) const US: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

pub(crate) struct Site {
    pub(crate) fake: FakeTaoStats,
    folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn start() -> Self {
        let fake = FakeTaoStats::start();
        fake.set_neurons(vec![neuron(72, 3, "5A", 0.5), neuron(72, 7, US, 0.25), neuron(72, 9, "5B", 0.25)]);
        let mut old = neuron(72, 7, US, 0.125);
        old["timestamp"] = json!("2026-11-20T12:00:00Z");
        fake.set_history(vec![neuron(72, 7, US, 0.25), old]);
        fake.set_subnet(72, 250);
        Self { fake, folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn client(&self) -> TaoStats {
        self.client_with(KEY, Options { clock: Timestamp::now, ..self.options() })
    }

    fn options(&self) -> Options {
        Options::within(self.folder.path().join("taostats"))
    }

    fn client_with(&self, key: &str, options: Options) -> TaoStats {
        let ms = Duration::from_millis;
        let patience = Patience { retries: Retries { tries: 2, first: ms(1), longest: ms(1500) }, whole: ms(500) };
        TaoStats::new(&self.fake.base(), ApiKey::new(key).expect("a key"), patience, options).expect("a client")
    }
}

fn us() -> Hotkey {
    Hotkey::new(US)
}

#[tokio::test]
async fn figures_are_read_whole_over_pages_and_numbers_in_both_forms() {
    let site = Site::start();
    site.fake.page(2);
    let client = site.client();
    let all = client.neurons(72).await.expect("neurons");
    assert_eq!(all.value.iter().map(|neuron| neuron.uid).collect::<Vec<_>>(), [3, 7, 9]);
    assert_eq!(site.fake.asked().len(), 2, "two pages");
    let ours = &all.value[1];
    assert_eq!((ours.incentive, ours.emission, ours.rank), (0.25, 25e9, Some(1)));
    assert_eq!(ours.registered_at_block, Some(6_900_000));
    let history = client.history(72, &us(), "2026-11-19T08:00:00Z".parse().expect("a time")).await.expect("history");
    assert_eq!(history.value.iter().map(|neuron| neuron.incentive).collect::<Vec<_>>(), [0.125, 0.25]);
    let asked = site.fake.asked().pop().expect("a question").path;
    assert!(asked.contains("timestamp_start=1795046400"), "the beginning of the day: {asked}");

    // Numbers where texts are expected, texts where numbers are, and a field that nobody knows.
    let site = Site::start();
    let mut odd = neuron(72, 7, US, 0.0);
    odd["incentive"] = json!(0.75);
    odd["emission"] = json!(12);
    odd["uid"] = json!("7");
    odd["rank"] = json!(null);
    odd["daily_reward"] = json!(null);
    odd["new_field"] = json!({ "a": [1] });
    site.fake.set_neurons(vec![odd]);
    let ours = site.client().neuron(72, &us()).await.expect("an answer").value.expect("ours");
    assert_eq!((ours.incentive, ours.emission, ours.uid, ours.rank), (0.75, 12.0, 7, None));
}

#[tokio::test]
async fn an_answer_that_is_wrong_names_the_field_and_is_not_kept() {
    let mut lacks = neuron(72, 7, US, 0.25);
    lacks.as_object_mut().expect("a row").remove("incentive");
    let with = |field: &str, value: serde_json::Value| {
        let mut row = neuron(72, 7, US, 0.25);
        row[field] = value;
        row
    };
    let table = [
        (lacks, "incentive"),
        (with("incentive", json!("much")), "data[0].incentive"),
        (with("emission", json!("NaN")), "data[0].emission"),
        (with("emission", json!("1e999")), "data[0].emission"),
        (with("uid", json!(70_000)), "data[0].uid"),
        (with("uid", json!(-1)), "data[0].uid"),
        (with("validator_permit", json!(null)), "data[0].validator_permit"),
        (with("timestamp", json!("yesterday")), "data[0].timestamp"),
        (with("hotkey", json!({ "hex": "0x01" })), "data[0].hotkey"),
    ];
    for (row, named) in table {
        let site = Site::start();
        site.fake.set_neurons(vec![row]);
        let error = site.client().neurons(72).await.expect_err(named);
        assert!(matches!(&error, TaoStatsError::Answer { why, .. } if why.contains(named)), "{named}: {error}");
        assert!(error.hint().is_some());
    }
    let pages = ["<html>", "", "[]", "{\"data\": []}", "{\"pagination\": {}, \"data\": {}}"];
    for body in pages {
        let site = Site::start();
        site.fake.fault(Fault::Body(body.to_owned()));
        let error = site.client().neurons(72).await.expect_err(body);
        assert!(matches!(error, TaoStatsError::Answer { .. }), "{body}: {error}");
        assert!(site.client().neurons(72).await.is_ok(), "nothing wrong was kept");
    }
    let site = Site::start();
    site.fake.fault(Fault::Body("x".repeat(9 << 20)));
    let error = site.client().neurons(72).await.expect_err("a long answer");
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[tokio::test]
async fn trouble_that_passes_is_sat_out_and_the_rest_is_told() {
    let site = Site::start();
    site.fake.fault(Fault::Status(503, vec![]));
    assert!(site.client().price().await.is_ok(), "one 503 passes");
    // 429 with Retry-After is obeyed: nobody asks before, and the second try succeeds.
    let before = site.fake.asked().len();
    site.fake.fault(Fault::Status(429, vec![("retry-after", "1".to_owned())]));
    assert!(site.client().neurons(72).await.is_ok());
    assert_eq!(site.fake.asked().len(), before + 2);
    // One that wants more patience than there is, and one that never ends.
    let site = Site::start();
    site.fake.fault(Fault::Status(429, vec![("retry-after", "3600".to_owned())]));
    let error = site.client().neurons(72).await.expect_err("too long");
    assert!(error.to_string().contains("3600 s"), "{error}");
    // Another process hears of it, and does not ask.
    let asked = site.fake.asked().len();
    let error = site.client().price().await.expect_err("still held");
    assert!(matches!(error, TaoStatsError::Spent { .. }), "{error}");
    assert_eq!(site.fake.asked().len(), asked);

    let site = Site::start();
    let error = site.client_with("wrong", Options { clock: Timestamp::now, ..site.options() });
    let error = error.neurons(72).await.expect_err("a wrong key");
    assert!(matches!(error, TaoStatsError::Unauthorised { status: 401 }), "{error}");
    assert!(error.hint().expect("a hint").contains("Bearer") && !error.to_string().contains("wrong"));
    assert_eq!(site.fake.asked().len(), 1, "a refused key is not tried again");

    // The key never follows a redirect.
    let other = FakeTaoStats::start();
    site.fake.fault(Fault::Status(302, vec![("location", format!("{}/x", other.base()))]));
    let error = site.client().neurons(72).await.expect_err("a redirect");
    assert!(matches!(error, TaoStatsError::Redirected { status: 302, .. }), "{error}");
    assert_eq!(other.asked(), []);

    let site = Site::start();
    site.fake.fault(Fault::Silence(Duration::from_secs(20)));
    site.fake.fault(Fault::Silence(Duration::from_secs(20)));
    let error = site.client().neurons(72).await.expect_err("silence");
    assert!(matches!(error, TaoStatsError::Connection(_)), "{error}");
}

/// Seconds of the clock that the next test turns.
static SECONDS: AtomicI64 = AtomicI64::new(0);

fn turned() -> Timestamp {
    Timestamp::from_second(1_800_000_000 + SECONDS.load(Ordering::SeqCst)).expect("a time")
}

#[tokio::test]
async fn the_free_plan_is_never_exceeded_and_what_is_shown_has_an_age() {
    let site = Site::start();
    let options = Options { clock: turned, fresh: Duration::from_secs(30), ..site.options() };
    let first = site.client_with(KEY, options.clone());
    // Two clients over one folder, as two processes of a home: 600 seconds of asking all the time.
    let second = site.client_with(KEY, options);
    let mut calls = Vec::new();
    for second_of_day in 0..600 {
        SECONDS.store(second_of_day, Ordering::SeqCst);
        for client in [&first, &second] {
            let before = site.fake.asked().len();
            let seen = client.neurons(72).await;
            let _ = client.price().await;
            let _ = client.subnet(72).await;
            let asked = site.fake.asked().len() - before;
            calls.extend(std::iter::repeat_n(second_of_day, asked));
            let seen = seen.expect("there is always something to show");
            assert!(seen.at <= turned());
        }
    }
    for from in 0..600 {
        let within = calls.iter().filter(|at| (from..from + 60).contains(*at)).count();
        assert!(within <= 5, "{within} calls in the minute from {from}");
    }
    assert!(calls.len() > 30, "it asks all the same: {}", calls.len());
    // The server is gone: the last answer is shown with its time and the reason.
    let shown = first.neurons(72).await.expect("an answer").at;
    SECONDS.store(10_000, Ordering::SeqCst);
    for _ in 0..2 {
        site.fake.fault(Fault::Status(500, vec![]));
    }
    let old = first.neurons(72).await.expect("the old answer");
    assert_eq!(old.at, shown);
    assert!(matches!(old.trouble, Some(TaoStatsError::Status { status: 500, .. })));
    // A clock that was set back: an answer from the future is not young.
    SECONDS.store(0, Ordering::SeqCst);
    let before = site.fake.asked().len();
    assert!(first.neurons(72).await.is_ok());
    assert_eq!(site.fake.asked().len(), before + 1);
}
