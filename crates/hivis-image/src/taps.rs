//! Weights of an antialiased bilinear resize along one axis.
//!
//! A triangle filter, widened by the scale when shrinking. The recipes are in `fixtures/challenge/FACTS.md`, sections
//! "Level 0" and "Levels 1, 2, 3"; they differ in the precision of every step and so in the last bit.

/// For each output position the first input position that counts and the weights from there on.
pub(crate) struct Taps<W> {
    starts: Vec<usize>,
    /// `stride` weights an output position, the unused ones at the end cut off by `counts`.
    weights: Vec<W>,
    counts: Vec<usize>,
    stride: usize,
}

impl<W: Copy + Default> Taps<W> {
    fn with_room(output: usize, support: f64) -> Self {
        let stride = 2 * support.ceil() as usize + 2;
        Self {
            starts: Vec::with_capacity(output),
            weights: vec![W::default(); stride * output],
            counts: Vec::with_capacity(output),
            stride,
        }
    }

    /// First input position and weights, for each output position in order.
    #[inline(always)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &[W])> {
        let rows = self.starts.iter().zip(&self.counts).zip(self.weights.chunks_exact(self.stride));
        rows.map(|((&start, &count), weights)| (start, &weights[..count]))
    }
}

/// Fraction bits of Pillow's 8-bit weights.
pub(crate) const PILLOW_BITS: u32 = 22;

impl Taps<i32> {
    /// Pillow's weights for 8-bit pixels: f64, normalised, then fixed point with [`PILLOW_BITS`].
    pub(crate) fn pillow(input: usize, output: usize) -> Self {
        let scale = input as f64 / output as f64;
        let support = scale.max(1.0);
        let mut taps = Self::with_room(output, support);
        let mut exact = vec![0.0; taps.stride];
        for (i, row) in taps.weights.chunks_exact_mut(taps.stride).enumerate() {
            let centre = (i as f64 + 0.5) * scale;
            let start = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(input);
            let exact = &mut exact[..end - start];
            for (j, weight) in exact.iter_mut().enumerate() {
                *weight = (1.0 - (((j + start) as f64 - centre + 0.5) / support).abs()).max(0.0);
            }
            let sum: f64 = exact.iter().sum();
            for (fixed, weight) in row.iter_mut().zip(exact.iter()) {
                *fixed = (weight / sum * f64::from(1 << PILLOW_BITS) + 0.5) as i32;
            }
            taps.starts.push(start);
            taps.counts.push(end - start);
        }
        taps
    }
}

impl Taps<f32> {
    /// PyTorch's weights for f32 pixels: every stored value is f32, sums with a half are f64.
    pub(crate) fn torch(input: usize, output: usize) -> Self {
        let scale = input as f32 / output as f32;
        let support = scale.max(1.0);
        let inverse = f64::from(1.0 / support);
        let mut taps = Self::with_room(output, f64::from(support));
        for (i, row) in taps.weights.chunks_exact_mut(taps.stride).enumerate() {
            let centre = (f64::from(scale) * (i as f64 + 0.5)) as f32;
            let start = (f64::from(centre - support) + 0.5).max(0.0) as usize;
            let end = ((f64::from(centre + support) + 0.5) as usize).min(input);
            let row = &mut row[..end - start];
            let mut sum = 0.0_f32;
            for (j, weight) in row.iter_mut().enumerate() {
                let distance = ((f64::from((j + start) as f32 - centre) + 0.5) * inverse) as f32;
                *weight = (1.0 - distance.abs()).max(0.0);
                sum += *weight;
            }
            for weight in row {
                *weight /= sum;
            }
            taps.starts.push(start);
            taps.counts.push(end - start);
        }
        taps
    }
}
