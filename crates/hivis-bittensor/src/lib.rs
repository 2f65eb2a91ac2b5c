//! Bittensor wire messages, signatures and wallet files.
