//! The cover map says what the picture shows.

use hivis_synth::{Mix, Stuff, Style, View, scene};

#[test]
fn shares_of_a_patch_sum_to_one() {
    for (seed, (width, height), patch) in
        [(1, (112, 112), 16), (2, (160, 120), 16), (3, (33, 50), 8), (4, (20, 20), 64)]
    {
        let view = View { width, height, camera: 0, style: Style::Generated };
        let patches = scene(seed, &Mix::default()).render(&view).cover.patches(patch);
        assert_eq!((patches.grid_w, patches.grid_h), (width.div_ceil(patch), height.div_ceil(patch)));
        assert_eq!(patches.shares.len(), (patches.grid_w * patches.grid_h) as usize);
        for (i, share) in patches.shares.iter().enumerate() {
            let sum: f32 = share.iter().sum();
            assert!((sum - 1.0).abs() < 1e-5, "seed {seed}, patch {i}: {sum}");
            assert!(share.iter().all(|&part| (0.0..=1.0).contains(&part)), "seed {seed}, patch {i}");
        }
    }
}

#[test]
fn patches_average_to_the_whole() {
    let cover = scene(9, &Mix::default()).render(&View::square(96)).cover;
    let patches = cover.patches(16);
    let whole = cover.shares();
    for stuff in Stuff::ALL {
        let mean: f32 =
            patches.shares.iter().map(|share| share[stuff as usize]).sum::<f32>() / patches.shares.len() as f32;
        assert!((mean - whole[stuff as usize]).abs() < 1e-4, "{}", stuff.as_str());
    }
}

#[test]
fn every_class_is_seen_somewhere() {
    let mut seen = [0.0_f32; Stuff::COUNT];
    for seed in 0..250 {
        let shares = scene(seed, &Mix::default()).render(&View::square(48)).cover.shares();
        seen.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share / 250.0);
    }
    for stuff in Stuff::ALL {
        assert!(seen[stuff as usize] > 2e-5, "{} covers {}", stuff.as_str(), seen[stuff as usize]);
    }
}

#[test]
fn what_covers_a_pixel_agrees_with_its_patch() {
    let cover = scene(21, &Mix::default()).render(&View::square(32)).cover;
    let pixels = cover.patches(1);
    for y in 0..32 {
        for x in 0..32 {
            let share = pixels.shares[(y * 32 + x) as usize][cover.at(x, y) as usize];
            assert!(share >= 0.25, "({x}, {y}): {share}");
        }
    }
}
