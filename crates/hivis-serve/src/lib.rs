//! The axon: from a signed request to an answer before its deadline.
