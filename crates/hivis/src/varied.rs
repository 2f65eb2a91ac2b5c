//! Varied pictures in a folder of their own: files and `metadata.jsonl`, as Hugging Face's imagefolder has them.
//!
//! The metadata is written last: a folder whose making was cut short is read by nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use hivis_examiner::pictures::{Choice, Sample, Skipped};
use hivis_examiner::{ExaminerError, Library, Pictures as _};
use hivis_image::variation::{Variation, vary};
use hivis_types::{Label, Origin};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::failure::Hinted;

/// The pictures' folder in the folder.
const PICTURES: &str = "pictures";

/// What to make of each picture.
pub(crate) struct Order {
    /// The variations that come in turn; at least one.
    pub(crate) kinds: Vec<Variation>,
    /// Pictures made of each.
    pub(crate) each: u32,
    /// Lowest and highest strength.
    pub(crate) strength: (f32, f32),
    /// Seed of all choices.
    pub(crate) seed: u64,
}

/// What was made.
#[derive(Debug, Serialize)]
pub(crate) struct Varied {
    /// Pictures that something was made of.
    pub(crate) originals: usize,
    /// Pictures made.
    pub(crate) pictures: usize,
    /// How many of each variation.
    pub(crate) variations: BTreeMap<&'static str, usize>,
    /// Pictures that could not be found or read.
    pub(crate) skipped: Vec<Skipped>,
}

/// A line of `metadata.jsonl`.
#[derive(Serialize)]
struct Row {
    file_name: String,
    label: &'static str,
    origin: &'static str,
    /// The original's, so that a split keeps twins together.
    scene: String,
    variation: &'static str,
    strength: f32,
    slices: Vec<String>,
    /// The original's file.
    source: String,
}

/// A picture's place in the library with its lines, or why there are none.
type Done = (usize, Result<Vec<Row>, Skipped>);

/// Varies every picture of a library that was read from `from` into the folder `to`, on all processors.
///
/// `tick` hears how many pictures are done. What is made of a picture depends on its name, the order and nothing else.
pub(crate) fn make(
    library: &Library,
    (from, to): (&Path, &Path),
    order: &Order,
    tick: &(dyn Fn(u64) + Sync),
) -> Result<Varied> {
    let count = library.pictures().len();
    if count == 0 {
        let hint = "labels are class folders `roadwork` and `none`, or metadata.csv with file_name,label";
        return Err(Hinted::new(format!("{} has no labelled picture", from.display()), hint).into());
    }
    prepare(from, to)?;
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Done>> = Mutex::default();
    let work = || -> Result<()> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(());
            }
            let made = match library.fetch(Choice(index as u64)) {
                Ok(sample) => Ok(write(&sample, index, to, order)?),
                Err(ExaminerError::Picture { name, why }) => Err(Skipped { name, why }),
                Err(error) => Err(Skipped { name: library.pictures()[index].name.clone(), why: error.to_string() }),
            };
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, made));
            tick(u64::from(order.each));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(count);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    let mut varied =
        Varied { originals: 0, pictures: 0, variations: BTreeMap::new(), skipped: library.skipped().to_vec() };
    let mut lines = String::new();
    for (_, made) in done {
        match made {
            Err(skipped) => varied.skipped.push(skipped),
            Ok(rows) => {
                varied.originals += 1;
                varied.pictures += rows.len();
                for row in rows {
                    *varied.variations.entry(row.variation).or_default() += 1;
                    lines.push_str(&serde_json::to_string(&row)?);
                    lines.push('\n');
                }
            }
        }
    }
    if varied.pictures == 0 {
        fs_err::remove_dir(to.join(PICTURES))?;
        let hint = "the first of them: ".to_owned() + &varied.skipped[0].why;
        return Err(Hinted::new(format!("no picture of {} can be read", from.display()), hint).into());
    }
    let unfinished = to.join(".metadata.jsonl");
    fs_err::write(&unfinished, lines)?;
    fs_err::rename(unfinished, to.join("metadata.jsonl"))?;
    Ok(varied)
}

/// Makes the folder; it must hold nothing, and must not lie among the originals, where it would be read as one of them.
fn prepare(from: &Path, to: &Path) -> Result<()> {
    let (inside, outside) = (real(to)?, real(from)?);
    if inside.starts_with(&outside) {
        let message = format!("{} lies in {}", to.display(), from.display());
        return Err(Hinted::new(message, "name a folder beside the originals").into());
    }
    if to.exists() && fs_err::read_dir(to)?.next().is_some() {
        let message = format!("{} is not empty", to.display());
        return Err(Hinted::new(message, "nothing is overwritten: name another folder, or empty this one").into());
    }
    fs_err::create_dir_all(to.join(PICTURES))?;
    Ok(())
}

