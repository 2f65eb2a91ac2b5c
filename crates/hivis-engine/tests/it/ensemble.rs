//! Nearest-neighbour heads and ensembles, against plain Rust.

use std::path::Path;

use hivis_engine::conformance::{check, noise};
use hivis_engine::{EngineError, LoadSettings, compare, load};
use hivis_onnx::{
    Calibration, Graph, HeadForm, Member, Model, Nearest, OnnxError, Pooling, QuantiseOptions, WriteOptions, quantise,
    write_ensemble,
};
use hivis_types::{Picture, Precision, Scores};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::classifier::random_head;
use crate::{golden, runtime};

const SIZE: (u32, u32) = (64, 64);
const OPTIONS: WriteOptions = WriteOptions { input: SIZE };

fn alone(model: &Model, head: &HeadForm) -> Graph {
    write_ensemble(&[Member { model, head, weight: 1.0 }], None, &OPTIONS).unwrap()
}

fn dense(model: &Model, pooling: Pooling, outputs: &[usize], seed: u64) -> HeadForm {
    HeadForm::Dense(random_head(pooling, model.features(pooling), outputs, seed))
}

/// A bank of random directions, of lengths from 0.001 to 1000.
fn random_nearest(pooling: Pooling, width: usize, rows: usize, k: usize) -> Nearest {
    let mut rng = ChaCha8Rng::seed_from_u64(rows as u64);
    let bank = (0..rows)
        .flat_map(|_| {
            let length = 10f32.powf(rng.random_range(-3.0..3.0));
            (0..width).map(|_| length * rng.random_range(-1.0f32..1.0)).collect::<Vec<_>>()
        })
        .collect();
    let labels = (0..rows).map(|row| row % 3 == 0).collect();
    Nearest { pooling, bank, labels, k, temperature: 0.07, calibration: Calibration { a: 1.3, b: -0.25 } }
}

/// The vote in f64. Fails where the k-th and the next row are too alike for any engine to tell them apart.
fn vote_by_hand(features: &[f32], head: &Nearest) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let length = |a: &[f32]| dot(a, a).sqrt();
    let mut rows: Vec<(f64, bool)> = head
        .bank
        .chunks(features.len())
        .zip(&head.labels)
        .map(|(row, &label)| (dot(row, features) / (length(row) * length(features)), label))
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    assert!(rows.len() == head.k || rows[head.k - 1].0 - rows[head.k].0 > 1e-6, "a tie at the border");
    let weight = |cosine: f64| (cosine / f64::from(head.temperature)).exp();
    let all: f64 = rows[..head.k].iter().map(|r| weight(r.0)).sum();
    let roadwork: f64 = rows[..head.k].iter().filter(|r| r.1).map(|r| weight(r.0)).sum();
    calibrated(roadwork / all, head.calibration)
}

fn calibrated(share: f64, Calibration { a, b }: Calibration) -> f32 {
    let q = share * (1.0 - 2e-5) + 1e-5;
    let z = f64::from(a) * (q / (1.0 - q)).ln() + f64::from(b);
    (1.0 / (1.0 + (-z).exp())) as f32
}

fn scores(settings: &LoadSettings, pictures: &[Picture]) -> Vec<Scores> {
    load(settings).unwrap().run(&pictures.iter().collect::<Vec<_>>()).unwrap()
}

fn pictures(n: u32) -> Vec<Picture> {
    (0..n).map(|seed| noise(SIZE.0, SIZE.1, seed)).collect()
}

fn probabilities(scores: &[Scores]) -> Vec<f32> {
    scores.iter().map(|s| s.probability).collect()
}

#[test]
fn nearest_equals_plain_rust() {
    let model = Model::read(&golden::own("dinov2-registers")).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    // Also one row, all rows, and the largest bank.
    for (pooling, rows, k) in
        [(Pooling::Cls, 40, 5), (Pooling::ClsMean, 40, 40), (Pooling::Last(2), 4, 1), (Pooling::Cls, 50_000, 20)]
    {
        let head = random_nearest(pooling, model.features(pooling), rows, k);
        alone(&model, &HeadForm::Nearest(head.clone())).save(&path).unwrap();
        for settings in runtime::engines(&path) {
            let got = scores(&settings, &pictures(4));
            let wanted: Vec<f32> = got.iter().map(|s| vote_by_hand(&s.features, &head)).collect();
            let what = format!("{rows} rows, {k} nearest on {}", settings.kind.as_str());
            golden::assert_close(&probabilities(&got), &wanted, 1e-4, &what);
            // Some vote is neither all nor nothing.
            assert!(rows == 4 || wanted.iter().any(|p| (0.05..0.95).contains(p)), "{what}: {wanted:?}");
        }
    }
}

