//! What the gate said.
