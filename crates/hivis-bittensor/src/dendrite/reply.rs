//! A response to what the SDK's dendrite would hand to the validator.

use std::time::Duration;

use http::header;
use serde_json::{Map, Value};

use crate::dendrite::AxonAddress;
use crate::dendrite::connection::{Failure, Received};
use crate::number::{lax_float, lax_int, read_float, read_int, read_json};
use crate::wire::body_is_json;

/// Longest message that is kept, in characters.
const MESSAGE: usize = 300;

/// What became of a question, as the validator sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The final status: `bt_header_axon_status_code` if it came, else the body's or HTTP's, else the client's own
    /// (408, 422, 503). `None` when a 200 carried none, which is no success.
    pub status: Option<u16>,
    /// The final message.
    pub message: Option<String>,
    /// What the reward code gets. -1 when there was no answer; any number otherwise, NaN and 7.5 too, and it may be set
    /// although the status is no success.
    pub prediction: f64,
    /// `bt_header_axon_process_time`: seconds by the axon's own account.
    pub process_time_s: Option<f64>,
    /// The SDK's dendrite would have raised into the validator instead of returning.
    pub raised: bool,
    /// From before signing to the end of the reply.
    pub latency: Duration,
}

impl Reply {
    /// Whether the SDK would call it a success.
    pub fn is_success(&self) -> bool {
        self.status == Some(200)
    }

    /// One that the client makes itself.
    pub(crate) fn client_made(status: u16, message: impl AsRef<str>) -> Self {
        Self {
            status: Some(status),
            message: Some(message.as_ref().chars().take(MESSAGE).collect()),
            prediction: -1.0,
            process_time_s: None,
            raised: false,
            latency: Duration::ZERO,
        }
    }

    fn unreadable(why: impl std::fmt::Display) -> Self {
        Self::client_made(422, format!("Failed to parse response: {why}"))
    }
}

/// Without a response.
pub(crate) fn of_failure(failure: &Failure, axon: &AxonAddress) -> Reply {
    match failure {
        Failure::Unavailable => {
            Reply::client_made(503, format!("Service unavailable at {}:{}/ImageSynapse", axon.host, axon.port))
        }
        Failure::Disconnected => Reply::client_made(503, "Service disconnected: Server disconnected"),
        Failure::Payload(why) => Reply::client_made(400, format!("Payload error: {why}")),
        Failure::Unforeseen(why) => Reply::unreadable(why),
    }
}

/// What the body says, before the headers are laid over it.
struct Said {
    prediction: f64,
    status: Option<i128>,
    message: Option<String>,
}

/// With a response: body first, then the headers over it.
pub(crate) fn of_response(received: &Received) -> Reply {
    let content_type = received.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(body_is_json) {
        return Reply::unreadable(format_args!("{}, no JSON content type", received.status));
    }
    let fields = match read_json(&received.body) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Reply::unreadable("the body is no object"),
        Err(error) => return Reply::unreadable(error),
    };
    let said = if received.status == 200 {
        // Null here breaks the SDK's own error handling, and the exception reaches the validator.
        if ["dendrite", "axon"].iter().any(|name| fields.get(*name).is_some_and(Value::is_null)) {
            let message = "AttributeError: 'NoneType' object has no attribute 'status_code'";
            return Reply { status: None, raised: true, ..Reply::client_made(422, message) };
        }
        of_success(&fields)
    } else {
        of_error(received.status, &fields)
    };
    let said = match said {
        Ok(said) => said,
        Err(what) => return Reply::unreadable(what),
    };
    match Headers::read(received) {
        Ok(headers) => {
            let status = headers.status.or(said.status).map(|code| u16::try_from(code).unwrap_or(0));
            let message = headers.message.or(said.message).map(|text| text.chars().take(MESSAGE).collect());
            let process_time_s = headers.process_time_s;
            Reply { status, message, process_time_s, prediction: said.prediction, ..Reply::client_made(200, "") }
        }
        // The body was taken over before the headers were read: the prediction stays.
        Err(what) => Reply { prediction: said.prediction, ..Reply::unreadable(format_args!("{what} is not a number")) },
    }
}

