//! The suite that every engine passes, whatever library is in it.
//!
//! It knows no right answers: those are the golden tests'. It holds an engine to its own word: one answer a picture, in
//! order, the same whatever else is in the batch, a probability always.

use hivis_types::{Picture, Precision, Scores};

use crate::{Engine, EngineError};

/// How far a score may move when its batch changes: fp32 sums may be added in another order, int8 runs alone.
fn tolerance(precision: Precision) -> f32 {
    match precision {
        Precision::Fp32 | Precision::Bf16 => 1e-6,
        Precision::Int8 => 0.0,
    }
}

/// Runs the whole suite; an error says which promise was broken.
pub fn check(engine: &dyn Engine) -> Result<(), String> {
    let (width, height) = engine.card().input;
    let pictures: Vec<Picture> = (0..5).map(|seed| noise(width, height, seed)).collect();
    let alone = pictures.iter().map(|p| one(engine, p)).collect::<Result<Vec<Scores>, String>>()?;

    empty(engine)?;
    for scores in &alone {
        if !(0.0..=1.0).contains(&scores.probability) || scores.features.len() != engine.card().features {
            return Err(format!("gave {} with {} features", scores.probability, scores.features.len()));
        }
    }
    if one(engine, &pictures[0])? != alone[0] {
        return Err("the same picture got two different answers".to_owned());
    }
    // In order, forwards and backwards, and in a batch too large for one run.
    let forwards: Vec<&Picture> = pictures.iter().collect();
    same(engine, &forwards, &alone, "in a batch")?;
    let backwards: Vec<&Picture> = pictures.iter().rev().collect();
    let reversed: Vec<Scores> = alone.iter().rev().cloned().collect();
    same(engine, &backwards, &reversed, "in the reversed batch")?;
    composition(engine, &pictures[0], &alone[0])?;
    wrong_sizes(engine)
}

fn one(engine: &dyn Engine, picture: &Picture) -> Result<Scores, String> {
    let mut scores = engine.run(&[picture]).map_err(|error| format!("failed on one picture: {error}"))?;
    match (scores.pop(), scores.is_empty()) {
        (Some(score), true) => Ok(score),
        _ => Err("one picture did not get one answer".to_owned()),
    }
}

fn empty(engine: &dyn Engine) -> Result<(), String> {
    match engine.run(&[]) {
        Ok(scores) if scores.is_empty() => Ok(()),
        other => Err(format!("an empty batch gave {other:?}")),
    }
}

fn same(engine: &dyn Engine, pictures: &[&Picture], wanted: &[Scores], place: &str) -> Result<(), String> {
    let scores = engine.run(pictures).map_err(|error| format!("failed {place}: {error}"))?;
    if scores.len() != wanted.len() {
        return Err(format!("{} answers to {} pictures {place}", scores.len(), wanted.len()));
    }
    let most = tolerance(engine.card().precision);
    for (number, (score, wanted)) in scores.iter().zip(wanted).enumerate() {
        let moved = (score.probability - wanted.probability).abs();
        // Features are of any size: they may move by the same share.
        let size = wanted.features.iter().fold(1.0f32, |m, v| m.max(v.abs()));
        let drift = score.features.iter().zip(&wanted.features).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        if moved > most || drift > 10.0 * most * size {
            return Err(format!("picture {number} moved by {moved} (features by {drift}) {place}"));
        }
    }
    Ok(())
}

/// A picture alone, among black ones, among saturated ones: one score.
fn composition(engine: &dyn Engine, picture: &Picture, alone: &Scores) -> Result<(), String> {
    let (width, height) = engine.card().input;
    for (colour, name) in [([0; 3], "black"), ([255; 3], "white"), ([255, 0, 0], "red")] {
        let other = Picture::filled(width, height, colour);
        let expected = one(engine, &other)?;
        for place in 0..3 {
            let mut batch = vec![&other; 3];
            batch[place] = picture;
            let mut wanted = vec![expected.clone(); 3];
            wanted[place] = alone.clone();
            same(engine, &batch, &wanted, &format!("at place {place} among {name} pictures"))?;
        }
    }
    Ok(())
}

fn wrong_sizes(engine: &dyn Engine) -> Result<(), String> {
    let (width, height) = engine.card().input;
    let right = noise(width, height, 9);
    for (w, h) in [(width + 1, height), (width, height + 1), (1, 1), (height * 2, width * 2)] {
        if let Err(EngineError::WrongSize { .. }) = engine.run(&[&right, &noise(w, h, 1)]) {
            continue;
        }
        return Err(format!("a picture of {w} x {h} was not refused"));
    }
    one(engine, &right).map(|_| ())
}

/// Coloured noise on a ramp, another for every seed. A plain linear congruential generator: the suite needs variety.
pub fn noise(width: u32, height: u32, seed: u32) -> Picture {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut picture = Picture::filled(width, height, [0; 3]);
    let n = picture.rgb().len().max(1);
    for (i, byte) in picture.rgb_mut().iter_mut().enumerate() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let ramp = (i * 128 / n) as u32;
        *byte = (ramp * (seed % 3) / 2 + (state >> 25)) as u8;
    }
    picture
}
