//! Tensors out of safetensors files, one at a time, with every claim of a header checked before a byte is allocated.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::Deserialize;

use crate::OnnxError;

/// safetensors' own limit on a header.
const MAX_HEADER_BYTES: u64 = 100_000_000;
/// An index of the largest models is below 1 MB.
const MAX_INDEX_BYTES: u64 = 16 << 20;
/// The largest DINOv3 has 6 shards.
const MAX_SHARDS: usize = 1000;

/// What a caller wants of a tensor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// That it is there, in the right shape: gives an empty vector.
    Shape,
    /// Its numbers.
    Data,
}

/// Where a file's bytes are.
enum Source {
    Memory(Vec<u8>),
    File,
}

/// One safetensors file.
struct Shard {
    path: PathBuf,
    source: Source,
    /// Offset of the first tensor in the file.
    start: u64,
    metadata: Metadata,
}

/// All tensors of a model.
pub(crate) struct Weights {
    shards: Vec<Shard>,
    /// Which shard holds a tensor.
    index: HashMap<String, usize>,
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: HashMap<String, String>,
}

impl Weights {
    /// `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
    pub(crate) fn read(folder: &Path) -> Result<Self, OnnxError> {
        let single = folder.join("model.safetensors");
        let list = folder.join("model.safetensors.index.json");
        if single.exists() || !list.exists() {
            return Ok(Self::new(vec![Shard::open(single)?]));
        }
        let text = read_small(&list, MAX_INDEX_BYTES)?;
        let index: ShardIndex =
            serde_json::from_slice(&text).map_err(|error| OnnxError::config(&list, error.to_string()))?;
        let mut files: Vec<&str> = index.weight_map.values().map(String::as_str).collect();
        files.sort_unstable();
        files.dedup();
        if files.len() > MAX_SHARDS {
            return Err(OnnxError::config(&list, format!("more than {MAX_SHARDS} files")));
        }
        // The list comes from a stranger: a plain name beside it, never a path.
        if let Some(odd) = files.iter().find(|f| Path::new(f).file_name().is_none_or(|n| n != **f)) {
            return Err(OnnxError::config(&list, format!("`{}` is no plain file name", odd.escape_debug())));
        }
        let shards = files.into_iter().map(|f| Shard::open(folder.join(f))).collect::<Result<_, _>>()?;
        Ok(Self::new(shards))
    }

    /// One safetensors file in memory; `name` stands for its path in errors.
    pub(crate) fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Self, OnnxError> {
        Ok(Self::new(vec![Shard::from_bytes(bytes, PathBuf::from(name))?]))
    }

    fn new(shards: Vec<Shard>) -> Self {
        let mut index = HashMap::new();
        for (number, shard) in shards.iter().enumerate() {
            index.extend(shard.metadata.offset_keys().into_iter().map(|name| (name, number)));
        }
        Self { shards, index }
    }

    /// Whether there is such a tensor.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// The first file, for errors that concern no tensor.
    pub(crate) fn path(&self) -> &Path {
        self.shards.first().map_or(Path::new("model.safetensors"), |s| &s.path)
    }

    /// The shape of a tensor.
    pub(crate) fn shape(&self, name: &str) -> Result<&[usize], OnnxError> {
        self.find(name).map(|(_, info)| info.shape.as_slice())
    }

    /// The free text of the header, `__metadata__`.
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.shards.first()?.metadata.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// A tensor of exactly `shape` as f32, all of it finite.
    pub(crate) fn get(&self, name: &str, shape: &[usize], need: Need) -> Result<Vec<f32>, OnnxError> {
        let (shard, info) = self.find(name)?;
        let error = |reason: String| OnnxError::tensor(&shard.path, name, reason);
        if info.shape != shape {
            return Err(error(format!("has shape {}, the configuration wants {shape:?}", brief(&info.shape))));
        }
        if !matches!(info.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(error(format!("has type {}, only F32, F16 and BF16 are read", info.dtype)));
        }
        if need == Need::Shape {
            return Ok(Vec::new());
        }
        let values = match &shard.source {
            Source::Memory(bytes) => {
                let (from, to) =
                    (shard.start as usize + info.data_offsets.0, shard.start as usize + info.data_offsets.1);
                to_f32(bytes.get(from..to).ok_or_else(|| error("lies outside the file".to_owned()))?, info.dtype)
            }
            Source::File => {
                let mut file = fs_err::File::open(&shard.path)?;
                file.seek(SeekFrom::Start(shard.start + info.data_offsets.0 as u64))?;
                let mut bytes = vec![0; info.data_offsets.1 - info.data_offsets.0];
                file.read_exact(&mut bytes)?;
                to_f32(&bytes, info.dtype)
            }
        };
        match values.iter().find(|v| !v.is_finite()) {
            Some(value) => Err(error(format!("holds {value}"))),
            None => Ok(values),
        }
    }

