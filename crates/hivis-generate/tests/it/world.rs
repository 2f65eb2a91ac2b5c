//! Servers, clients and orders.

use std::time::Duration;

use hivis_generate::{Automatic1111, Comfyui, Generator, Login, Order, Parent, Patience, Server, Vision};
use hivis_http::Retries;
use hivis_image::{Picture, encode_png};
use hivis_testbed::generators::{FakeGenerator, KEY};
use hivis_types::{Label, Usd};

/// Short pauses, and enough time for a busy machine.
pub(crate) fn patience() -> Patience {
    let retries = Retries { tries: 3, first: Duration::from_millis(20), longest: Duration::from_secs(2) };
    Patience { whole: Duration::from_mins(1), retries }
}

pub(crate) fn server(fake: &FakeGenerator, login: Login) -> Server {
    Server { url: fake.url(), login, patience: patience() }
}

/// A price, so that costs can be told apart from nothing.
pub(crate) const PRICE: Usd = Usd(40_000);

/// AUTOMATIC1111 and ComfyUI, each with its client, and the question that makes pictures.
pub(crate) fn both() -> [(FakeGenerator, Box<dyn Generator>, &'static str); 2] {
    let (one, two) = (FakeGenerator::automatic1111(false), FakeGenerator::comfyui());
    let first = Automatic1111::new(&server(&one, Login::None), None, None, PRICE).unwrap();
    let second = Comfyui::new(&server(&two, Login::None), None, None, PRICE).unwrap();
    [(one, Box::new(first), "img"), (two, Box::new(second), "POST /prompt")]
}

pub(crate) fn vision(fake: &FakeGenerator, key: &str) -> Vision {
    let login = Login::Bearer(hivis_generate::Secret::new(key));
    Vision::new(&server(fake, login), "street-vision", (Usd(2_500_000), Usd(10_000_000))).unwrap()
}

pub(crate) fn seeing(fake: &FakeGenerator) -> Vision {
    vision(fake, KEY)
}

/// Words that a careless writer of JSON, forms or templates would break.
pub(crate) const ODD: &str =
    "a \"quoted\" {brace} {{ two }} (paren:1.2) <lora:x:1>\n\ttab \\ 道路工事, it's 100% \u{1F6A7}";

pub(crate) fn order(count: u32) -> Order {
    Order { count, negative: ODD.to_owned(), seed: 7_000, ..Order::new(Label::Roadwork, ODD).sized(64, 48) }
}

pub(crate) fn street() -> Vec<u8> {
    let mut rgb = vec![0; 96 * 64 * 3];
    rgb.iter_mut().enumerate().for_each(|(i, value)| *value = (i * 31 % 240) as u8);
    encode_png(&Picture::new(96, 64, rgb).unwrap())
}

pub(crate) fn parent() -> Parent {
    Parent { bytes: street(), strength: 0.7, label: Some(Label::Roadwork) }
}
