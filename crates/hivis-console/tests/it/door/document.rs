//! The OpenAPI document: what is in it, and whom each of its routes lets in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(house: &House, cookie: &str) -> Value {
    let answer = house.ask("GET /api/openapi.json", &[cookie], "").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    serde_json::from_str(&answer.body).expect("JSON")
}

/// `(method, path)` of all that the document has.
fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &Value)| {
        let known = METHODS.into_iter().filter(|method| item.get(method).is_some());
        known.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

#[tokio::test]
async fn the_document_has_the_routes_and_nothing_else() {
    let house = House::with_accounts(At::Loopback).await;
    let (cookie, csrf) = house.session("operator").await;
    let document = document(&house, &cookie).await;
    let written: BTreeSet<String> = operations(&document).into_iter().map(|(_, path)| path).collect();
    // axum tells its paths nowhere else.
    let told = format!("{:?}", house.app);
    let quoted = told.split('"').filter(|path| path.starts_with("/api/") || *path == "/events");
    let served: BTreeSet<String> = quoted.map(str::to_owned).collect();
    assert!(served.len() > 5, "the router no longer tells its paths: {told}");
    assert_eq!(written, served);
    // Each method of the document is answered, and each other method is not.
    for (path, item) in document["paths"].as_object().expect("paths") {
        // A stream does not end.
        if path == "/events" {
            continue;
        }
        let asked = path.replace("{id}", "7");
        for method in METHODS {
            let line = format!("{} {asked}", method.to_uppercase());
            let answer = house.ask(&line, &[&cookie, &csrf, JSON], "{}").await;
            let is_there = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_there, item.get(method).is_some(), "{line}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn each_route_lets_in_whom_it_should() {
    let house = House::with_accounts(At::Everywhere).await;
    let mut in_by = Vec::new();
    for role in [Role::Viewer, Role::Reviewer, Role::Operator] {
        in_by.push((role, house.session(role.as_str()).await));
    }
    let document = document(&house, &in_by[0].1.0).await;
    // The event stream does not end; `nobody_sees_anything_but_the_door` asks it as nobody.
    for (method, path) in operations(&document).into_iter().filter(|(_, path)| path != "/events") {
        let line = format!("{method} {}", path.replace("{id}", "1"));
        let changes = method != "GET";
        let nobody = house.ask(&line, &[JSON], "{}").await.status;
        assert_eq!(nobody, StatusCode::UNAUTHORIZED, "{line}");
        for (role, (cookie, csrf)) in &in_by {
            let status = house.ask(&line, &[cookie, csrf, JSON], "{}").await.status;
            let refused = status == StatusCode::FORBIDDEN || status == StatusCode::UNAUTHORIZED;
            match role {
                Role::Viewer => assert_eq!(refused, changes, "{line} as viewer: {status}"),
                Role::Reviewer if path.starts_with("/api/review/") => assert!(!refused, "{line} as reviewer: {status}"),
                Role::Reviewer => {}
                Role::Operator => assert!(!refused, "{line} as operator: {status}"),
            }
            if changes {
                let plain = house.ask(&line, &[cookie, JSON], "{}").await.status;
                assert_eq!(plain, StatusCode::FORBIDDEN, "{line} as {role:?} without its token");
            }
        }
    }
}

#[tokio::test]
async fn the_page_lists_the_routes() {
    let house = House::without_accounts(At::Loopback).await;
    let page = house.ask("GET /api", &[], "").await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["/api/review/{id}/decision", "Takes a decision.", "?limit", "/api/openapi.json", "POST"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
}
