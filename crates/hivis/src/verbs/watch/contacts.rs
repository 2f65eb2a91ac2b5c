//! Who is told, from `[notify]` to what Alertmanager is given.

use anyhow::{Context, Result};
use hivis_notify::Quiet;
use hivis_watch::export::{Contacts, Mail, Quiet as QuietHours};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{ChannelKind, NotifySettings, SecretRef};

/// What of `[notify]` Alertmanager can do as well: the first webhook, the first Discord hook, the first mailbox. SMS stays
/// with `hivis serve`. Secrets are read here, and go into a file of its owner only.
pub(super) fn contacts(notify: &NotifySettings, now: Timestamp) -> Result<Contacts> {
    let read = |name: &str, secret: &SecretRef| {
        let text = secret.read(|variable| std::env::var(variable).ok());
        text.with_context(|| format!("a secret of [notify.channels.{name}] cannot be read"))
    };
    let repeat = notify.policy.repeat.try_into().ok();
    let quiet = notify.policy.quiet.as_ref().map(|quiet| in_utc(quiet, now));
    let mut contacts = Contacts { repeat, quiet, ..Contacts::default() };
    for channel in &notify.channels {
        match &channel.kind {
            ChannelKind::Webhook { url, .. } if contacts.webhook.is_none() => {
                contacts.webhook = Some(read(&channel.name, url)?);
            }
            ChannelKind::Discord { url } if contacts.discord.is_none() => {
                contacts.discord = Some(read(&channel.name, url)?);
            }
            ChannelKind::Email { server, port, tls, login, from, to, .. } if contacts.mail.is_none() => {
                let password = login.as_ref().map(|(_, secret)| read(&channel.name, secret)).transpose()?;
                contacts.mail = Some(Mail {
                    to: to.join(", "),
                    from: from.clone(),
                    server: format!("{server}:{port}"),
                    user: login.as_ref().map(|(user, _)| user.clone()),
                    password,
                    tls: *tls != "none",
                });
            }
            _ => {}
        }
    }
    Ok(contacts)
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
        "#;
        let raw: RawNotify = toml::from_str(text).expect("a section");
        let settings = NotifySettings::resolve(&raw, folder.path()).expect("settings");
        let winter = "2026-12-01T12:00:00Z".parse().expect("a time");
        let told = contacts(&settings, winter).expect("the secret is there");
        assert_eq!(told.discord.as_deref(), Some("https://discord.example/api/webhooks/1/x"));
        let mail = told.mail.expect("a mailbox");
        assert_eq!(
            (mail.to.as_str(), mail.server.as_str(), mail.tls),
            ("ops@example.org, me@example.org", "mail.example:587", true)
        );
        let quiet = told.quiet.expect("quiet hours");
        assert_eq!((quiet.from.as_str(), quiet.until.as_str()), ("21:00", "06:00"), "Berlin is an hour ahead of UTC");
        assert_eq!(told.repeat, Some(std::time::Duration::from_hours(2)));
        assert!(told.webhook.is_none());
        std::fs::remove_file(folder.path().join("hook")).expect("a file");
        let error = contacts(&settings, winter).expect_err("no secret");
        assert!(format!("{error:#}").contains("notify.channels.room"), "{error:#}");
    }
}
