//! Orders to generators, and the pictures that came of them.