    fn find(&self, name: &str) -> Result<(&Shard, &TensorInfo), OnnxError> {
        self.index
            .get(name)
            .and_then(|&number| self.shards.get(number))
            .and_then(|shard| Some((shard, shard.metadata.info(name)?)))
            .ok_or_else(|| OnnxError::tensor(self.path(), name, "is missing"))
    }
}

impl Shard {
    fn open(path: PathBuf) -> Result<Self, OnnxError> {
        let mut file = fs_err::File::open(&path)?;
        let length = file.metadata()?.len();
        let mut size = [0; 8];
        if length < 8 {
            return Err(OnnxError::weights(&path, format!("it has {length} bytes")));
        }
        file.read_exact(&mut size)?;
        let header_bytes = check_header_length(u64::from_le_bytes(size), length, &path)?;
        let mut header = vec![0; header_bytes];
        file.read_exact(&mut header)?;
        let metadata = parse_header(&header, length, &path)?;
        Ok(Self { source: Source::File, start: 8 + header_bytes as u64, metadata, path })
    }

    fn from_bytes(bytes: Vec<u8>, path: PathBuf) -> Result<Self, OnnxError> {
        let length = bytes.len() as u64;
        let Some(size) = bytes.first_chunk::<8>() else {
            return Err(OnnxError::weights(&path, format!("it has {length} bytes")));
        };
        let header_bytes = check_header_length(u64::from_le_bytes(*size), length, &path)?;
        let metadata = parse_header(&bytes[8..8 + header_bytes], length, &path)?;
        Ok(Self { source: Source::Memory(bytes), start: 8 + header_bytes as u64, metadata, path })
    }
}

/// A header must fit into its file before it is allocated.
fn check_header_length(claimed: u64, length: u64, path: &Path) -> Result<usize, OnnxError> {
    if claimed > MAX_HEADER_BYTES || claimed > length - 8 {
        return Err(OnnxError::weights(path, format!("its header claims {claimed} bytes, the file has {length}")));
    }
    Ok(claimed as usize)
}

/// Parses the header; the crate checks that tensors touch without gaps, we that they end with the file.
fn parse_header(header: &[u8], length: u64, path: &Path) -> Result<Metadata, OnnxError> {
    let metadata: Metadata = serde_json::from_slice(header).map_err(|error| OnnxError::weights(path, error))?;
    let wanted = (8 + header.len() as u64).saturating_add(metadata.data_len() as u64);
    if wanted != length {
        return Err(OnnxError::weights(path, format!("its header describes {wanted} bytes, the file has {length}")));
    }
    Ok(metadata)
}

/// Little-endian numbers of `dtype` as f32.
fn to_f32(bytes: &[u8], dtype: Dtype) -> Vec<f32> {
    match dtype {
        Dtype::F16 => bytes.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        Dtype::BF16 => bytes.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        _ => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
    }
}

/// A stranger's shape, at most eight numbers of it.
fn brief(shape: &[usize]) -> String {
    if shape.len() <= 8 { format!("{shape:?}") } else { format!("of {} dimensions", shape.len()) }
}

/// Reads a text file of at most `limit` bytes.
pub(crate) fn read_small(path: &Path, limit: u64) -> Result<Vec<u8>, OnnxError> {
    let mut bytes = Vec::new();
    fs_err::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(OnnxError::config(path, format!("is over {limit} bytes")));
    }
    Ok(bytes)
}