/// A path without links as far as it is there.
fn real(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))?;
    for there in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (there.canonicalize(), path.strip_prefix(there)) {
            // Joining nothing would add a slash.
            return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
        }
    }
    Ok(path)
}

/// Makes and writes the variations of one picture.
fn write(sample: &Sample, index: usize, to: &Path, order: &Order) -> Result<Vec<Row>> {
    let first = draw(order.seed, &sample.name, u32::MAX).0 as usize % order.kinds.len();
    let one = |n: u32| {
        let variation = order.kinds[(first + n as usize) % order.kinds.len()];
        let (seed, share) = draw(order.seed, &sample.name, n);
        let strength = order.strength.0 + (order.strength.1 - order.strength.0) * share;
        let made = vary(&sample.picture, variation, strength, seed);
        let file_name = format!("{PICTURES}/{:06}-{}-{variation}.jpg", index + 1, n + 1);
        fs_err::write(to.join(&file_name), hivis_image::encode_jpeg(&made))?;
        Ok(Row {
            file_name,
            label: match sample.label {
                Label::Roadwork => "roadwork",
                Label::Clear => "none",
            },
            origin: Origin::Synthetic.as_str(),
            scene: sample.scene.clone(),
            variation: variation.as_str(),
            strength,
            slices: slices(&sample.slices, variation),
            source: sample.name.clone(),
        })
    };
    (0..order.each).map(one).collect()
}

/// A seed and a share in 0..1 that follow from the arguments alone.
fn draw(seed: u64, name: &str, n: u32) -> (u64, f32) {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(n.to_le_bytes()).chain_update(name);
    let digest = digest.finalize();
    let number = |from: usize| digest[from..from + 8].iter().fold(0, |all, &byte| all << 8 | u64::from(byte));
    (number(0), (number(8) >> 40) as f32 / 16_777_216.0)
}

