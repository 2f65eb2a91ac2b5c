//! Everything that the data home promises, in one binary. It takes some seconds: it syncs real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod alerts;
mod backup;
mod bucket;
mod datasets;
mod earnings;
mod embeddings;
mod features;
mod full_disk;
mod gate;
mod generated;
mod home;
mod jobs;
mod kill;
mod labels;
mod ledger;
mod log;
mod mining;
mod minutes;
mod morning;
mod objects;
mod picture_names;
mod promotions;
mod publications;
mod reading;
mod releases;
mod retention;
mod review_model;
mod reviews;
mod spend;
mod test_looks;
mod version;
mod world;
mod writer;
