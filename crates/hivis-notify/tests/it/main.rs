//! From an alert to a reader: against fakes that the vendors' own clients use too, and against real peers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod alertmanager;
mod discord;
mod hook;
mod mail;
mod outage;
mod sms;
mod world;
