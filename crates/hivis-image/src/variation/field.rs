//! Seeded noise over a picture: smooth patches and single grains.

/// Noise that is a pure function of seed and place.
pub(super) struct Field(pub(super) u64);

impl Field {
    /// Smooth noise in 0..1 with patches one long and finer ones in them.
    pub(super) fn patches(&self, u: f32, v: f32) -> f32 {
        0.7 * self.smooth(u, v) + 0.3 * self.smooth(2.6 * u + 11.0, 2.6 * v + 5.0)
    }

    /// Values at whole places, joined smoothly.
    fn smooth(&self, u: f32, v: f32) -> f32 {
        let (left, top) = (u.floor(), v.floor());
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (across, down) = (ease(u - left), ease(v - top));
        let value = |dx: i64, dy: i64| {
            let (x, y) = (left as i64 + dx, top as i64 + dy);
            (self.hash((x as u64) << 32 ^ (y as u64 & 0xffff_ffff)) >> 40) as f32 * (1.0 / 16_777_216.0)
        };
        let upper = value(0, 0) + (value(1, 0) - value(0, 0)) * across;
        let lower = value(0, 1) + (value(1, 1) - value(0, 1)) * across;
        upper + (lower - upper) * down
    }

    /// Three grains of mean 0 and deviation about 1, nearly normal: sums of three even bytes are close enough.
    pub(super) fn grains(&self, at: u64) -> [f32; 3] {
        let (one, two) = (self.hash(2 * at), self.hash(2 * at + 1));
        [one, one >> 24, two].map(|bits| {
            let sum = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255);
            (sum as f32 - 382.5) * (1.0 / 128.0)
        })
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    fn hash(&self, at: u64) -> u64 {
        let mut bits = self.0 ^ at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }
}
