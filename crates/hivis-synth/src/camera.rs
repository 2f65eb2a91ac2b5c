//! The camera: where it sits, and how points of the world fall on the canvas.

use crate::raster::Point;

/// A point or direction in metres: right of the camera's lane, up from the ground, along the road.
pub(crate) type V3 = [f32; 3];

/// Nothing nearer than this is drawn, metres.
const NEAR: f32 = 0.6;

/// A camera's mount, independent of any picture's size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rig {
    /// Where it is: right of the road's middle line, above the ground, along the road.
    pub(crate) at: V3,
    /// Turn to the right, radians.
    pub(crate) yaw: f32,
    /// Tilt upwards, radians.
    pub(crate) pitch: f32,
    /// Roll clockwise, radians.
    pub(crate) roll: f32,
    /// Focal length in units of the square root of the picture's area.
    pub(crate) focal: f32,
    /// Whether left and right are exchanged (countries that drive on the left).
    pub(crate) mirrored: bool,
}

/// A rig before a canvas of a given size.
pub(crate) struct Camera {
    pub(crate) at: V3,
    right: V3,
    up: V3,
    forward: V3,
    focal: f32,
    centre: Point,
    flip: f32,
}

fn dot(a: V3, b: V3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

impl Camera {
    /// Points the rig at a canvas of `width` by `height` samples.
    pub(crate) fn new(rig: &Rig, width: usize, height: usize) -> Self {
        let (sy, cy) = rig.yaw.sin_cos();
        let (sp, cp) = rig.pitch.sin_cos();
        let (sr, cr) = rig.roll.sin_cos();
        let forward = [sy * cp, sp, cy * cp];
        let right0 = [cy, 0.0, -sy];
        let up0 = [-sy * sp, cp, -cy * sp];
        let turn =
            |a: f32, b: f32| [a * right0[0] + b * up0[0], a * right0[1] + b * up0[1], a * right0[2] + b * up0[2]];
        Self {
            at: rig.at,
            right: turn(cr, -sr),
            up: turn(sr, cr),
            forward,
            focal: rig.focal * ((width * height) as f32).sqrt(),
            centre: (width as f32 / 2.0, height as f32 / 2.0),
            flip: if rig.mirrored { -1.0 } else { 1.0 },
        }
    }

    /// Samples that one metre covers at this depth.
    pub(crate) fn scale_at(&self, point: V3) -> f32 {
        self.focal / self.depth(point).max(NEAR)
    }

    /// Metres in front of the lens.
    pub(crate) fn depth(&self, point: V3) -> f32 {
        dot([point[0] - self.at[0], point[1] - self.at[1], point[2] - self.at[2]], self.forward)
    }

    /// The direction of the ray through a sample: the one of the row's first sample, and the step to the next.
    pub(crate) fn row(&self, y: usize) -> (V3, V3) {
        let v = (self.centre.1 - y as f32 - 0.5) / self.focal;
        let u = self.flip * (0.5 - self.centre.0) / self.focal;
        let step = self.right.map(|r| r * self.flip / self.focal);
        let at = |i: usize| self.forward[i] + u * self.right[i] + v * self.up[i];
        ([at(0), at(1), at(2)], step)
    }

    /// Where a point falls; nothing when it is behind the lens.
    pub(crate) fn point(&self, point: V3) -> Option<Point> {
        let seen = self.seen(point);
        (seen[2] >= NEAR).then(|| self.fall(seen))
    }

    /// Where a polygon falls, cut at the near plane. `into` is emptied first.
    pub(crate) fn polygon(&self, points: &[V3], into: &mut Vec<Point>) {
        into.clear();
        let Some(&last) = points.last() else { return };
        let mut from = self.seen(last);
        for &point in points {
            let to = self.seen(point);
            if (from[2] < NEAR) != (to[2] < NEAR) {
                let share = (NEAR - from[2]) / (to[2] - from[2]);
                into.push(self.fall([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]), NEAR]));
            }
            if to[2] >= NEAR {
                into.push(self.fall(to));
            }
            from = to;
        }
    }

    /// In the camera's own axes: right, up, ahead.
    fn seen(&self, point: V3) -> V3 {
        let d = [point[0] - self.at[0], point[1] - self.at[1], point[2] - self.at[2]];
        [dot(d, self.right), dot(d, self.up), dot(d, self.forward)]
    }

    fn fall(&self, seen: V3) -> Point {
        let per_metre = self.focal / seen[2];
        (self.centre.0 + self.flip * seen[0] * per_metre, self.centre.1 - seen[1] * per_metre)
    }
}