/// The original's slices with the variation's in place of those of the same kind.
fn slices(before: &[String], variation: Variation) -> Vec<String> {
    let Some(slice) = variation.slice() else { return before.to_vec() };
    let kind = |slice: &str| match slice.split(':').next() {
        Some("time_of_day") => "time".to_owned(),
        kind => kind.unwrap_or_default().to_owned(),
    };
    let kept = before.iter().filter(|other| kind(other) != kind(slice)).cloned();
    kept.chain([slice.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use hivis_types::Picture;

    use super::*;

    fn jpeg(shade: u8) -> Vec<u8> {
        hivis_image::encode_jpeg(&Picture::filled(64, 48, [shade, 100, 200 - shade / 2]))
    }

    fn order(kinds: &[Variation], each: u32) -> Order {
        Order { kinds: kinds.to_vec(), each, strength: (0.4, 0.8), seed: 7 }
    }

    /// Three pictures that can be read, one that cannot, and one whose file is missing.
    fn originals(root: &Path) -> Library {
        for (name, bytes) in [("a.jpg", jpeg(20)), ("b.jpg", jpeg(90)), ("c.jpg", jpeg(160)), ("bad.jpg", vec![1, 2])] {
            fs_err::write(root.join(name), bytes).unwrap();
        }
        let rows = "file_name,label,scene,weather,slices\n\
            a.jpg,roadwork,corner,clear,equipment:cone\n\
            b.jpg,none,corner,,time:day\n\
            bad.jpg,none,,,\n\
            c.jpg,1,,,\n\
            gone.jpg,1,,,\n";
        fs_err::write(root.join("metadata.csv"), rows).unwrap();
        Library::from_folder(root).unwrap()
    }

    #[test]
    fn a_folder_comes_back_with_labels_and_scenes() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs_err::create_dir(&from).unwrap();
        let ticks = AtomicU64::new(0);
        let count = |n| {
            ticks.fetch_add(n, Ordering::Relaxed);
        };
        let library = originals(&from);
        let varied = make(&library, (&from, &to), &order(&Variation::ALL, 8), &count).unwrap();
        assert_eq!((varied.originals, varied.pictures), (3, 24));
        assert_eq!(varied.variations, Variation::ALL.map(|v| (v.as_str(), 3)).into());
        assert_eq!(ticks.into_inner(), 32);
        let skipped: Vec<_> = varied.skipped.iter().map(|s| (s.name.as_str(), s.why.as_str())).collect();
        let (gone, bad) = ("there is no such file", "not a picture: it starts as no JPEG, PNG or WebP does");
        assert_eq!(skipped, [("gone.jpg", gone), ("bad.jpg", bad)]);

        let back = Library::from_folder(&to).unwrap();
        assert_eq!((back.pictures().len(), back.skipped().len()), (24, 0));
        for (index, picture) in back.pictures().iter().enumerate() {
            let (label, scene) = match index / 8 {
                0 => (Label::Roadwork, "corner"),
                1 => (Label::Clear, "corner"),
                _ => (Label::Roadwork, "c.jpg"),
            };
            assert_eq!((picture.label, picture.scene.as_str()), (label, scene), "{}", picture.name);
            assert_eq!(picture.origin, Origin::Synthetic);
            let sample = back.fetch(Choice(index as u64)).unwrap();
            assert_eq!((sample.picture.width(), sample.picture.height()), (64, 48));
        }
        let of = |original: &str, kind: &str| {
            let found = back.pictures().iter().find(|p| p.name.contains(original) && p.name.contains(kind));
            found.unwrap().slices.clone()
        };
        assert_eq!(of("000001-", "rain"), ["equipment:cone", "weather:rain"]);
        assert_eq!(of("000001-", "glare"), ["weather:clear", "equipment:cone"]);
        assert_eq!(of("000002-", "night"), ["time:night"]);
        assert_eq!(of("000002-", "fog"), ["time:day", "weather:fog"]);
    }

    #[test]
    fn lines_say_what_was_done() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs_err::create_dir(&from).unwrap();
        make(&originals(&from), (&from, &to), &order(&[Variation::Fog], 2), &|_| ()).unwrap();
        let text = fs_err::read_to_string(to.join("metadata.jsonl")).unwrap();
        let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 6);
        let strengths: Vec<f64> = rows.iter().map(|row| row["strength"].as_f64().unwrap()).collect();
        assert!(strengths.iter().all(|s| (0.4..=0.8).contains(s)), "{strengths:?}");
        assert!(strengths.windows(2).all(|two| two[0] != two[1]), "{strengths:?}");
        assert_eq!(rows[1]["file_name"], "pictures/000001-2-fog.jpg");
        assert_eq!((&rows[1]["variation"], &rows[1]["source"]), (&"fog".into(), &"a.jpg".into()));
    }

    #[test]
    fn the_same_order_gives_the_same_files() {
        let root = tempfile::tempdir().unwrap();
        let from = root.path().join("from");
        fs_err::create_dir(&from).unwrap();
        let library = originals(&from);
        let files = |name: &str, seed: u64| {
            let to = root.path().join(name);
            make(&library, (&from, &to), &Order { seed, ..order(&Variation::ALL, 3) }, &|_| ()).unwrap();
            let back = Library::from_folder(&to).unwrap();
            back.pictures()
                .iter()
                .map(|p| (p.name.clone(), fs_err::read(to.join(&p.name)).unwrap()))
                .collect::<Vec<_>>()
        };
        let first = files("one", 7);
        assert_eq!(first, files("two", 7));
        assert_ne!(first, files("three", 8));
    }

    #[test]
    fn nothing_is_overwritten_or_mixed_up() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs_err::create_dir(&from).unwrap();
        fs_err::create_dir(&to).unwrap();
        let library = originals(&from);
        let refusal = |to: &Path| make(&library, (&from, to), &order(&Variation::ALL, 1), &|_| ()).unwrap_err();
        assert!(refusal(&from.join("deep/down")).to_string().contains("lies in"));
        assert!(!from.join("deep").exists());
        fs_err::write(to.join("mine.txt"), "mine").unwrap();
        assert!(refusal(&to).to_string().ends_with("is not empty"));
        fs_err::remove_file(to.join("mine.txt")).unwrap();
        make(&library, (&from, &to), &order(&Variation::ALL, 1), &|_| ()).unwrap();
        assert!(refusal(&to).to_string().ends_with("is not empty"));
    }

    #[test]
    fn a_folder_without_a_readable_picture_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs_err::create_dir_all(from.join("roadwork")).unwrap();
        let error = |library: &Library| {
            make(library, (&from, &to), &order(&Variation::ALL, 1), &|_| ()).unwrap_err().to_string()
        };
        assert!(error(&Library::from_folder(&from).unwrap()).ends_with("has no labelled picture"));
        fs_err::write(from.join("roadwork/a.jpg"), "no JPEG").unwrap();
        assert!(error(&Library::from_folder(&from).unwrap()).ends_with("can be read"));
        assert!(!to.join("metadata.jsonl").exists());
    }
}
