//! Discord's webhooks: execute, fetch, change and delete a message; its limits, its errors, its rate limits.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{Fault, Faults, after, lock, refusal, serve};

/// A message in the channel.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscordMessage {
    /// Its id.
    pub id: String,
    /// As it was sent.
    pub body: Value,
}

#[derive(Default)]
struct World {
    messages: Vec<DiscordMessage>,
    next: u64,
    requests: u64,
    gone: bool,
    down: bool,
    remaining: Option<u32>,
}

#[derive(Clone)]
struct Shared {
    world: Arc<Mutex<World>>,
    faults: Faults,
}

/// A server with one webhook; it ends with the process.
#[derive(Clone)]
pub struct FakeDiscord {
    base: String,
    shared: Shared,
}

/// The webhook's id and token.
const ID: &str = "1234567890123456789";
const TOKEN: &str = "tOkEn-tOkEn-tOkEn-tOkEn-tOkEn-tOkEn-tOkEn-tOkEn-tOkEn-tOkEn-tOkEn68";

impl FakeDiscord {
    /// Starts it on a port of loopback.
    pub fn start() -> Self {
        let shared = Shared { world: Arc::default(), faults: Faults::default() };
        let hook = "/api/webhooks/{id}/{token}";
        let app = Router::new()
            .route(hook, post(execute).get(about))
            .route("/api/{version}/webhooks/{id}/{token}", post(versioned))
            .route(&format!("{hook}/messages/{{message}}"), get(fetch).patch(change).delete(remove))
            .with_state(shared.clone());
        Self { base: format!("http://{}", serve(app, None)), shared }
    }

    /// The webhook's address.
    pub fn url(&self) -> String {
        format!("{}/api/webhooks/{ID}/{TOKEN}", self.base)
    }

    /// The part of it that nobody may read in a log.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// What is in the channel, oldest first.
    pub fn messages(&self) -> Vec<DiscordMessage> {
        lock(&self.shared.world).messages.clone()
    }

    /// Requests so far, those that failed too.
    pub fn requests(&self) -> u64 {
        lock(&self.shared.world).requests
    }

    /// What goes wrong next; several wait for each other.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.faults).push_back(fault);
    }

    /// Somebody deletes the webhook, or makes it again.
    pub fn gone(&self, gone: bool) {
        lock(&self.shared.world).gone = gone;
    }

    /// Everything answers 503 for a while.
    pub fn down(&self, down: bool) {
        lock(&self.shared.world).down = down;
    }

    /// Requests that the bucket still holds; a request at 0 is answered 429.
    pub fn remaining(&self, remaining: u32) {
        lock(&self.shared.world).remaining = Some(remaining);
    }
}

fn error(status: u16, code: u32, message: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(json!({ "message": message, "code": code }))).into_response()
}

