//! How much of a picture is one colour.

use hivis_types::Picture;

/// Steps of a channel in the histogram: 8 values each.
const STEPS: usize = 32;

/// Share of the pixels that lie in the fullest box of 16 values a channel, in (0, 1]. Boxes begin at multiples of 8, so
/// that no colour is cut in two by an edge between boxes.
pub fn one_colour_share(picture: &Picture) -> f64 {
    let mut bins = vec![0_u32; STEPS * STEPS * STEPS];
    for pixel in picture.rgb().chunks_exact(3) {
        let [red, green, blue] = [pixel[0] >> 3, pixel[1] >> 3, pixel[2] >> 3].map(usize::from);
        bins[(red * STEPS + green) * STEPS + blue] += 1;
    }
    // Each bin takes its neighbour in, channel by channel. What runs over the end of a row only meets the first bins of
    // the next, whose sum is then of boxes 31 apart: those ends are passed over below.
    for stride in [1, STEPS, STEPS * STEPS] {
        for at in 0..bins.len() - stride {
            bins[at] += bins[at + stride];
        }
    }
    let last = STEPS - 1;
    let inside = |at: &usize| at % STEPS < last && at / STEPS % STEPS < last && at / STEPS / STEPS < last;
    let most = (0..bins.len()).filter(inside).map(|at| bins[at]).max().unwrap_or_default();
    f64::from(most) / (picture.rgb().len() / 3) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of the colours, one after another, in one row.
    fn row(colours: &[[u8; 3]]) -> Picture {
        Picture::new(colours.len() as u32, 1, colours.concat()).expect("a row")
    }

    #[test]
    fn a_colour_on_an_edge_between_bins_stays_one() {
        assert_eq!(one_colour_share(&Picture::filled(7, 5, [255, 0, 8])), 1.0);
        let noisy: Vec<[u8; 3]> = (0..10).map(|n| [120 + n % 8, 127 + n % 2, 63 + n % 3]).collect();
        assert_eq!(one_colour_share(&row(&noisy)), 1.0);
        let mut mixed = noisy;
        mixed.extend((0..30).map(|n| [8 * n, 255 - 8 * n, 128]));
        let share = one_colour_share(&row(&mixed));
        assert!((0.25..0.35).contains(&share), "{share}");
    }

    #[test]
    fn the_ends_of_the_scale_do_not_meet() {
        assert_eq!(one_colour_share(&row(&[[0, 0, 0], [255, 255, 255]])), 0.5);
        assert_eq!(one_colour_share(&row(&[[0, 8, 0], [0, 0, 255]])), 0.5);
    }
}
