//! A finished graph, and how it becomes a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use prost::Message;

use crate::OnnxError;
use crate::proto::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorProto};

/// Who wrote a file; [`crate::quantise`] takes no other.
pub(crate) const PRODUCER: &str = "hivis";
/// The file format's version that goes with opset 20.
const IR_VERSION: i64 = 9;
const OPSET: i64 = 20;
/// protobuf messages end at 2 GiB; some room is left for the nodes.
const INLINE_BYTES: usize = 2_000_000_000;
/// Constants below this stay in the graph: shapes must, and nothing is won by moving small ones.
const SMALL: usize = 1024;
/// Tensors begin at multiples of this in the data file, so that they can be used where they are mapped.
const ALIGNMENT: u64 = 64;

/// An ONNX graph in memory, ready to be saved.
#[derive(Clone)]
pub struct Graph {
    proto: GraphProto,
}

impl Graph {
    pub(crate) fn new(proto: GraphProto) -> Self {
        Self { proto }
    }

    /// Writes the graph to `path`; weights over 2 GB go to `<file name>.data` beside it.
    pub fn save(&self, path: &Path) -> Result<(), OnnxError> {
        self.save_within(path, INLINE_BYTES)
    }

    /// The same with another limit on the bytes of weights that stay inside.
    pub fn save_within(&self, path: &Path, inline_bytes: usize) -> Result<(), OnnxError> {
        if self.weight_bytes() <= inline_bytes {
            return Ok(fs_err::write(path, self.bytes()?)?);
        }
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default() + ".data";
        let data = path.with_file_name(&name);
        let initializer = self.write_data(&data, &name)?;
        let graph = GraphProto { initializer, ..self.without_weights() };
        Ok(fs_err::write(path, model(graph).encode_to_vec())?)
    }

    /// The whole graph as one ONNX file, weights inside; refused over 2 GB.
    pub fn bytes(&self) -> Result<Vec<u8>, OnnxError> {
        let bytes = self.weight_bytes();
        if bytes > INLINE_BYTES {
            return Err(OnnxError::Size(format!(
                "{bytes} bytes of weights do not fit into one file: save them beside"
            )));
        }
        Ok(model(self.proto.clone()).encode_to_vec())
    }

    fn weight_bytes(&self) -> usize {
        self.proto.initializer.iter().map(|t| t.raw_data.len()).sum()
    }

    fn without_weights(&self) -> GraphProto {
        GraphProto {
            node: self.proto.node.clone(),
            name: self.proto.name.clone(),
            initializer: Vec::new(),
            input: self.proto.input.clone(),
            output: self.proto.output.clone(),
        }
    }

    /// Writes the large constants to `data` and gives all of them back, the large ones as places in it.
    fn write_data(&self, data: &Path, name: &str) -> Result<Vec<TensorProto>, OnnxError> {
        let mut file = std::io::BufWriter::new(fs_err::File::create(data)?);
        let mut offset = 0u64;
        let mut out = Vec::with_capacity(self.proto.initializer.len());
        for tensor in &self.proto.initializer {
            if tensor.raw_data.len() < SMALL {
                out.push(tensor.clone());
                continue;
            }
            let padding = offset.next_multiple_of(ALIGNMENT) - offset;
            file.write_all(&[0; ALIGNMENT as usize][..padding as usize])?;
            file.write_all(&tensor.raw_data)?;
            let (start, length) = (offset + padding, tensor.raw_data.len() as u64);
            let place = [("location", name.to_owned()), ("offset", start.to_string()), ("length", length.to_string())];
            out.push(TensorProto {
                dims: tensor.dims.clone(),
                data_type: tensor.data_type,
                name: tensor.name.clone(),
                raw_data: Vec::new(),
                external_data: place
                    .into_iter()
                    .map(|(key, value)| StringStringEntryProto { key: key.to_owned(), value })
                    .collect(),
                data_location: 1,
            });
            offset = start + length;
        }
        file.flush()?;
        Ok(out)
    }

    /// Reads a file that [`Graph::save`] wrote, weights from the data file beside it too.
    pub(crate) fn load(path: &Path) -> Result<Self, OnnxError> {
        let wrong = |reason: &str| OnnxError::Graph { path: path.to_owned(), reason: reason.to_owned() };
        let model = ModelProto::decode(fs_err::read(path)?.as_slice()).map_err(|e| wrong(&e.to_string()))?;
        if model.producer_name != PRODUCER {
            return Err(wrong("hivis did not write it"));
        }
        let mut proto = model.graph.ok_or_else(|| wrong("it holds no graph"))?;
        let mut open: Option<(PathBuf, Vec<u8>)> = None;
        for tensor in proto.initializer.iter_mut().filter(|t| t.data_location == 1) {
            let get = |key: &str| tensor.external_data.iter().find(|e| e.key == key).map(|e| e.value.as_str());
            let name = get("location").filter(|n| Path::new(n).file_name().is_some_and(|f| f == *n));
            let data = path.with_file_name(name.ok_or_else(|| wrong("its data file has an odd name"))?);
            if open.as_ref().is_none_or(|(held, _)| *held != data) {
                open = Some((data.clone(), fs_err::read(&data)?));
            }
            let bytes = open.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
            let number = |key: &str| get(key).and_then(|v| v.parse::<usize>().ok());
            tensor.raw_data = number("offset")
                .zip(number("length"))
                .and_then(|(offset, length)| bytes.get(offset..offset.checked_add(length)?))
                .ok_or_else(|| wrong("its data file is too short"))?
                .to_vec();
            tensor.external_data.clear();
            tensor.data_location = 0;
        }
        Ok(Self { proto })
    }

    pub(crate) fn proto_mut(&mut self) -> &mut GraphProto {
        &mut self.proto
    }
}

fn model(graph: GraphProto) -> ModelProto {
    ModelProto {
        ir_version: IR_VERSION,
        producer_name: PRODUCER.to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        metadata_props: Vec::new(),
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Graph({} nodes, {} bytes of weights)", self.proto.node.len(), self.weight_bytes())
    }
}
