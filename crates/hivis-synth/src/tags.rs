//! Slice tags: what a report breaks its figures down by.

use serde::{Deserialize, Serialize};

use crate::Stuff;

/// The weather of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weather {
    /// Sun and shadows (stars at night).
    Clear,
    /// Even light, no shadows.
    Overcast,
    /// Streaks, a wet road that reflects.
    Rain,
    /// What is far fades.
    Fog,
    /// Flakes, white ground.
    Snow,
}

/// Day or night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeOfDay {
    /// The sun is up.
    Day,
    /// Low, warm light.
    Dusk,
    /// Head lamps, street lamps, lit windows.
    Night,
}

/// Where the camera sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraAngle {
    /// A dashcam that looks down the road.
    Ahead,
    /// A camera turned towards one side of the street.
    Sideways,
    /// A high mount (bus, truck) that looks down.
    High,
    /// A tilted phone.
    Tilted,
}

/// Things that look like roadwork and are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confuser {
    /// Orange, yellow or red cars.
    OrangeCar,
    /// A truck, bus or tractor in a machine's colours, parked.
    ParkedTruck,
    /// A fun run: cones, crowd barriers, banners, runners.
    SportsEvent,
    /// Cones on a car park beside the road.
    CarParkCones,
    /// Ordinary traffic signs, warning diamonds among them.
    TrafficSign,
    /// Fire hydrants.
    Hydrant,
    /// Pedestrians in orange or yellow jackets.
    OrangePedestrian,
    /// Orange or red-and-white advertising and awnings.
    Advertising,
    /// Red-and-white bollards and fences.
    StripedFence,
}

/// What a scene holds, for slices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// The weather.
    pub weather: Weather,
    /// Day, dusk or night.
    pub time: TimeOfDay,
    /// The camera.
    pub angle: CameraAngle,
    /// What the work zone is made of, sorted; empty when the label is clear.
    pub equipment: Vec<Stuff>,
    /// Look-alikes present, sorted; in roadwork scenes too.
    pub confusers: Vec<Confuser>,
}

impl Weather {
    /// The name in tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Overcast => "overcast",
            Self::Rain => "rain",
            Self::Fog => "fog",
            Self::Snow => "snow",
        }
    }
}

impl TimeOfDay {
    /// The name in tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Dusk => "dusk",
            Self::Night => "night",
        }
    }
}

impl CameraAngle {
    /// The name in tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Sideways => "sideways",
            Self::High => "high",
            Self::Tilted => "tilted",
        }
    }
}

impl Confuser {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OrangeCar,
        Self::ParkedTruck,
        Self::SportsEvent,
        Self::CarParkCones,
        Self::TrafficSign,
        Self::Hydrant,
        Self::OrangePedestrian,
        Self::Advertising,
        Self::StripedFence,
    ];

    /// The name in tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrangeCar => "orange-car",
            Self::ParkedTruck => "parked-truck",
            Self::SportsEvent => "sports-event",
            Self::CarParkCones => "car-park-cones",
            Self::TrafficSign => "traffic-sign",
            Self::Hydrant => "hydrant",
            Self::OrangePedestrian => "orange-pedestrian",
            Self::Advertising => "advertising",
            Self::StripedFence => "striped-fence",
        }
    }

    /// Whether it is made of objects that work zones are made of too.
    pub fn has_roadwork_objects(self) -> bool {
        matches!(self, Self::SportsEvent | Self::CarParkCones)
    }
}

impl Tags {
    /// The tags as text: `weather:rain`, `time:night`, `angle:ahead`, `equipment:cone`, `confuser:orange-car`.
    pub fn iter(&self) -> impl Iterator<Item = String> + '_ {
        let fixed = [
            format!("weather:{}", self.weather.as_str()),
            format!("time:{}", self.time.as_str()),
            format!("angle:{}", self.angle.as_str()),
        ];
        let equipment = self.equipment.iter().map(|stuff| format!("equipment:{}", stuff.as_str()));
        let confusers = self.confusers.iter().map(|confuser| format!("confuser:{}", confuser.as_str()));
        fixed.into_iter().chain(equipment).chain(confusers)
    }
}
