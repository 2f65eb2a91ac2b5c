//! Bodies of a verified caller.
#![no_main]

use hivis_bittensor::golden::question;
use hivis_bittensor::wire::{parse_body, parse_headers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let request = question(1_795_443_488_000_000_000);
    let (method, uri, headers) = request.head();
    let claim = parse_headers(&method, &uri, &headers).expect("our own question parses");
    // Any body may come; none may panic.
    let _ = parse_body(&claim, &headers, data);
});
