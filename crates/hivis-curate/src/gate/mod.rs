//! Which generated pictures are good enough.
