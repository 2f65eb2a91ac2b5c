//! Heads, pooling, calibration, resizing and data files, against plain Rust.

use std::path::Path;

use hivis_engine::conformance::noise;
use hivis_engine::{EngineError, LoadSettings, load, run_backbone};
use hivis_onnx::{
    Calibration, Dense, Head, Model, Pooling, QuantiseOptions, WriteOptions, quantise, write_backbone, write_classifier,
};
use hivis_types::{Picture, Precision, Scores};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{golden, runtime};

/// A head of random numbers with `outputs` of each layer in turn.
pub(crate) fn random_head(pooling: Pooling, inputs: usize, outputs: &[usize], seed: u64) -> Head {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut width = inputs;
    let layers = outputs
        .iter()
        .map(|&outputs| {
            let scale = 1.5 / (width as f32).sqrt();
            let layer = Dense {
                weight: (0..width * outputs).map(|_| rng.random_range(-scale..scale)).collect(),
                bias: (0..outputs).map(|_| rng.random_range(-0.3..0.3)).collect(),
                inputs: width,
                outputs,
            };
            width = outputs;
            layer
        })
        .collect();
    Head { pooling, layers, calibration: Calibration { a: 0.7310123, b: -0.2 } }
}

/// Features and probability out of one picture's tokens `[t, d]`.
fn by_hand(tokens: &[f32], d: usize, prefix: usize, head: &Head) -> Scores {
    let rows: Vec<&[f32]> = tokens.chunks(d).collect();
    let mut features = rows[0].to_vec();
    if head.pooling == Pooling::ClsMean {
        let patches = &rows[prefix..];
        features.extend(
            (0..d).map(|i| (patches.iter().map(|p| f64::from(p[i])).sum::<f64>() / patches.len() as f64) as f32),
        );
    }
    let mut x: Vec<f64> = features.iter().map(|&v| f64::from(v)).collect();
    for (n, layer) in head.layers.iter().enumerate() {
        x = (0..layer.outputs)
            .map(|o| {
                let row = &layer.weight[o * layer.inputs..(o + 1) * layer.inputs];
                let y = row.iter().zip(&x).map(|(&w, x)| f64::from(w) * x).sum::<f64>() + f64::from(layer.bias[o]);
                if n + 1 < head.layers.len() { y.max(0.0) } else { y }
            })
            .collect();
    }
    let logit = if x.len() == 1 { x[0] } else { x[0] - x[1..].iter().map(|z| z.exp()).sum::<f64>().ln() };
    let z = f64::from(head.calibration.a) * logit + f64::from(head.calibration.b);
    Scores { probability: (1.0 / (1.0 + (-z).exp())) as f32, features }
}

/// ImageNet's normalisation, `[n, h, w, 3]` to `[n, 3, h, w]`.
fn imagenet(picture: &Picture) -> Vec<f32> {
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    (0..3)
        .flat_map(|c| picture.rgb().chunks(3).map(move |p| ((f64::from(p[c]) / 255.0 - mean[c]) / std[c]) as f32))
        .collect()
}

fn compare_with_hand(model: &Model, head: &Head, size: (u32, u32), temp: &Path) {
    let (graph, backbone) = (temp.join("model.onnx"), temp.join("backbone.onnx"));
    write_classifier(model, head, &WriteOptions { input: size }).unwrap().save(&graph).unwrap();
    write_backbone(model, size.0, size.1).unwrap().save(&backbone).unwrap();
    let pictures: Vec<Picture> = (0..3).map(|seed| noise(size.0, size.1, seed)).collect();
    let pixels: Vec<f32> = pictures.iter().flat_map(imagenet).collect();
    let shape = [3, 3, size.1 as usize, size.0 as usize];
    let (shape, tokens) = run_backbone(&LoadSettings::rten(&backbone), shape, pixels).unwrap();
    for settings in runtime::engines(&graph) {
        let engine = load(&settings).unwrap();
        let scores = engine.run(&pictures.iter().collect::<Vec<_>>()).unwrap();
        for (score, tokens) in scores.iter().zip(tokens.chunks(shape[1] * shape[2])) {
            let wanted = by_hand(tokens, shape[2], model.prefix_tokens(), head);
            golden::assert_close(&[score.probability], &[wanted.probability], 1e-4, "probability");
            golden::assert_close(&score.features, &wanted.features, 1e-4, "features");
        }
    }
}

#[test]
fn heads_equal_plain_rust() {
    let temp = tempfile::tempdir().unwrap();
    for (name, size) in [("dinov3-gated", (64, 64)), ("dinov3-bare", (96, 64)), ("dinov3-tanh", (64, 48))] {
        let model = Model::read(&golden::own(name)).unwrap();
        for (pooling, outputs) in [
            (Pooling::Cls, &[1][..]),
            (Pooling::ClsMean, &[1]),
            (Pooling::ClsMean, &[16, 1]),
            (Pooling::Cls, &[8, 8, 2]),
            (Pooling::Cls, &[4]),
        ] {
            let head = random_head(pooling, model.features(pooling), outputs, 7);
            compare_with_hand(&model, &head, size, temp.path());
        }
    }
}

