//! Frames as they are drawn, and what keys do.

use hivis_console::system::{DiskView, TopAnswer, TopCount, TopJob, TopReward, TopView};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::{App, Asked};

fn view() -> TopView {
    let answer = |at: usize| TopAnswer {
        id: format!("id-{at}"),
        time: format!("2026-11-27T02:40:{:02}.123456Z", 50 - at),
        caller: "5Grwva".to_owned(),
        said: ["roadwork", "clear", "expired"][at % 3].to_owned(),
        probability: (at % 3 != 2).then_some([0.912, 0.0385][at % 2]),
        status: 200,
        ms: 74.25 + at as f64,
    };
    let count = |(name, value): (&str, u64)| TopCount { name: name.to_owned(), value };
    let job = |(kind, at, state): (&str, &str, &str)| TopJob {
        kind: kind.to_owned(),
        at: at.to_owned(),
        state: state.to_owned(),
    };
    TopView {
        at: "2026-11-27T02:40:51.5Z".to_owned(),
        read_from: "server".to_owned(),
        ready: true,
        state: "ready".to_owned(),
        address: "127.0.0.1:8091".to_owned(),
        release: Some("tiny-nightly-20261127-3".to_owned()),
        reward: Some(TopReward { point: 0.6772, low: 0.612, high: 0.7314, source: "exam of 2026-11-27".to_owned() }),
        rate: 0.35,
        spark: (0..60).map(|at| at % 7).collect(),
        challenges: 1260,
        judged: 1248,
        p50_ms: Some(74.3),
        p99_ms: Some(212.0),
        answers: (0..12).map(answer).collect(),
        wheel: [("records", 1_234_567), ("mining runs", 3), ("versions", 3), ("promotions", 2)].map(count).into(),
        waiting: 17,
        jobs: [
            ("nightly", "2026-11-28T02:00:00Z", "next"),
            ("nightly", "2026-11-27T02:02:26Z", "done"),
            ("weekly", "2026-11-22T23:00:00Z", "failed"),
        ]
        .map(job)
        .into(),
        alerts: Some(2),
        troubles: vec!["the list of validators is 75 min old".to_owned()],
        disk: DiskView {
            free_bytes: 31_500_000_000,
            total_bytes: 252_000_000_000,
            day_bytes: Some(20_000_000),
            days_until_full: None,
            said: "it does not fill".to_owned(),
        },
    }
}

fn app() -> App {
    App { view: Some(view()), marked: 1, ..App::default() }
}

fn key(code: KeyCode) -> Event {
    Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

#[test]
fn a_frame_of_80_by_24() {
    insta::assert_snapshot!("80x24", app().text(80, 24));
}

#[test]
fn a_frame_of_120_by_40() {
    insta::assert_snapshot!("120x40", app().text(120, 40));
}

#[test]
fn every_size_is_drawn_and_the_small_ones_say_the_essentials() {
    for (width, height) in [(1, 1), (20, 5), (59, 16), (60, 15), (60, 16), (61, 17), (200, 80), (300, 3)] {
        for help in [false, true] {
            let text = App { help, ..app() }.text(width, height);
            assert_eq!(text.lines().count(), usize::from(height), "{width}x{height}");
        }
    }
    let small = app().text(44, 10);
    assert!(small.contains("reward 0.677") && small.contains("2 alerts hold"), "{small}");
}

#[test]
fn without_a_server_it_says_so_and_nothing_is_made_up() {
    let alone = TopView {
        read_from: "ledger".to_owned(),
        ready: false,
        state: "no server runs on this home".to_owned(),
        alerts: None,
        ..TopView::default()
    };
    let text = App { view: Some(alone), ..App::default() }.text(80, 24);
    assert!(text.contains("no server runs on this home  (read from the ledger)"), "{text}");
    assert!(text.contains("No challenge yet") && text.contains("alerts are not known here"), "{text}");
}

#[test]
fn keys_mark_answers_explain_and_quit() {
    let mut app = App { view: Some(view()), ..App::default() };
    assert_eq!(app.on(&key(KeyCode::Up)), Asked::Draw);
    assert_eq!(app.marked, 0, "there is nothing above the first");
    for _ in 0..30 {
        app.on(&key(KeyCode::Down));
    }
    assert_eq!(app.marked, 11, "nor below the last");
    app.take(Ok(TopView { answers: view().answers[..3].to_vec(), ..view() }));
    assert_eq!(app.marked, 2, "the mark stays on what is there");
    app.on(&key(KeyCode::Char('?')));
    assert!(app.text(80, 24).contains("keys and figures"));
    assert_eq!((app.on(&key(KeyCode::Esc)), app.help), (Asked::Draw, false), "it closes the words first");
    assert_eq!(app.on(&key(KeyCode::Char('r'))), Asked::Look);
    app.take(Err("nobody is there".to_owned()));
    assert!(app.text(80, 24).contains("the last look failed: nobody is there"), "what was seen stays beside it");
    let control_c = Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
    for quit in [key(KeyCode::Char('q')), key(KeyCode::Esc), control_c] {
        assert_eq!(app.on(&quit), Asked::Quit);
    }
}

#[test]
fn control_characters_of_a_stranger_are_not_drawn() {
    let mut hostile = view();
    hostile.state = "ready\u{1b}[2J\u{7}".to_owned();
    hostile.answers[0].said = "\u{1b}]0;owned\u{7}x".to_owned();
    let text = App { view: Some(hostile), ..App::default() }.text(120, 40);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}
