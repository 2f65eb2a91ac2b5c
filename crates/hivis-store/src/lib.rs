//! The data home: ledger, objects, locks, releases.
