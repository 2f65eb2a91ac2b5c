//! The form, sessions, and how often somebody may try.

use super::*;

#[tokio::test]
async fn a_login_gives_a_session_and_leads_back() {
    let house = House::with_accounts(At::Everywhere).await;
    let form = house.ask("GET /login?next=/review", &[], "").await;
    assert!(form.body.contains("name=\"next\" value=\"/review\""), "{}", form.body);
    assert!(!form.body.contains("<script"), "it needs no JavaScript");
    let answer = house.log_in("Operator").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/data"));
    let set = answer.header("set-cookie").to_lowercase();
    for part in ["httponly", "samesite=strict", "path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("secure"), "it came by plain http: {set}");
    let cookie = format!("cookie: {}", answer.cookie());
    let page = house.ask("GET /", &[&cookie], "").await;
    assert!(page.body.contains("operator (operator)") && page.body.contains("Log out"), "{}", page.body);
    let again = house.ask("GET /login?next=/data", &[&cookie], "").await;
    assert_eq!((again.status, again.header("location")), (StatusCode::SEE_OTHER, "/data"), "whoever is in is in");
    for made_up in ["cookie: hivis_session=", "cookie: hivis_session=hivis_0000", "cookie: theme=dark"] {
        assert_eq!(house.ask("GET /", &[made_up], "").await.status, StatusCode::SEE_OTHER, "{made_up}");
    }
    let line = house.audit().await.remove(0);
    assert_eq!(line, "operator operator 10.1.2.3 login: done");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let house = House::with_accounts(At::Everywhere).await;
    let mut said = Vec::new();
    for (name, password) in [
        ("operator", "three plain word"),
        ("nobody", PASSWORD),
        ("", ""),
        ("local", PASSWORD),
        ("<script>alert(1)</script>", PASSWORD),
        ("operator%0d%0aset-cookie:+x=y", PASSWORD),
        ("operator", &"x".repeat(9000)),
    ] {
        let answer = house.try_login(name, password, PEER).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        assert_eq!(answer.header("set-cookie"), "", "{name}");
        said.push(answer.body);
    }
    assert!(said[0].contains("That is not right."), "{}", said[0]);
    for other in &said {
        assert_eq!(*other, said[0], "nothing that was sent is shown again");
    }
    let audit = house.audit().await;
    assert_eq!(audit[0], "operator - 10.1.2.3 login: failed");
    assert_eq!(audit[1], "unknown - 10.1.2.3 login: failed", "a name of nobody's may be a password");
}

#[tokio::test]
async fn a_login_never_leads_to_another_page() {
    let house = House::with_accounts(At::Everywhere).await;
    for (n, next) in ["//evil.example", "https://evil.example/", "/\\evil.example", "/x%0d%0aset-cookie:%20a=b", "%20"]
        .into_iter()
        .enumerate()
    {
        let form = house.ask(&format!("GET /login?next={next}"), &[], "").await;
        assert!(form.body.contains("name=\"next\" value=\"/\""), "{next}: {}", form.body);
        let body = format!("name=operator&password={}&next={next}", PASSWORD.replace(' ', "+"));
        let mut request = request("POST /login", &[], &body);
        let peer: SocketAddr = format!("10.9.0.{n}:1").parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = house.send(request).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"), "{next}");
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1, "{next}");
    }
    let strange = house.ask("GET //evil.example/%0d%0aset-cookie:x", &[], "").await;
    assert_eq!(strange.header("location"), "/login");
}

#[tokio::test]
async fn tries_are_counted_by_address_and_by_name() {
    let house = House::with_accounts(At::Everywhere).await;
    let _still = hold_time();
    let one = "10.0.0.1:1";
    for n in 0..10 {
        let answer = house.try_login(&format!("nobody{n}"), "wrong", one).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{n}");
    }
    let refused = house.try_login("operator", PASSWORD, one).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=10).contains(&refused.header("retry-after").parse::<u64>().expect("seconds")));
    assert_eq!(house.try_login("operator", PASSWORD, "10.0.0.1:77").await.status, StatusCode::TOO_MANY_REQUESTS);
    // Somebody else gets in meanwhile, and this one after a while.
    assert_eq!(house.try_login("operator", PASSWORD, "10.0.0.2:1").await.status, StatusCode::SEE_OTHER);
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(house.try_login("operator", PASSWORD, one).await.status, StatusCode::SEE_OTHER);
    // One name, from everywhere.
    let mut tried = 0;
    let last = loop {
        let answer = house.try_login("viewer", "wrong", &format!("10.0.{tried}.9:1")).await;
        tried += 1;
        if answer.status != StatusCode::UNAUTHORIZED {
            break answer.status;
        }
        assert!(tried < 100, "a name can be tried without end");
    };
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(house.try_login("viewer", PASSWORD, "10.0.200.9:1").await.status, StatusCode::SEE_OTHER);
    let limited = house.audit().await.iter().filter(|line| line.ends_with("limited")).count();
    assert!(limited <= 2, "a flood of refusals is one line each, not {limited}");
}

