//! `encode.json`: the text that a validator sends, and what Pillow sees in it.

use hivis_image::{DecodeLimits, challenge, decode};
use serde::Deserialize;

use crate::corpus::{differences, picture};
use crate::golden::{folders, parse};

#[derive(Deserialize)]
struct Encodings {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    input: String,
    base64: String,
    decoded: String,
}

/// Bodies of the segments of one kind before the first scan.
fn segments(jpeg: &[u8], marker: u8) -> Vec<&[u8]> {
    let (mut at, mut found) = (2, Vec::new());
    while jpeg[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] == marker {
            found.push(&jpeg[at + 4..end]);
        }
        at = end;
    }
    found
}

#[test]
fn golden_encodings_are_met() {
    let limits = DecodeLimits::default();
    for folder in folders("challenge") {
        let cases = parse::<Encodings>(&folder, "encode.json").cases;
        assert!(!cases.is_empty());
        for case in cases {
            let theirs_text = std::fs::read_to_string(folder.join(&case.base64)).expect("a text file");
            let theirs = challenge::from_base64(theirs_text.trim_end()).expect("their base64");
            let want = picture(&folder.join(&case.decoded));

            // Our decoder on their bytes.
            let (_, mean) = differences(&decode(&theirs, &limits).expect("their JPEG").picture, &want);
            assert!(mean <= 1.0, "{}: decoded mean {mean}", case.id);

            // Our encoder on their pixels, both seen through our decoder.
            let ours_text = challenge::base64_jpeg(&picture(&folder.join(&case.input)));
            let ours = challenge::from_base64(&ours_text).expect("our base64");
            let (_, far) = differences(&decode(&ours, &limits).expect("our JPEG").picture, &want);
            let seen = decode(&theirs, &limits).expect("their JPEG").picture;
            let (_, near) = differences(&decode(&ours, &limits).expect("our JPEG").picture, &seen);
            println!("{}: decoder {mean:.3}, both {far:.3}, encoder {near:.4}", case.id);
            assert!(near <= 0.7 && far <= 1.0, "{}: encoded mean {near}, with decoder {far}", case.id);

            // Quantisation and Huffman tables, sides and subsampling are theirs byte for byte.
            assert_eq!(segments(&theirs, 0xdb).len(), 2, "{}", case.id);
            assert_eq!(segments(&ours, 0xdb), segments(&theirs, 0xdb), "{}: quantisation", case.id);
            assert_eq!(segments(&ours, 0xc4), segments(&theirs, 0xc4), "{}: Huffman", case.id);
            let (our_frame, their_frame) = (segments(&ours, 0xc0)[0], segments(&theirs, 0xc0)[0]);
            assert_eq!(our_frame[..6], their_frame[..6], "{}: sides", case.id);
            for component in [7, 10, 13] {
                assert_eq!(our_frame[component], their_frame[component], "{}: subsampling", case.id);
            }
        }
    }
}
