//! Questions, drawn and made as the validator makes its challenges.
//!
//! Label 0 or 1 with equal chance, synthetic with chance 0.5, one of four levels with equal chance, augmented, JPEG,
//! base64. When the augmentation fails, the untouched picture goes out at its full size and no level is noted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hivis_image::{DecodeLimits, augment};
use hivis_types::{Label, Level, Origin, Picture};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::pictures::{Choice, Pictures, Sample, Skipped, Wanted};
use crate::{Event, ExamPlan, ExaminerError, Sink};

/// Chance that a challenge comes from the synthetic half.
const SYNTHETIC_SHARE: f64 = 0.5;
/// How often a picture that cannot be read is replaced by another one before the source is given up.
const TRIES: u32 = 20;

/// One challenge with its truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Its place in the exam, from 0.
    pub id: u32,
    /// The truth.
    pub label: Label,
    /// Which half the picture came from.
    pub origin: Origin,
    /// The augmentation; `None` when it failed and the untouched picture was sent (the validator logs -1).
    pub level: Option<Level>,
    /// The picture's scene.
    pub scene: String,
    /// Its slices.
    pub slices: Vec<String>,
    /// What a person finds the picture by.
    pub name: String,
    /// The candidate was trained on this scene.
    pub trained_on: bool,
    /// What is sent: base64 of the JPEG.
    #[serde(with = "shared_text")]
    pub image: Arc<str>,
}

/// `Arc<str>` as text, without asking serde's `rc` feature of the whole workspace.
mod shared_text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(from).map(Arc::from)
    }
}

impl Question {
    /// The picture as the miner sees it; `None` when `image` was tampered with.
    pub fn picture(&self) -> Option<Picture> {
        let bytes = hivis_image::challenge::from_base64(&self.image)?;
        hivis_image::decode(&bytes, &DecodeLimits::default()).ok().map(|decoded| decoded.picture)
    }
}

/// The questions of an exam: made once, asked of one candidate or two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionSet {
    /// Where the pictures came from.
    pub source: String,
    /// In the order asked.
    pub questions: Vec<Question>,
    /// Pictures that were passed over.
    pub skipped: Vec<Skipped>,
}

/// What the validator draws for one challenge, before the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Draw {
    wanted: Wanted,
    level: Level,
}

fn draw<R: Rng>(rng: &mut R) -> Draw {
    let label = if rng.random_bool(0.5) { Label::Roadwork } else { Label::Clear };
    let origin = if rng.random_bool(SYNTHETIC_SHARE) { Origin::Synthetic } else { Origin::Real };
    Draw { wanted: Wanted { label, origin }, level: augment::draw_level(rng) }
}

/// The generator of one question: its own stream, so that a longer exam starts with the shorter one's questions.
fn stream(seed: u64, question: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(question) + 1);
    rng
}

/// Makes the plan's questions, on every core. The same plan and source give the same questions.
pub fn questions(plan: &ExamPlan, pictures: &mut dyn Pictures, events: Sink<'_>) -> Result<QuestionSet, ExaminerError> {
    plan.check()?;
    let source = pictures.describe();
    let mut skipped = pictures.skipped().to_vec();
    let mut made: Vec<Option<Question>> = vec![None; plan.questions as usize];
    let done = AtomicU32::new(0);
    for attempt in 0..TRIES {
        let mut chosen: Vec<(u32, ChaCha8Rng, Draw, Choice)> = Vec::new();
        for id in (0..plan.questions).filter(|&id| made[id as usize].is_none()) {
            let mut rng = stream(plan.seed, id);
            let draw = draw(&mut rng);
            // A second choice for an unreadable picture must not repeat the first one.
            rng.set_word_pos(u128::from(attempt + 1) << 20);
            let choice = pictures.choose(draw.wanted, &mut rng)?;
            chosen.push((id, rng, draw, choice));
        }
        if chosen.is_empty() {
            break;
        }
        let fetching: &dyn Pictures = pictures;
        let results: Vec<(u32, Result<Question, ExaminerError>)> = chosen
            .into_par_iter()
            .map(|(id, mut rng, draw, choice)| {
                let question = fetching.fetch(choice).map(|sample| make(id, sample, draw.level, &mut rng));
                if question.is_ok() {
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    events(&Event::Made { done, total: plan.questions });
                }
                (id, question)
            })
            .collect();
        for (id, result) in results {
            match result {
                Ok(question) => made[id as usize] = Some(question),
                Err(ExaminerError::Picture { name, why }) => skipped.push(Skipped { name, why }),
                Err(other) => return Err(other),
            }
        }
    }
    let failed = made.iter().filter(|question| question.is_none()).count();
    if failed > 0 {
        let last = skipped.last().map_or_else(String::new, |skip| format!("{}: {}", skip.name, skip.why));
        return Err(ExaminerError::Unreadable { pictures: source, failed: skipped.len(), last });
    }
    skipped.sort_by(|a, b| a.name.cmp(&b.name));
    skipped.dedup();
    Ok(QuestionSet { source, questions: made.into_iter().flatten().collect(), skipped })
}

