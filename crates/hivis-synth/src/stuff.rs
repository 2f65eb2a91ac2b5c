//! What a pixel can show.

use serde::{Deserialize, Serialize};

/// The classes of the cover map. The order is part of the contract with stored weights: add at the end only.
///
/// A class names the object, never the situation: a cone is a [`Stuff::Cone`] in a work zone and at a fun run alike,
/// so dense targets are honest and the roadwork label still takes a look at the whole street.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Stuff {
    /// Sky, clouds, and what fog has swallowed.
    Sky,
    /// Walls, windows, roofs.
    Building,
    /// Asphalt: the road, side streets, car parks.
    Road,
    /// Paint on asphalt.
    Marking,
    /// Pavement and kerb.
    Sidewalk,
    /// Grass, verge, hills.
    Grass,
    /// Trees, bushes, hedges.
    Tree,
    /// Passenger cars and vans.
    Car,
    /// Trucks, buses, tractors.
    Truck,
    /// Anyone who is not at work on the road.
    Person,
    /// Lamp posts, signal masts, sign posts.
    Pole,
    /// Ordinary signs and traffic lights.
    TrafficSign,
    /// Fire hydrants.
    Hydrant,
    /// Advertising, awnings, banners.
    Billboard,
    /// Fences, guard rails, bollards, crowd barriers.
    Fence,
    /// The bonnet of the car that carries the camera.
    Hood,
    /// Traffic cones and delineators, wherever they stand.
    Cone,
    /// Red-and-white, orange-and-white or concrete work barriers, wherever they stand.
    Barrier,
    /// Signs that announce work.
    WorkSign,
    /// Excavators.
    Excavator,
    /// People in high-visibility vests and helmets.
    Worker,
    /// Trenches, torn-up asphalt, heaps of earth.
    Trench,
    /// Arrow boards.
    ArrowBoard,
}

impl Stuff {
    /// How many classes there are.
    pub const COUNT: usize = 23;

    /// All classes, in order: `ALL[i] as usize == i`.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Sky,
        Self::Building,
        Self::Road,
        Self::Marking,
        Self::Sidewalk,
        Self::Grass,
        Self::Tree,
        Self::Car,
        Self::Truck,
        Self::Person,
        Self::Pole,
        Self::TrafficSign,
        Self::Hydrant,
        Self::Billboard,
        Self::Fence,
        Self::Hood,
        Self::Cone,
        Self::Barrier,
        Self::WorkSign,
        Self::Excavator,
        Self::Worker,
        Self::Trench,
        Self::ArrowBoard,
    ];

    /// Whether work zones are made of it. Cones and barriers stand elsewhere too, so this is not the label.
    pub fn is_roadwork(self) -> bool {
        self >= Self::Cone
    }

    /// The name in tags and tables, `kebab-case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sky => "sky",
            Self::Building => "building",
            Self::Road => "road",
            Self::Marking => "marking",
            Self::Sidewalk => "sidewalk",
            Self::Grass => "grass",
            Self::Tree => "tree",
            Self::Car => "car",
            Self::Truck => "truck",
            Self::Person => "person",
            Self::Pole => "pole",
            Self::TrafficSign => "traffic-sign",
            Self::Hydrant => "hydrant",
            Self::Billboard => "billboard",
            Self::Fence => "fence",
            Self::Hood => "hood",
            Self::Cone => "cone",
            Self::Barrier => "barrier",
            Self::WorkSign => "work-sign",
            Self::Excavator => "excavator",
            Self::Worker => "worker",
            Self::Trench => "trench",
            Self::ArrowBoard => "arrow-board",
        }
    }
}
