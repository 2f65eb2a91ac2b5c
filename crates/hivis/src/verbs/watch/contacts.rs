//! Who is told, from `[notify]` to what Alertmanager is given.

use anyhow::{Context, Result};
use hivis_notify::{GroupBy, Quiet};
use hivis_watch::export::{Contacts, Mail, Quiet as QuietHours, Receiver, Way};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{ChannelKind, NotifySettings, SecretRef};

/// `[notify]` as Alertmanager is given it. Secrets are read here, and go into a file of its owner only.
pub(super) struct Told {
    /// What it can do as well.
    pub(super) contacts: Contacts,
    /// Channels that stay with `hivis serve`: the name, and why.
    pub(super) left_out: Vec<(String, &'static str)>,
}

pub(super) fn contacts(notify: &NotifySettings, now: Timestamp) -> Result<Told> {
    let policy = &notify.policy;
    let (mut receivers, mut left_out) = (Vec::new(), Vec::new());
    for channel in &notify.channels {
        let name = channel.name.clone();
        match way(&channel.kind).with_context(|| format!("a secret of [notify.channels.{name}] cannot be read"))? {
            Ok(way) => receivers.push(Receiver { name, severities: channel.severities.clone(), way }),
            Err(why) => left_out.push((name, why)),
        }
    }
    let contacts = Contacts {
        receivers,
        quiet: policy.quiet.as_ref().map(|quiet| in_utc(quiet, now)),
        group_by: match policy.group_by {
            GroupBy::Rule => vec!["alertname", "instance"],
            GroupBy::Severity => vec!["severity", "instance"],
            GroupBy::All => vec!["instance"],
        },
        wait: policy.wait.unsigned_abs(),
        interval: policy.interval.unsigned_abs(),
        repeat: policy.repeat.unsigned_abs(),
        resolved: policy.resolved,
    };
    Ok(Told { contacts, left_out })
}

/// How Alertmanager reaches a channel, or why it cannot.
fn way(kind: &ChannelKind) -> Result<Result<Way, &'static str>> {
    let read = |secret: &SecretRef| secret.read(|variable| std::env::var(variable).ok());
    Ok(Ok(match kind {
        ChannelKind::Sms { .. } => return Ok(Err("it sends no SMS")),
        ChannelKind::Webhook { key: Some(_), .. } => return Ok(Err("it does not sign what it sends")),
        ChannelKind::Email { tls, port, .. } if *tls == "implicit" && *port != 465 => {
            return Ok(Err("it speaks TLS at once on port 465 only"));
        }
        ChannelKind::Webhook { url, key: None } => Way::Webhook(read(url)?),
        ChannelKind::Discord { url } => Way::Discord(read(url)?),
        ChannelKind::Email { server, port, tls, ca_file, login, from, to } => Way::Mail(Mail {
            to: to.join(", "),
            from: from.clone(),
            server: format!("{server}:{port}"),
            user: login.as_ref().map(|(user, _)| user.clone()),
            password: login.as_ref().map(|(_, secret)| read(secret)).transpose()?,
            starttls: *tls == "starttls",
            ca_file: ca_file.as_ref().map(|file| file.display().to_string()),
        }),
    }))
}

/// Alertmanager 0.25 knows intervals in UTC; what is written is right until the clocks change.
fn in_utc(quiet: &Quiet, now: Timestamp) -> QuietHours {
    let today = now.to_zoned(quiet.zone.clone()).date();
    let text = |time: jiff::civil::Time| {
        let zoned = today.to_datetime(time).to_zoned(quiet.zone.clone());
        zoned.map_or(time, |zoned| zoned.with_time_zone(TimeZone::UTC).time()).strftime("%H:%M").to_string()
    };
    QuietHours { from: text(quiet.from), until: text(quiet.to) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hivis_types::Severity;

    use super::*;
    use crate::config::RawNotify;

    #[test]
    fn the_channels_of_the_configuration_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("hook"), "https://discord.example/api/webhooks/1/x\n").expect("a file");
        let text = r#"
            repeat_h = 2
            interval_min = 7
            group_by = "severity"
            resolved = false
            quiet = { from = "22:00", to = "07:00", zone = "Europe/Berlin" }
            [channels.room]
            kind = "discord"
            url = "file:hook"
            [channels.post]
            kind = "email"
            server = "mail.example"
            from = "hivis@example.org"
            to = ["ops@example.org", "me@example.org"]
            [channels.safe]
            kind = "email"
            server = "mail.example"
            tls = "implicit"
            port = 465
            from = "hivis@example.org"
            to = ["ops@example.org"]
            [channels.odd]
            kind = "email"
            server = "mail.example"
            tls = "implicit"
            port = 4650
            from = "hivis@example.org"
            to = ["ops@example.org"]
            [channels.signed]
            kind = "webhook"
            url = "file:hook"
            key = "file:hook"
            [channels.second]
            kind = "discord"
            url = "file:hook"
            severities = ["critical"]
        "#;
        let raw: RawNotify = toml::from_str(text).expect("a section");
        let settings = NotifySettings::resolve(&raw, folder.path()).expect("settings");
        let winter = "2026-12-01T12:00:00Z".parse().expect("a time");
        let Told { contacts: told, left_out } = contacts(&settings, winter).expect("the secret is there");
        let left_out: Vec<&str> = left_out.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(left_out, ["odd", "signed"]);
        let told_by = |name: &str| told.receivers.iter().find(|one| one.name == name).expect("it is told");
        for room in ["room", "second"] {
            assert!(
                matches!(&told_by(room).way, Way::Discord(url) if url == "https://discord.example/api/webhooks/1/x")
            );
        }
        assert_eq!(told_by("second").severities, BTreeSet::from([Severity::Critical]));
        assert!(told_by("room").severities.len() > 1);
        let Way::Mail(mail) = &told_by("post").way else { panic!("a mailbox") };
        assert_eq!(
            (mail.to.as_str(), mail.server.as_str(), mail.starttls),
            ("ops@example.org, me@example.org", "mail.example:587", true)
        );
        // Alertmanager speaks TLS there at once; asked for STARTTLS besides, it would refuse every server.
        assert!(matches!(&told_by("safe").way, Way::Mail(mail) if !mail.starttls));
        let quiet = told.quiet.as_ref().expect("quiet hours");
        assert_eq!((quiet.from.as_str(), quiet.until.as_str()), ("21:00", "06:00"), "Berlin is an hour ahead of UTC");
        assert_eq!((told.repeat.as_secs(), told.interval.as_secs(), told.resolved), (7200, 420, false));
        assert_eq!(told.group_by, ["severity", "instance"]);
        std::fs::remove_file(folder.path().join("hook")).expect("a file");
        let error = contacts(&settings, winter).err().expect("no secret");
        assert!(format!("{error:#}").contains("notify.channels.room"), "{error:#}");
    }
}
