//! Tells people of alerts: Discord, e-mail, SMS, webhooks; grouped, at the right hour, nothing lost.
//!
//! The model: each round [`Teller::round`] is handed everything that holds. The ledger keeps it over time; [`decide`],
//! which is pure, says what each channel should hear of it; messages and state are written in one transaction. Beside
//! it [`Teller::deliver`] takes messages out of the outbox and hands them to a [`Notifier`] each. A channel that is down
//! keeps its messages; when it is back, what waited is joined into one.
//!
//! This room must not judge what holds, and it reads no clock: times and random numbers come in as parameters. Secrets
//! (an address of a webhook is one) stand in no log and no error.
//!
//! ```
//! use hivis_notify::{Policy, decide};
//! use hivis_store::AlertState;
//! // Nothing holds: there is nothing to say.
//! assert!(decide(&Policy::default(), &[], &AlertState::default(), jiff::Timestamp::UNIX_EPOCH).is_empty());
//! ```

mod discord;
mod email;
mod error;
mod http;
mod join;
mod message;
mod notifier;
mod policy;
mod quiet;
mod sms;
mod teller;
mod text;
mod webhook;

pub use discord::Discord;
pub use email::{Email, EmailSettings, MailTls};
pub use error::ChannelError;
pub use hivis_types::Secret;
pub use message::{Item, Kind, Message, Parcel};
pub use notifier::{Notifier, Receipt, SendError, SendFuture};
pub use policy::{ChannelRules, Draft, GroupBy, Policy, decide};
pub use quiet::Quiet;
pub use sms::{Gateway, Sms, SmsSettings};
pub use teller::{CHANNEL_RULE, Channel, Delivered, Spending, Teller};
pub use webhook::Webhook;
