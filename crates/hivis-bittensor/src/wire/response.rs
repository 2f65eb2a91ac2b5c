//! An answer or a refusal to a response.

use std::net::SocketAddr;

use bytes::Bytes;
use hivis_types::Hotkey;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::number::python_float;
use crate::uuid1::uuid1;
use crate::wire::{AxonClaim, BODY_HASH, Claim, Form, ImageSynapse, Refusal, Target, Terminal, VERSION};
use crate::{Keypair, ss58};

/// Longest text of the request's headers that is told back.
const ECHO: usize = 160;

/// What an axon signs its answers with.
#[derive(Clone, Debug)]
pub struct Voice {
    keypair: Keypair,
    uuid: String,
}

/// When and to whom a response goes.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The socket's other end.
    pub peer: SocketAddr,
    /// Unix time in nanoseconds.
    pub now_ns: u64,
    /// Seconds since the request's head was read.
    pub process_time_s: f64,
}

impl Voice {
    /// The voice of `keypair`, with a uuid for the life of the axon.
    pub fn new(keypair: Keypair, now_ns: u64) -> Self {
        Self { keypair, uuid: uuid1(now_ns).to_string() }
    }

    /// Whose voice it is.
    pub fn hotkey(&self) -> Hotkey {
        self.keypair.hotkey()
    }

    /// 200 with the synapse. `prediction` is in [0, 1] or -1; one that is not finite leaves as -1. The picture is not sent
    /// back: a dendrite takes a missing `image` as "", and nobody reads it. A ping has no prediction.
    pub fn success_response(
        &self,
        claim: &Claim,
        synapse: &ImageSynapse,
        prediction: f64,
        at: &Moment,
    ) -> Response<Bytes> {
        let target = claim.target();
        let timeout_s = if synapse.timeout_s.is_finite() { synapse.timeout_s } else { 12.0 };
        let mut axon = terminal_json(&synapse.axon);
        axon["status_code"] = json!(200);
        axon["status_message"] = json!("Success");
        axon["process_time"] = json!(at.process_time_s);
        let mut body = json!({
            "name": target.name(),
            "timeout": timeout_s,
            "total_size": 0,
            "header_size": 0,
            "dendrite": terminal_json(&synapse.dendrite),
            "axon": axon,
            "computed_body_hash": "",
        });
        if target == Target::Image {
            body["testnet_label"] = json!(synapse.testnet_label);
            body["prediction"] = json!(if prediction.is_finite() { prediction } else { -1.0 });
        }
        let body = body.to_string();
        let mut head = Head::new(200, Some(target.name()), &python_float(timeout_s));
        head.status("Success", at);
        head.terminal("bt_header_axon_", &synapse.axon);
        head.terminal("bt_header_dendrite_", &synapse.dendrite);
        head.sizes(&body);
        head.json(body)
    }

    /// The refusal in its form. `claim` is what was read of the headers, when they were readable.
    pub fn refusal_response(&self, refusal: &Refusal, claim: Option<&Claim>, at: &Moment) -> Response<Bytes> {
        match refusal.form {
            Form::Detail => Head::new(refusal.status, None, "").json(detail(refusal)),
            Form::Redirect(path) => {
                let mut head = Head::new(refusal.status, None, "");
                head.put("location", path);
                head.done(Bytes::new())
            }
            Form::Bare => {
                let mut head = Head::new(refusal.status, Some("Synapse"), "12.0");
                head.status(&refusal.message, at);
                head.message(refusal)
            }
            Form::Signed => self.signed(refusal, claim, at),
        }
    }

