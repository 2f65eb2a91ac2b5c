//! One picture of many small ones with a line of text below each: what a person looks at first after an exam.

use hivis_types::Picture;

use crate::font;
use crate::{ExamReport, QuestionSet};

/// Side of a cell's picture, in pixels: the validator's own size, so that nothing is scaled.
const SIDE: u32 = 224;
/// Between cells and around them.
const GAP: u32 = 12;
/// Lines of text below a picture.
const LINES: u32 = 2;
/// Pixels a dot.
const DOT: u32 = 2;
/// Height of a line of text.
const LINE: u32 = (font::HEIGHT + 2) * DOT;
const PAPER: [u8; 3] = [24, 26, 30];
const INK: [u8; 3] = [235, 235, 225];

/// A picture and what to write below it; a line break starts the second line.
#[derive(Clone, Debug)]
pub struct Captioned {
    /// Any size; shrunk to fit a square of 224 pixels, never enlarged.
    pub picture: Picture,
    /// At most two lines of about 18 letters; the rest is cut.
    pub caption: String,
}

/// Lays pictures out in rows of four (fewer when there are fewer). No pictures give one empty cell.
pub fn contact_sheet(pictures: &[Captioned]) -> Picture {
    let columns = (pictures.len() as u32).clamp(1, 4);
    let rows = (pictures.len() as u32).div_ceil(columns).max(1);
    let (wide, high) = (SIDE + GAP, SIDE + LINES * LINE + GAP);
    let mut sheet = Picture::filled(columns * wide + GAP, rows * high + GAP, PAPER);
    for (i, cell) in pictures.iter().enumerate() {
        let (x, y) = (GAP + i as u32 % columns * wide, GAP + i as u32 / columns * high);
        let picture = fitted(&cell.picture);
        let (dx, dy) = ((SIDE - picture.width()) / 2, (SIDE - picture.height()) / 2);
        paste(&mut sheet, &picture, x + dx, y + dy);
        for (line, text) in cell.caption.lines().take(LINES as usize).enumerate() {
            write(&mut sheet, text, x, y + SIDE + DOT * 2 + line as u32 * LINE);
        }
    }
    sheet
}

/// The report's worst answers of one candidate, with their pictures; `None` when it made no mistakes.
pub fn worst_sheet(report: &ExamReport, candidate: usize, set: &QuestionSet) -> Option<Picture> {
    let worst = &report.candidates.get(candidate)?.worst;
    let cells: Vec<Captioned> = worst
        .iter()
        .filter_map(|w| {
            let question = set.questions.iter().find(|q| q.id == w.question)?;
            let said = if w.probability > 0.5 { "roadwork" } else { "clear" };
            let level = question.level.map_or_else(String::new, |level| format!(" level {level}"));
            let caption = format!("said {said} {:.2}\n{}{level}", w.probability, question.origin.as_str());
            Some(Captioned { picture: question.picture()?, caption })
        })
        .collect();
    (!cells.is_empty()).then(|| contact_sheet(&cells))
}

fn fitted(picture: &Picture) -> Picture {
    let longest = picture.width().max(picture.height());
    if longest <= SIDE {
        return picture.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longest)).max(1) as u32;
    hivis_image::resize_bilinear(picture, scaled(picture.width()), scaled(picture.height()))
}

fn paste(sheet: &mut Picture, picture: &Picture, x: u32, y: u32) {
    let (stride, row) = (3 * sheet.width() as usize, 3 * picture.width() as usize);
    let first = y as usize * stride + 3 * x as usize;
    for (line, pixels) in picture.rgb().chunks_exact(row).enumerate() {
        let at = first + line * stride;
        sheet.rgb_mut()[at..at + row].copy_from_slice(pixels);
    }
}

fn write(sheet: &mut Picture, text: &str, x: u32, y: u32) {
    let step = (font::WIDTH + 1) * DOT;
    let stride = sheet.width() as usize;
    let rgb = sheet.rgb_mut();
    for (i, letter) in text.chars().take((SIDE / step) as usize).enumerate() {
        for (row, dots) in font::glyph(letter).into_iter().enumerate() {
            for column in (0..font::WIDTH).filter(|c| dots >> (font::WIDTH - 1 - c) & 1 == 1) {
                let (left, top) = (x + i as u32 * step + column * DOT, y + row as u32 * DOT);
                for pixel in (0..DOT * DOT).map(|d| (left + d % DOT, top + d / DOT)) {
                    let at = 3 * (pixel.1 as usize * stride + pixel.0 as usize);
                    rgb[at..at + 3].copy_from_slice(&INK);
                }
            }
        }
    }
}
