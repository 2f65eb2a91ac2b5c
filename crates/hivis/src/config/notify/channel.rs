//! `[notify.channels.NAME]`: one way to somebody.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use hivis_store::{Cap, Caps};
use hivis_types::{Severity, Usd};
use serde::Deserialize;

use super::super::secret::SecretRef;
use super::super::settings::{count, expand, seconds, unknown, within};
use crate::failure::Hinted;

/// Where Twilio is.
const TWILIO: &str = "https://api.twilio.com/2010-04-01/Accounts";

/// `[notify.channels.NAME]` as it is written.
#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum RawChannel {
    /// A webhook of Discord.
    Discord(RawHook),
    /// Mail through a server.
    Email(RawEmail),
    /// SMS through a gateway in Twilio's form.
    Sms(RawSms),
    /// Any program that takes Alertmanager's webhooks.
    Webhook(RawHook),
}

// What stands where a reference belongs may be the secret itself, by mistake.
impl std::fmt::Debug for RawChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Discord(_) => "Discord",
            Self::Email(_) => "Email",
            Self::Sms(_) => "Sms",
            Self::Webhook(_) => "Webhook",
        })
    }
}

/// A webhook as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawHook {
    /// Its address: `env:NAME` or `file:PATH`.
    pub url: Option<String>,
    /// What signs, for `webhook`: `env:NAME` or `file:PATH`.
    pub key: Option<String>,
    /// What it hears: of `info`, `warning`, `critical`.
    pub severities: Option<Vec<String>>,
    /// Messages of an hour, at most.
    pub per_hour: Option<u32>,
    /// The longest time for one message, seconds.
    pub timeout_s: Option<f64>,
}

/// Mail as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawEmail {
    /// The mail server's name.
    pub server: Option<String>,
    /// Its port; 587, 465 or 25 by `tls`.
    pub port: Option<u16>,
    /// `starttls`, `implicit` or `none`; `none` on this computer only.
    pub tls: Option<String>,
    /// The certificate that signs the server's, where it is no public one.
    pub ca_file: Option<PathBuf>,
    /// The account's name, where the server wants one.
    pub user: Option<String>,
    /// Its password: `env:NAME` or `file:PATH`.
    pub password: Option<String>,
    /// Who writes.
    pub from: Option<String>,
    /// Who is told.
    pub to: Option<Vec<String>>,
    /// What it hears: of `info`, `warning`, `critical`.
    pub severities: Option<Vec<String>>,
    /// Messages of an hour, at most.
    pub per_hour: Option<u32>,
    /// The longest time for one message, seconds.
    pub timeout_s: Option<f64>,
}

/// SMS as it is written.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSms {
    /// Where messages are created; Twilio's when absent.
    pub url: Option<String>,
    /// The account's id.
    pub account: Option<String>,
    /// Its token: `env:NAME` or `file:PATH`.
    pub token: Option<String>,
    /// Our number.
    pub from: Option<String>,
    /// Who is told; each number is a channel of its own.
    pub to: Option<Vec<String>>,
    /// Parts of one message, at most.
    pub parts: Option<u32>,
    /// Dollars for one part.
    pub price_usd: Option<f64>,
    /// Most dollars of a calendar week.
    pub week_usd: Option<f64>,
    /// Most dollars of a calendar month.
    pub month_usd: Option<f64>,
    /// What it hears: `critical`.
    pub severities: Option<Vec<String>>,
    /// Messages of an hour, at most.
    pub per_hour: Option<u32>,
    /// The longest time for one message, seconds.
    pub timeout_s: Option<f64>,
}

/// One channel, resolved.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// Its name.
    pub name: String,
    /// What it hears.
    pub severities: BTreeSet<Severity>,
    /// Messages of an hour, at most.
    pub per_hour: u32,
    /// The longest time for one message.
    pub limit: Duration,
    /// What it is.
    pub kind: ChannelKind,
}

