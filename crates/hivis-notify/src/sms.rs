//! SMS through a gateway in Twilio's form: <https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>.
//!
//! Only for what is critical: each message costs. A text of GSM's alphabet has 160 characters, or 153 in each of several
//! parts (3GPP TS 23.038); what is not in the alphabet is written as `?`, since one such character would cut the length
//! to less than a half.

use std::time::Duration;

use reqwest::Url;

use crate::http::Http;
use crate::message::Parcel;
use crate::notifier::{Notifier, Receipt, SendError, SendFuture};
use crate::{ChannelError, Secret};

/// Characters of one part alone, and of each of several.
const ALONE: usize = 160;
const EACH: usize = 153;
/// Longest body that the gateway takes.
const MOST: usize = 1_600;

/// Where the gateway is, and who pays.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// `https://api.twilio.com/2010-04-01/Accounts/ACCOUNT/Messages.json`, or whoever takes the same.
    pub address: String,
    /// The account's id, the name of the basic authentication.
    pub account: String,
    /// Its token.
    pub token: Secret,
}

/// One number that is written to.
#[derive(Clone, Debug)]
pub struct SmsSettings {
    /// Where the gateway is.
    pub gateway: Gateway,
    /// Our number, or a name that the gateway knows.
    pub from: String,
    /// The number that is written to.
    pub to: String,
    /// Parts of one message, at most.
    pub parts: u32,
    /// The longest time for one message.
    pub limit: Duration,
}

/// SMS to one number.
#[derive(Clone, Debug)]
pub struct Sms {
    http: Http,
    settings: SmsSettings,
}

impl Sms {
    /// Checks the address and the numbers.
    pub fn new(settings: SmsSettings) -> Result<Self, ChannelError> {
        let number = |text: &str| {
            let digits = text.strip_prefix('+').unwrap_or_default();
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        };
        if !number(&settings.to) {
            return Err(ChannelError::Number(crate::text::said(&settings.to)));
        }
        let http = Http::new(&Secret::new(&*settings.gateway.address), settings.limit)?;
        Ok(Self { http, settings })
    }

    async fn hand_over(&self, parcel: &Parcel) -> Result<Receipt, SendError> {
        let SmsSettings { gateway, from, to, .. } = &self.settings;
        let request = self
            .http
            .post(&[])?
            .basic_auth(&gateway.account, Some(gateway.token.reveal()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&[("To", to), ("From", from), ("Body", &self.body(parcel))]));
        let answer = self.http.send(request).await?;
        let body = answer.json();
        let said = || {
            let text = body["message"].as_str().map_or_else(|| answer.text(), str::to_owned);
            let code = body["code"].as_i64().map(|code| format!("{code}: ")).unwrap_or_default();
            format!("status {}: {code}{}", answer.status, gateway.token.scrub(&self.http.words(&text)))
        };
        if answer.is_success() {
            let id = body["sid"].as_str().map(|id| crate::text::cut(id, 64));
            return Ok(Receipt { provider_id: id, wait: None });
        }
        Err(match answer.status {
            401 | 403 | 404 => SendError::Gone { said: said() },
            429 => SendError::Busy { wait: answer.seconds("retry-after") },
            500.. => SendError::Unsure { said: said() },
            _ => SendError::Refused { said: said() },
        })
    }

    fn body(&self, parcel: &Parcel) -> String {
        let text = gsm(&format!("hivis {}", parcel.message.headline()));
        let parts = self.settings.parts.max(1) as usize;
        let room = if parts == 1 { ALONE } else { (parts * EACH).min(MOST) };
        shorten(&text, room)
    }
}

impl Notifier for Sms {
    fn kind(&self) -> &'static str {
        "sms"
    }

    fn send<'a>(&'a self, parcel: &'a Parcel) -> SendFuture<'a> {
        Box::pin(self.hand_over(parcel))
    }

    fn parts(&self, parcel: &Parcel) -> u32 {
        let length = length(&self.body(parcel));
        if length <= ALONE { 1 } else { length.div_ceil(EACH) as u32 }
    }
}

/// `application/x-www-form-urlencoded`.
fn form(fields: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://form/").expect("an address: this is a bug");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// The text in the part of GSM's alphabet that is ASCII too.
fn gsm(text: &str) -> String {
    text.chars().map(|c| if c == ' ' || c.is_ascii_graphic() && c != '`' { c } else { '?' }).collect()
}

/// Places that a character takes: those of the extension table take two.
fn places(c: char) -> usize {
    if matches!(c, '[' | ']' | '{' | '}' | '\\' | '^' | '~' | '|') { 2 } else { 1 }
}

fn length(text: &str) -> usize {
    text.chars().map(places).sum()
}

fn shorten(text: &str, room: usize) -> String {
    if length(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(3);
    let fits = text.chars().take_while(|c| {
        let fits = places(*c) <= left;
        left = left.saturating_sub(places(*c));
        fits
    });
    let mut out: String = fits.collect();
    out.push_str("...");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_their_parts() {
        assert_eq!(gsm("ä🚧`[x] ok\u{e9}"), "???[x] ok?");
        assert_eq!(
            (length("[ab]"), shorten("abcdef", 6), shorten("abcdefg", 6)),
            (6, "abcdef".into(), "abc...".into())
        );
        let long = shorten(&"[".repeat(400), 160);
        assert!(length(&long) <= 160 && long.ends_with("..."), "{long}");
        assert_eq!(form(&[("To", "+491"), ("Body", "a b&c=d\u{e4}")]), "To=%2B491&Body=a+b%26c%3Dd%C3%A4");
    }
}
