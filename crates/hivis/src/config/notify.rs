//! `[notify]`: who is told, how, and when not.

mod channel;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use hivis_notify::{GroupBy, Policy, Quiet};
use jiff::SignedDuration;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::Deserialize;

pub use channel::{ChannelKind, ChannelSettings, RawChannel};

use super::settings::{seconds, unknown, within};
use crate::failure::Hinted;

/// `[notify]` as it is written.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawNotify {
    /// The address of the control room as readers of messages reach it.
    pub page_url: Option<String>,
    /// What goes into one message: `rule`, `severity` or `all`.
    pub group_by: Option<String>,
    /// A group's first message waits so long for others of it, seconds.
    pub wait_s: Option<f64>,
    /// From one message of a group to the next, minutes.
    pub interval_min: Option<f64>,
    /// What still holds is said again after so long, hours.
    pub repeat_h: Option<f64>,
    /// What is over is called so after this time, seconds; it doubles each time that the alert comes back.
    pub settle_s: Option<f64>,
    /// Whether it is said that something is over.
    pub resolved: Option<bool>,
    /// How often the metrics are judged, seconds.
    pub round_s: Option<f64>,
    /// No rule waits longer than this before it is told, seconds, whatever it says itself.
    pub hold_most_s: Option<f64>,
    /// Hours in which only what is critical is said.
    pub quiet: Option<RawQuiet>,
    /// `[notify.channels.NAME]`
    pub channels: BTreeMap<String, RawChannel>,
}

/// `[notify.quiet]` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawQuiet {
    /// The first quiet minute, `22:00`.
    pub from: String,
    /// The first minute that is not quiet any more, `07:00`.
    pub to: String,
    /// Whose clock, `Europe/Berlin`; the computer's when absent.
    pub zone: Option<String>,
}

/// `[notify]`, resolved.
#[derive(Debug, Clone)]
pub struct NotifySettings {
    /// When something is said.
    pub policy: Policy,
    /// The address of the control room as readers of messages reach it.
    pub page: Option<String>,
    /// How often the metrics are judged.
    pub round: Duration,
    /// No rule waits longer than this before it is told.
    pub hold_most: Duration,
    /// Who is told.
    pub channels: Vec<ChannelSettings>,
}

impl NotifySettings {
    pub(crate) fn resolve(raw: &RawNotify, home: &Path) -> Result<Self> {
        let usual = Policy::default();
        let span = |key: &str, value: Option<f64>, usual: SignedDuration, (unit, least, most): (f64, f64, f64)| {
            let value = value.unwrap_or(usual.as_secs_f64() / unit);
            within(key, value, least..=most).map(|value| SignedDuration::from_millis((value * unit * 1000.0) as i64))
        };
        let group_by = match raw.group_by.as_deref() {
            None | Some("rule") => GroupBy::Rule,
            Some("severity") => GroupBy::Severity,
            Some("all") => GroupBy::All,
            Some(other) => return Err(unknown("notify.group_by", other, "rule, severity, all")),
        };
        let policy = Policy {
            group_by,
            wait: span("notify.wait_s", raw.wait_s, usual.wait, (1.0, 0.0, 3600.0))?,
            interval: span("notify.interval_min", raw.interval_min, usual.interval, (60.0, 0.0, 1440.0))?,
            repeat: span("notify.repeat_h", raw.repeat_h, usual.repeat, (3600.0, 0.0005, 720.0))?,
            settle: span("notify.settle_s", raw.settle_s, usual.settle, (1.0, 0.0, 3600.0))?,
            resolved: raw.resolved.unwrap_or(usual.resolved),
            quiet: raw.quiet.as_ref().map(quiet).transpose()?,
        };
        if let Some(page) =
            raw.page_url.as_deref().filter(|page| !page.starts_with("http://") && !page.starts_with("https://"))
        {
            return Err(Hinted::new(
                format!("notify.page_url = \"{page}\" is no address"),
                "such as https://hivis.example.org",
            )
            .into());
        }
        let mut channels = Vec::new();
        for (name, raw) in &raw.channels {
            channels.extend(channel::resolve(name, raw, home)?);
        }
        Ok(Self {
            policy,
            page: raw.page_url.clone(),
            round: seconds("notify.round_s", raw.round_s.unwrap_or(15.0), 0.2..=60.0)?,
            hold_most: seconds("notify.hold_most_s", raw.hold_most_s.unwrap_or(86_400.0), 0.0..=86_400.0)?,
            channels,
        })
    }
}

