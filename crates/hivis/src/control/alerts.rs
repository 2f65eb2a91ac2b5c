//! What holds, and acknowledging it.
