//! The channels of `[notify]`, made: secrets read, addresses checked.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hivis_notify::{
    Channel, ChannelError, ChannelRules, Discord, Email, EmailSettings, Gateway, MailTls, Notifier, Secret, Sms,
    SmsSettings, Spending, Teller, Webhook,
};
use hivis_store::Ledger;
use sha2::{Digest as _, Sha256};

use crate::config::{ChannelKind, ChannelSettings, NotifySettings};
use crate::failure::Hinted;

/// A teller with every channel that can be made, and the names and reasons of those that cannot.
pub(crate) fn teller(ledger: &Ledger, settings: &NotifySettings) -> (Teller, Vec<(String, anyhow::Error)>) {
    let (mut channels, mut broken) = (Vec::new(), Vec::new());
    for one in &settings.channels {
        match channel(one) {
            Ok(channel) => channels.push(channel),
            Err(error) => broken.push((one.name.clone(), error)),
        }
    }
    (Teller::new(ledger.clone(), settings.policy.clone(), channels, settings.page.clone()), broken)
}

fn channel(settings: &ChannelSettings) -> Result<Channel> {
    let (notifier, secrets, spending) =
        made(settings).with_context(|| format!("the channel {} of [notify] cannot be used", settings.name))?;
    // Eight digits: enough to see a change, too few to find a password by them.
    let known = format!("{settings:?}\n{}", secrets.join("\n"));
    let fingerprint = hex::encode(&Sha256::digest(known)[..4]);
    let rules = ChannelRules { name: settings.name.clone(), severities: settings.severities.clone() };
    Ok(Channel { rules, fingerprint, per_hour: settings.per_hour, spending, notifier })
}

type Made = (Arc<dyn Notifier>, Vec<String>, Option<Spending>);

fn made(settings: &ChannelSettings) -> Result<Made> {
    let read = |secret: &crate::config::SecretRef| secret.read(|name| std::env::var(name).ok());
    let limit = settings.limit;
    Ok(match &settings.kind {
        ChannelKind::Discord { url } => {
            let url = read(url)?;
            let discord = Discord::new(&Secret::new(&*url), limit).map_err(hinted)?;
            (Arc::new(discord), vec![url], None)
        }
        ChannelKind::Webhook { url, key } => {
            let url = read(url)?;
            let key = key.as_ref().map(read).transpose()?;
            let sign = key.clone().map(Secret::new);
            let hook = Webhook::new(&settings.name, &Secret::new(&*url), sign, limit).map_err(hinted)?;
            (Arc::new(hook), vec![url, key.unwrap_or_default()], None)
        }
        ChannelKind::Email { server, port, tls, ca_file, login, from, to } => {
            let ca = ca_file.as_ref().map(fs_err::read).transpose().context("notify: ca_file cannot be read")?;
            let login = match login {
                Some((user, password)) => Some((user.clone(), read(password)?)),
                None => None,
            };
            let tls = match *tls {
                "implicit" => MailTls::Implicit(ca),
                "none" => MailTls::None,
                _ => MailTls::StartTls(ca),
            };
            let secret = login.as_ref().map(|(_, password)| password.clone()).unwrap_or_default();
            let login = login.map(|(user, password)| (user, Secret::new(password)));
            let (server, from, to) = (server.clone(), from.clone(), to.clone());
            let email = Email::new(&EmailSettings { server, port: *port, tls, login, from, to, limit });
            (Arc::new(email.map_err(hinted)?), vec![secret], None)
        }
        ChannelKind::Sms { url, account, token, from, to, parts, price } => {
            let token = read(token)?;
            let gateway = Gateway { address: url.clone(), account: account.clone(), token: Secret::new(&*token) };
            let settings = SmsSettings { gateway, from: from.clone(), to: to.clone(), parts: *parts, limit };
            let sms = Sms::new(settings).map_err(hinted)?;
            (Arc::new(sms), vec![token], price.map(|(each, caps)| Spending { each, caps }))
        }
    })
}

fn hinted(error: ChannelError) -> anyhow::Error {
    match error.hint() {
        Some(hint) => {
            let said = error.to_string();
            anyhow::Error::new(error).context(Hinted::new(said, hint))
        }
        None => error.into(),
    }
}