#[tokio::test]
async fn a_flood_of_passwords_is_not_computed() {
    let house = House::with_accounts(At::Everywhere).await;
    let tries = (0..12).map(|n| {
        let house = &house;
        async move { house.try_login(&format!("nobody{n}"), PASSWORD, &format!("10.3.{n}.1:1")).await }
    });
    let answers = futures_util::future::join_all(tries).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(StatusCode::UNAUTHORIZED), count(StatusCode::TOO_MANY_REQUESTS)), (2, 10));
    let late = answers.iter().find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS).expect("ten of them");
    assert_eq!(late.header("retry-after"), "1");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
    let house = House::with_accounts(At::Everywhere).await;
    let (idle, _) = house.session("viewer").await;
    let (busy, _) = house.session("operator").await;
    let _still = hold_time();
    for hour in 0..24 {
        tokio::time::advance(Duration::from_mins(31)).await;
        let wanted = if hour < 23 { StatusCode::OK } else { StatusCode::SEE_OTHER };
        assert_eq!(house.ask("GET /data", &[&busy], "").await.status, wanted, "{hour}");
    }
    let late = house.ask("GET /data", &[&idle], "").await;
    assert_eq!((late.status, late.header("location")), (StatusCode::SEE_OTHER, "/login?next=/data"));
    assert_eq!(house.ask("GET /api/review/queue", &[&idle], "").await.status, StatusCode::UNAUTHORIZED);
    let form = house.ask("GET /login?next=/data", &[&idle], "").await;
    assert!(form.body.contains("Your session has ended"), "{}", form.body);
}

#[tokio::test]
async fn a_session_ends_with_its_account() {
    let house = House::with_accounts(At::Everywhere).await;
    let mut cookies = Vec::new();
    for name in ["viewer", "reviewer", "operator"] {
        cookies.push(house.session(name).await.0);
    }
    let hash = hash_password("another password", counted).expect("a hash");
    house.change(|accounts| {
        accounts.remove_user("viewer").expect("it was there");
        accounts.set_password("reviewer", hash.clone()).expect("it was there");
        let same = accounts.users().iter().find(|user| user.name == "operator").is_some();
        assert!(same);
    });
    for (cookie, wanted) in cookies.iter().zip([StatusCode::SEE_OTHER, StatusCode::SEE_OTHER, StatusCode::OK]) {
        assert_eq!(house.ask("GET /data", &[cookie], "").await.status, wanted, "{cookie}");
    }
    // The same name and password again, with another role: the old session is not the new account's.
    let kept = std::fs::read_to_string(house.home.join("users.toml")).expect("a file");
    std::fs::write(house.home.join("new"), kept.replace("role = \"operator\"", "role = \"viewer\"")).expect("written");
    std::fs::rename(house.home.join("new"), house.home.join("users.toml")).expect("renamed");
    assert_eq!(house.ask("GET /data", &[&cookies[2]], "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.log_in("reviewer").await.status, StatusCode::UNAUTHORIZED, "the old password is gone");
    assert_eq!(house.try_login("reviewer", "another password", PEER).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn two_sessions_are_two() {
    let house = House::with_accounts(At::Everywhere).await;
    let (first, csrf) = house.session("operator").await;
    let (second, other) = house.session("operator").await;
    assert_ne!((&first, &csrf), (&second, &other));
    let form = |token: &str| format!("csrf={}", token.split(": ").nth(1).expect("a value"));
    let wrong = house.ask("POST /logout", &[&first], &form(&other)).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN, "the other session's token is no proof");
    // What a browser says of a form on a page without referrer.
    let gone = house.ask("POST /logout", &[&first, "origin: null", "sec-fetch-site: same-origin"], &form(&csrf)).await;
    assert_eq!((gone.status, gone.header("location")), (StatusCode::SEE_OTHER, "/login"), "{}", gone.body);
    assert!(gone.header("set-cookie").contains("Max-Age=0"), "{:?}", gone.headers);
    assert_eq!(house.ask("GET /data", &[&first], "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.ask("GET /data", &[&second], "").await.status, StatusCode::OK);
    let again = house.ask("POST /logout", &[&first], &form(&csrf)).await;
    assert_eq!(again.header("location"), "/login", "a session that is over is logged out");
    assert!(house.audit().await.contains(&"operator operator 10.1.2.3 logout: done".to_owned()));
}

#[tokio::test]
async fn a_login_ends_the_session_before_it() {
    let house = House::with_accounts(At::Everywhere).await;
    let (old, _) = house.session("viewer").await;
    let body = format!("name=operator&password={}", PASSWORD.replace(' ', "+"));
    let new = house.ask("POST /login", &[&old], &body).await;
    assert_eq!(new.status, StatusCode::SEE_OTHER, "{}", new.body);
    assert_ne!(format!("cookie: {}", new.cookie()), old, "a cookie that somebody planted is worth nothing");
    assert_eq!(house.ask("GET /data", &[&old], "").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn accounts_that_cannot_be_read_change_nobodys_rights() {
    let house = House::with_accounts(At::Loopback).await;
    let (cookie, _) = house.session("viewer").await;
    std::fs::write(house.home.join("users.toml"), "[[user]\nname = ").expect("written");
    assert_eq!(house.ask("GET /data", &[&cookie], "").await.status, StatusCode::OK, "who was in is in");
    assert_eq!(house.ask("GET /data", &[], "").await.status, StatusCode::SEE_OTHER, "the door is not open");
    assert!(Door::new(door_settings(&house.home)).is_err(), "and no server starts on it");
}
