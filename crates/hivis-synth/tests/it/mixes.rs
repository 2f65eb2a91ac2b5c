//! Mixes hold their shares, and what they withhold never comes.

use hivis_synth::{Mix, Scene, Slice, Stuff, TimeOfDay, View, Weather, scene};
use hivis_types::Label;

fn scenes(count: u64, mix: &Mix) -> Vec<Scene> {
    (0..count).map(|seed| scene(seed, mix)).collect()
}

/// Five deviations of a binomial share: a seeded test fails by chance never.
fn near(found: usize, of: usize, share: f64) -> bool {
    let bound = 5.0 * (share * (1.0 - share) / of as f64).sqrt();
    (found as f64 / of as f64 - share).abs() <= bound
}

#[test]
fn label_shares_hold() {
    for share in [0.0, 0.2, 0.5, 1.0] {
        let drawn = scenes(300, &Mix::default().with_label_share(share));
        let work = drawn.iter().filter(|s| s.label == Label::Roadwork).count();
        assert!(near(work, 300, share), "{work} of 300 at {share}");
    }
}

#[test]
fn night_and_rain_come_as_often_with_roadwork_as_without() {
    let drawn = scenes(600, &Mix::default());
    for label in [Label::Clear, Label::Roadwork] {
        let these: Vec<_> = drawn.iter().filter(|s| s.label == label).collect();
        let night = these.iter().filter(|s| s.tags.time == TimeOfDay::Night).count();
        let rain = these.iter().filter(|s| s.tags.weather == Weather::Rain).count();
        assert!(near(night, these.len(), 0.26), "{label:?}: {night} nights of {}", these.len());
        assert!(near(rain, these.len(), 0.18), "{label:?}: {rain} rains of {}", these.len());
    }
}

#[test]
fn pretraining_never_shows_what_it_withholds() {
    let mix = Mix::pretraining();
    let mut dark = 0;
    for seed in 0..400 {
        let street = scene(seed, &mix);
        let slices: Vec<_> = Slice::ALL.into_iter().filter(|slice| slice.holds(&street.tags)).collect();
        assert!(slices.is_empty(), "seed {seed} is of {slices:?}");
        let cover = street.render(&View::square(64)).cover;
        let shares = cover.shares();
        assert!(shares[Stuff::Excavator as usize] + shares[Stuff::ArrowBoard as usize] == 0.0, "seed {seed}");
        if street.tags.time == TimeOfDay::Night || street.tags.weather == Weather::Rain {
            dark += 1;
            assert!(cover.roadwork() == 0.0, "seed {seed} shows roadwork at night or in rain");
        }
    }
    assert!(dark > 40, "only {dark} of 400 scenes are dark or wet: the test proves nothing");
}

#[test]
fn a_slice_can_be_asked_for() {
    for slice in Slice::ALL {
        let drawn = scenes(60, &Mix::only(slice));
        let (work, clear): (Vec<_>, Vec<_>) = drawn.iter().partition(|s| s.label == Label::Roadwork);
        assert!(work.len() > 10 && clear.len() > 10, "{slice:?}: {} and {}", work.len(), clear.len());
        for street in work {
            assert!(slice.holds(&street.tags), "{slice:?}, seed {}: {:?}", street.seed, street.tags);
        }
        for street in clear {
            // Darkness and rain must not give the label away.
            assert!(slice != Slice::NightRoadwork || street.tags.time == TimeOfDay::Night);
            assert!(slice != Slice::RainRoadwork || street.tags.weather == Weather::Rain);
        }
    }
}

#[test]
fn one_slice_can_be_withheld_alone() {
    let mix = Mix::default().without(Slice::Excavator);
    let drawn = scenes(300, &mix);
    assert!(drawn.iter().all(|s| !Slice::Excavator.holds(&s.tags)));
    assert!(drawn.iter().any(|s| Slice::ArrowBoard.holds(&s.tags)));
    assert!(drawn.iter().any(|s| Slice::NightRoadwork.holds(&s.tags) && s.label == Label::Roadwork));
}
