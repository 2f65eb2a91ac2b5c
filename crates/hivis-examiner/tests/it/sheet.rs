//! The contact sheet.

use hivis_examiner::{Captioned, contact_sheet};
use hivis_types::Picture;

#[test]
fn lays_out_rows_of_four_with_captions() {
    let cells: Vec<Captioned> = (0..6u8)
        .map(|i| Captioned {
            picture: Picture::filled(224 + 100 * u32::from(i), 224, [40 * i, 255 - 40 * i, 128]),
            caption: format!("said roadwork 0.{i}7\nSynthetic level {i} and more"),
        })
        .collect();
    let sheet = contact_sheet(&cells);
    assert_eq!((sheet.width(), sheet.height()), (4 * 236 + 12, 2 * (224 + 36 + 12) + 12));
    // The first picture lies where it should, unscaled; below it stand letters.
    assert_eq!(sheet.pixel(12, 12), [0, 255, 128]);
    assert_eq!(sheet.pixel(235, 235), [0, 255, 128]);
    let ink = (12..236).flat_map(|x| (236..272).map(move |y| (x, y)));
    let dots = ink.filter(|&(x, y)| sheet.pixel(x, y) == [235, 235, 225]).count();
    assert!(dots > 500, "{dots} pixels of ink");
    // A long caption never runs into the neighbour.
    assert!((236..272).all(|y| (236..248).all(|x| sheet.pixel(x, y) == [24, 26, 30])));
    if let Some(path) = std::env::var_os("HIVIS_LOOK") {
        std::fs::write(path, hivis_image::encode_png(&sheet)).expect("a writable path");
    }
}

#[test]
fn an_empty_sheet_is_a_picture_too() {
    let sheet = contact_sheet(&[]);
    assert_eq!(sheet.width(), 248);
}
