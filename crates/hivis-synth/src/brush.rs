//! The brush: draws flat faces, boxes and upright cards of one object into the canvas, lit and fogged.

use crate::Stuff;
use crate::camera::{Camera, V3};
use crate::light::Light;
use crate::raster::{Canvas, Point, Rgb, scale};
use crate::street::Street;

/// A bright spot to be added when all objects are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glow {
    pub(crate) at: Point,
    /// Radius in samples.
    pub(crate) radius: f32,
    pub(crate) colour: Rgb,
}

/// Draws objects, each in a frame of its own: x to the right, y up, z along the object's own direction, metres.
pub(crate) struct Brush<'a> {
    pub(crate) canvas: &'a mut Canvas,
    pub(crate) camera: &'a Camera,
    pub(crate) street: &'a Street,
    pub(crate) light: &'a Light,
    pub(crate) glows: Vec<Glow>,
    /// Draw mirror images on the wet ground instead of the objects.
    pub(crate) reflect: bool,
    /// How much darker the lower edge of a face is than its upper edge: softer looks in the generated style.
    pub(crate) soft: f32,
    origin: V3,
    turn: (f32, f32),
    falling: Rgb,
    depth: f32,
    points: Vec<Point>,
    corners: Vec<V3>,
}

impl<'a> Brush<'a> {
    pub(crate) fn new(canvas: &'a mut Canvas, camera: &'a Camera, street: &'a Street, light: &'a Light) -> Self {
        Self {
            canvas,
            camera,
            street,
            light,
            glows: Vec::new(),
            reflect: false,
            soft: 0.0,
            origin: [0.0; 3],
            turn: (0.0, 1.0),
            falling: [1.0; 3],
            depth: 1.0,
            points: Vec::with_capacity(24),
            corners: Vec::with_capacity(24),
        }
    }

    /// Moves to an object: `s` right of the road's middle, `z` ahead, turned by `turn` radians against the road.
    pub(crate) fn stand(&mut self, s: f32, z: f32, turn: f32) {
        self.origin = self.street.place(s, 0.0, z);
        self.turn = (turn + self.street.slope(z).atan()).sin_cos();
        self.falling = self.light.falling(s, z);
        self.depth = self.camera.depth(self.origin);
    }

    /// Samples a metre at the object.
    pub(crate) fn size(&self) -> f32 {
        self.camera.scale_at(self.origin)
    }

    /// Whether it is in front of the lens at all.
    pub(crate) fn in_sight(&self) -> bool {
        self.depth > -6.0
    }

    fn world(&self, local: V3) -> V3 {
        let (sin, cos) = self.turn;
        let y = if self.reflect { -local[1] } else { local[1] };
        [
            self.origin[0] + local[0] * cos + local[2] * sin,
            self.origin[1] + y,
            self.origin[2] - local[0] * sin + local[2] * cos,
        ]
    }

    /// Where the camera is in the object's frame.
    pub(crate) fn eye(&self) -> V3 {
        let d = [self.camera.at[0] - self.origin[0], self.camera.at[1], self.camera.at[2] - self.origin[2]];
        let (sin, cos) = self.turn;
        [d[0] * cos - d[2] * sin, d[1], d[0] * sin + d[2] * cos]
    }

    /// A flat face with corners in the object's frame; `shade` is how much of the light it catches.
    pub(crate) fn face(&mut self, stuff: Stuff, colour: Rgb, shade: f32, corners: &[V3]) {
        let mut world = std::mem::take(&mut self.corners);
        world.clear();
        world.extend(corners.iter().map(|&corner| self.world(corner)));
        let mut points = std::mem::take(&mut self.points);
        self.camera.polygon(&world, &mut points);
        self.corners = world;
        self.lay(&points, stuff, colour, shade);
        self.points = points;
    }

    /// An upright shape that faces the camera; points are metres right of and above the object's foot.
    pub(crate) fn card(&mut self, stuff: Stuff, colour: Rgb, outline: &[(f32, f32)]) {
        let mut world = std::mem::take(&mut self.corners);
        world.clear();
        let sign = if self.reflect { -1.0 } else { 1.0 };
        let origin = self.origin;
        world.extend(outline.iter().map(|&(x, y)| [origin[0] + x, origin[1] + sign * y, origin[2]]));
        let mut points = std::mem::take(&mut self.points);
        self.camera.polygon(&world, &mut points);
        self.corners = world;
        self.lay(&points, stuff, colour, 1.0);
        self.points = points;
    }

    /// An upright ellipse that faces the camera: middle, half width, half height.
    pub(crate) fn disc(&mut self, stuff: Stuff, colour: Rgb, middle: (f32, f32), radii: (f32, f32)) {
        let corners: [(f32, f32); 10] = std::array::from_fn(|i| {
            let (sin, cos) = (i as f32 * std::f32::consts::TAU / 10.0).sin_cos();
            (middle.0 + radii.0 * cos, middle.1 + radii.1 * sin)
        });
        self.card(stuff, colour, &corners);
    }