#[test]
fn rows_alike_are_told_apart_by_their_place() {
    // Every row twice, with both labels: of equal cosines the lower place counts, on every engine.
    let model = Model::read(&golden::own("dinov2-registers")).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    let mut head = random_nearest(Pooling::Cls, 32, 6, 1);
    head.calibration = Calibration::default();
    head.bank.extend(head.bank.clone());
    head.labels = (0..12).map(|row| row < 6).collect();
    alone(&model, &HeadForm::Nearest(head)).save(&path).unwrap();
    for settings in runtime::engines(&path) {
        for score in scores(&settings, &pictures(3)) {
            golden::assert_close(&[score.probability], &[1.0 - 1e-5], 2e-6, settings.kind.as_str());
        }
    }
}

#[test]
fn an_ensemble_is_the_average_of_its_members() {
    let [one, two, three] =
        ["dinov3-gated", "dinov2-registers", "siglip-both"].map(|name| Model::read(&golden::own(name)).unwrap());
    let bank = HeadForm::Nearest(random_nearest(Pooling::Cls, two.hidden_size(), 60, 9));
    let heads = [
        dense(&one, Pooling::Cls, &[1], 1),
        dense(&one, Pooling::Last(2), &[8, 1], 2),
        dense(&one, Pooling::ClsMean, &[2], 3),
        bank,
        dense(&three, Pooling::ClsMean, &[1], 4),
        dense(&one, Pooling::Cls, &[3], 5),
    ];
    let models = [&one, &one, &one, &two, &three, &one];
    let weights = [0.4, 0.2, 0.15, 0.1, 0.1, 0.05];
    let all: Vec<Member<'_>> =
        (0..6).map(|m| Member { model: models[m], head: &heads[m], weight: weights[m] }).collect();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    let pictures = pictures(4);
    let single: Vec<Vec<Scores>> = all
        .iter()
        .map(|member| {
            alone(member.model, member.head).save(&path).unwrap();
            scores(&LoadSettings::rten(&path), &pictures)
        })
        .collect();
    let average = |p: usize| (0..6).map(|m| weights[m] * f64::from(single[m][p].probability)).sum::<f64>();
    let calibration = Calibration { a: 0.7, b: 0.4 };
    for (calibration, wanted) in [
        (None, (0..4).map(|p| average(p) as f32).collect::<Vec<f32>>()),
        (Some(calibration), (0..4).map(|p| calibrated(average(p), calibration)).collect()),
    ] {
        write_ensemble(&all, calibration, &OPTIONS).unwrap().save(&path).unwrap();
        for settings in runtime::engines(&path) {
            let what = format!("{calibration:?} on {}", settings.kind.as_str());
            let got = scores(&settings, &pictures);
            golden::assert_close(&probabilities(&got), &wanted, 1e-4, &what);
            for (got, first) in got.iter().zip(&single[0]) {
                golden::assert_close(&got.features, &first.features, 1e-4, &format!("{what}: features"));
            }
            check(load(&settings).unwrap().as_ref()).unwrap();
        }
    }
}

#[test]
fn members_share_a_backbone() {
    let (model, copy) = (golden::own("dinov3-mlp"), golden::own("dinov3-mlp"));
    let [model, copy] = [model, copy].map(|folder| Model::read(&folder).unwrap());
    let heads = [dense(&model, Pooling::Cls, &[1], 1), dense(&model, Pooling::ClsMean, &[1], 2)];
    let size = |second: &Model| {
        let members =
            [(&model, &heads[0]), (second, &heads[1])].map(|(model, head)| Member { model, head, weight: 0.5 });
        write_ensemble(&members, None, &OPTIONS).unwrap().bytes().unwrap().len()
    };
    let single = alone(&model, &heads[0]).bytes().unwrap().len();
    assert!(size(&model) < single * 11 / 10, "{} beside {single}", size(&model));
    assert!(size(&copy) > single * 19 / 10);
}

#[test]
fn an_ensemble_can_be_quantised() {
    let [one, two] = ["dinov3-gated", "siglip-tower"].map(|name| Model::read(&golden::own(name)).unwrap());
    let bank = HeadForm::Nearest(random_nearest(Pooling::ClsMean, one.features(Pooling::ClsMean), 60, 30));
    let heads = [dense(&one, Pooling::ClsMean, &[1], 1), bank, dense(&two, Pooling::Cls, &[1], 2)];
    let members = [(&one, &heads[0], 0.5), (&one, &heads[1], 0.2), (&two, &heads[2], 0.3)]
        .map(|(model, head, weight)| Member { model, head, weight });
    let temp = tempfile::tempdir().unwrap();
    let (fp32, int8) = (temp.path().join("model.onnx"), temp.path().join("model.int8.onnx"));
    write_ensemble(&members, None, &OPTIONS).unwrap().save(&fp32).unwrap();
    quantise(&fp32, &int8, &QuantiseOptions::default()).unwrap();
    let exact = load(&LoadSettings::rten(&fp32)).unwrap();
    for settings in runtime::engines(&int8) {
        let engine = load(&LoadSettings { precision: Precision::Int8, ..settings }).unwrap();
        let found = compare(exact.as_ref(), engine.as_ref(), &pictures(20)).unwrap();
        println!("{found:?}");
        assert!(found.max_abs > 0.0 && found.max_abs < 0.05, "{found:?}");
        check(engine.as_ref()).unwrap();
    }
}

