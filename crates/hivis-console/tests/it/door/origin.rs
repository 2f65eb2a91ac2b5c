//! Pages of strangers, names that point here, proxies.

use super::*;

/// Everything that shows or changes something on a page that asks for no login.
const PATHS: [&str; 7] = [
    "GET /",
    "GET /data",
    "GET /events",
    "GET /api/review/queue",
    "GET /api/openapi.json",
    "GET /metrics",
    "POST /api/review/next",
];

#[tokio::test]
async fn strangers_pages_are_turned_away_everywhere() {
    let house = House::without_accounts(At::Loopback).await;
    let page = house.ask("GET /", &[], "").await;
    assert!(page.body.contains("local (operator)") && !page.body.contains("Log out"), "{}", page.body);
    let csrf = format!("x-hivis-csrf: {}", csrf(&page.body));
    let strange: [&[&str]; 9] = [
        &["host: evil.example"],
        &["host: evil.example:8092", "origin: http://evil.example:8092"],
        &["host: localhost.evil.example"],
        &["host: "],
        &["origin: http://evil.example"],
        &["origin: null"],
        &["origin: http://127.0.0.1:1"],
        &["sec-fetch-site: cross-site"],
        &["sec-fetch-site: same-site"],
    ];
    for headers in strange {
        for line in PATHS {
            let all: Vec<&str> = headers.iter().copied().chain([&*csrf, JSON]).collect();
            let answer = house.ask(line, &all, "{}").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{line} {headers:?}: {}", answer.body);
        }
    }
    assert_eq!(house.desk.asked(), [""; 0]);
    let own = ["origin: http://127.0.0.1:8092", "sec-fetch-site: same-origin", &csrf, JSON];
    assert_eq!(house.ask("POST /api/review/next", &own, "{}").await.status, StatusCode::OK);
    assert_eq!(house.desk.asked(), ["next local"]);
    for host in ["host: localhost:8092", "host: [::1]:8092"] {
        assert_eq!(house.ask("GET /data", &[host], "").await.status, StatusCode::OK, "{host}");
    }
}

/// A link in a mail leads to a page, and to nothing else.
#[tokio::test]
async fn a_link_may_be_followed() {
    let house = House::without_accounts(At::Loopback).await;
    let link = ["sec-fetch-site: cross-site", "sec-fetch-mode: navigate", "sec-fetch-dest: document"];
    assert_eq!(house.ask("GET /data", &link, "").await.status, StatusCode::OK);
    let frame = ["sec-fetch-site: cross-site", "sec-fetch-mode: navigate", "sec-fetch-dest: iframe"];
    assert_eq!(house.ask("GET /data", &frame, "").await.status, StatusCode::FORBIDDEN);
    for line in ["GET /api/review/queue", "GET /events", "GET /metrics", "POST /login"] {
        assert_eq!(house.ask(line, &link, "").await.status, StatusCode::FORBIDDEN, "{line}");
    }
}

#[tokio::test]
async fn a_name_of_ours_is_let_in() {
    let house = House::build(At::Everywhere, &["viewer"], |s| s.hosts = vec!["miner.example".to_owned()]).await;
    assert_eq!(house.ask("GET /login", &["host: Miner.Example:8092"], "").await.status, StatusCode::OK);
    assert_eq!(house.ask("GET /login", &["host: other.example:8092"], "").await.status, StatusCode::FORBIDDEN);
}

/// A page of another origin cannot send the login form: nobody is logged in as somebody else unawares.
#[tokio::test]
async fn a_strangers_form_logs_nobody_in() {
    let house = House::with_accounts(At::Everywhere).await;
    let body = format!("name=operator&password={}", PASSWORD.replace(' ', "+"));
    for origin in ["origin: http://evil.example", "origin: null", "sec-fetch-site: cross-site"] {
        let answer = house.ask("POST /login", &[origin], &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

/// What a caller says of itself counts only where a proxy that the settings name says it.
#[tokio::test]
async fn a_proxy_is_believed_only_when_it_is_named() {
    let forwarded = ["x-forwarded-for: 192.0.2.7", "x-forwarded-proto: https"];
    let body = format!("name=operator&password={}", PASSWORD.replace(' ', "+"));
    let proxy = |settings: &mut DoorSettings| settings.proxies = vec!["10.1.2.3".parse().expect("an address")];
    for named in [false, true] {
        let house = House::build(At::Everywhere, &["operator"], |s| {
            if named {
                proxy(s);
            }
        })
        .await;
        let answer = house.ask("POST /login", &forwarded, &body).await;
        assert_eq!(answer.header("set-cookie").contains("Secure"), named, "{:?}", answer.headers);
        let from = if named { "192.0.2.7" } else { "10.1.2.3" };
        assert_eq!(house.audit().await, [format!("operator operator {from} login: done")]);
    }
    let house = House::build(At::Everywhere, &["operator"], proxy).await;
    // The proxy adds the address that it saw at the end; what stands before is the caller's own word.
    let lies = ["x-forwarded-for: 127.0.0.1, 203.0.113.9, 10.1.2.3"];
    house.ask("POST /login", &lies, &body).await;
    assert_eq!(house.audit().await, ["operator operator 203.0.113.9 login: done"]);
    // Each of those behind the proxy has tries of its own.
    for n in 0..15 {
        let from = format!("x-forwarded-for: 198.51.100.{n}");
        let answer = house.ask("POST /login", &[&from], "name=nobody&password=wrong").await;
        assert_ne!(answer.status, StatusCode::SEE_OTHER);
        assert!(n > 12 || answer.status == StatusCode::UNAUTHORIZED, "{n}: {}", answer.status);
    }
}

/// A proxy on this computer would make everybody the operator.
#[tokio::test]
async fn a_proxy_before_an_open_door_is_refused() {
    let house = House::without_accounts(At::Loopback).await;
    for header in ["x-forwarded-for: 192.0.2.7", "forwarded: for=192.0.2.7"] {
        let answer = house.ask("GET /", &[header], "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header}");
        assert!(answer.body.contains("hivis console user add"), "{}", answer.body);
    }
}