/// Bilinear enlarging with half-pixel centres and repeated borders, written again in the plainest way.
fn enlarge(picture: &Picture, width: u32, height: u32) -> Vec<f32> {
    let at = |i: u32, from: u32, to: u32| {
        let x = ((f64::from(i) + 0.5) * f64::from(from) / f64::from(to) - 0.5).clamp(0.0, f64::from(from - 1));
        (x.floor() as u32, (x.floor() as u32 + 1).min(from - 1), x.fract())
    };
    let mut out = Vec::new();
    for c in 0..3 {
        for y in 0..height {
            for x in 0..width {
                let (x0, x1, fx) = at(x, picture.width(), width);
                let (y0, y1, fy) = at(y, picture.height(), height);
                let p = |x, y| f64::from(picture.pixel(x, y)[c]);
                let row = |y| p(x0, y) * (1.0 - fx) + p(x1, y) * fx;
                out.push((row(y0) * (1.0 - fy) + row(y1) * fy) as f32);
            }
        }
    }
    out
}

#[test]
fn pictures_of_another_size_are_resized_inside() {
    // vit-small takes 64 x 64 with mean and deviation 0.5.
    let model = Model::read(&golden::own("vit-small")).unwrap();
    let head = model.own_head("roadwork").unwrap();
    let temp = tempfile::tempdir().unwrap();
    let (graph, backbone) = (temp.path().join("model.onnx"), temp.path().join("backbone.onnx"));
    write_classifier(&model, &head, &WriteOptions { input: (50, 40) }).unwrap().save(&graph).unwrap();
    write_backbone(&model, 64, 64).unwrap().save(&backbone).unwrap();
    let picture = noise(50, 40, 4);
    let pixels = enlarge(&picture, 64, 64).into_iter().map(|v| (v / 255.0 - 0.5) / 0.5).collect();
    let (shape, tokens) = run_backbone(&LoadSettings::rten(&backbone), [1, 3, 64, 64], pixels).unwrap();
    let wanted = by_hand(&tokens, shape[2], 1, &head);
    for settings in runtime::engines(&graph) {
        let engine = load(&settings).unwrap();
        assert_eq!(engine.card().input, (50, 40));
        let score = engine.run(&[&picture]).unwrap().remove(0);
        golden::assert_close(&score.features, &wanted.features, 2e-4, "features");
        golden::assert_close(&[score.probability], &[wanted.probability], 1e-4, "probability");
    }
    // A backbone has one size only.
    assert!(write_backbone(&model, 50, 40).unwrap_err().to_string().contains("64 x 64"));
}

#[test]
fn weights_in_a_data_file_give_the_same_answers() {
    let model = Model::read(&golden::own("dinov3-key-bias")).unwrap();
    let head = random_head(Pooling::ClsMean, model.features(Pooling::ClsMean), &[1], 3);
    let graph = write_classifier(&model, &head, &WriteOptions { input: (70, 56) }).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let (inside, beside) = (temp.path().join("inside.onnx"), temp.path().join("model.onnx"));
    graph.save(&inside).unwrap();
    graph.save_within(&beside, 1000).unwrap();
    let (small, large) = (std::fs::metadata(&beside).unwrap().len(), std::fs::metadata(&inside).unwrap().len());
    assert!(small < large / 2, "{small} of {large} bytes are still inside");
    assert!(temp.path().join("model.onnx.data").is_file());
    let picture = noise(70, 56, 1);
    let answer = |settings: &LoadSettings| load(settings).unwrap().run(&[&picture]).unwrap();
    for (a, b) in runtime::engines(&inside).iter().zip(runtime::engines(&beside)) {
        assert_eq!(answer(a), answer(&b));
    }
    // It can be quantised as well, and a data file that was cut is refused.
    let options = QuantiseOptions::default();
    quantise(&beside, &temp.path().join("model.int8.onnx"), &options).unwrap();
    let data = std::fs::read(temp.path().join("model.onnx.data")).unwrap();
    std::fs::write(temp.path().join("model.onnx.data"), &data[..data.len() / 2]).unwrap();
    let error = quantise(&beside, &temp.path().join("x.onnx"), &options).unwrap_err();
    assert!(error.to_string().contains("too short"), "{error}");
    for settings in runtime::engines(&beside) {
        assert!(matches!(load(&settings).map(|_| ()), Err(EngineError::Load { .. })), "{settings:?}");
    }
}