/// What a channel is.
#[derive(Debug, Clone)]
pub enum ChannelKind {
    /// A webhook of Discord.
    Discord {
        /// Its address.
        url: SecretRef,
    },
    /// Mail through a server.
    Email {
        /// The server's name.
        server: String,
        /// Its port.
        port: u16,
        /// `starttls`, `implicit` or `none`.
        tls: &'static str,
        /// The certificate that signs the server's.
        ca_file: Option<PathBuf>,
        /// Name and password.
        login: Option<(String, SecretRef)>,
        /// Who writes.
        from: String,
        /// Who is told.
        to: Vec<String>,
    },
    /// SMS to one number.
    Sms {
        /// Where messages are created.
        url: String,
        /// The account's id.
        account: String,
        /// Its token.
        token: SecretRef,
        /// Our number.
        from: String,
        /// The number.
        to: String,
        /// Parts of one message, at most.
        parts: u32,
        /// What a part costs, and what all may.
        price: Option<(Usd, Caps)>,
    },
    /// Any program that takes Alertmanager's webhooks.
    Webhook {
        /// Its address.
        url: SecretRef,
        /// What signs.
        key: Option<SecretRef>,
    },
}

/// Where a key is, for errors.
struct Place<'a> {
    name: &'a str,
    home: &'a Path,
}

impl Place<'_> {
    fn key(&self, key: &str) -> String {
        format!("notify.channels.{}.{key}", self.name)
    }

    fn secret(&self, key: &str, text: &str) -> Result<SecretRef> {
        SecretRef::parse(&self.key(key), text, self.home)
    }

    fn wanted<T: Clone>(&self, key: &str, value: Option<&T>, hint: &str) -> Result<T> {
        value.cloned().ok_or_else(|| Hinted::new(format!("{} is missing", self.key(key)), hint).into())
    }

    /// Name, severities, rate and time of a channel.
    fn channel(
        &self,
        severities: Option<&Vec<String>>,
        (usual, per_hour, most): (&[Severity], Option<u32>, u32),
        timeout_s: Option<f64>,
        kind: ChannelKind,
    ) -> Result<ChannelSettings> {
        let word = |word: &String| {
            let all = [Severity::Info, Severity::Warning, Severity::Critical];
            let known = all.into_iter().find(|severity| severity.as_str() == word);
            known.ok_or_else(|| unknown(&self.key("severities"), word, "info, warning, critical"))
        };
        let severities: BTreeSet<Severity> = match severities {
            None => usual.iter().copied().collect(),
            Some(words) => words.iter().map(word).collect::<Result<_>>()?,
        };
        if severities.is_empty() {
            let message = format!("{} is empty: nothing would be told", self.key("severities"));
            return Err(Hinted::new(message, "one of info, warning, critical, or more").into());
        }
        let limit = seconds(&self.key("timeout_s"), timeout_s.unwrap_or(20.0), 0.1..=120.0)?;
        let per_hour = count(&self.key("per_hour"), per_hour.unwrap_or(most), 1)?;
        Ok(ChannelSettings { name: self.name.to_owned(), severities, per_hour, limit, kind })
    }
}

const LOUD: [Severity; 2] = [Severity::Warning, Severity::Critical];

/// One channel, or one for each number.
pub(super) fn resolve(name: &str, raw: &RawChannel, home: &Path) -> Result<Vec<ChannelSettings>> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 40 || !name.chars().all(good) {
        let hint = "letters, digits, - and _, 40 at most";
        return Err(Hinted::new(format!("[notify.channels.\"{name}\"] is no name"), hint).into());
    }
    let place = Place { name, home };
    let address = "the whole address, as env:NAME or file:PATH: it is a secret";
    match raw {
        RawChannel::Discord(hook) => {
            if hook.key.is_some() {
                let hint = "Discord takes no signature; only kind = \"webhook\" does";
                return Err(Hinted::new(format!("{} is not for Discord", place.key("key")), hint).into());
            }
            let url = place.secret("url", &place.wanted("url", hook.url.as_ref(), address)?)?;
            let kind = ChannelKind::Discord { url };
            let rate = (LOUD.as_slice(), hook.per_hour, 60);
            Ok(vec![place.channel(hook.severities.as_ref(), rate, hook.timeout_s, kind)?])
        }
        RawChannel::Webhook(hook) => {
            let url = place.secret("url", &place.wanted("url", hook.url.as_ref(), address)?)?;
            let key = hook.key.as_ref().map(|text| place.secret("key", text)).transpose()?;
            let rate = (LOUD.as_slice(), hook.per_hour, 240);
            let kind = ChannelKind::Webhook { url, key };
            Ok(vec![place.channel(hook.severities.as_ref(), rate, hook.timeout_s, kind)?])
        }
        RawChannel::Email(mail) => Ok(vec![email(&place, mail)?]),
        RawChannel::Sms(sms) => numbers(&place, sms),
    }
}

