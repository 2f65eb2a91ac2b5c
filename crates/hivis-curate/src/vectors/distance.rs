//! Sums over two rows, written so that the compiler turns them into the widest instructions there are.

/// Numbers summed side by side.
const LANES: usize = 32;

/// Runs `work` compiled for the processor at hand. Costs a look-up: wrap a block of rows, not one.
#[inline(always)]
pub(crate) fn vectorised<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}

/// Σ a·b.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum(a, b, |a, b| a * b)
}

/// Σ (a - b)²: exact to a few units in the last place even where the rows are nearly the same.
#[inline(always)]
pub(crate) fn squared(a: &[f32], b: &[f32]) -> f32 {
    sum(a, b, |a, b| (a - b) * (a - b))
}

#[inline(always)]
fn sum(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for at in 0..LANES {
            lanes[at] += of(a[at], b[at]);
        }
    }
    let mut rest = 0.0;
    for (a, b) in a_rest.iter().zip(b_rest) {
        rest += of(*a, *b);
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for at in 0..width {
            lanes[at] += lanes[at + width];
        }
    }
    lanes[0] + rest
}

/// Scales a row to length 1; a row of zeros stays one. Squares that would overflow or vanish are scaled first.
#[inline(always)]
pub(crate) fn normalise(row: &mut [f32]) {
    let mut square = dot(row, row);
    if !(1e-20..1e30).contains(&square) {
        let largest = row.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        if largest == 0.0 {
            return;
        }
        for x in row.iter_mut() {
            *x /= largest;
        }
        square = dot(row, row);
    }
    let by = 1.0 / square.sqrt();
    for x in row {
        *x *= by;
    }
}

/// One minus the cosine, held in 0 to 2.
#[inline(always)]
pub(crate) fn from_cosine(cosine: f32) -> f32 {
    (1.0 - cosine).clamp(0.0, 2.0)
}
