//! A gateway in Twilio's form: one account, messages are created and looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use serde_json::{Value, json};

use super::{Fault, Faults, after, lock, refusal, serve};

/// A message that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentSms {
    /// Its id.
    pub sid: String,
    /// To whom.
    pub to: String,
    /// From whom.
    pub from: String,
    /// The text.
    pub body: String,
}

#[derive(Clone, Default)]
struct Shared {
    sent: Arc<Mutex<Vec<SentSms>>>,
    faults: Faults,
}

/// The gateway; it ends with the process.
#[derive(Clone)]
pub struct FakeGateway {
    base: String,
    shared: Shared,
}

/// The account and its token.
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "fedcba9876543210fedcba9876543210";

impl FakeGateway {
    /// Starts it on a port of loopback.
    pub fn start() -> Self {
        let shared = Shared::default();
        let messages = "/2010-04-01/Accounts/{account}/Messages.json";
        let app = Router::new()
            .route(messages, post(create))
            .route("/2010-04-01/Accounts/{account}/Messages/{sid}", get(fetch))
            .with_state(shared.clone());
        Self { base: format!("http://{}", serve(app, None)), shared }
    }

    /// Where the official client finds it.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Where messages are created.
    pub fn url(&self) -> String {
        format!("{}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", self.base)
    }

    /// The account and its token.
    pub fn login(&self) -> (&'static str, &'static str) {
        (ACCOUNT, TOKEN)
    }

    /// What went out, oldest first.
    pub fn sent(&self) -> Vec<SentSms> {
        lock(&self.shared.sent).clone()
    }

    /// What goes wrong next; several wait for each other.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.faults).push_back(fault);
    }
}

fn error(status: u16, code: u32, message: &str) -> Response {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({ "code": code, "message": message, "more_info": more, "status": status });
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

fn is_known(account: &str, headers: &HeaderMap) -> bool {
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    account == ACCOUNT && sent.and_then(|text| text.strip_prefix("Basic ")) == Some(&expected)
}

async fn create(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let fault = lock(&shared.faults).pop_front();
    if let Some(refused) = fault.as_ref().and_then(refusal) {
        return refused;
    }
    if !is_known(&account, &headers) {
        return error(401, 20_003, "Authenticate");
    }
    // A form is written as a query is.
    let form =
        format!("/?{body}").parse().ok().and_then(|uri| Query::<BTreeMap<String, String>>::try_from_uri(&uri).ok());
    let Some(Query(form)) = form else { return error(400, 20_001, "Unknown parameters") };
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let (to, from, body) = (field("To"), field("From"), field("Body"));
    if !to.starts_with('+') || to.len() < 8 {
        return error(400, 21_211, &format!("Invalid 'To' Phone Number: {to}"));
    }
    if from.is_empty() {
        return error(400, 21_603, "A 'From' phone number is required.");
    }
    if body.is_empty() {
        return error(400, 21_602, "Message body is required.");
    }
    if body.chars().count() > 1_600 {
        return error(400, 21_617, "The concatenated message body exceeds the 1600 character limit.");
    }
    let answer = {
        let mut sent = lock(&shared.sent);
        let message = SentSms { sid: format!("SM{:032x}", sent.len() + 1), to, from, body };
        let answer = (StatusCode::CREATED, Json(shown(&message))).into_response();
        sent.push(message);
        answer
    };
    after(fault, answer).await
}

fn shown(message: &SentSms) -> Value {
    let length = message.body.chars().count();
    let segments = if length <= 160 { 1 } else { length.div_ceil(153) };
    json!({
        "sid": message.sid, "account_sid": ACCOUNT, "to": message.to, "from": message.from, "body": message.body,
        "status": "queued", "direction": "outbound-api", "num_segments": segments.to_string(), "num_media": "0",
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000", "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": null, "error_code": null, "error_message": null, "price": null, "price_unit": "USD",
        "api_version": "2010-04-01", "messaging_service_sid": null, "uri": "", "subresource_uris": {},
    })
}

async fn fetch(
    State(shared): State<Shared>,
    Path((account, sid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !is_known(&account, &headers) {
        return error(401, 20_003, "Authenticate");
    }
    let sent = lock(&shared.sent);
    match sent.iter().find(|message| format!("{}.json", message.sid) == sid) {
        Some(message) => Json(shown(message)).into_response(),
        None => error(404, 20_404, "The requested resource was not found"),
    }
}
