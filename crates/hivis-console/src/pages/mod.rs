//! The six pages and the API beneath each: a page's file has its handlers, what it shows, and whom it asks.

pub(crate) mod alerts;
pub(crate) mod challenge;
pub(crate) mod data;
pub(crate) mod events;
pub(crate) mod now;
pub(crate) mod releases;
pub(crate) mod review;
pub(crate) mod runbooks;
pub(crate) mod system;
