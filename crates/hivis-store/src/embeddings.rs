//! Features of pictures that were computed once: one file a space, appended to and never changed.
//!
//! A space is a backbone with its pooling: vectors of one space compare. The file is a cache, so it is not synced; each
//! row carries a check instead, and a row that is not whole is as good as none. Layout, all little-endian:
//! `HIVISEMB`, version u32, width u32, the anchor (`width` f32: the features of one fixed picture, by which a space is
//! recognised), then rows of a SHA-256, a check (u32) and `width` f32. Whoever appends holds `lock` beside it alone and
//! first cuts what a writer left half; whoever reads needs no lock and sees whole rows only.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{ObjectId, StoreError};

const MAGIC: &[u8; 8] = b"HIVISEMB";
const VERSION: u32 = 1;
/// The file's name in the folder of its space.
const FILE: &str = "features.bin";
/// Magic, version, width.
const HEAD: usize = 16;
/// A SHA-256 and the check.
const ROW_HEAD: usize = 36;
/// Features of a row at most: a longer one is no header of ours.
const WIDEST: usize = 1 << 16;

/// The rows of one space, as of the last look at the file.
#[derive(Debug)]
pub struct Embeddings {
    folder: PathBuf,
    anchor: Vec<f32>,
    ids: Vec<ObjectId>,
    rows: Vec<f32>,
    at: HashMap<ObjectId, usize>,
    /// The file was read up to here.
    read_to: u64,
    damaged: u64,
}

impl Embeddings {
    /// The anchor of the space in `folder`; `None` when there is none. Whose file is not whole has no anchor either.
    pub fn anchor_of(folder: &Path) -> Result<Option<Vec<f32>>, StoreError> {
        let path = folder.join(FILE);
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        header(&mut BufReader::new(file), &path)
    }

    /// How many rows the file in `folder` has, damaged ones counted; 0 when there is none.
    pub fn count(folder: &Path) -> Result<u64, StoreError> {
        let Some(anchor) = Self::anchor_of(folder)? else { return Ok(0) };
        let length = fs::metadata(folder.join(FILE))?.len();
        let head = (HEAD + 4 * anchor.len()) as u64;
        Ok(length.saturating_sub(head) / (ROW_HEAD + 4 * anchor.len()) as u64)
    }

