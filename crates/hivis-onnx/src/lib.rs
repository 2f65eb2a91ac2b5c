//! Writes ONNX graphs from Hugging Face weights.
