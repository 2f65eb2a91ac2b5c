//! Sets of questions: repeatable, kept, and of the slices asked for.

use hivis_synth::{Mix, Slice};
use hivis_train::questions::SetSettings;
use hivis_types::Label;

fn set(mix: Mix) -> SetSettings {
    SetSettings { seed: 9, mix, scenes: 6, draws: 2, width: 96, height: 72 }
}

#[test]
fn a_set_is_the_same_from_disk_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let settings = set(Mix::default());
    let made = settings.load_or_make(folder.path()).unwrap();
    assert_eq!(made.rows.len(), 12);
    assert_eq!(settings.load_or_make(folder.path()).unwrap(), made);
    assert_eq!(settings.make(), made);
    assert_ne!(made.pictures[0], made.pictures[1], "two draws of one scene differ");
    assert_eq!(made.picture(3).unwrap().width(), 224);
    assert_ne!(set(Mix::pretraining()).key(), settings.key());
}

#[test]
fn roadwork_of_a_slice_belongs_to_it() {
    let made = SetSettings { scenes: 20, draws: 1, ..set(Mix::only(Slice::Excavator)) }.make();
    let mut roadwork = made.rows.iter().filter(|row| row.label == Label::Roadwork).peekable();
    assert!(roadwork.peek().is_some());
    assert!(roadwork.all(|row| row.slices.contains(&Slice::Excavator)));
    let made = SetSettings { scenes: 20, draws: 1, ..set(Mix::pretraining()) }.make();
    assert!(made.rows.iter().all(|row| row.slices.is_empty()));
}