    /// Shows `each` the rows of the space in `folder` from row `from` to before row `until`, every `step`th, one after the
    /// other: how many rows are in memory does not depend on how many there are. Damaged ones are passed over.
    pub fn scan(
        folder: &Path,
        rows: std::ops::Range<u64>,
        step: u64,
        mut each: impl FnMut(ObjectId, &[f32]),
    ) -> Result<(), StoreError> {
        let path = folder.join(FILE);
        let Some(anchor) = Self::anchor_of(folder)? else { return Ok(()) };
        let one = ROW_HEAD + 4 * anchor.len();
        let head = (HEAD + 4 * anchor.len()) as u64;
        let mut reader = BufReader::with_capacity(1 << 20, fs::File::open(&path)?.into_file());
        reader.seek(SeekFrom::Start(head + rows.start * one as u64))?;
        let (mut bytes, mut row) = (vec![0; one], vec![0.0; anchor.len()]);
        let step = step.max(1);
        let mut at = rows.start;
        while at < rows.end {
            at += step;
            match reader.read_exact(&mut bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            reader.seek_relative(((step - 1) * one as u64) as i64)?;
            if let Some(id) = read_row(&mut bytes, &mut row) {
                each(id, &row);
            }
        }
        Ok(())
    }

    /// Opens the space in `folder` whose anchor is `anchor`, and reads every whole row. A folder without one is made
    /// when something is appended. A file with another anchor, or that is none of ours, is refused.
    pub fn open(folder: &Path, anchor: &[f32]) -> Result<Self, StoreError> {
        let mut own = Self {
            folder: folder.to_owned(),
            anchor: anchor.to_vec(),
            ids: Vec::new(),
            rows: Vec::new(),
            at: HashMap::new(),
            read_to: 0,
            damaged: 0,
        };
        own.refresh()?;
        Ok(own)
    }

    /// The newest whole rows of the space in `folder`, at most `rows` and at most `bytes` of them, oldest first; `None` when
    /// there is no space. What it costs does not grow with the file.
    pub fn newest(folder: &Path, rows: usize, bytes: usize) -> Result<Option<Self>, StoreError> {
        let Some(anchor) = Self::anchor_of(folder)? else { return Ok(None) };
        let path = folder.join(FILE);
        let mut file = fs::File::open(&path)?.into_file();
        let (start, one) = ((HEAD + 4 * anchor.len()) as u64, (ROW_HEAD + 4 * anchor.len()) as u64);
        let there = file.metadata()?.len().saturating_sub(start) / one;
        let wanted = (rows as u64).min(bytes as u64 / one).min(there);
        let mut own = Self {
            folder: folder.to_owned(),
            anchor,
            ids: Vec::new(),
            rows: Vec::new(),
            at: HashMap::new(),
            read_to: start + (there - wanted) * one,
            damaged: 0,
        };
        own.read_on(&mut file, &path)?;
        Ok(Some(own))
    }

    /// Length of a row.
    pub fn width(&self) -> usize {
        self.anchor.len()
    }

    /// Whose rows there are, in the order of [`Self::rows`].
    pub fn ids(&self) -> &[ObjectId] {
        &self.ids
    }

    /// All rows, `[n, width]`.
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// The features of one picture.
    pub fn get(&self, id: ObjectId) -> Option<&[f32]> {
        let at = *self.at.get(&id)?;
        Some(&self.rows[at * self.width()..][..self.width()])
    }

    /// Rows whose check is wrong: they are passed over, and may be appended again.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Reads what others have appended since.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        let path = self.folder.join(FILE);
        match fs::File::open(&path) {
            Ok(file) => self.read_on(&mut file.into_file(), &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Appends the rows whose pictures have none yet, waiting for another writer. How many those were.
    ///
    /// # Panics
    /// When a row is not as long as the anchor.
    pub fn append<'a>(&mut self, rows: impl IntoIterator<Item = (ObjectId, &'a [f32])>) -> Result<usize, StoreError> {
        fs::create_dir_all(&self.folder)?;
        let lock = self.folder.join("lock");
        let lock = fs::OpenOptions::new().write(true).create(true).truncate(false).open(lock)?.into_file();
        lock.lock()?;
        let path = self.folder.join(FILE);
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut file = file.into_file();
        self.read_on(&mut file, &path)?;
        let mut bytes = if self.read_to == 0 { self.head() } else { Vec::new() };
        let first = self.ids.len();
        for (id, row) in rows {
            assert_eq!(row.len(), self.width(), "a row of this space is as long as the others: this is a bug");
            if !self.at.contains_key(&id) {
                let start = bytes.len();
                bytes.extend_from_slice(&id.0);
                bytes.extend_from_slice(&[0; 4]);
                bytes.extend(row.iter().flat_map(|x| x.to_le_bytes()));
                let check = check(&bytes[start..]);
                bytes[start + 32..start + ROW_HEAD].copy_from_slice(&check.to_le_bytes());
                self.take(id, row);
            }
        }
        // What is not whole, or stands behind it, goes.
        file.set_len(self.read_to)?;
        file.seek(SeekFrom::Start(self.read_to))?;
        if let Err(error) = file.write_all(&bytes) {
            let _ = file.set_len(self.read_to);
            self.forget(first);
            return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())).into());
        }
        self.read_to += bytes.len() as u64;
        Ok(self.ids.len() - first)
    }

    fn head(&self) -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&(self.width() as u32).to_le_bytes());
        head.extend(self.anchor.iter().flat_map(|x| x.to_le_bytes()));
        head
    }

    fn take(&mut self, id: ObjectId, row: &[f32]) {
        self.at.insert(id, self.ids.len());
        self.ids.push(id);
        self.rows.extend_from_slice(row);
    }

    /// Takes back what was not written after all.
    fn forget(&mut self, from: usize) {
        self.ids.drain(from..).for_each(|id| {
            self.at.remove(&id);
        });
        self.rows.truncate(from * self.anchor.len());
    }

    /// Reads whole rows from where the last look ended.
    fn read_on(&mut self, file: &mut File, path: &Path) -> Result<(), StoreError> {
        if self.read_to == 0 {
            match header(&mut BufReader::new(&mut *file), path)? {
                None => return Ok(()),
                Some(anchor) if !same_bits(&anchor, &self.anchor) => {
                    return Err(bad(path, "it belongs to another backbone"));
                }
                Some(_) => self.read_to = (HEAD + 4 * self.width()) as u64,
            }
        }
        let length = file.metadata()?.len();
        let one = ROW_HEAD + 4 * self.width();
        let count = (length.saturating_sub(self.read_to) / one as u64) as usize;
        if count == 0 {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.read_to))?;
        self.ids.reserve(count);
        self.rows.reserve(count * self.width());
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut bytes = vec![0; one];
        let mut row = vec![0.0; self.width()];
        for _ in 0..count {
            match reader.read_exact(&mut bytes) {
                Ok(()) => {}
                // Another writer cut a half row in between.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            self.read_to += one as u64;
            match read_row(&mut bytes, &mut row) {
                None => self.damaged += 1,
                Some(id) if self.at.contains_key(&id) => {}
                Some(id) => self.take(id, &row),
            }
        }
        Ok(())
    }
}

