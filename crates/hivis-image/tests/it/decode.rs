//! Strangers' files: what is judged, what is noted, what is refused.

use std::time::Duration;

use hivis_image::{
    DecodeError, DecodeLimits, Decoded, Media, Picture, decode, decode_upright, encode_jpeg, encode_png,
};

use crate::corpus::{differences, file, files, folder, peak_memory, picture};

fn limits() -> DecodeLimits {
    DecodeLimits::default()
}

fn judged(name: &str) -> Decoded {
    decode(&file(name), &limits()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A picture in which nothing is the decoder's filler grey and every row differs.
fn busy(width: u32, height: u32) -> Picture {
    let value = |x: u32, y: u32| [(x * 7 + y * 3) as u8, (x * 5 + y * 11) as u8 | 1, (y * 13 + x) as u8];
    let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| value(x, y))).collect();
    Picture::new(width, height, rgb).expect("three bytes a pixel")
}

#[test]
fn every_kind_is_seen_as_pillow_sees_it() {
    let mut seen = 0;
    for (name, bytes) in files() {
        let pillow = folder().join("pillow").join(format!("{name}.png"));
        if !pillow.exists() {
            continue;
        }
        let decoded = decode(&bytes, &limits()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (_, mean) = differences(&decoded.picture, &picture(&pillow));
        let lossy = decoded.media != Media::Png && !name.contains("lossless");
        let allowed = if lossy { 1.0 } else { 0.0 };
        println!("{name}: mean {mean:.3}");
        assert!(mean <= allowed, "{name}: mean {mean}");
        seen += 1;
    }
    assert!(seen >= 25, "only {seen} files were compared");
}

#[test]
fn what_is_odd_is_noted() {
    let expected: [(&str, &[&str]); 16] = [
        ("baseline.jpg", &[]),
        ("progressive.jpg", &[]),
        ("lossy.webp", &[]),
        ("rgb.png", &[]),
        ("cmyk.jpg", &["CMYK"]),
        ("grey.jpg", &["grey"]),
        ("one.jpg", &["1 x 1"]),
        ("one.png", &["1 x 1"]),
        ("alpha.png", &["alpha dropped"]),
        ("alpha.webp", &["alpha dropped"]),
        ("palette.png", &["palette"]),
        ("palette-clear.png", &["palette", "alpha dropped"]),
        ("rgb16.png", &["16 bit"]),
        ("rgba16.png", &["16 bit", "alpha dropped"]),
        ("grey16.png", &["grey", "16 bit"]),
        ("animated.png", &["animated"]),
    ];
    for (name, notes) in expected {
        assert_eq!(judged(name).notes, notes, "{name}");
    }
    assert!(judged("animated.webp").notes.contains(&"animated".to_owned()));
}

#[test]
fn orientation_counts_only_at_import() {
    let bytes = file("turned.jpg");
    let lying = decode(&bytes, &limits()).expect("a JPEG").picture;
    let upright = decode_upright(&bytes, &limits()).expect("a JPEG").picture;
    assert_eq!((lying.width(), lying.height()), (35, 26));
    assert_eq!((upright.width(), upright.height()), (26, 35));
    assert_eq!(upright.pixel(25, 0), lying.pixel(0, 0), "turned clockwise");
    let plain = file("baseline.jpg");
    assert_eq!(decode_upright(&plain, &limits()).expect("a JPEG"), decode(&plain, &limits()).expect("a JPEG"));
}

#[test]
fn media_are_named() {
    let media = ["baseline.jpg", "rgb.png", "lossless.webp"].map(|name| judged(name).media.as_str());
    assert_eq!(media, ["image/jpeg", "image/png", "image/webp"]);
}

#[test]
fn a_file_that_ends_early_is_judged_when_most_of_it_is_there() {
    let source = busy(160, 160);
    for (bytes, kind) in [(encode_jpeg(&source), "JPEG"), (encode_png(&source), "PNG")] {
        let whole = decode(&bytes, &limits()).expect("whole").picture;
        let most = decode(&bytes[..bytes.len() * 8 / 10], &limits()).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(most.notes, ["truncated"], "{kind}");
        // What came is what it was, and the rest is grey.
        let half = whole.rgb().len() / 2;
        let same = most.picture.rgb()[..half].iter().zip(&whole.rgb()[..half]).filter(|(a, b)| a == b).count();
        assert!(same * 100 >= half * 99, "{kind}: {same} of {half}");
        assert_eq!(most.picture.pixel(159, 159), [128; 3], "{kind}");

        let little = decode(&bytes[..bytes.len() * 3 / 10], &limits());
        assert!(matches!(little, Err(DecodeError::TooBroken { .. })), "{kind}: {little:?}");
    }
    // Only the end marker is gone.
    let bytes = encode_jpeg(&source);
    let cut = decode(&bytes[..bytes.len() - 2], &limits()).expect("every row is there");
    assert_eq!(cut.notes, ["truncated"]);
}

#[test]
fn a_file_that_is_broken_late_is_judged() {
    let mut bytes = encode_png(&busy(160, 160));
    let late = bytes.len() * 9 / 10;
    bytes[late..late + 40].fill(0xaa);
    assert_eq!(decode(&bytes, &limits()).expect("most rows are there").notes, ["damaged"]);
}

#[test]
fn a_progressive_file_needs_two_whole_scans() {
    let bytes = file("progressive.jpg");
    let scans: Vec<usize> = (0..bytes.len() - 1).filter(|&i| bytes[i..i + 2] == [0xff, 0xda]).collect();
    assert!(scans.len() > 4, "Pillow's script has ten scans");
    let coarse = decode(&bytes[..scans[2] + 12], &limits()).expect("two scans are there");
    assert_eq!(coarse.notes, ["truncated"]);
    let whole = judged("progressive.jpg").picture;
    let (_, near) = differences(&coarse.picture, &whole);
    let (_, far) = differences(&Picture::filled(whole.width(), whole.height(), [128; 3]), &whole);
    assert!(near < 0.6 * far, "a coarse picture of the same thing: {near} against {far} of plain grey");
    let nothing = decode(&bytes[..scans[1] + 12], &limits());
    assert!(matches!(nothing, Err(DecodeError::TooBroken { .. })), "{nothing:?}");
}

#[test]
fn a_grey_picture_is_not_taken_for_a_hole() {
    let grey = Picture::filled(64, 64, [128; 3]);
    for bytes in [encode_jpeg(&grey), encode_png(&grey)] {
        let decoded = decode(&bytes, &limits()).expect("whole");
        assert_eq!((decoded.picture, decoded.notes), (grey.clone(), Vec::new()));
    }
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in
        [&b""[..], b"\xff\xd8\xff", b"hello", b"GIF89a\x01\0\x01\0", b"RIFF\x04\0\0\0WEBP", b"\x89PNG\r\n\x1a\n"]
    {
        let refused = decode(bytes, &limits());
        assert!(matches!(refused, Err(DecodeError::NotAPicture { .. })), "{bytes:?}: {refused:?}");
    }
}

#[test]
fn limits_are_checked_before_anything_is_decoded() {
    let before = peak_memory();
    let claim = decode(&file("claim.png"), &limits());
    assert!(matches!(claim, Err(DecodeError::TooManyPixels { width: 60000, height: 60000, .. })), "{claim:?}");
    let hidden = decode(&file("hidden.webp"), &limits());
    assert!(matches!(hidden, Err(DecodeError::TooManyPixels { width: 16383, .. })), "{hidden:?}");
    // What would inflate to 16 MiB, far beyond its pixels, is not: 8 x 8 black pixels come out.
    for name in ["profile.png", "inflates.png"] {
        assert_eq!(judged(name).picture, Picture::filled(8, 8, [0; 3]), "{name}");
    }
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(after - before < 8 << 10, "memory grew from {before} to {after} KiB");
    }

    for name in ["baseline.jpg", "rgb.png", "lossy.webp"] {
        let (bytes, pixels) = (file(name), 35 * 26);
        assert!(decode(&bytes, &DecodeLimits { pixels, ..limits() }).is_ok(), "{name}");
        let over = decode(&bytes, &DecodeLimits { pixels: pixels - 1, ..limits() });
        assert!(
            matches!(over, Err(DecodeError::TooManyPixels { width: 35, height: 26, limit: 909 })),
            "{name}: {over:?}"
        );
        let long = decode(&bytes, &DecodeLimits { bytes: bytes.len() - 1, ..limits() });
        assert!(matches!(long, Err(DecodeError::TooManyBytes { .. })), "{name}: {long:?}");
        let slow = decode(&bytes, &DecodeLimits { time: Duration::ZERO, ..limits() });
        assert!(matches!(slow, Err(DecodeError::TooSlow { .. })), "{name}: {slow:?}");
    }
}

/// Metadata that stands in the file is no bomb, however large beside a small picture.
#[test]
fn a_small_png_may_have_much_metadata() {
    let picture = busy(224, 224);
    let plain = encode_png(&picture);
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut bytes = (data.len() as u32).to_be_bytes().to_vec();
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(&crc32fast::hash(&bytes[4..]).to_be_bytes());
        bytes
    };
    let text = [b"comment\0".as_slice(), &vec![b'x'; 2_200_000]].concat();
    let exif = [b"MM\0*\0\0\0\x08".as_slice(), &vec![0; 2_200_000]].concat();
    for (kind, data) in [(b"tEXt", &text), (b"eXIf", &exif)] {
        // After the signature and IHDR.
        let whole = [&plain[..33], &chunk(kind, data), &plain[33..]].concat();
        let decoded = decode(&whole, &limits()).unwrap_or_else(|error| panic!("{}: {error}", kind.escape_ascii()));
        assert_eq!(decoded.picture, picture, "{}", kind.escape_ascii());
    }
}
