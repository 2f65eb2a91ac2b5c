//! Guarded decode, resize, encode and the validator's augmentations.