fn email(place: &Place<'_>, raw: &RawEmail) -> Result<ChannelSettings> {
    let (tls, usual) = match raw.tls.as_deref() {
        None | Some("starttls") => ("starttls", 587),
        Some("implicit") => ("implicit", 465),
        Some("none") => ("none", 25),
        Some(other) => return Err(unknown(&place.key("tls"), other, "starttls, implicit, none")),
    };
    let login = match (&raw.user, &raw.password) {
        (None, None) => None,
        (Some(user), Some(password)) => Some((user.clone(), place.secret("password", password)?)),
        _ => {
            let message = format!("notify.channels.{}: user and password go together", place.name);
            return Err(Hinted::new(message, "give both, or neither where the server wants none").into());
        }
    };
    let to = raw.to.clone().unwrap_or_default();
    if to.is_empty() {
        let message = format!("{} is empty", place.key("to"));
        return Err(Hinted::new(message, "somebody should read it: [\"me@example.org\"]").into());
    }
    let kind = ChannelKind::Email {
        server: place.wanted("server", raw.server.as_ref(), "the mail server's name")?,
        port: raw.port.unwrap_or(usual),
        tls,
        ca_file: raw.ca_file.as_deref().map(|path| place.home.join(expand(path))),
        login,
        from: place.wanted("from", raw.from.as_ref(), "hivis <hivis@example.org>")?,
        to,
    };
    place.channel(raw.severities.as_ref(), (LOUD.as_slice(), raw.per_hour, 20), raw.timeout_s, kind)
}

fn numbers(place: &Place<'_>, raw: &RawSms) -> Result<Vec<ChannelSettings>> {
    let account = place.wanted("account", raw.account.as_ref(), "the account's id, such as AC...")?;
    let token = place.wanted("token", raw.token.as_ref(), "env:NAME or file:PATH")?;
    let to = raw.to.clone().unwrap_or_default();
    if to.is_empty() {
        let message = format!("{} is empty", place.key("to"));
        return Err(Hinted::new(message, "somebody should read it: [\"+4915123456789\"]").into());
    }
    if raw.severities.as_ref().is_some_and(|words| words.iter().any(|word| word != "critical")) {
        let message = format!("{} has more than critical", place.key("severities"));
        return Err(Hinted::new(message, "only what is critical goes by SMS: each message costs, and wakes").into());
    }
    let usd = |key: &str, value: f64| -> Result<Usd> {
        let value = within(&place.key(key), value, 0.0..=1e6)?;
        Ok(Usd::from_dollars(value).unwrap_or_default())
    };
    let cap = |key: &str, value: Option<f64>, usual: f64| -> Result<Cap> {
        Ok(Cap { usd: usd(key, value.unwrap_or(usual))?, pictures: i64::MAX as u64 })
    };
    let caps = Caps { week: cap("week_usd", raw.week_usd, 5.0)?, month: cap("month_usd", raw.month_usd, 15.0)? };
    let price = raw.price_usd.map(|price| usd("price_usd", price)).transpose()?;
    if price.is_none() && (raw.week_usd.is_some() || raw.month_usd.is_some()) {
        let message = format!("{} is missing: a cap needs a price", place.key("price_usd"));
        return Err(Hinted::new(message, "dollars for one part, as the gateway's price list has it").into());
    }
    let parts = count(&place.key("parts"), raw.parts.unwrap_or(1), 1)?.min(10);
    let one = |(index, to): (usize, String)| {
        let kind = ChannelKind::Sms {
            url: raw.url.clone().unwrap_or_else(|| format!("{TWILIO}/{account}/Messages.json")),
            account: account.clone(),
            token: place.secret("token", &token)?,
            from: place.wanted("from", raw.from.as_ref(), "our number at the gateway")?,
            to,
            parts,
            price: price.map(|price| (price, caps)),
        };
        let rate = ([Severity::Critical].as_slice(), raw.per_hour, 10);
        let mut channel = place.channel(raw.severities.as_ref(), rate, raw.timeout_s, kind)?;
        if index > 0 {
            channel.name = format!("{}-{}", place.name, index + 1);
        }
        Ok(channel)
    };
    to.into_iter().enumerate().map(one).collect()
}