#[test]
fn logits_of_any_size_give_a_probability() {
    let model = Model::read(&golden::own("dinov3-gated")).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    for (outputs, size) in [(1, 1e30f32), (2, 1e30), (4, 1e30), (4, 1e4), (1, f32::MAX)] {
        let mut head = random_head(Pooling::Cls, model.hidden_size(), &[outputs], 5);
        head.layers[0].weight.iter_mut().enumerate().for_each(|(i, w)| *w = if i % 32 == 0 { size } else { 0.0 });
        head.calibration.a = 1e3;
        write_classifier(&model, &head, &WriteOptions { input: (64, 64) }).unwrap().save(&path).unwrap();
        for settings in runtime::engines(&path) {
            let engine = load(&settings).unwrap();
            let p = engine.run(&[&noise(64, 64, 2)]).unwrap()[0].probability;
            assert!((0.0..=1.0).contains(&p), "{outputs} outputs of {size}: {p}");
        }
    }
}

#[test]
fn nan_never_leaves() {
    let model = Model::read(&golden::own("dinov3-gated")).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    let head = random_head(Pooling::Cls, model.hidden_size(), &[1], 6);
    write_classifier(&model, &head, &WriteOptions { input: (64, 64) }).unwrap().save(&path).unwrap();
    // A NaN weight, put into the file behind the writer's back: the calibration's slope.
    let mut bytes = std::fs::read(&path).unwrap();
    let slope = head.calibration.a.to_le_bytes();
    let at: Vec<usize> = (0..bytes.len() - 4).filter(|&i| bytes[i..i + 4] == slope).collect();
    assert_eq!(at.len(), 1);
    bytes[at[0]..at[0] + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let broken = temp.path().join("nan.onnx");
    std::fs::write(&broken, &bytes).unwrap();
    // OpenVINO's sigmoid makes a number of NaN: nothing is left to see there.
    for settings in runtime::engines(&broken).into_iter().filter(|s| s.provider.is_none()) {
        let error = load(&settings).map(|_| ()).unwrap_err();
        assert!(matches!(error, EngineError::NotAProbability { .. }), "{error}");
        assert!(error.hint().is_some());
    }

    // A graph whose weights overflow on some pictures only: infinity less infinity.
    let engine_of = |sign: f32| {
        let mut head = random_head(Pooling::Cls, model.hidden_size(), &[2, 1], 6);
        head.layers[0].weight = (0..64).map(|i| if i % 32 == 0 { sign * f32::MAX } else { 0.0 }).collect();
        head.layers[0].bias = vec![0.0; 2];
        head.layers[1].weight = vec![f32::MAX, -f32::MAX];
        write_classifier(&model, &head, &WriteOptions { input: (64, 64) }).unwrap().save(&path).unwrap();
        runtime::engines(&path).into_iter().map(|settings| load(&settings)).collect::<Vec<_>>()
    };
    // With one of the signs black passes; some picture then must not.
    let pictures: Vec<Picture> = (0..40).map(|seed| noise(64, 64, seed)).collect();
    let mut refused = 0;
    for engine in [1.0, -1.0].into_iter().flat_map(engine_of).flatten() {
        for picture in &pictures {
            match engine.run(&[picture]) {
                Ok(scores) => assert!((0.0..=1.0).contains(&scores[0].probability)),
                Err(error) => {
                    assert!(matches!(error, EngineError::NotAProbability { .. }), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 0, "no picture overflowed: the test shows nothing");
}

#[test]
fn what_is_no_graph_is_refused_in_one_line() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    let model = Model::read(&golden::own("dinov3-gated")).unwrap();
    let backbone = write_backbone(&model, 64, 64).unwrap().bytes().unwrap();
    let cut = backbone[..backbone.len() / 2].to_vec();
    for (bytes, contract) in [(Vec::new(), false), (b"not a graph".to_vec(), false), (cut, false), (backbone, true)] {
        std::fs::write(&path, &bytes).unwrap();
        for settings in runtime::engines(&path) {
            let error = load(&settings).map(|_| ()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("model.onnx") && !text.contains('\n') && error.hint().is_some(), "{text}");
            // An empty file is an empty message to ONNX Runtime: a graph without our input.
            let kind = matches!(error, EngineError::Contract { .. });
            assert!(kind == contract || bytes.is_empty(), "{} bytes: {text}", bytes.len());
        }
    }
    let absent = LoadSettings::rten(temp.path().join("absent.onnx"));
    assert!(matches!(load(&absent).map(|_| ()), Err(EngineError::Load { .. })));
}

#[test]
fn int8_settings_reach_the_card() {
    let model = Model::read(&golden::own("dinov3-gated")).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    let head = random_head(Pooling::Cls, model.hidden_size(), &[1], 6);
    write_classifier(&model, &head, &WriteOptions { input: (64, 64) }).unwrap().save(&path).unwrap();
    let engine = load(&LoadSettings { precision: Precision::Int8, threads: 2, ..LoadSettings::rten(&path) }).unwrap();
    assert_eq!(engine.card().precision, Precision::Int8);
    assert_eq!((engine.card().features, engine.card().input), (32, (64, 64)));
}
