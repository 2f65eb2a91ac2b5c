//! Where the map's points lie: the features of a space on their two principal axes, kept in `map.bin` beside them.
//!
//! The axes are fitted to a sample of the rows, spread evenly, and stay while rows are added, so that a point lies where it
//! lay yesterday; new rows are only projected. When the rows have grown by half the axes are fitted anew. Layout,
//! little-endian: `HIVISPLC`, version u32, width u32, rows that the axes were fitted to u64, first row u64, row behind the
//! last u64, points u64, the middle (`width` f32), the axes (2 `width` f32), then a SHA-256 and two f32 for each point. It
//! is a cache: a file that is not whole is made again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hivis_curate::vectors::{Matrix, Principal};
use hivis_store::{Embeddings, ObjectId};

const MAGIC: &[u8; 8] = b"HIVISPLC";
const VERSION: u32 = 1;
const FILE: &str = "map.bin";
const HEAD: usize = 48;
const POINT: usize = 40;
/// Points at most: the newest. A browser draws so many smoothly.
pub(super) const MOST: u64 = 100_000;
/// Rows that the axes are fitted to, at most: 12 MB of 384 features each.
const SAMPLE: u64 = 8_192;

/// The points of one space.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Places {
    axes: Principal,
    fitted: u64,
    first: u64,
    until: u64,
    /// Whose each point is.
    pub(super) ids: Vec<ObjectId>,
    /// Where it lies.
    pub(super) at: Vec<[f32; 2]>,
}

impl Places {
    /// The places of the space in `folder` as it is now; what was kept is brought up to date. `None` when nothing has
    /// features yet. Reads as much of the file as is new.
    pub(super) fn current(folder: &Path, most: u64) -> Result<Option<Self>> {
        let rows = Embeddings::count(folder)?;
        if rows == 0 {
            return Ok(None);
        }
        let kept = Self::read(folder);
        // Fewer rows than there were: the features were made anew.
        let usable = kept.filter(|kept| kept.until <= rows && rows.min(most) <= kept.fitted + kept.fitted / 2);
        let mut places = match usable {
            Some(kept) if kept.until == rows => return Ok(Some(kept)),
            Some(kept) => kept,
            None => match Self::fit(folder, rows, most)? {
                Some(fitted) => fitted,
                None => return Ok(None),
            },
        };
        places.extend(folder, rows, most)?;
        // Without room for it the map is computed again next time.
        if let Err(error) = places.keep(folder) {
            tracing::warn!(%error, "the places of the map are not kept");
        }
        Ok(Some(places))
    }

    fn fit(folder: &Path, rows: u64, most: u64) -> Result<Option<Self>> {
        let first = rows.saturating_sub(most);
        let (mut sample, mut width) = (Vec::new(), 0);
        let step = (rows - first).div_ceil(SAMPLE);
        Embeddings::scan(folder, first..rows, step, |_, row| {
            if row.iter().all(|x| x.is_finite()) {
                width = row.len();
                sample.extend_from_slice(row);
            }
        })?;
        if width == 0 {
            return Ok(None);
        }
        let axes = Principal::fit(&Matrix::new(width, sample).context("kept features are no numbers")?, 2);
        Ok(Some(Self { axes, fitted: rows - first, first, until: first, ids: Vec::new(), at: Vec::new() }))
    }

    fn extend(&mut self, folder: &Path, rows: u64, most: u64) -> Result<()> {
        let (axes, ids, at) = (&self.axes, &mut self.ids, &mut self.at);
        Embeddings::scan(folder, self.until..rows, 1, |id, row| {
            let place = axes.project(row);
            if place.iter().all(|x| x.is_finite()) {
                ids.push(id);
                at.push([place[0], place[1]]);
            }
        })?;
        self.until = rows;
        let over = self.ids.len().saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
        self.ids.drain(..over);
        self.at.drain(..over);
        self.first += over as u64;
        Ok(())
    }

