//! TaoStats on loopback, asked by our client and by its own.

mod asking;
mod official;
