//! Houses and street lamps.

use crate::Stuff;
use crate::brush::Brush;
use crate::raster::{Rgb, mix, scale};
use crate::things::hash;

/// A house: half sizes across and along the road, colours, and an awning over its shop.
pub(crate) struct House {
    pub(crate) half: (f32, f32),
    pub(crate) height: f32,
    pub(crate) wall: Rgb,
    pub(crate) glass: Rgb,
    pub(crate) awning: Option<[Rgb; 2]>,
    pub(crate) seed: u32,
}

/// A wall of a house: a fixed coordinate, and the way along it.
#[derive(Clone, Copy)]
struct Wall {
    /// Along the road (true) or across it.
    along: bool,
    at: f32,
    from: f32,
    to: f32,
    shade: f32,
}

impl Wall {
    fn place(self, t: f32, y: f32, out: f32) -> [f32; 3] {
        let at = self.at + out * self.at.signum();
        if self.along { [at, y, t] } else { [t, y, at] }
    }
}

/// Draws a house with windows on the walls that one sees.
pub(crate) fn building(brush: &mut Brush<'_>, house: &House) {
    let ((hx, hz), height) = (house.half, house.height);
    brush.block(Stuff::Building, house.wall, [-hx, 0.0, -hz], [hx, height, hz]);
    if brush.reflect {
        return; // a mirror image needs no windows
    }
    let eye = brush.eye();
    let mut walls = Vec::with_capacity(2);
    if eye[0].abs() > hx {
        let side = eye[0].signum();
        walls.push(Wall { along: true, at: side * hx, from: -hz, to: hz, shade: brush.side_shade(side) });
    }
    if eye[2] < -hz {
        walls.push(Wall { along: false, at: -hz, from: -hx, to: hx, shade: 0.9 });
    }
    for (i, wall) in walls.into_iter().enumerate() {
        windows(brush, house, wall, i as u32);
        if wall.along
            && let Some(colours) = house.awning
        {
            awning(brush, wall, colours);
        }
    }
}

fn windows(brush: &mut Brush<'_>, house: &House, wall: Wall, which: u32) {
    let storey = 3.1;
    let rows = ((house.height - 0.6) / storey) as u32;
    let long = wall.to - wall.from;
    let columns = (long / 2.7).max(1.0) as u32;
    let pitch = long / columns as f32;
    // Far houses get bands of glass instead of single windows.
    let bands = brush.size() < 3.2;
    let dim = house.glass;
    for row in 0..rows {
        let low = 0.9 + storey * row as f32;
        let high = low + if row == 0 && house.awning.is_some() { 1.7 } else { 1.5 };
        if bands {
            let (a, b) = (wall.from + 0.4, wall.to - 0.4);
            let soft = mix(dim, house.wall, 0.45);
            brush.face(
                Stuff::Building,
                soft,
                wall.shade,
                &[
                    wall.place(a, low, 0.02),
                    wall.place(a, high, 0.02),
                    wall.place(b, high, 0.02),
                    wall.place(b, low, 0.02),
                ],
            );
            continue;
        }
        for column in 0..columns {
            let draw = hash(house.seed ^ (which << 9), row * 64 + column);
            let a = wall.from + pitch * (column as f32 + 0.22);
            let b = wall.from + pitch * (column as f32 + 0.78);
            let corners = [
                wall.place(a, low, 0.02),
                wall.place(a, high, 0.02),
                wall.place(b, high, 0.02),
                wall.place(b, low, 0.02),
            ];
            if brush.light.night > 0.3 && draw < 0.38 {
                let warm = mix([1.0, 0.8, 0.45], [0.75, 0.85, 1.0], (draw * 9.0).fract() * 0.6);
                brush.glowing_face(Stuff::Building, scale(warm, 0.55 + draw), &corners);
            } else {
                let pane = mix(dim, brush.light.sky_low, 0.1 + 0.3 * draw);
                brush.face(Stuff::Building, pane, wall.shade, &corners);
            }
        }
    }
    // The ledge under the roof.
    let (low, high) = (house.height - 0.45, house.height);
    let ledge = [
        wall.place(wall.from, low, 0.03),
        wall.place(wall.from, high, 0.03),
        wall.place(wall.to, high, 0.03),
        wall.place(wall.to, low, 0.03),
    ];
    brush.face(Stuff::Building, scale(house.wall, 0.8), wall.shade, &ledge);
}

/// A striped roof of cloth over a shop window.
fn awning(brush: &mut Brush<'_>, wall: Wall, colours: [Rgb; 2]) {
    let pieces = 8;
    let step = (wall.to - wall.from - 1.0) / pieces as f32;
    for i in 0..pieces {
        let (a, b) = (wall.from + 0.5 + step * i as f32, wall.from + 0.5 + step * (i + 1) as f32);
        let colour = colours[i % 2];
        brush.face(
            Stuff::Billboard,
            colour,
            1.05,
            &[wall.place(a, 3.2, 0.03), wall.place(b, 3.2, 0.03), wall.place(b, 2.5, 1.1), wall.place(a, 2.5, 1.1)],
        );
        brush.face(
            Stuff::Billboard,
            scale(colour, 0.85),
            1.0,
            &[wall.place(a, 2.5, 1.1), wall.place(b, 2.5, 1.1), wall.place(b, 2.25, 1.1), wall.place(a, 2.25, 1.1)],
        );
    }
}

/// A street lamp whose arm reaches `arm` metres to its right.
pub(crate) fn street_lamp(brush: &mut Brush<'_>, height: f32, arm: f32) {
    let steel = [0.38, 0.4, 0.42];
    brush.card(Stuff::Pole, steel, &[(-0.09, 0.0), (-0.06, height), (0.06, height), (0.09, 0.0)]);
    brush.card(Stuff::Pole, steel, &[(0.0, height - 0.1), (0.0, height), (arm, height + 0.15), (arm, height + 0.05)]);
    if brush.light.night > 0.3 {
        brush.spot(Stuff::Pole, [1.0, 0.85, 0.55], (arm, height + 0.05), 0.28);
    } else {
        let (a, b) = (arm - 0.3 * arm.signum(), arm + 0.3 * arm.signum());
        brush.card(Stuff::Pole, [0.7, 0.7, 0.68], &[(a, height), (a, height + 0.14), (b, height + 0.14), (b, height)]);
    }
}