fn quiet(raw: &RawQuiet) -> Result<Quiet> {
    let time = |key: &str, text: &str| {
        Time::strptime("%H:%M", text).map_err(|_| {
            Hinted::new(format!("notify.quiet.{key} = \"{text}\" is no time of the day"), "write it as 22:00")
        })
    };
    let zone = match raw.zone.as_deref() {
        None => TimeZone::system(),
        Some(name) => TimeZone::get(name).map_err(|_| {
            let hint = "a name of the IANA database, such as Europe/Berlin or UTC; the package tzdata brings them";
            Hinted::new(format!("notify.quiet.zone = \"{name}\" is no time zone"), hint)
        })?,
    };
    Ok(Quiet { from: time("from", &raw.from)?, to: time("to", &raw.to)?, zone })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> Result<NotifySettings> {
        let raw: RawNotify = toml::from_str(text).map_err(|e| Hinted::new(e.message().to_owned(), "mend it"))?;
        NotifySettings::resolve(&raw, Path::new("/home/x"))
    }

    #[test]
    fn all_kinds_of_channels_are_read() {
        let text = r#"
            quiet = { from = "22:00", to = "07:00", zone = "Europe/Berlin" }
            [channels.ops]
            kind = "discord"
            url = "env:OPS_HOOK"
            [channels.mail]
            kind = "email"
            server = "mail.example.org"
            user = "hivis"
            password = "file:smtp-password"
            from = "hivis <hivis@example.org>"
            to = ["me@example.org"]
            severities = ["critical", "warning", "info"]
            [channels.call]
            kind = "sms"
            account = "AC0"
            token = "env:SMS_TOKEN"
            from = "+15005550006"
            to = ["+4915123456789", "+4915123456780"]
            price_usd = 0.08
            [channels.other]
            kind = "webhook"
            url = "file:hook"
            key = "env:HOOK_KEY"
            per_hour = 10
        "#;
        let settings = resolved(text).expect("good");
        let names: Vec<&str> = settings.channels.iter().map(|channel| channel.name.as_str()).collect();
        assert_eq!(names, ["call", "call-2", "mail", "ops", "other"]);
        assert_eq!(settings.policy, Policy { quiet: settings.policy.quiet.clone(), ..Policy::default() });
        assert_eq!(settings.channels[0].severities.len(), 1);
        assert_eq!((settings.channels[2].severities.len(), settings.channels[4].per_hour), (3, 10));
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_hint_and_no_secret() {
        let discord = "[channels.a]\nkind = \"discord\"\n";
        let table = [
            ("wait_s = -1".to_owned(), "from 0 to 3600"),
            ("group_by = \"weather\"".to_owned(), "rule, severity, all"),
            ("repeat_h = 0".to_owned(), "from 0.0005 to 720"),
            ("page_url = \"ftp://x\"".to_owned(), "such as https"),
            ("quiet = { from = \"25:00\", to = \"07:00\" }".to_owned(), "write it as 22:00"),
            ("quiet = { from = \"22:00\", to = \"07:00\", zone = \"Mars\" }".to_owned(), "IANA"),
            (format!("{discord}url = \"https://discord.com/api/webhooks/1/hunter2\""), "env:NAME or file:PATH"),
            (format!("{discord}url = \"env:X\"\nseverities = []"), "one of"),
            (format!("{discord}url = \"env:X\"\nseverities = [\"loud\"]"), "info, warning, critical"),
            (format!("{discord}url = \"env:X\"\nper_hour = 0"), "at least 1"),
            ("[channels.a]\nkind = \"pigeon\"".to_owned(), "mend it"),
            (format!("{discord}url = \"env:X\"\nserver = \"x\""), "mend it"),
            ("[channels.\"a b\"]\nkind = \"discord\"\nurl = \"env:X\"".to_owned(), "letters, digits"),
            (
                "[channels.a]\nkind = \"sms\"\naccount = \"A\"\ntoken = \"env:T\"\nfrom = \"x\"\nto = [\"+4915123456789\"]\nseverities = [\"info\"]".to_owned(),
                "only what is critical",
            ),
            (
                "[channels.a]\nkind = \"email\"\nserver = \"x\"\nfrom = \"a@b.c\"\nto = []".to_owned(),
                "somebody",
            ),
            (
                "[channels.a]\nkind = \"email\"\nserver = \"x\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\ntls = \"maybe\"".to_owned(),
                "starttls, implicit, none",
            ),
        ];
        for (text, hint) in table {
            let said = crate::failure::text(&resolved(&text).expect_err(&text));
            assert!(said.contains(hint) && !said.contains("hunter2"), "{text}: {said}");
        }
        let raw: RawNotify = toml::from_str(&format!("{discord}url = \"hunter2\"")).expect("TOML");
        assert!(!format!("{raw:?}").contains("hunter2"));
    }
}