    fn signed(&self, refusal: &Refusal, claim: Option<&Claim>, at: &Moment) -> Response<Bytes> {
        let name = claim.map_or("Synapse", |claim| claim.target().name());
        let timeout = claim.and_then(Claim::timeout_s).map_or_else(|| "None".to_owned(), python_float);
        let mut head = Head::new(refusal.status, Some(name), &timeout);
        head.status(&refusal.message, at);
        let axon = if let Some(Claim::Axon(claim)) = claim { Some(claim) } else { None };
        let text = |field: fn(&AxonClaim) -> Option<&String>| axon.and_then(field).map(String::as_str);
        head.echo("bt_header_axon_ip", text(|claim| claim.axon_ip.as_ref()));
        head.echo("bt_header_axon_port", axon.and_then(|claim| claim.axon_port).map(|n| n.to_string()).as_deref());
        head.put("bt_header_axon_version", &VERSION.to_string());
        head.put("bt_header_axon_nonce", &at.now_ns.to_string());
        head.put("bt_header_axon_uuid", &self.uuid);
        head.echo("bt_header_axon_hotkey", text(|claim| claim.axon_hotkey.as_ref()));
        let dendrite = claim.and_then(Claim::hotkey).map(Hotkey::as_str);
        let named = text(|claim| claim.axon_hotkey.as_ref()).filter(|text| ss58::decode(text).is_ok());
        let (dendrite_text, named) = (dendrite.unwrap_or("None"), named.unwrap_or("None"));
        let message = format!("{}.{dendrite_text}.{named}.{}", at.now_ns, self.uuid);
        let signature = self.keypair.sign(message.as_bytes());
        head.put("bt_header_axon_signature", &format!("0x{}", hex::encode(signature)));
        head.put("bt_header_dendrite_ip", &at.peer.ip().to_string());
        head.put("bt_header_dendrite_port", &at.peer.port().to_string());
        head.echo("bt_header_dendrite_version", claim.and_then(Claim::version).map(|n| n.to_string()).as_deref());
        head.echo("bt_header_dendrite_nonce", claim.and_then(Claim::nonce).map(|n| n.to_string()).as_deref());
        head.echo("bt_header_dendrite_uuid", claim.and_then(Claim::uuid));
        head.echo("bt_header_dendrite_hotkey", dendrite);
        head.echo("bt_header_dendrite_signature", text(|claim| claim.signature.as_ref()));
        head.message(refusal)
    }
}

/// What the SDK's HTTP framework writes, less the text of the caller that it repeats.
fn detail(refusal: &Refusal) -> String {
    if refusal.status == 422 {
        json!({"detail": [{"type": "json_invalid", "loc": ["body"], "msg": refusal.message}]}).to_string()
    } else {
        json!({"detail": refusal.message}).to_string()
    }
}

fn terminal_json(terminal: &Terminal) -> Value {
    json!({
        "status_code": null,
        "status_message": null,
        "process_time": null,
        "ip": terminal.ip,
        "port": terminal.port,
        "version": terminal.version,
        "nonce": terminal.nonce,
        "uuid": terminal.uuid,
        "hotkey": terminal.hotkey,
        "signature": terminal.signature,
    })
}

/// A response's head under construction; header order is the SDK's.
struct Head {
    response: Response<Bytes>,
}

impl Head {
    fn new(status: u16, name: Option<&'static str>, timeout: &str) -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut head = Self { response };
        if status == 405 {
            head.put("allow", "GET, POST");
        }
        if let Some(name) = name {
            head.put("name", name);
            head.put("timeout", timeout);
        }
        head
    }

    /// Text of ours: always fit for a header.
    fn put(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).expect("our own header values are ASCII: this is a bug");
        self.response.headers_mut().append(HeaderName::from_static(name), value);
    }

    /// Text of the caller's: left out when it is long or no header text.
    fn echo(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| value.len() <= ECHO)
            && let Ok(value) = HeaderValue::from_str(value)
        {
            self.response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }

    fn status(&mut self, message: &str, at: &Moment) {
        let code = self.response.status().as_str().to_owned();
        self.put("bt_header_axon_status_code", &code);
        self.echo("bt_header_axon_status_message", Some(message));
        self.put("bt_header_axon_process_time", &python_float(at.process_time_s));
    }

    /// The body's own fields, as the SDK echoes them; [`crate::wire::parse_body`] kept only what fits.
    fn terminal(&mut self, prefix: &str, terminal: &Terminal) {
        let number = |n: Option<i64>| n.map(|n| n.to_string());
        for (name, value) in [
            ("ip", terminal.ip.clone()),
            ("port", number(terminal.port)),
            ("version", number(terminal.version)),
            ("nonce", number(terminal.nonce)),
            ("uuid", terminal.uuid.clone()),
            ("hotkey", terminal.hotkey.clone()),
            ("signature", terminal.signature.clone()),
        ] {
            if let Some(value) = value
                && let (Ok(name), Ok(value)) =
                    (HeaderName::try_from(format!("{prefix}{name}")), HeaderValue::try_from(value))
            {
                self.response.headers_mut().append(name, value);
            }
        }
    }

    /// Meaningless on the wire (CPython object sizes), but the SDK sends them.
    fn sizes(&mut self, body: &str) {
        self.put("header_size", "0");
        self.put("total_size", &body.len().to_string());
        self.put("computed_body_hash", BODY_HASH);
    }

    fn message(mut self, refusal: &Refusal) -> Response<Bytes> {
        let body = json!({"message": refusal.message}).to_string();
        self.sizes(&body);
        self.json(body)
    }

    fn json(mut self, body: String) -> Response<Bytes> {
        self.response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.done(Bytes::from(body))
    }

    fn done(mut self, body: Bytes) -> Response<Bytes> {
        *self.response.body_mut() = body;
        self.response
    }
}
