//! Tokens of scripts, and the one that is made at start.

use std::os::unix::fs::PermissionsExt as _;

use hivis_console::{NewToken, TOKEN_FILE, make_token, token_digest};
use jiff::{SignedDuration, Timestamp};

use super::*;

fn give(house: &House, name: &str, role: Role, holds: SignedDuration) -> String {
    let token = make_token(counted).expect("a token");
    let created = Timestamp::now();
    let new = NewToken { name, role, created, expires: created + holds, digest: token_digest(&token) };
    house.change(|accounts| accounts.add_token(&new)).expect("the name is free");
    format!("authorization: Bearer {token}")
}

#[tokio::test]
async fn a_token_is_its_role_until_it_ends() {
    let house = House::with_accounts(At::Everywhere).await;
    let hour = SignedDuration::from_hours(1);
    let viewer = give(&house, "prometheus", Role::Viewer, hour);
    let reviewer = give(&house, "night-job", Role::Reviewer, hour);
    let over = give(&house, "old", Role::Operator, SignedDuration::ZERO);
    let kept = std::fs::read_to_string(house.home.join("users.toml")).expect("a file");
    assert!(!kept.contains("hivis_"), "only digests are kept: {kept}");
    let mode = std::fs::metadata(house.home.join("users.toml")).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    let next = "POST /api/review/next";
    assert_eq!(house.ask("GET /metrics", &[&viewer, "host: miner.example:8092"], "").await.status, StatusCode::OK);
    assert_eq!(house.ask("GET /api/review/queue", &[&viewer], "").await.status, StatusCode::OK);
    assert_eq!(house.ask(next, &[&viewer, JSON], "{}").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.ask(next, &[&reviewer, JSON], "{}").await.status, StatusCode::OK);
    let named = house.ask(next, &[&reviewer, JSON, "x-hivis-reviewer: anna"], "{}").await;
    assert_eq!(named.status, StatusCode::FORBIDDEN);
    assert_eq!(house.desk.asked(), ["queue Some(Reviewer(\"prometheus\")) 50", "next night-job"]);
    let bad = ["authorization: Bearer hivis_00", "authorization: Bearer", "authorization: Basic YTpi", &over];
    for bad in bad {
        let answer = house.ask("GET /api/review/queue", &[bad], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{bad}");
    }
    // A token that is wrong is not replaced by a session that is right.
    let (cookie, _) = house.session("operator").await;
    let both = house.ask("GET /api/review/queue", &[&cookie, "authorization: Bearer x"], "").await;
    assert_eq!(both.status, StatusCode::UNAUTHORIZED);
    house.change(|accounts| accounts.revoke_token("night-job").expect("it was there"));
    assert_eq!(house.ask(next, &[&reviewer, JSON], "{}").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn names_are_one_persons() {
    let house = House::with_accounts(At::Everywhere).await;
    let hash = || hash_password(PASSWORD, counted).expect("a hash");
    let refused = |name: &str| house.change(|accounts| accounts.add_user(name, Role::Viewer, hash()).is_err());
    for name in ["", " ", "local", "console", "Operator", " operator ", "a\u{202e}b", &"x".repeat(65), "a\nb"] {
        assert!(refused(name), "{name:?}");
    }
    give(&house, "job", Role::Viewer, SignedDuration::from_hours(1));
    assert!(refused("JOB"), "a token has it");
    assert!(hash_password("too short", counted).is_err());
}

#[tokio::test]
async fn the_token_of_the_start_opens_once() {
    let house = House::without_accounts(At::Everywhere).await;
    let file = house.home.join(TOKEN_FILE);
    let token = std::fs::read_to_string(&file).expect("a token");
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    let page = house.ask("GET /data", &[], "").await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/login?next=/data"));
    assert_eq!(house.ask("GET /api/review/queue", &[], "").await.status, StatusCode::UNAUTHORIZED);
    assert!(house.ask("GET /login", &[], "").await.body.contains("console.token"));
    assert_eq!(house.ask("POST /login", &[], "token=hivis_00").await.status, StatusCode::UNAUTHORIZED);
    let body = format!("token={}", token.trim());
    let answer = house.ask("POST /login", &[], &body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let cookie = format!("cookie: {}", answer.cookie());
    let page = house.ask("GET /", &[&cookie], "").await;
    assert!(page.body.contains("console (operator)"), "{}", page.body);
    assert!(!file.exists(), "a used token lies nowhere");
    assert_eq!(house.ask("POST /login", &[], &body).await.status, StatusCode::UNAUTHORIZED, "once");
    assert!(house.ask("GET /login", &[], "").await.body.contains("hivis console user add"), "what to do is said");
    // The first account ends the makeshift.
    add(&house.home, "anna", Role::Operator);
    assert_eq!(house.ask("GET /", &[&cookie], "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.log_in("anna").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_account_ends_the_token_of_the_start() {
    let house = House::without_accounts(At::Everywhere).await;
    let token = std::fs::read_to_string(house.home.join(TOKEN_FILE)).expect("a token");
    add(&house.home, "anna", Role::Operator);
    let body = format!("token={}", token.trim());
    assert_eq!(house.ask("POST /login", &[], &body).await.status, StatusCode::UNAUTHORIZED);
    let settings = door_settings(&house.home);
    Door::new(settings).expect("a door").beyond_loopback().expect("no token");
    assert!(!house.home.join(TOKEN_FILE).exists(), "a start with accounts leaves none");
}