fn with_bias(model: &Model, bias: f32) -> HeadForm {
    let mut head = random_head(Pooling::Cls, model.hidden_size(), &[1], 8);
    head.layers[0].bias[0] = bias;
    HeadForm::Dense(head)
}

#[test]
fn members_that_are_all_sure_give_a_probability() {
    let model = Model::read(&golden::own("dinov3-gated")).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    // Thirds and sevenths do not sum to 1 in f32.
    for weights in [vec![1.0 / 3.0; 3], vec![1.0 / 7.0; 7], vec![0.6, 0.25, 0.15], vec![0.1; 10], vec![1.0]] {
        for (bias, wanted) in [(1e30, 1.0), (-1e30, 0.0)] {
            let head = with_bias(&model, bias);
            let members: Vec<Member<'_>> =
                weights.iter().map(|&weight| Member { model: &model, head: &head, weight }).collect();
            for calibration in [None, Some(Calibration::default())] {
                write_ensemble(&members, calibration, &OPTIONS).unwrap().save(&path).unwrap();
                for settings in runtime::engines(&path) {
                    let got = scores(&settings, &pictures(1))[0].probability;
                    golden::assert_close(&[got], &[wanted], 2e-5, &format!("{weights:?}, {calibration:?}"));
                }
            }
        }
    }
}

/// Puts NaN in the place of the only `value` of a graph.
fn spoil(graph: &Graph, value: f32, path: &Path) {
    let mut bytes = graph.bytes().unwrap();
    let at: Vec<usize> = (0..bytes.len() - 4).filter(|&i| bytes[i..i + 4] == value.to_le_bytes()).collect();
    assert_eq!(at.len(), 1);
    bytes[at[0]..at[0] + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn nan_in_a_member_never_leaves() {
    let [one, two] = ["dinov3-gated", "dinov2-registers"].map(|name| Model::read(&golden::own(name)).unwrap());
    let mut nearest = random_nearest(Pooling::Cls, two.hidden_size(), 30, 4);
    nearest.temperature = 0.071_234_5;
    let heads = [with_bias(&one, 0.0), HeadForm::Nearest(nearest)];
    let members = [(&one, &heads[0]), (&two, &heads[1])].map(|(model, head)| Member { model, head, weight: 0.5 });
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("model.onnx");
    for calibration in [None, Some(Calibration::default())] {
        spoil(&write_ensemble(&members, calibration, &OPTIONS).unwrap(), 0.071_234_5, &path);
        // OpenVINO's sigmoid makes a number of NaN.
        for settings in runtime::engines(&path).into_iter().filter(|s| s.provider.is_none()) {
            let error = load(&settings).map(|_| ()).unwrap_err();
            assert!(matches!(error, EngineError::NotAProbability { .. }), "{error}");
        }
    }
}

#[test]
fn members_that_cannot_be_averaged_are_refused() {
    let [one, two] = ["dinov3-gated", "siglip-both"].map(|name| Model::read(&golden::own(name)).unwrap());
    let (head, last) = (dense(&one, Pooling::Cls, &[1], 1), dense(&two, Pooling::Last(2), &[1], 1));
    let member = |weight: f64| Member { model: &one, head: &head, weight };
    let cases: [(&[Member<'_>], &str); 9] = [
        (&[], "0 members"),
        (&[member(1.0 / 17.0); 17], "17 members"),
        (&[member(0.5), member(0.4999)], "weights sum to 0.9999"),
        (&[member(0.5), member(0.500_002)], "weights sum to 1.0000"),
        (&[member(1.0), member(0.0)], "member 1 has weight 0"),
        (&[member(1.5), member(-0.5)], "member 1 has weight -0.5"),
        (&[member(f64::NAN)], "member 0 has weight NaN"),
        (&[Member { model: &two, head: &last, weight: 1.0 }], "wants CLS tokens"),
        (&[Member { model: &two, head: &dense(&one, Pooling::ClsMean, &[1], 1), weight: 1.0 }], ""),
    ];
    for (members, wanted) in cases {
        match write_ensemble(members, None, &OPTIONS) {
            Ok(_) => assert_eq!(wanted, "", "it was written"),
            Err(error) => {
                let known = matches!(error, OnnxError::Ensemble(_) | OnnxError::Head(_));
                assert!(known && !wanted.is_empty() && error.to_string().contains(wanted), "{error}");
            }
        }
    }
    let odd = Calibration { a: f32::INFINITY, b: 0.0 };
    assert!(write_ensemble(&[member(1.0)], Some(odd), &OPTIONS).unwrap_err().to_string().contains("a = inf"));
}
