//! Signed challenges as bytes, cheap enough to make thousands a second beside the server that they go to.
//!
//! Heads and bodies are those of the SDK's dendrite, field for field. Every picture is another file: a comment segment
//! with a number is put in after the JPEG's first marker, so that a server that records stores each of them.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hivis_bittensor::{
    Keypair,
    wire::{BODY_HASH, VERSION},
};
use hivis_synth::{Mix, View, scene};
use hivis_types::{Hotkey, Picture};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// What a challenge's picture weighs in the measures, in bytes.
const PICTURE_BYTES: usize = 22_000;
/// The timeout that the subnet's validators send, in seconds.
const TIMEOUT: &str = "9.0";

/// A scene of 224 x 224 with as much sensor noise as makes about 22 kB of JPEG of it.
pub(crate) fn picture() -> (Picture, Vec<u8>) {
    let street = scene(7, &Mix::default()).render(&View::square(224)).picture;
    (0..=48_i16)
        .step_by(2)
        .map(|noise| {
            let (mut picture, mut rng) = (street.clone(), ChaCha8Rng::seed_from_u64(7));
            for value in picture.rgb_mut() {
                *value = (i16::from(*value) + rng.random_range(-noise..=noise)).clamp(0, 255) as u8;
            }
            let jpeg = hivis_image::encode_jpeg(&picture);
            (picture, jpeg)
        })
        .min_by_key(|(_, jpeg)| jpeg.len().abs_diff(PICTURE_BYTES))
        .expect("25 pictures were made: this is a bug")
}

/// One validator that asks one axon.
pub(crate) struct Questions {
    keypair: Keypair,
    axon: Hotkey,
    /// The JPEG's bytes after its first marker, in base64.
    rest: String,
}

impl Questions {
    /// `//Alice` asks `axon` about `jpeg`.
    pub(crate) fn new(axon: Hotkey, jpeg: &[u8]) -> Result<Self> {
        Self::of("//Alice", axon, jpeg)
    }

    /// The development key `uri` asks `axon` about `jpeg`.
    pub(crate) fn of(uri: &str, axon: Hotkey, jpeg: &[u8]) -> Result<Self> {
        let rest = jpeg.strip_prefix(&[0xff, 0xd8]).ok_or_else(|| anyhow!("no JPEG"))?;
        Ok(Self { keypair: Keypair::from_uri(uri)?, axon, rest: STANDARD.encode(rest) })
    }

    /// The head of a question signed for this moment. Each caller has an uuid of its own, because the SDK's axon wants
    /// rising nonces from each.
    pub(crate) fn head(&self, caller: usize) -> String {
        let (from, axon) = (self.keypair.hotkey(), &self.axon);
        let nonce = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
        let uuid = format!("00000000-0000-1000-8000-{caller:012}");
        let signature = self.keypair.sign(format!("{nonce}.{from}.{axon}.{uuid}.{BODY_HASH}").as_bytes());
        let mut head = format!(
            "POST /ImageSynapse HTTP/1.1\r\nhost: 127.0.0.1\r\nname: ImageSynapse\r\ntimeout: {TIMEOUT}\r\n\
             bt_header_axon_ip: 127.0.0.1\r\nbt_header_axon_port: 8091\r\nbt_header_axon_hotkey: {axon}\r\n\
             bt_header_dendrite_ip: 127.0.0.1\r\nbt_header_dendrite_version: {VERSION}\r\n\
             bt_header_dendrite_nonce: {nonce}\r\nbt_header_dendrite_uuid: {uuid}\r\n\
             bt_header_dendrite_hotkey: {from}\r\nbt_header_dendrite_signature: 0x"
        );
        for byte in signature {
            // Writing to a String cannot fail.
            let _ = write!(head, "{byte:02x}");
        }
        let _ = write!(
            head,
            "\r\nheader_size: 464\r\ntotal_size: 3176\r\ncomputed_body_hash: {BODY_HASH}\r\naccept: */*\r\n\
             accept-encoding: identity\r\nuser-agent: hivis-bench\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            self.body(0).len()
        );
        head
    }

    /// The body with picture number `number`; all have the same length.
    pub(crate) fn body(&self, number: u64) -> String {
        // SOI, and a comment of 9 digits: 15 bytes, so that the base64 of the rest stays as it is.
        let mut start = vec![0xff, 0xd8, 0xff, 0xfe, 0, 11];
        start.extend_from_slice(format!("{:09}", number % 1_000_000_000).as_bytes());
        let unset = r#""status_code": null, "status_message": null, "process_time": null"#;
        let (from, axon) = (self.keypair.hotkey(), &self.axon);
        [
            format!(r#"{{"name": "ImageSynapse", "timeout": {TIMEOUT}, "total_size": 3176, "header_size": 0, "#),
            format!(r#""dendrite": {{{unset}, "ip": "127.0.0.1", "port": null, "version": {VERSION}, "#),
            format!(r#""nonce": 1, "uuid": "", "hotkey": "{from}", "signature": null}}, "#),
            format!(r#""axon": {{{unset}, "ip": "127.0.0.1", "port": 8091, "version": null, "nonce": null, "#),
            format!(r#""uuid": null, "hotkey": "{axon}", "signature": null}}, "computed_body_hash": "", "#),
            r#""testnet_label": -1, "image": ""#.to_owned(),
            STANDARD.encode(&start),
            self.rest.clone(),
            r#"", "prediction": -1.0}"#.to_owned(),
        ]
        .concat()
    }
}
