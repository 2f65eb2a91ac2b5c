//! Pictures of strangers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = hivis_image::DecodeLimits { pixels: 1 << 20, ..hivis_image::DecodeLimits::default() };
    if let Ok(decoded) = hivis_image::decode(data, &limits) {
        let (width, height) = (decoded.picture.width(), decoded.picture.height());
        assert!(u64::from(width) * u64::from(height) <= limits.pixels);
    }
});
