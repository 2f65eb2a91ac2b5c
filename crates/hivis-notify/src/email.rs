//! E-mail over SMTP: text and HTML, one thread a group, no header that a text could break out of.

use std::fmt::Write as _;
use std::time::Duration;

use hivis_http::Reach;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use sha2::{Digest as _, Sha256};

use crate::message::{Item, Parcel};
use crate::notifier::{Notifier, Receipt, SendError, SendFuture};
use crate::text::{clean, cut, link, said};
use crate::{ChannelError, Secret};

/// Longest subject, in UTF-16 units.
const SUBJECT: usize = 180;

/// How the connection is kept from others' eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte, usually port 465. With a certificate in PEM that signs the server's, where it is no
    /// public one.
    Implicit(Option<Vec<u8>>),
    /// TLS is asked for and must be given, usually port 587.
    StartTls(Option<Vec<u8>>),
    /// None: only on this computer.
    None,
}

/// A mail server, and who writes to whom.
#[derive(Clone, Debug)]
pub struct EmailSettings {
    /// The server's name.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from others' eyes.
    pub tls: MailTls,
    /// Name and password, where it wants them.
    pub login: Option<(String, Secret)>,
    /// `hivis <hivis@example.org>`
    pub from: String,
    /// Everybody who is told.
    pub to: Vec<String>,
    /// The longest time for one mail.
    pub limit: Duration,
}

/// Mail through one server.
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    password: Option<Secret>,
    limit: Duration,
}

impl Email {
    /// Checks addresses and TLS; nothing is connected yet.
    pub fn new(settings: &EmailSettings) -> Result<Self, ChannelError> {
        let mailbox = |what: &'static str, text: &String| {
            text.parse::<Mailbox>().map_err(|_| ChannelError::Mailbox { what, text: clean(text) })
        };
        let parameters = |pem: &Option<Vec<u8>>| {
            let tls = |error: lettre::transport::smtp::Error| ChannelError::Tls(said(&error.to_string()));
            let mut builder = TlsParameters::builder(settings.server.clone());
            if let Some(pem) = pem {
                builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(tls)?);
            }
            builder.build().map_err(tls)
        };
        let tls = match &settings.tls {
            MailTls::Implicit(pem) => Tls::Wrapper(parameters(pem)?),
            MailTls::StartTls(pem) => Tls::Required(parameters(pem)?),
            MailTls::None if Reach::of(&settings.server) == Reach::Here => Tls::None,
            MailTls::None => return Err(ChannelError::Clear { host: settings.server.clone() }),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.server.clone());
        builder = builder.port(settings.port).tls(tls).timeout(Some(settings.limit));
        if let Some((user, password)) = &settings.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
        }
        Ok(Self {
            transport: builder.build(),
            from: mailbox("from", &settings.from)?,
            to: settings.to.iter().map(|text| mailbox("to", text)).collect::<Result<_, _>>()?,
            password: settings.login.as_ref().map(|(_, password)| password.clone()),
            limit: settings.limit,
        })
    }

    async fn hand_over(&self, parcel: &Parcel) -> Result<Receipt, SendError> {
        let (id, mail) = mail(&self.from, &self.to, parcel)?;
        let words = |error: &dyn std::error::Error| {
            let text = error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
            said(&self.password.as_ref().map_or(text.clone(), |password| password.scrub(&text)))
        };
        // A server that hangs may have taken it: the id is the same the next time, so that a reader can tell.
        let sent = tokio::time::timeout(self.limit, self.transport.send(mail)).await;
        match sent.map_err(|_| SendError::Unsure { said: format!("{} s", self.limit.as_secs_f64()) })? {
            Ok(_) => Ok(Receipt { provider_id: Some(id), wait: None }),
            Err(error) if error.is_timeout() => Err(SendError::Unsure { said: words(&error) }),
            Err(error) if error.is_permanent() => Err(SendError::Refused { said: words(&error) }),
            Err(error) if error.is_transient() => Err(SendError::Unreachable { said: words(&error) }),
            Err(error) if error.is_response() => Err(SendError::Unsure { said: words(&error) }),
            Err(error) => Err(SendError::Unreachable { said: words(&error) }),
        }
    }
}

impl Notifier for Email {
    fn kind(&self) -> &'static str {
        "email"
    }

    fn send<'a>(&'a self, parcel: &'a Parcel) -> SendFuture<'a> {
        Box::pin(self.hand_over(parcel))
    }
}

/// The mail and its `Message-ID`, which is the same whenever this message is sent again.
fn mail(from: &Mailbox, to: &[Mailbox], parcel: &Parcel) -> Result<(String, lettre::Message), SendError> {
    let message = &parcel.message;
    let thread = hex::encode(&Sha256::digest(format!("{from}\n{}", message.group))[..12]);
    let domain = from.email.domain();
    let root = format!("<hivis-{thread}@{domain}>");
    let id = if parcel.id == 0 {
        format!("<hivis-test-{}@{domain}>", parcel.at.as_microsecond())
    } else {
        // The time tells messages of two homes apart that write from one address.
        format!("<hivis-{thread}-{}-{}@{domain}>", parcel.id, message.made.as_microsecond())
    };
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .subject(cut(&clean(&format!("[hivis] {}", message.headline())), SUBJECT))
        .message_id(Some(id.clone()))
        .in_reply_to(root.clone())
        .references(root);
    for one in to {
        builder = builder.to(one.clone());
    }
    // Programs that answer mail by themselves leave this one alone (RFC 3834).
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    builder = builder.raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
    let parts = MultiPart::alternative()
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text(parcel)))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html(parcel)));
    let mail = builder.multipart(parts).map_err(|error| SendError::Refused { said: said(&error.to_string()) })?;
    Ok((id, mail))
}

fn items(parcel: &Parcel) -> impl Iterator<Item = &Item> {
    parcel.message.firing.iter().chain(&parcel.message.over)
}

fn text(parcel: &Parcel) -> String {
    let mut out = format!("{}\n", parcel.message.headline());
    for item in items(parcel) {
        let _ = writeln!(out, "\n{}\n  {}", item.line(), item.details());
        if let Some(runbook) = link(&item.runbook) {
            let _ = writeln!(out, "  what to do: {runbook}");
        }
    }
    if parcel.message.left_out > 0 {
        let _ = writeln!(out, "\nand {} more", parcel.message.left_out);
    }
    if let Some(page) = parcel.page.as_deref().and_then(link) {
        let _ = writeln!(out, "\nAcknowledge: {page}");
    }
    out
}

fn html(parcel: &Parcel) -> String {
    let mut out = String::from("<!doctype html><html lang=\"en\"><body>");
    let _ = write!(out, "<p>{}</p>", escape(&parcel.message.headline()));
    for item in items(parcel) {
        let (word, rule) = (escape(item.word()), escape(&item.rule));
        let _ = write!(out, "<h3>{word}: {rule}</h3><p>{}<br>", escape(&item.summary));
        let _ = write!(out, "<small>{}</small>", escape(&item.details()));
        if let Some(runbook) = link(&item.runbook) {
            let _ = write!(out, "<br><a href=\"{}\">What to do</a>", escape(runbook));
        }
        out.push_str("</p>");
    }
    if parcel.message.left_out > 0 {
        let _ = write!(out, "<p>and {} more</p>", parcel.message.left_out);
    }
    if let Some(page) = parcel.page.as_deref().and_then(link) {
        let _ = write!(out, "<p><a href=\"{}\">Acknowledge</a></p>", escape(page));
    }
    out.push_str("</body></html>\n");
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
