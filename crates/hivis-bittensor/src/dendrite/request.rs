//! A question to a request: the SDK's headers in the SDK's order, the SDK's body fields in theirs.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;

use crate::dendrite::connection::Place;
use crate::dendrite::{AxonAddress, Dendrite};
use crate::number::python_float;
use crate::wire::BODY_HASH;

/// One question.
pub(crate) struct Question<'a> {
    pub(crate) axon: &'a AxonAddress,
    pub(crate) image: &'a str,
    pub(crate) limit: Duration,
    pub(crate) testnet_label: i64,
}

/// CPython's size of a `Synapse` of this class without its picture, as captured; nobody reads it.
const SIZE_WITHOUT_IMAGE: usize = 3176;

/// Signs and writes. Names that the SDK writes with capitals (`Host`, `Accept`) go out in lowercase.
pub(crate) fn build(dendrite: &Dendrite, question: &Question<'_>, place: &Place, nonce: u64) -> Request<Full<Bytes>> {
    let axon = question.axon;
    let settings = &dendrite.settings;
    let signature = dendrite.signed(&axon.hotkey, nonce);
    let timeout = python_float(question.limit.as_secs_f64());
    let body = body(dendrite, question, nonce, &signature);
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = place.target.clone();
    for (name, value) in [
        ("host", place.authority.as_str()),
        ("name", "ImageSynapse"),
        ("timeout", timeout.as_str()),
        ("bt_header_axon_ip", axon.host.as_str()),
        ("bt_header_axon_port", &axon.port.to_string()),
        ("bt_header_axon_hotkey", axon.hotkey.as_str()),
        ("bt_header_dendrite_ip", settings.ip.as_str()),
        ("bt_header_dendrite_version", &settings.version.to_string()),
        ("bt_header_dendrite_nonce", &nonce.to_string()),
        ("bt_header_dendrite_uuid", &dendrite.uuid),
        ("bt_header_dendrite_hotkey", dendrite.keypair.hotkey().as_str()),
        ("bt_header_dendrite_signature", &signature),
        ("header_size", "464"),
        ("total_size", &(SIZE_WITHOUT_IMAGE + question.image.len()).to_string()),
        ("computed_body_hash", BODY_HASH),
        ("accept", "*/*"),
        ("accept-encoding", "identity"),
        ("user-agent", concat!("hivis/", env!("CARGO_PKG_VERSION"))),
        ("content-length", &body.len().to_string()),
        ("content-type", "application/json"),
    ] {
        // An address with odd characters has failed as a `Place` before this.
        if let Ok(value) = HeaderValue::from_str(value) {
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    *request.body_mut() = Full::new(Bytes::from(body));
    request
}

/// Python's `json.dumps` of the class: its field order, its separators.
fn body(dendrite: &Dendrite, question: &Question<'_>, nonce: u64, signature: &str) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let Question { axon, image, limit, testnet_label } = question;
    let unset = r#""status_code": null, "status_message": null, "process_time": null"#;
    [
        format!(
            r#"{{"name": "ImageSynapse", "timeout": {}, "total_size": {}, "header_size": 0, "#,
            python_float(limit.as_secs_f64()),
            SIZE_WITHOUT_IMAGE + image.len(),
        ),
        format!(
            r#""dendrite": {{{unset}, "ip": {}, "port": null, "version": {}, "nonce": {nonce}, "uuid": {}, "#,
            text(&dendrite.settings.ip),
            dendrite.settings.version,
            text(&dendrite.uuid),
        ),
        format!(r#""hotkey": {}, "signature": {}}}, "#, text(dendrite.keypair.hotkey().as_str()), text(signature)),
        format!(r#""axon": {{{unset}, "ip": {}, "port": {}, "version": null, "#, text(&axon.host), axon.port),
        format!(r#""nonce": null, "uuid": null, "hotkey": {}, "signature": null}}, "#, text(axon.hotkey.as_str())),
        format!(r#""computed_body_hash": "", "testnet_label": {testnet_label}, "image": "#),
        text(image),
        r#", "prediction": -1.0}"#.to_owned(),
    ]
    .concat()
}
