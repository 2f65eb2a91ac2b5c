//! Which pictures of a library an exam of trained releases may ask.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use hivis_examiner::{Library, LibraryPicture};
use hivis_store::{Home, NewTestLook};
use hivis_train::split::Part;
use hivis_types::ReleaseId;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::failure::Hinted;
use crate::parts::Parted;

/// A library for candidates that were trained with these splits: what one of them learned from or was tuned on is marked,
/// what is in no part is left out, and test pictures stay closed. With `look` they alone are opened, and that is noted.
pub(crate) async fn examined(
    home: &Home,
    mut library: Library,
    splits: &[u64],
    look: Option<&[ReleaseId]>,
) -> Result<Library> {
    let mut splits = splits.to_vec();
    splits.sort_unstable();
    splits.dedup();
    let (planner, shared) = (home.clone(), splits.clone());
    let work = move || {
        let parts = |&seed: &u64| {
            let parted = Parted::new(&planner, &[&library], seed)?;
            let parts = (0..library.pictures().len()).map(|at| parted.part(at)).collect::<Vec<_>>();
            Ok((parts, parted.data()))
        };
        let found = shared.iter().map(parts).collect::<Result<Vec<_>>>()?;
        let (parts, data): (Vec<_>, Vec<String>) = found.into_iter().unzip();
        Ok::<_, anyhow::Error>((library, parts, data))
    };
    let (parts, data);
    (library, parts, data) = tokio::task::spawn_blocking(work).await.context("opening the pictures panicked")??;
    let places: HashMap<String, usize> =
        library.pictures().iter().enumerate().map(|(at, picture)| (picture.name.clone(), at)).collect();
    let is = |picture: &LibraryPicture, wanted: &[Option<Part>]| {
        parts.iter().any(|parts| wanted.contains(&parts[places[&picture.name]]))
    };
    library.mark_trained_on(|picture| is(picture, &[Some(Part::Train), Some(Part::Tune)]));
    let Some(releases) = look else {
        library.retain(|picture| !is(picture, &[Some(Part::Test), None]));
        thin(&mut library);
        return Ok(library);
    };
    let &[split_seed] = splits.as_slice() else {
        let hint = "only releases that were trained here, with one --split-seed, have test pictures in common";
        return Err(Hinted::new("there is no one test part", hint).into());
    };
    library.retain(|picture| is(picture, &[Some(Part::Test)]));
    let ledger = home.ledger().await?;
    for release in releases {
        let look = NewTestLook {
            at: Timestamp::now(),
            release: Some(release.clone()),
            split_seed,
            data: data[0].clone(),
            pictures: library.pictures().len() as u64,
            why: "hivis exam --test".to_owned(),
        };
        ledger.note_test_look(&look).await?;
    }
    let looks = ledger.test_looks(split_seed).await?.len();
    eprintln!("the test part is opened: look {looks} at split {split_seed}; what is chosen by it is no test any more");
    Ok(library)
}

/// Takes pictures that were trained on away until they are no more than the others: questions are drawn evenly from all
/// pictures, and scenes never seen, which alone decide, are a twentieth of them.
fn thin(library: &mut Library) {
    let seen: Vec<&LibraryPicture> = library.pictures().iter().filter(|picture| picture.trained_on).collect();
    let never = library.pictures().len() - seen.len();
    if never == 0 || seen.len() <= never {
        return;
    }
    let mut order: Vec<(Vec<u8>, &str)> =
        seen.iter().map(|picture| (Sha256::digest(&picture.name).to_vec(), picture.name.as_str())).collect();
    order.sort();
    let kept: HashSet<String> = order[..never].iter().map(|(_, name)| (*name).to_owned()).collect();
    library.retain(|picture| !picture.trained_on || kept.contains(&picture.name));
}