    fn lay(&mut self, points: &[Point], stuff: Stuff, colour: Rgb, shade: f32) {
        let lit = self.light.through(colour, scale(self.falling, shade), self.depth);
        if self.reflect {
            self.canvas.tint_ground(points, lit, 0.38 * self.light.wet);
        } else if self.soft > 0.0 && points.len() > 2 {
            self.canvas.fill_gradient(points, [scale(lit, 1.0 + self.soft), scale(lit, 1.0 - self.soft)], stuff);
        } else {
            self.canvas.fill(points, lit, stuff);
        }
    }

    /// The visible faces of a box between two corners.
    pub(crate) fn block(&mut self, stuff: Stuff, colour: Rgb, low: V3, high: V3) {
        let ([x0, y0, z0], [x1, y1, z1]) = (low, high);
        let eye = self.eye();
        if eye[0] < x0 {
            self.face(stuff, colour, self.side_shade(-1.0), &[[x0, y0, z0], [x0, y1, z0], [x0, y1, z1], [x0, y0, z1]]);
        } else if eye[0] > x1 {
            self.face(stuff, colour, self.side_shade(1.0), &[[x1, y0, z0], [x1, y1, z0], [x1, y1, z1], [x1, y0, z1]]);
        }
        if eye[2] < z0 {
            self.face(stuff, colour, 0.9, &[[x0, y0, z0], [x0, y1, z0], [x1, y1, z0], [x1, y0, z0]]);
        } else if eye[2] > z1 {
            self.face(stuff, colour, 0.9, &[[x0, y0, z1], [x0, y1, z1], [x1, y1, z1], [x1, y0, z1]]);
        }
        if eye[1] > y1 {
            self.face(stuff, colour, 1.12, &[[x0, y1, z0], [x0, y1, z1], [x1, y1, z1], [x1, y1, z0]]);
        }
    }

    /// How bright a face that looks left (-1) or right (1) is.
    pub(crate) fn side_shade(&self, side: f32) -> f32 {
        0.8 + 0.3 * self.light.sun * side * self.light.sun_side
    }

    /// A shadow on the ground, half sizes across and along.
    pub(crate) fn shadow(&mut self, half_x: f32, half_z: f32) {
        if self.reflect {
            return;
        }
        let push = 0.5 * self.light.sun * -self.light.sun_side;
        let corners: [V3; 8] = std::array::from_fn(|i| {
            let (sin, cos) = (i as f32 * std::f32::consts::TAU / 8.0).sin_cos();
            self.world([half_x * (cos * 1.15 + push), 0.0, half_z * sin * 1.1])
        });
        let mut points = std::mem::take(&mut self.points);
        self.camera.polygon(&corners, &mut points);
        let share =
            (0.25 + 0.3 * self.light.sun) * (1.0 - self.light.hidden(self.depth)) * (1.0 - 0.5 * self.light.night);
        self.canvas.tint(&points, [0.02, 0.02, 0.04], share);
        self.points = points;
    }

    /// A face that shines by itself.
    pub(crate) fn glowing_face(&mut self, stuff: Stuff, colour: Rgb, corners: &[V3]) {
        let falling = std::mem::replace(&mut self.falling, [1.0; 3]);
        self.face(stuff, colour, 1.0, corners);
        self.falling = falling;
    }

    /// A lamp at a place in the object's frame: a bright spot now, a glow at night and in the dim.
    pub(crate) fn lamp(&mut self, stuff: Stuff, colour: Rgb, at: V3, radius: f32) {
        let at = self.world(at);
        self.shine(stuff, colour, at, radius);
    }

    /// A lamp on a card: metres right of and above the object's foot.
    pub(crate) fn spot(&mut self, stuff: Stuff, colour: Rgb, (x, y): (f32, f32), radius: f32) {
        let sign = if self.reflect { -1.0 } else { 1.0 };
        self.shine(stuff, colour, [self.origin[0] + x, self.origin[1] + sign * y, self.origin[2]], radius);
    }

    fn shine(&mut self, stuff: Stuff, colour: Rgb, at: V3, radius: f32) {
        let Some(spot) = self.camera.point(at) else { return };
        let per_metre = self.size();
        let seen = (0.12 + 0.88 * self.light.night) * (1.0 - 0.6 * self.light.hidden(self.depth));
        if self.reflect {
            let streak = (radius * 3.0 * per_metre).max(1.0);
            let long = streak * 6.0;
            let corners = [
                (spot.0 - streak, spot.1),
                (spot.0, spot.1 - long),
                (spot.0 + streak, spot.1),
                (spot.0, spot.1 + long),
            ];
            self.canvas.tint_ground(&corners, colour, 0.45 * self.light.wet * seen);
            return;
        }
        let half = radius * per_metre;
        let square = [
            (spot.0 - half, spot.1 - half),
            (spot.0 + half, spot.1 - half),
            (spot.0 + half, spot.1 + half),
            (spot.0 - half, spot.1 + half),
        ];
        self.canvas.fill(&square, colour, stuff);
        self.glows.push(Glow { at: spot, radius: (radius * 6.0 * per_metre).max(2.0), colour: scale(colour, seen) });
    }
}