/// Turns a sample into a question.
fn make<R: Rng>(id: u32, sample: Sample, level: Level, rng: &mut R) -> Question {
    let (width, height) = (sample.picture.width(), sample.picture.height());
    let augmented = guarded(|| {
        let draw = augment::draw(level, width, height, rng);
        augment::apply(&sample.picture, &draw)
    });
    let image = hivis_image::challenge::base64_jpeg(augmented.as_ref().unwrap_or(&sample.picture));
    Question {
        id,
        label: sample.label,
        origin: sample.origin,
        level: augmented.map(|_| level),
        scene: sample.scene,
        slices: sample.slices,
        name: sample.name,
        trained_on: sample.trained_on,
        image: image.into(),
    }
}

/// The reference wraps the augmentation in `except Exception`; a panic over one odd picture must not end an exam either.
fn guarded(augment: impl FnOnce() -> Picture) -> Option<Picture> {
    catch_unwind(AssertUnwindSafe(augment)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sample {
        Sample {
            picture: Picture::filled(300, 200, [90, 120, 40]),
            label: Label::Clear,
            origin: Origin::Real,
            scene: "s".to_owned(),
            slices: Vec::new(),
            name: "n".to_owned(),
            trained_on: false,
        }
    }

    /// A generator that fails stands for any failure inside the augmentation.
    struct Failing;
    impl rand::RngCore for Failing {
        fn next_u32(&mut self) -> u32 {
            panic!("no number")
        }
        fn next_u64(&mut self) -> u64 {
            panic!("no number")
        }
        fn fill_bytes(&mut self, _: &mut [u8]) {
            panic!("no number")
        }
    }

    #[test]
    fn a_failed_augmentation_sends_the_untouched_picture() {
        assert!(guarded(|| panic!("an odd picture")).is_none());
        let question = make(0, sample(), Level::Three, &mut Failing);
        assert_eq!(question.level, None);
        let sent = question.picture().expect("a JPEG of ours");
        assert_eq!((sent.width(), sent.height()), (300, 200));
        let question = make(0, sample(), Level::Three, &mut stream(1, 1));
        assert_eq!(question.level, Some(Level::Three));
        let sent = question.picture().expect("a JPEG of ours");
        assert_eq!((sent.width(), sent.height()), (224, 224));
    }

    #[test]
    fn golden_draws_have_the_validator_shares() {
        // distribution.json, 4,000 draws: label and origin each even, levels a quarter each. Bounds are 4 standard errors.
        let n = 4_000;
        let mut counts = [[0u32; 2]; 2];
        let mut levels = [0u32; 4];
        for id in 0..n {
            let draw = draw(&mut stream(7, id));
            counts[draw.wanted.label as usize][usize::from(draw.wanted.origin == Origin::Synthetic)] += 1;
            levels[draw.level as usize] += 1;
        }
        let bound = 4.0 * (f64::from(n) * 0.25 * 0.75).sqrt();
        for count in counts.iter().flatten().chain(&levels) {
            assert!((f64::from(*count) - 1_000.0).abs() < bound, "{counts:?} {levels:?}");
        }
    }
}
