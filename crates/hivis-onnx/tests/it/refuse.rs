//! Corrupt models: one line, the file, the tensor.

use std::path::Path;

use hivis_onnx::{Model, OnnxError, Pooling, write_backbone};

use crate::fixture::{Parts, folder, parts};

/// Why a model cannot be read, or else why its graph cannot be written.
fn refusal(parts: &Parts) -> OnnxError {
    match parts.model() {
        Ok(model) => write_backbone(&model, 64, 64).map(|_| ()).expect_err("the model is fine"),
        Err(error) => error,
    }
}

#[track_caller]
fn check(parts: &Parts, wanted: &[&str]) {
    let error = refusal(parts);
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 400, "{text}");
    for wanted in wanted {
        assert!(text.contains(wanted), "`{wanted}` is not in: {text}");
    }
}

#[test]
fn corrupt_weights_name_file_and_tensor() {
    let good = parts("dinov3-gated");
    assert!(good.model().is_ok());

    for cut in [0, 5, 8, 20, good.weights.len() / 2, good.weights.len() - 1] {
        let mut bad = good.clone();
        bad.weights.truncate(cut);
        check(&bad, &["model.safetensors: not a safetensors file", &cut.to_string()]);
    }
    let mut long = good.clone();
    long.weights.push(0);
    check(&long, &["model.safetensors", "describes"]);

    for claim in [u64::MAX, 1 << 62, 100_000_001, good.weights.len() as u64 - 7] {
        let mut bad = good.clone();
        bad.weights[..8].copy_from_slice(&claim.to_le_bytes());
        check(&bad, &["model.safetensors", &format!("its header claims {claim} bytes")]);
    }

    let mut bad = good.clone();
    bad.edit_header("layer.1.mlp.gate_proj.weight", "layer.1.mlp.gate_proj.wait__");
    check(&bad, &["model.safetensors: tensor `layer.1.mlp.gate_proj.weight`: is missing"]);

    let mut bad = good.clone();
    bad.edit_header("[64,32]", "[32,64]");
    check(&bad, &["mlp.", "has shape [32, 64], the configuration wants [64, 32]"]);

    // A shape whose product overflows, and one that is far larger than the file.
    for shape in ["[9223372036854775807,9,9]", "[1000000,1000000]"] {
        let mut bad = good.clone();
        bad.edit_header("[64,32]", shape);
        check(&bad, &["model.safetensors: not a safetensors file"]);
    }

    let mut bad = good.clone();
    bad.edit_header("\"F32\"", "\"I32\"");
    check(&bad, &["has type I32, only F32, F16 and BF16 are read"]);

    let mut bad = good.clone();
    let at = bad.weights.len() - 4;
    bad.weights[at..].copy_from_slice(&f32::NAN.to_le_bytes());
    check(&bad, &["model.safetensors: tensor `norm.weight`: holds NaN"]);
    bad.weights[at..].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    check(&bad, &["tensor `norm.weight`: holds -inf"]);
}

