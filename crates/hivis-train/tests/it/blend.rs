//! Neighbours' votes as computed for the fit are those of the graph that serves.

use hivis_engine::LoadSettings;
use hivis_onnx::{Calibration, HeadForm, Member, Model, Nearest, Pooling, WriteOptions, write_ensemble};
use hivis_train::features::Backbone;
use hivis_train::questions::SetSettings;
use hivis_train::{blend, tiny};
use hivis_types::{Label, Picture};

#[test]
fn votes_are_those_of_the_graph() {
    let model = Model::from_parts(tiny::CONFIG, Some(tiny::PREPROCESSOR), tiny::WEIGHTS.to_vec()).unwrap();
    let backbone = Backbone::of(&model, "tiny".to_owned(), Pooling::ClsMean, 1).unwrap();
    let set = SetSettings { seed: 11, mix: hivis_synth::Mix::default(), scenes: 24, draws: 1, width: 240, height: 180 };
    let questions = set.make();
    let pictures: Vec<Picture> = (0..24).map(|row| questions.picture(row).unwrap()).collect();
    let features = backbone.features(&pictures).unwrap();
    let width = backbone.width();
    let nearest = Nearest {
        pooling: Pooling::ClsMean,
        bank: features[..16 * width].to_vec(),
        labels: questions.labels()[..16].iter().map(|label| *label == Label::Roadwork).collect(),
        k: 5,
        temperature: 0.07,
        calibration: Calibration::default(),
    };
    let voted = blend::votes(&nearest, &features[16 * width..]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let member = Member { model: &model, head: &HeadForm::Nearest(nearest), weight: 1.0 };
    write_ensemble(&[member], None, &WriteOptions::default()).unwrap().save(&path).unwrap();
    let engine = hivis_engine::load(&LoadSettings::rten(path)).unwrap();
    for (picture, voted) in pictures[16..].iter().zip(voted) {
        let judged = f64::from(engine.run(&[picture]).unwrap()[0].probability);
        assert!((judged - voted).abs() < 1e-3, "the graph says {judged}, {voted} was computed");
    }
}
