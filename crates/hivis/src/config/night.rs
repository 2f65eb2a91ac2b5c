//! `[night]`: when the wheel turns, and what it may do.

use std::time::Duration;

use anyhow::Result;
use jiff::civil::{Time, Weekday};
use serde::Deserialize;

use super::settings::{count, unknown};
use crate::failure::Hinted;
use crate::night::Step;

/// `[night]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawNight {
    /// When the night begins, UTC, such as `02:00`.
    pub at: Option<String>,
    /// The days on which it does, such as `monday,thursday`.
    pub days: Option<RawWords>,
    /// The day of the weekly turn.
    pub weekly_day: Option<String>,
    /// Its time, UTC.
    pub weekly_at: Option<String>,
    /// The time of the monthly turn, on the first, UTC.
    pub monthly_at: Option<String>,
    /// Steps that are left out, such as `synthesise,promote`.
    pub off: Option<RawWords>,
    /// Pictures are made when more than so many hard cases were found.
    pub synthesise_above: Option<u64>,
    /// A head is trained when more than so many samples are new.
    pub train_above: Option<u64>,
    /// Passes of the nightly training.
    pub epochs: Option<u32>,
    /// The longest nightly training, minutes.
    pub minutes: Option<f64>,
    /// Passes of the weekly training and of a retraining.
    pub weekly_epochs: Option<u32>,
    /// The longest weekly training, minutes.
    pub weekly_minutes: Option<f64>,
    /// The longest retraining, minutes.
    pub retrain_minutes: Option<f64>,
    /// What is trained on, as `--pictures` has it.
    pub pictures: Option<String>,
    /// The backbone of a training that goes on from no run: `tiny`, or a folder.
    pub backbone: Option<String>,
    /// What exams ask, as `--pictures` has it.
    pub exam_pictures: Option<String>,
    /// Challenges of an exam.
    pub exam_questions: Option<u32>,
    /// `policy` promotes by `release.policy`, `ask` leaves it to a person.
    pub promote: Option<String>,
    /// The generator of the nightly pictures [default: the first that is configured].
    pub generator: Option<String>,
}

/// A list, or one text with commas, as the environment has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum RawWords {
    /// `["one", "two"]`
    List(Vec<String>),
    /// `"one,two"`
    Text(String),
}

impl RawWords {
    fn words(&self) -> Vec<String> {
        let words: Vec<&str> = match self {
            Self::List(list) => list.iter().map(String::as_str).collect(),
            Self::Text(text) => text.split(',').collect(),
        };
        words.into_iter().map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
    }
}

/// Who promotes what won its exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promote {
    /// The night itself, by `release.policy`.
    Policy,
    /// A person, who is told the command.
    Ask,
}

