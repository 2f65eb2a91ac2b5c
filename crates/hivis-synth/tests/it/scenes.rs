//! A scene is a pure function of its seed, whatever its size.

use hivis_synth::{Confuser, Mix, Stuff, Style, View, scene};
use hivis_types::Label;

const STYLES: [Style; 2] = [Style::Camera, Style::Generated];

#[test]
fn the_same_seed_gives_the_same_picture() {
    for seed in 0..12 {
        for style in STYLES {
            let view = View { width: 96, height: 80, camera: 1, style };
            let (first, second) = (scene(seed, &Mix::default()), scene(seed, &Mix::default()));
            assert_eq!(first.tags, second.tags);
            assert_eq!(first.render(&view), second.render(&view), "seed {seed}, {style:?}");
        }
    }
}

#[test]
fn seeds_cameras_and_styles_differ() {
    let mix = Mix::default();
    for seed in 0..12 {
        let view = View::square(64);
        let one = scene(seed, &mix).render(&view);
        let others = [
            scene(seed + 1, &mix).render(&view),
            scene(seed, &mix).render(&View { camera: 1, ..view }),
            scene(seed, &mix).render(&View { style: Style::Generated, ..view }),
        ];
        for (which, other) in others.iter().enumerate() {
            assert_ne!(one.picture, other.picture, "seed {seed}, other {which}");
        }
    }
}

#[test]
fn a_scene_looks_the_same_at_every_size() {
    for seed in 0..30 {
        let street = scene(seed, &Mix::default());
        let small = street.render(&View::square(112)).cover.shares();
        let large = street.render(&View::square(224)).cover.shares();
        for stuff in Stuff::ALL {
            let (a, b) = (small[stuff as usize], large[stuff as usize]);
            assert!((a - b).abs() < 0.02, "seed {seed}: {} covers {a} and {b}", stuff.as_str());
        }
    }
}

#[test]
fn odd_sizes_are_rendered_too() {
    for (width, height) in [(1, 1), (1, 40), (40, 1), (320, 240), (97, 33), (0, 0)] {
        let seen = scene(3, &Mix::default()).render(&View { width, height, camera: 0, style: Style::Generated });
        assert_eq!((seen.picture.width(), seen.picture.height()), (width.max(1), height.max(1)));
    }
}

#[test]
fn roadwork_is_seen_where_the_label_says_so_and_nowhere_else() {
    for seed in 0..150 {
        let street = scene(seed, &Mix::default());
        let wide = View { width: 160, height: 120, camera: 0, style: Style::Camera };
        let shares = street.render(&wide).cover.shares();
        let work: f32 = Stuff::ALL.into_iter().filter(|stuff| stuff.is_roadwork()).map(|s| shares[s as usize]).sum();
        if street.label == Label::Roadwork {
            assert!(work > 0.01, "seed {seed} shows {work} of roadwork");
            assert!(!street.tags.equipment.is_empty(), "seed {seed} has no equipment");
            for stuff in Stuff::ALL.into_iter().filter(|&stuff| stuff.is_roadwork() && shares[stuff as usize] > 0.004) {
                assert!(street.tags.equipment.contains(&stuff), "seed {seed} shows {} untagged", stuff.as_str());
            }
        } else {
            assert!(street.tags.equipment.is_empty(), "seed {seed}");
            // Cones stand at sports events and on car parks too; nothing else of a work zone does.
            let cones = street.tags.confusers.iter().any(|confuser| confuser.has_roadwork_objects());
            let but_cones = work - shares[Stuff::Cone as usize];
            assert!(but_cones == 0.0, "seed {seed} shows {but_cones} of roadwork");
            assert!(cones || work == 0.0, "seed {seed} shows cones without a reason");
        }
    }
}

#[test]
fn tags_are_text() {
    let street = (0..1000)
        .map(|seed| scene(seed, &Mix::default()))
        .find(|s| !s.tags.confusers.is_empty() && s.label == Label::Roadwork);
    let tags: Vec<String> = street.expect("some roadwork scene has a look-alike").tags.iter().collect();
    assert!(
        tags[0].starts_with("weather:") && tags[1].starts_with("time:") && tags[2].starts_with("angle:"),
        "{tags:?}"
    );
    for kind in ["equipment:", "confuser:"] {
        assert!(tags.iter().any(|tag| tag.starts_with(kind)), "{tags:?}");
    }
    for confuser in Confuser::ALL {
        let text = serde_json::to_string(&confuser).expect("a name is JSON");
        assert_eq!(text, format!("\"{}\"", confuser.as_str()));
    }
    for (i, stuff) in Stuff::ALL.into_iter().enumerate() {
        assert_eq!(stuff as usize, i);
        let text = serde_json::to_string(&stuff).expect("a name is JSON");
        assert_eq!(text, format!("\"{}\"", stuff.as_str()));
    }
}