/// Whether the webhook is there, and answers.
fn door(shared: &Shared, id: &str, token: &str) -> Result<(), Box<Response>> {
    let mut world = lock(&shared.world);
    world.requests += 1;
    if world.down {
        return Err(Box::new((StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response()));
    }
    if world.gone || id != ID {
        return Err(Box::new(error(404, 10_015, "Unknown Webhook")));
    }
    if token != TOKEN {
        return Err(Box::new(error(401, 50_027, "Invalid Webhook Token")));
    }
    if let Some(left) = world.remaining {
        if left == 0 {
            let body = json!({ "message": "You are being rate limited.", "retry_after": 1.5, "global": false });
            let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
            for (name, value) in [
                ("via", "1.1 google"),
                ("retry-after", "2"),
                ("x-ratelimit-scope", "user"),
                ("x-ratelimit-reset-after", "1.5"),
            ] {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            return Err(Box::new(response));
        }
        world.remaining = Some(left - 1);
    }
    Ok(())
}

type Hook = Path<(String, String)>;

async fn about(State(shared): State<Shared>, Path((id, token)): Hook) -> Response {
    match door(&shared, &id, &token) {
        Ok(()) => Json(json!({ "type": 1, "id": ID, "token": TOKEN, "name": "hivis" })).into_response(),
        Err(refused) => *refused,
    }
}

async fn versioned(
    state: State<Shared>,
    Path((_, id, token)): Path<(String, String, String)>,
    query: Query<Asked>,
    request: Request,
) -> Response {
    execute(state, Path((id, token)), query, request).await
}

#[derive(serde::Deserialize)]
struct Asked {
    wait: Option<String>,
}

async fn execute(
    State(shared): State<Shared>,
    Path((id, token)): Hook,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let fault = lock(&shared.faults).pop_front();
    if let Some(refused) = fault.as_ref().and_then(refusal) {
        lock(&shared.world).requests += 1;
        return refused;
    }
    if let Err(refused) = door(&shared, &id, &token) {
        return *refused;
    }
    let body = match read(request).await {
        Ok(body) => body,
        Err(refused) => return *refused,
    };
    if let Err(why) = check(&body) {
        return error(400, 50_035, &why);
    }
    let answer = {
        let mut world = lock(&shared.world);
        world.next += 1;
        let id = format!("13{:017}", world.next);
        world.messages.push(DiscordMessage { id: id.clone(), body: body.clone() });
        let mut answer = if asked.wait.is_some_and(|wait| wait.eq_ignore_ascii_case("true")) {
            Json(message(&id, &body)).into_response()
        } else {
            StatusCode::NO_CONTENT.into_response()
        };
        if let Some(left) = world.remaining {
            let headers = answer.headers_mut();
            headers.insert("x-ratelimit-remaining", left.into());
            headers.insert("x-ratelimit-reset-after", HeaderValue::from_static("1.5"));
        }
        answer
    };
    after(fault, answer).await
}

/// The message object, as far as anybody here reads it.
fn message(id: &str, body: &Value) -> Value {
    let mentions = body["content"].as_str().is_some_and(|text| text.contains("@everyone"));
    json!({
        "id": id, "type": 0, "channel_id": "1", "webhook_id": ID, "content": body["content"], "embeds": body["embeds"],
        "mention_everyone": mentions && body["allowed_mentions"]["parse"] != json!([]),
        "timestamp": "2026-01-01T00:00:00.000000+00:00", "edited_timestamp": null, "attachments": [],
        "author": { "bot": true, "id": ID, "username": body["username"].as_str().unwrap_or("hivis") },
    })
}

/// The body as JSON.
async fn read(request: Request) -> Result<Value, Box<Response>> {
    let odd = || Box::new(error(400, 50_109, "The request body contains invalid JSON."));
    let body = axum::body::to_bytes(request.into_body(), 25 << 20).await.map_err(|_| odd())?;
    serde_json::from_slice(&body).map_err(|_| odd())
}

/// Discord's limits, in UTF-16 units.
fn check(body: &Value) -> Result<(), String> {
    let length = |value: &Value| value.as_str().map_or(0, |text| text.encode_utf16().count());
    let within = |what: &str, value: &Value, most: usize| {
        if length(value) > most { Err(format!("{what}: Must be {most} or fewer in length.")) } else { Ok(()) }
    };
    within("content", &body["content"], 2_000)?;
    within("username", &body["username"], 80)?;
    let none = Vec::new();
    let embeds = body["embeds"].as_array().unwrap_or(&none);
    if embeds.len() > 10 {
        return Err("embeds: Must be 10 or fewer in length.".to_owned());
    }
    if embeds.is_empty() && length(&body["content"]) == 0 {
        return Err("Cannot send an empty message".to_owned());
    }
    let mut all = 0;
    for embed in embeds {
        within("title", &embed["title"], 256)?;
        within("description", &embed["description"], 4_096)?;
        all += length(&embed["title"]) + length(&embed["description"]) + length(&embed["footer"]["text"]);
        for field in embed["fields"].as_array().unwrap_or(&none) {
            within("name", &field["name"], 256)?;
            within("value", &field["value"], 1_024)?;
            all += length(&field["name"]) + length(&field["value"]);
        }
        if embed["url"].as_str().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            return Err("url: Scheme must be one of ('http', 'https').".to_owned());
        }
    }
    if all > 6_000 { Err("Embed size exceeds maximum size of 6000".to_owned()) } else { Ok(()) }
}

type OfMessage = Path<(String, String, String)>;

async fn fetch(State(shared): State<Shared>, Path((id, token, wanted)): OfMessage) -> Response {
    if let Err(refused) = door(&shared, &id, &token) {
        return *refused;
    }
    let world = lock(&shared.world);
    match world.messages.iter().find(|message| message.id == wanted) {
        Some(found) => Json(message(&found.id, &found.body)).into_response(),
        None => error(404, 10_008, "Unknown Message"),
    }
}

async fn change(State(shared): State<Shared>, Path((id, token, wanted)): OfMessage, request: Request) -> Response {
    if let Err(refused) = door(&shared, &id, &token) {
        return *refused;
    }
    let body = match read(request).await {
        Ok(body) => body,
        Err(refused) => return *refused,
    };
    let mut world = lock(&shared.world);
    let Some(found) = world.messages.iter_mut().find(|message| message.id == wanted) else {
        return error(404, 10_008, "Unknown Message");
    };
    for (key, value) in body.as_object().into_iter().flatten() {
        found.body[key] = value.clone();
    }
    Json(message(&found.id, &found.body)).into_response()
}

async fn remove(State(shared): State<Shared>, Path((id, token, wanted)): OfMessage) -> Response {
    if let Err(refused) = door(&shared, &id, &token) {
        return *refused;
    }
    let mut world = lock(&shared.world);
    let before = world.messages.len();
    world.messages.retain(|message| message.id != wanted);
    if world.messages.len() == before {
        error(404, 10_008, "Unknown Message")
    } else {
        StatusCode::NO_CONTENT.into_response()
    }
}