/// `[night]`, resolved.
#[derive(Debug, Clone)]
pub struct NightSettings {
    /// When the night begins, UTC.
    pub at: Time,
    /// The days on which it does.
    pub days: Vec<Weekday>,
    /// Day and time of the weekly turn, UTC.
    pub weekly: (Weekday, Time),
    /// Time of the monthly turn, UTC.
    pub monthly_at: Time,
    /// Steps that are left out.
    pub(crate) off: Vec<Step>,
    /// Pictures are made above so many hard cases.
    pub synthesise_above: u64,
    /// A head is trained above so many new samples.
    pub train_above: u64,
    /// Passes of the nightly training, and the longest that it may take.
    pub nightly: (u32, Duration),
    /// The same of the weekly one.
    pub weekly_training: (u32, Duration),
    /// The same of a retraining.
    pub retraining: (u32, Duration),
    /// What is trained on.
    pub pictures: String,
    /// The backbone of a training that goes on from no run.
    pub backbone: Option<String>,
    /// What exams ask.
    pub exam_pictures: String,
    /// Challenges of an exam.
    pub exam_questions: u32,
    /// Who promotes.
    pub promote: Promote,
    /// The generator of the nightly pictures.
    pub generator: Option<String>,
}

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl NightSettings {
    pub(crate) fn resolve(raw: &RawNight) -> Result<Self> {
        let days = match &raw.days {
            None => DAYS.map(|(_, day)| day).to_vec(),
            Some(words) => words.words().iter().map(|word| day("night.days", word)).collect::<Result<_>>()?,
        };
        let off = raw.off.as_ref().map(RawWords::words).unwrap_or_default();
        let pictures = raw.pictures.clone().unwrap_or_else(|| "samples".to_owned());
        let epochs = count("night.weekly_epochs", raw.weekly_epochs.unwrap_or(10), 1)?;
        Ok(Self {
            at: time("night.at", raw.at.as_deref().unwrap_or("02:00"))?,
            days,
            weekly: (
                day("night.weekly_day", &raw.weekly_day.clone().unwrap_or_else(|| "sunday".to_owned()))?,
                time("night.weekly_at", raw.weekly_at.as_deref().unwrap_or("23:00"))?,
            ),
            monthly_at: time("night.monthly_at", raw.monthly_at.as_deref().unwrap_or("04:00"))?,
            off: off.iter().map(|word| step(word)).collect::<Result<_>>()?,
            synthesise_above: raw.synthesise_above.unwrap_or(500),
            train_above: raw.train_above.unwrap_or(1000),
            nightly: (
                count("night.epochs", raw.epochs.unwrap_or(3), 1)?,
                minutes("night.minutes", raw.minutes.unwrap_or(20.0))?,
            ),
            weekly_training: (epochs, minutes("night.weekly_minutes", raw.weekly_minutes.unwrap_or(120.0))?),
            retraining: (epochs, minutes("night.retrain_minutes", raw.retrain_minutes.unwrap_or(480.0))?),
            exam_pictures: raw.exam_pictures.clone().unwrap_or_else(|| pictures.clone()),
            pictures,
            backbone: raw.backbone.clone(),
            exam_questions: count("night.exam_questions", raw.exam_questions.unwrap_or(1000), 1)?,
            promote: match raw.promote.as_deref() {
                None | Some("policy") => Promote::Policy,
                Some("ask") => Promote::Ask,
                Some(other) => return Err(unknown("night.promote", other, "policy, ask")),
            },
            generator: raw.generator.clone(),
        })
    }
}

fn day(key: &str, word: &str) -> Result<Weekday> {
    // Three letters are enough: no two days share them.
    let found = DAYS.iter().find(|(name, _)| word.len() >= 3 && name.starts_with(&word.to_lowercase()));
    found.map(|(_, day)| *day).ok_or_else(|| unknown(key, word, &DAYS.map(|(name, _)| name).join(", ")))
}

fn step(word: &str) -> Result<Step> {
    let known = Step::ALL.map(Step::as_str).join(", ");
    Step::named(word).ok_or_else(|| unknown("night.off", word, &known))
}

fn time(key: &str, text: &str) -> Result<Time> {
    let parts = text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    parts
        .and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok())
        .ok_or_else(|| Hinted::new(format!("{key} = \"{text}\" is no time"), "such as \"02:00\", in UTC").into())
}

fn minutes(key: &str, value: f64) -> Result<Duration> {
    if (0.1..=10_000.0).contains(&value) {
        return Ok(Duration::from_secs_f64(60.0 * value));
    }
    Err(Hinted::new(format!("{key} = {value} is out of range"), "from 0.1 to 10000").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<NightSettings> {
        NightSettings::resolve(&toml::from_str(text).expect("it parses"))
    }

    #[test]
    fn the_defaults_are_those_of_the_manual_and_nonsense_is_refused() {
        let night = resolve("").expect("defaults");
        assert_eq!((night.at, night.weekly.0, night.days.len()), (Time::constant(2, 0, 0, 0), Weekday::Sunday, 7));
        assert_eq!((night.synthesise_above, night.train_above), (500, 1000));
        assert_eq!((night.nightly, night.promote), ((3, Duration::from_mins(20)), Promote::Policy));
        let own =
            resolve("at = \"23:30\"\ndays = \"mon, thu\"\noff = [\"promote\"]\npictures = \"data\"").expect("own");
        assert_eq!((own.days, own.off), (vec![Weekday::Monday, Weekday::Thursday], vec![Step::Promote]));
        assert_eq!(own.exam_pictures, "data");
        for (text, told) in [
            ("at = \"25:00\"", "night.at"),
            ("at = \"noon\"", "no time"),
            ("days = \"mo\"", "night.days"),
            ("off = \"sleep\"", "mine, synthesise"),
            ("promote = \"always\"", "policy, ask"),
            ("minutes = 0", "night.minutes"),
            ("epochs = 0", "night.epochs"),
        ] {
            let error = resolve(text).expect_err(text);
            assert!(crate::failure::text(&error).contains(told), "{text}: {}", crate::failure::text(&error));
        }
    }
}