#[test]
fn odd_configurations_name_the_key() {
    let good = parts("dinov3-gated");
    let vit = parts("vit-small");
    let cases: [(&Parts, &str, &str, &str); 16] = [
        (
            &good,
            "\"model_type\": \"dinov3_vit\"",
            "\"model_type\": \"llama\"",
            "`llama`; dinov3_vit, dinov2_with_registers, dinov2, siglip and vit are known",
        ),
        (&good, "\"model_type\"", "\"model_tape\"", "has no model_type"),
        (&good, "\"hidden_size\": 32", "\"hidden_size\": 0", "hidden_size is 0"),
        (&good, "\"hidden_size\": 32", "\"hidden_size\": -32", "config.json"),
        (&good, "\"hidden_size\": 32", "\"hidden_size\": 18446744073709551615", "hidden_size is"),
        (&good, "\"num_attention_heads\": 2", "\"num_attention_heads\": 3", "multiple of num_attention_heads"),
        (&good, "\"num_attention_heads\": 2", "\"num_attention_heads\": 16", "multiple of 4 for RoPE"),
        (&good, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "layer.2"),
        (&good, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 999999999", "num_hidden_layers is"),
        (&good, "\"hidden_act\": \"silu\"", "\"hidden_act\": \"mish\"", "hidden_act `mish`"),
        (&good, "\"rope_theta\": 100.0", "\"rope_theta\": -1.0", "rope_theta"),
        (&good, "\"num_channels\": 3", "\"num_channels\": 4", "num_channels is 4"),
        (&good, "\"patch_size\": 8", "\"patch_size\": 16", "patch_embeddings.weight"),
        (&good, "{", "[", "config.json"),
        (&vit, "\"image_size\": 64", "\"image_size\": 8", "image_size"),
        (&vit, "\"1\": \"Roadwork\"", "\"7\": \"Roadwork\"", "id2label"),
    ];
    for (base, from, to, wanted) in cases {
        let mut bad = base.clone();
        bad.edit_config(from, to);
        check(&bad, &[wanted]);
    }
    let mut bad = vit.clone();
    bad.edit_config("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
    check(&bad, &["vit.encoder.layer.2"]);
    for text in ["{\"image_std\": [0, 1, 1]}", "{\"image_mean\": [0.5]}", "{\"rescale_factor\": 1e300}", "nonsense"] {
        let bad = Parts { preprocessor: Some(text.to_owned()), ..vit.clone() };
        check(&bad, &["preprocessor_config.json"]);
    }
}

#[test]
fn folders_and_shards() {
    let temp = tempfile::tempdir().unwrap();
    let fresh = |name: &str| {
        let to = temp.path().join("model");
        if to.exists() {
            std::fs::remove_dir_all(&to).unwrap();
        }
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(folder(name)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
        to
    };
    let fails = |at: &Path| {
        let error = Model::read(at).map(|_| ()).unwrap_err();
        // An I/O error names its file in its cause.
        std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
    };
    let index = "model.safetensors.index.json";
    let at = fresh("dinov3-key-bias");
    assert!(Model::read(&at).is_ok());
    std::fs::remove_file(at.join("model-00002-of-00004.safetensors")).unwrap();
    assert!(fails(&at).contains("model-00002-of-00004.safetensors"), "{}", fails(&at));

    let at = fresh("dinov3-key-bias");
    for odd in ["../../../etc/passwd", "/etc/passwd", "a/b", ".."] {
        let text = std::fs::read_to_string(folder("dinov3-key-bias").join(index)).unwrap();
        std::fs::write(at.join(index), text.replacen("model-00001-of-00004.safetensors", odd, 1)).unwrap();
        assert!(fails(&at).contains("is no plain file name"), "{}", fails(&at));
    }
    std::fs::write(at.join(index), "{}").unwrap();
    assert!(fails(&at).contains(index));

    // A shard that is damaged is named itself.
    let at = fresh("dinov3-key-bias");
    let shard = at.join("model-00003-of-00004.safetensors");
    let bytes = std::fs::read(&shard).unwrap();
    std::fs::write(&shard, &bytes[..bytes.len() - 3]).unwrap();
    assert!(fails(&at).contains("model-00003-of-00004.safetensors: not a safetensors file"));

    let at = fresh("dinov3-gated");
    std::fs::write(at.join("model.safetensors"), "version https://git-lfs.github.com/spec/v1\n").unwrap();
    assert!(fails(&at).contains("not a safetensors file"));
    std::fs::remove_file(at.join("model.safetensors")).unwrap();
    assert!(fails(&at).contains("model.safetensors"));
    std::fs::remove_file(at.join("config.json")).unwrap();
    assert!(fails(&at).contains("config.json"));
}

#[test]
fn sizes_that_cannot_be() {
    let model = parts("dinov3-gated").model().unwrap();
    for (width, height) in [(0, 64), (64, 7), (7, 64), (9000, 64), (u32::MAX, u32::MAX)] {
        assert!(matches!(write_backbone(&model, width, height), Err(OnnxError::Size(_))), "{width} x {height}");
    }
    assert_eq!(model.features(Pooling::Cls), 32);
}

/// The configuration of one model over the weights of another.
#[test]
fn weights_of_another_architecture() {
    let cases = [
        ("dinov3-mlp", "dinov2-registers", "embeddings.cls_token`: has shape [1, 1, 32]"),
        ("dinov3-gated", "vit-three", "embeddings.cls_token`: is missing"),
        ("dinov3-gated", "siglip-tower", "embeddings.cls_token`: is missing"),
        ("dinov2-registers", "dinov3-gated", "embeddings.position_embeddings`: is missing"),
        ("dinov2-registers", "dinov2-plain", "embeddings."),
        ("dinov2-gated", "dinov2-plain", "embeddings."),
        ("siglip-both", "dinov2-registers", "vision_model.embeddings.patch_embedding.weight`: is missing"),
        ("siglip-both", "siglip-tower", "embeddings."),
        ("vit-small", "dinov2-plain", "vit.embeddings.cls_token`: is missing"),
    ];
    for (config, weights, wanted) in cases {
        let error = refusal(&Parts { weights: parts(weights).weights, ..parts(config) });
        assert!(matches!(error, OnnxError::Tensor { .. }) && error.hint().is_some(), "{config} on {weights}: {error}");
        let text = error.to_string();
        assert!(text.contains("model.safetensors: tensor `") && text.contains(wanted), "{config} on {weights}: {text}");
    }
    // All that a plain DINOv2 wants is there; the registers would be left out.
    let mut plain = parts("dinov2-registers");
    plain.edit_config("\"dinov2_with_registers\"", "\"dinov2\"");
    check(&plain, &["tensor `embeddings.register_tokens`", "belongs to model_type dinov2_with_registers"]);
    let mut mlp = parts("dinov2-gated");
    mlp.edit_config("\"use_swiglu_ffn\": true", "\"use_swiglu_ffn\": false");
    check(&mlp, &["tensor `encoder.layer.0.mlp.fc1.weight`: is missing"]);
}

#[test]
fn odd_configurations_of_dinov2_and_siglip() {
    let (dino, siglip) = (parts("dinov2-registers"), parts("siglip-both"));
    let cases: [(&Parts, &str, &str, &str); 9] = [
        (&dino, "\"mlp_ratio\": 3", "\"mlp_ratio\": -3", "intermediate_size is 0"),
        (&dino, "\"mlp_ratio\": 3", "\"mlp_ratio\": 1e300", "intermediate_size is"),
        (&dino, "\"image_size\": 40", "\"image_size\": [40, 32]", "image_size must be square"),
        (&dino, "\"image_size\": 40", "\"image_size\": 48", "embeddings.position_embeddings"),
        (&dino, "\"num_register_tokens\": 2", "\"num_register_tokens\": 1001", "num_register_tokens"),
        (&siglip, "\"vision_use_head\": true", "\"vision_use_head\": false", "vision_use_head is false"),
        (&siglip, "\"model_type\": \"siglip\"", "\"model_type\": \"siglip2\"", "google/siglip2-base-patch16-224"),
        (&siglip, "\"image_size\": 44", "\"image_size\": 4", "image_size"),
        (&siglip, "\"vision_config\"", "\"version_config\"", "vision_model.embeddings.patch_embedding.weight"),
    ];
    for (base, from, to, wanted) in cases {
        let mut bad = base.clone();
        bad.edit_config(from, to);
        check(&bad, &[wanted]);
    }
    let model = siglip.model().unwrap();
    let error = write_backbone(&model, 64, 64).unwrap_err().to_string();
    assert!(error.contains("44 x 44 pixels only"), "{error}");
}
