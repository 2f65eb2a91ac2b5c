//! One file a verb: read the arguments, call the room whose job it is, print.

pub(crate) mod announce;
pub(crate) mod chain;
pub(crate) mod commit;
pub(crate) mod data;
pub(crate) mod demo;
pub(crate) mod doctor;
#[cfg(feature = "train")]
pub(crate) mod ensemble;
pub(crate) mod exam;
#[cfg(feature = "train")]
pub(crate) mod features;
pub(crate) mod import;
#[cfg(feature = "train")]
pub(crate) mod pretrain;
pub(crate) mod pull;
pub(crate) mod quantise;
pub(crate) mod records;
pub(crate) mod register;
pub(crate) mod release;
pub(crate) mod serve;
pub(crate) mod status;
#[cfg(feature = "train")]
pub(crate) mod train;
pub(crate) mod vary;
pub(crate) mod wallet;