/// Takes a row apart; `None` when its check is wrong. Its check is overwritten.
fn read_row(bytes: &mut [u8], row: &mut [f32]) -> Option<ObjectId> {
    let (head, numbers) = bytes.split_at_mut(ROW_HEAD);
    let said: [u8; 4] = head[32..].try_into().expect("four bytes: this is a bug");
    let id = ObjectId(head[..32].try_into().expect("32 bytes: this is a bug"));
    for (x, number) in row.iter_mut().zip(numbers.as_chunks::<4>().0) {
        *x = f32::from_le_bytes(*number);
    }
    bytes[32..ROW_HEAD].fill(0);
    (check(bytes) == u32::from_le_bytes(said)).then_some(id)
}

/// The anchor; `None` when the file ends within it. Refuses what another program wrote.
fn header(reader: &mut impl Read, path: &Path) -> Result<Option<Vec<f32>>, StoreError> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    if !MAGIC.starts_with(&head[..head.len().min(MAGIC.len())]) {
        return Err(bad(path, "it holds no features"));
    }
    let Some((_, numbers)) = head.split_at_checked(MAGIC.len()).filter(|_| head.len() == HEAD) else { return Ok(None) };
    let number = |at: usize| u32::from_le_bytes(numbers[at..at + 4].try_into().expect("four bytes: this is a bug"));
    let (version, width) = (number(0), number(4) as usize);
    if version != VERSION {
        return Err(bad(path, &format!("it is of version {version}, this hivis knows {VERSION}")));
    }
    if width == 0 || width > WIDEST {
        return Err(bad(path, &format!("it says that a picture has {width} features")));
    }
    let mut anchor = Vec::new();
    reader.take(4 * width as u64).read_to_end(&mut anchor)?;
    let whole = anchor.len() == 4 * width;
    Ok(whole.then(|| anchor.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect()))
}

fn bad(path: &Path, reason: &str) -> StoreError {
    StoreError::BadEmbeddings { path: path.to_owned(), reason: reason.to_owned() }
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// FNV-1a over 32-bit words, in eight lanes so that it costs nothing beside reading; never 0, so that blocks of zeros
/// which a power cut leaves are no row.
fn check(row: &[u8]) -> u32 {
    const PRIME: u32 = 0x0100_0193;
    const BASIS: u32 = 0x811c_9dc5;
    let mut lanes: [u32; 8] = std::array::from_fn(|lane| BASIS ^ lane as u32);
    let (words, _) = row.as_chunks::<4>();
    for words in words.chunks(8) {
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = (*lane ^ u32::from_le_bytes(*word)).wrapping_mul(PRIME);
        }
    }
    lanes.iter().fold(row.len() as u32, |all, lane| (all.rotate_left(5) ^ lane).wrapping_mul(PRIME)).max(1)
}
