//! One answer's whole story.
