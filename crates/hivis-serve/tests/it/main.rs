//! The axon over real sockets, and its mechanisms under paused time.

mod batcher;