    fn path(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    fn keep(&self, folder: &Path) -> Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(self.axes.mean().len() as u32).to_le_bytes());
        for number in [self.fitted, self.first, self.until, self.ids.len() as u64] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        let numbers = self.axes.mean().iter().chain(self.axes.axes());
        bytes.extend(numbers.flat_map(|x| x.to_le_bytes()));
        for (id, [x, y]) in self.ids.iter().zip(&self.at) {
            bytes.extend_from_slice(&id.0);
            bytes.extend_from_slice(&x.to_le_bytes());
            bytes.extend_from_slice(&y.to_le_bytes());
        }
        let path = Self::path(folder);
        let beside = path.with_extension(format!("{}.partial", std::process::id()));
        fs_err::write(&beside, bytes)?;
        fs_err::rename(&beside, &path)?;
        Ok(())
    }

    /// What was kept; `None` when there is nothing, or it is not whole.
    fn read(folder: &Path) -> Option<Self> {
        let bytes = fs_err::read(Self::path(folder)).ok()?;
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let small = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
        let large = |at: usize| Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?));
        let width = small(12)? as usize;
        let (fitted, first, until, points) = (large(16)?, large(24)?, large(32)?, usize::try_from(large(40)?).ok()?);
        let (numbers, rest) = rest.split_at_checked(width.checked_mul(12)?)?;
        if !head.starts_with(MAGIC) || small(8)? != VERSION || rest.len() != points.checked_mul(POINT)? {
            return None;
        }
        let numbers: Vec<f32> = numbers.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let axes = Principal::known(numbers[..width].to_vec(), numbers[width..].to_vec())?;
        let (mut ids, mut at) = (Vec::with_capacity(points), Vec::with_capacity(points));
        for point in rest.as_chunks::<POINT>().0 {
            let number = |at: usize| Some(f32::from_le_bytes(point[at..at + 4].try_into().ok()?));
            ids.push(ObjectId(point[..32].try_into().ok()?));
            at.push([number(32)?, number(36)?]);
        }
        Some(Self { axes, fitted, first, until, ids, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ObjectId {
        ObjectId::of(&n.to_le_bytes())
    }

    /// Rows `from` to before `until`: along the first column mostly, a little along the second.
    fn append(folder: &Path, from: usize, until: usize) {
        let mut kept = Embeddings::open(folder, &[1.0, 2.0, 3.0]).expect("a space");
        let rows: Vec<(ObjectId, [f32; 3])> =
            (from..until).map(|n| (id(n), [(n % 100) as f32, (n % 7) as f32, 1.0])).collect();
        kept.append(rows.iter().map(|(id, row)| (*id, row.as_slice()))).expect("rows");
    }

    #[test]
    fn rows_that_come_later_are_added_where_the_others_lie() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        assert_eq!(Places::current(folder, 1000).expect("no places"), None);
        append(folder, 0, 200);
        let first = Places::current(folder, 1000).expect("places").expect("some");
        assert_eq!((first.ids.len(), first.ids[7], first.fitted), (200, id(7), 200));
        let along = first.at[99][0] - first.at[0][0];
        assert!((along - 99.0).abs() < 0.5, "the first axis is the first column: {along}");
        assert_eq!(
            Places::read(folder),
            Some(Places { axes: Places::read(folder).expect("kept").axes, ..first.clone() })
        );

        append(folder, 200, 290);
        let more = Places::current(folder, 1000).expect("places").expect("some");
        assert_eq!((more.ids.len(), &more.at[..200], more.fitted), (290, &first.at[..], 200), "nothing moved");
        append(folder, 290, 400);
        let again = Places::current(folder, 1000).expect("places").expect("some");
        assert_eq!((again.ids.len(), again.fitted), (400, 400), "the axes are fitted anew");

        append(folder, 400, 1300);
        let newest = Places::current(folder, 1000).expect("places").expect("some");
        assert_eq!((newest.ids.len(), newest.ids[0], newest.first), (1000, id(300), 300), "only the newest");
        append(folder, 1300, 1310);
        let newest = Places::current(folder, 1000).expect("places").expect("some");
        assert_eq!((newest.ids.len(), newest.ids[0], newest.ids[999]), (1000, id(310), id(1309)));

        // A file that is not whole, or of another program, is made again.
        let whole = std::fs::read(folder.join(FILE)).expect("kept");
        for bad in
            [&whole[..whole.len() - 1], &whole[..30], b"", b"something else that is longer than a head is, certainly"]
        {
            std::fs::write(folder.join(FILE), bad).expect("written");
            let made = Places::current(folder, 1000).expect("places").expect("some");
            assert_eq!((made.ids.len(), made.ids[999]), (1000, id(1309)));
        }
        std::fs::remove_file(folder.join("features.bin")).expect("removed");
        assert_eq!(Places::current(folder, 1000).expect("no places"), None);
        append(folder, 0, 5);
        assert_eq!(Places::current(folder, 1000).expect("places").expect("some").ids.len(), 5, "it was begun anew");
    }
}
