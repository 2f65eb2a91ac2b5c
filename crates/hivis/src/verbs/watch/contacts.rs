//! Who is told, from `[notify]` to what Alertmanager is given.

use anyhow::{Context, Result};
use hivis_notify::Quiet;
use hivis_watch::export::{Contacts, Mail, Quiet as QuietHours, Receiver, Way};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{ChannelKind, NotifySettings, SecretRef};

/// What of `[notify]` Alertmanager can do as well: every webhook (unsigned), Discord hook and mailbox, each with what it
/// hears. SMS stays with `hivis serve`. Secrets are read here, and go into a file of its owner only.
pub(super) fn contacts(notify: &NotifySettings, now: Timestamp) -> Result<Contacts> {
    let repeat = notify.policy.repeat.try_into().ok();
    let quiet = notify.policy.quiet.as_ref().map(|quiet| in_utc(quiet, now));
    let mut receivers = Vec::new();
    for channel in &notify.channels {
        let way = way(&channel.kind)
            .with_context(|| format!("a secret of [notify.channels.{}] cannot be read", channel.name))?;
        let (name, severities) = (channel.name.clone(), channel.severities.clone());
        receivers.extend(way.map(|way| Receiver { name, severities, way }));
    }
    Ok(Contacts { receivers, quiet, repeat })
}

fn way(kind: &ChannelKind) -> Result<Option<Way>> {
    let read = |secret: &SecretRef| secret.read(|variable| std::env::var(variable).ok());
    Ok(Some(match kind {
        ChannelKind::Webhook { url, .. } => Way::Webhook(read(url)?),
        ChannelKind::Discord { url } => Way::Discord(read(url)?),
        ChannelKind::Email { server, port, tls, login, from, to, .. } => Way::Mail(Mail {
            to: to.join(", "),
            from: from.clone(),
            server: format!("{server}:{port}"),
            user: login.as_ref().map(|(user, _)| user.clone()),
            password: login.as_ref().map(|(_, secret)| read(secret)).transpose()?,
            tls: *tls != "none",
        }),
        ChannelKind::Sms { .. } => return Ok(None),
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
            quiet = { from = "22:00", to = "07:00", zone = "Europe/Berlin" }
            [channels.room]
            kind = "discord"
            url = "file:hook"
            [channels.post]
            kind = "email"
            server = "mail.example"
            from = "hivis@example.org"
            to = ["ops@example.org", "me@example.org"]
            [channels.second]
            kind = "discord"
            url = "file:hook"
            severities = ["critical"]
        "#;
        let raw: RawNotify = toml::from_str(text).expect("a section");
        let settings = NotifySettings::resolve(&raw, folder.path()).expect("settings");
        let winter = "2026-12-01T12:00:00Z".parse().expect("a time");
        let told = contacts(&settings, winter).expect("the secret is there");
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
            (mail.to.as_str(), mail.server.as_str(), mail.tls),
            ("ops@example.org, me@example.org", "mail.example:587", true)
        );
        let quiet = told.quiet.as_ref().expect("quiet hours");
        assert_eq!((quiet.from.as_str(), quiet.until.as_str()), ("21:00", "06:00"), "Berlin is an hour ahead of UTC");
        assert_eq!(told.repeat, Some(std::time::Duration::from_hours(2)));
        std::fs::remove_file(folder.path().join("hook")).expect("a file");
        let error = contacts(&settings, winter).expect_err("no secret");
        assert!(format!("{error:#}").contains("notify.channels.room"), "{error:#}");
    }
}
