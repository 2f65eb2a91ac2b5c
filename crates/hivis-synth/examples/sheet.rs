//! Writes a contact sheet: `sheet OUT.png FIRST_SEED COLUMNS ROWS SIDE [roadwork|clear|any] [camera|generated] [mix]`.
//!
//! The mix is `all`, `pretraining`, or the name of a slice. Seeds that do not have the wanted label are passed over.

use hivis_synth::{Mix, Slice, Style, View, scene};
use hivis_types::{Label, Picture};

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, or: usize| args.get(i).and_then(|text| text.parse().ok()).unwrap_or(or);
    let text = |i: usize, or: &'static str| args.get(i).map_or(or, String::as_str);
    let out = text(0, "sheet.png");
    let (first, columns, rows, side) = (number(1, 0), number(2, 6), number(3, 4), number(4, 224));
    let wanted = match text(5, "any") {
        "roadwork" => Some(Label::Roadwork),
        "clear" => Some(Label::Clear),
        _ => None,
    };
    let style = if text(6, "camera") == "generated" { Style::Generated } else { Style::Camera };
    let mix = match text(7, "all") {
        "pretraining" => Mix::pretraining(),
        name => Slice::ALL.into_iter().find(|slice| slice.as_str() == name).map_or_else(Mix::default, Mix::only),
    };
    let view = View { width: side as u32, height: side as u32, camera: 0, style };
    let mut sheet = vec![255_u8; columns * rows * side * side * 3];
    let mut seed = first as u64;
    let mut spent = std::time::Duration::ZERO;
    for place in 0..columns * rows {
        let shown = loop {
            let scene = scene(seed, &mix);
            seed += 1;
            if wanted.is_none_or(|label| label == scene.label) {
                break scene;
            }
        };
        let start = std::time::Instant::now();
        let seen = shown.render(&view);
        spent += start.elapsed();
        let tags: Vec<String> = shown.tags.iter().collect();
        println!("{} {:?} {:.3} {}", shown.seed, shown.label, seen.cover.roadwork(), tags.join(" "));
        let (left, top) = (place % columns * side, place / columns * side);
        for (y, row) in seen.picture.rgb().chunks_exact(side * 3).enumerate() {
            let at = ((top + y) * columns * side + left) * 3;
            sheet[at..at + side * 3].copy_from_slice(row);
        }
    }
    println!("{:.2} ms a view", spent.as_secs_f64() * 1e3 / (columns * rows) as f64);
    let sheet =
        Picture::new((columns * side) as u32, (rows * side) as u32, sheet).expect("rows of views fill the sheet");
    std::fs::write(out, hivis_image::encode_png(&sheet))
}
