//! The world behind a scene: a street, its air, a camera, and things that stand where.

use crate::camera::Rig;
use crate::light::Light;
use crate::raster::Rgb;
use crate::street::Street;

/// Everything that a view needs, in metres.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) street: Street,
    pub(crate) light: Light,
    pub(crate) rig: Rig,
    /// Whether the bonnet shows at the lower edge.
    pub(crate) hood: Option<Rgb>,
    /// 0..=1: how hard it rains.
    pub(crate) rain: f32,
    /// 0..=1: how thick snow falls.
    pub(crate) flakes: f32,
    /// Farthest first.
    pub(crate) placed: Vec<Placed>,
}

/// A thing on its place: `s` right of the road's middle, `z` ahead, turned by `turn` radians against the road.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) thing: Thing,
    pub(crate) s: f32,
    pub(crate) z: f32,
    pub(crate) turn: f32,
}

/// Bodies of cars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Sedan,
    Hatchback,
    Suv,
    Van,
}

/// Kinds of heavy vehicles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heavy {
    Box,
    Bus,
    Dump,
    Tractor,
    Flatbed,
}

/// How a tree grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    Round,
    Conifer,
    Bare,
    Bush,
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pose {
    Stands,
    Walks,
    Runs,
    Digs,
    HoldsPaddle,
}

/// Shapes of barriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BarrierKind {
    /// Striped planks on feet.
    Planks,
    /// A low wall of plastic or concrete.
    Wall,
    /// A barrel with bands.
    Drum,
}

/// Shapes of ordinary fences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FenceKind {
    /// Steel bars, as at events.
    Crowd,
    /// A guard rail.
    Rail,
    /// One bollard.
    Bollard,
    /// The arm of a car park or level crossing.
    Arm,
}

/// Faces of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Diamond,
    Triangle,
    Board,
    Round,
    Octagon,
    Square,
}

/// What can stand in a scene. Lengths in metres.
#[derive(Clone, Debug)]
pub(crate) enum Thing {
    Building { half: (f32, f32), height: f32, wall: Rgb, glass: Rgb, awning: Option<[Rgb; 2]>, seed: u32 },
    Tree { height: f32, crown: Rgb, growth: Growth, seed: u32 },
    Lamp { height: f32, arm: f32 },
    Car { paint: Rgb, body: Body, lit: bool },
    Truck { cab: Rgb, load: Rgb, kind: Heavy, beacon: bool },
    Person { jacket: Rgb, trousers: Rgb, height: f32, pose: Pose, bib: bool },
    Worker { vest: Rgb, helmet: Rgb, height: f32, pose: Pose },
    Cone { height: f32, colour: Rgb, tube: bool, bands: u8 },
    Barrier { kind: BarrierKind, colours: [Rgb; 2], length: f32, along: bool },
    WorkSign { face: Face, colour: Rgb, size: f32, foot: f32 },
    TrafficSign { face: Face, colour: Rgb, size: f32, foot: f32 },
    TrafficLight { state: u8, arm: f32 },
    Hydrant { colour: Rgb },
    Billboard { colours: [Rgb; 2], size: (f32, f32), foot: f32, stripes: bool },
    Arch { colour: Rgb, half: f32 },
    Fence { kind: FenceKind, colours: [Rgb; 2], length: f32, along: bool },
    Excavator { colour: Rgb, facing: f32, reach: f32, size: f32 },
    Trench { half: (f32, f32), earth: Rgb },
    Heap { radius: f32, height: f32, earth: Rgb },
    ArrowBoard { points: f32, lit: bool },
}

impl Thing {
    /// What is drawn first: ground, then houses, then the rest from far to near.
    pub(crate) fn layer(&self) -> u8 {
        match self {
            Self::Trench { .. } => 0,
            Self::Building { .. } => 1,
            _ => 2,
        }
    }
}

impl World {
    /// Sorts things for painting.
    pub(crate) fn order(&mut self) {
        self.placed.sort_by(|a, b| a.thing.layer().cmp(&b.thing.layer()).then(b.z.total_cmp(&a.z)));
    }
}