/// Every field of the class is checked as pydantic checks it; one that is left out has its default.
fn of_success(fields: &Map<String, Value>) -> Result<Said, &'static str> {
    let prediction = match fields.get("prediction") {
        None => -1.0,
        Some(value) => lax_float(value).ok_or("prediction should be a valid number")?,
    };
    if fields.get("image").is_some_and(|value| !value.is_string()) {
        return Err("image should be a valid string");
    }
    if fields.get("testnet_label").is_some_and(|value| lax_int(value).is_none()) {
        return Err("testnet_label should be a valid integer");
    }
    for name in ["name", "computed_body_hash"] {
        if fields.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Err("name and computed_body_hash should be valid strings");
        }
    }
    for name in ["timeout", "total_size", "header_size"] {
        if fields.get(name).is_some_and(|value| !value.is_null() && lax_float(value).is_none()) {
            return Err("timeout, total_size and header_size should be valid numbers");
        }
    }
    terminal(fields.get("dendrite"))?;
    let (status, message) = terminal(fields.get("axon"))?;
    Ok(Said { prediction, status, message })
}

/// Status and message of a body's `axon` or `dendrite`, its other fields checked.
fn terminal(value: Option<&Value>) -> Result<(Option<i128>, Option<String>), &'static str> {
    let Some(value) = value else { return Ok((None, None)) };
    let fields = value.as_object().ok_or("dendrite and axon should be objects")?;
    let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
    // These go through `int` and `float`, which take texts and cut fractions off.
    for name in ["process_time", "port", "version", "nonce", "status_code"] {
        if given(name).is_some_and(|value| lax_float(value).is_none()) {
            return Err("a number of dendrite or axon should be a valid number");
        }
    }
    for name in ["ip", "uuid", "hotkey", "signature", "status_message"] {
        if given(name).is_some_and(|value| !value.is_string()) {
            return Err("a text of dendrite or axon should be a valid string");
        }
    }
    let status = given("status_code").and_then(lax_float).map(|code| code as i128);
    Ok((status, given("status_message").and_then(Value::as_str).map(str::to_owned)))
}

/// Of another status only `message` is read.
fn of_error(status: u16, fields: &Map<String, Value>) -> Result<Said, &'static str> {
    let message = match fields.get("message") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err("status_message should be a valid string"),
    };
    Ok(Said { prediction: -1.0, status: Some(i128::from(status)), message })
}

/// The reply's own headers; later ones of a name win, as in the SDK's dict.
struct Headers {
    status: Option<i128>,
    message: Option<String>,
    process_time_s: Option<f64>,
}

impl Headers {
    /// `Err` names the header that is no number.
    fn read(received: &Received) -> Result<Self, String> {
        let last = |name: &str| {
            let text = received.headers.get_all(name).iter().next_back()?;
            Some(String::from_utf8_lossy(text.as_bytes()).into_owned())
        };
        let float = |name: &str| match last(name) {
            None => Ok(None),
            Some(text) => read_float(&text).map(Some).ok_or_else(|| name.to_owned()),
        };
        let int = |name: &str| match last(name) {
            None => Ok(None),
            Some(text) => read_int(&text).map(Some).ok_or_else(|| name.to_owned()),
        };
        for side in ["axon", "dendrite"] {
            for field in ["port", "version", "nonce", "status_code"] {
                int(&format!("bt_header_{side}_{field}"))?;
            }
            float(&format!("bt_header_{side}_process_time"))?;
        }
        for size in ["header_size", "total_size"] {
            int(size)?;
        }
        float("timeout")?;
        Ok(Self {
            status: int("bt_header_axon_status_code")?,
            message: last("bt_header_axon_status_message"),
            process_time_s: float("bt_header_axon_process_time")?,
        })
    }
}
