//! The program as a user runs it: a process, its files, its ports.

mod backup;
mod config;
mod data;
mod demo;
mod deploy;
mod exam;
mod faults;
mod kill;
mod made;
mod miner;
mod promotion;
mod release;
mod sdk;
mod service;
mod train;
