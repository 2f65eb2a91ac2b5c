//! Light and air for weather and time of day.

use crate::dice::Dice;
use crate::light::Light;
use crate::raster::{mix, scale};
use crate::{TimeOfDay, Weather};

/// The light of a scene, without its street lamps.
pub(crate) fn light(dice: &mut Dice, weather: Weather, time: TimeOfDay) -> Light {
    let mut light = match weather {
        Weather::Clear => Light {
            sky_top: dice.pick(&[[0.24, 0.46, 0.82], [0.35, 0.55, 0.85], [0.3, 0.5, 0.75]]),
            sky_low: [0.74, 0.84, 0.93],
            cloud: [1.0, 1.0, 1.0],
            cloudiness: dice.range(0.0, 0.65),
            fog: [0.74, 0.82, 0.9],
            density: 0.0018,
            ambient: [1.02, 1.0, 0.95],
            sun: dice.range(0.5, 1.0),
            ..blank()
        },
        Weather::Overcast => Light {
            sky_top: [0.66, 0.69, 0.73],
            sky_low: [0.82, 0.84, 0.86],
            cloud: [0.9, 0.9, 0.92],
            cloudiness: dice.range(0.5, 0.9),
            fog: [0.78, 0.8, 0.83],
            density: 0.0035,
            ambient: [0.84, 0.86, 0.9],
            sun: 0.12,
            ..blank()
        },
        Weather::Rain => Light {
            sky_top: [0.45, 0.48, 0.53],
            sky_low: [0.66, 0.69, 0.73],
            cloud: [0.55, 0.57, 0.62],
            cloudiness: dice.range(0.6, 0.9),
            fog: [0.62, 0.65, 0.69],
            density: dice.range(0.008, 0.016),
            ambient: [0.68, 0.71, 0.76],
            sun: 0.05,
            wet: dice.range(0.6, 1.0),
            ..blank()
        },
        Weather::Fog => Light {
            sky_top: [0.74, 0.76, 0.78],
            sky_low: [0.8, 0.81, 0.82],
            cloud: [0.8; 3],
            cloudiness: 0.0,
            fog: [0.79, 0.8, 0.81],
            density: dice.range(0.022, 0.05),
            ambient: [0.84, 0.86, 0.88],
            sun: 0.05,
            wet: 0.15,
            ..blank()
        },
        Weather::Snow => Light {
            sky_top: [0.72, 0.75, 0.8],
            sky_low: [0.86, 0.88, 0.91],
            cloud: [0.9, 0.91, 0.94],
            cloudiness: 0.5,
            fog: [0.85, 0.87, 0.9],
            density: dice.range(0.008, 0.018),
            ambient: [0.86, 0.89, 0.95],
            sun: 0.1,
            snow: dice.range(0.45, 0.95),
            ..blank()
        },
    };
    light.sun_side = dice.sign();
    match time {
        TimeOfDay::Day => {}
        TimeOfDay::Dusk => {
            let clear = weather == Weather::Clear;
            let glow = if clear { [0.98, 0.66, 0.42] } else { [0.66, 0.56, 0.55] };
            light.sky_low = mix(light.sky_low, glow, 0.75);
            light.sky_top = mix(scale(light.sky_top, 0.65), [0.3, 0.28, 0.45], 0.4);
            light.cloud = mix(light.cloud, [0.95, 0.6, 0.5], 0.5);
            light.fog = mix(scale(light.fog, 0.75), glow, 0.4);
            light.ambient = [light.ambient[0] * 0.78, light.ambient[1] * 0.66, light.ambient[2] * 0.66];
            light.sun *= 0.7;
            light.night = 0.25;
        }
        TimeOfDay::Night => {
            let glow = dice.range(0.06, 0.16);
            light.sky_top = [0.03, 0.035, 0.07];
            light.sky_low = [glow + 0.06, glow + 0.03, glow + 0.05];
            light.cloud = [0.12, 0.11, 0.13];
            light.fog = scale(light.sky_low, 1.1);
            light.ambient = scale([0.26, 0.27, 0.33], dice.range(0.8, 1.3));
            light.sun = 0.0;
            light.night = 1.0;
        }
    }
    light
}

fn blank() -> Light {
    Light {
        sky_top: [0.5; 3],
        sky_low: [0.8; 3],
        cloud: [1.0; 3],
        cloudiness: 0.0,
        fog: [0.8; 3],
        density: 0.0,
        ambient: [1.0; 3],
        sun: 0.0,
        sun_side: 1.0,
        night: 0.0,
        wet: 0.0,
        snow: 0.0,
        lamps: None,
        beam: 0.0,
    }
}
