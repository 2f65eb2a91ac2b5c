//! Requests as bytes, signed as a dendrite signs them.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use hivis_image::challenge::base64_jpeg;
use hivis_types::Picture;

use crate::world::{hotkey, key};

/// SHA3-256 of nothing: what every `ImageSynapse` carries as its body hash.
const BODY_HASH: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/// Nonces of this process never repeat.
pub(crate) fn nonce() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    LAST.fetch_max(now, Ordering::Relaxed);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// A request in the making.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) who: &'static str,
    pub(crate) nonce: u64,
    pub(crate) timeout: String,
    /// Lines that are added to the head, each with its end.
    pub(crate) more: String,
    pub(crate) body: Vec<u8>,
    /// What the head says of the body.
    pub(crate) length: Option<usize>,
}

/// The body of a challenge with this `image`.
pub(crate) fn body(image: &str) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({ "image": image })).unwrap()
}

/// The base64 JPEG of a picture of one grey, which [`crate::world::redness`] answers with `grey / 255`.
pub(crate) fn grey(grey: u8) -> String {
    base64_jpeg(&Picture::filled(224, 224, [grey; 3]))
}

/// What [`crate::world::redness`] says of [`grey`].
pub(crate) fn answer_to(grey: u8) -> f64 {
    f64::from(f32::from(grey) / 255.0)
}

impl Ask {
    /// Alice asks for this body.
    pub(crate) fn new(body: Vec<u8>) -> Self {
        Self {
            method: "POST",
            target: "/ImageSynapse".to_owned(),
            who: "Alice",
            nonce: nonce(),
            timeout: "12.0".to_owned(),
            more: String::new(),
            length: Some(body.len()),
            body,
        }
    }

    /// Alice asks about a grey picture.
    pub(crate) fn grey(level: u8) -> Self {
        Self::new(body(&grey(level)))
    }

    pub(crate) fn by(mut self, who: &'static str) -> Self {
        self.who = who;
        self
    }

    pub(crate) fn timeout(mut self, timeout: &str) -> Self {
        timeout.clone_into(&mut self.timeout);
        self
    }

    /// The head, up to and with the empty line.
    pub(crate) fn head(&self) -> Vec<u8> {
        let (me, you) = (hotkey(self.who), hotkey("Bob"));
        let uuid = "0d99dfbc-e723-11f1-8caf-020000000001";
        let text = format!("{}.{me}.{you}.{uuid}.{BODY_HASH}", self.nonce);
        let signature = key(self.who).sign(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: test\r\nname: ImageSynapse\r\ntimeout: {}\r\n\
             bt_header_axon_ip: 127.0.0.1\r\nbt_header_axon_port: 8091\r\nbt_header_axon_hotkey: {you}\r\n\
             bt_header_dendrite_ip: 127.0.0.1\r\nbt_header_dendrite_version: 10005000\r\n\
             bt_header_dendrite_nonce: {}\r\nbt_header_dendrite_uuid: {uuid}\r\nbt_header_dendrite_hotkey: {me}\r\n\
             bt_header_dendrite_signature: 0x{signature}\r\nContent-Type: application/json\r\n\
             computed_body_hash: {BODY_HASH}\r\n{}",
            self.method, self.target, self.timeout, self.nonce, self.more
        );
        if let Some(length) = self.length {
            write!(head, "Content-Length: {length}\r\n").unwrap();
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Head and body.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }
}
